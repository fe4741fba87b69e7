// What the workspaces API speaks of, and where.

import { call, CallFailed, get, type Project, storePath } from "./api";

/** A workspace, as the content browser shows it. */
export interface Workspace {
  guid: string;
  name: string;
  description: string;
  branch: string;
  file_uri: string;
  created_at: string;
  project: { full_name: string };
}

/** An asset, whole; whatever else was put into it is there too. */
export interface SpaceAsset {
  main: string;
  tags: string[];
  comment: string;
  dependencies: string[];
  meta: { ref: string; created: string; modified: string };
}

/** A file of a workspace. */
export interface Resource {
  ref: string;
  name: string;
  size: number | null;
  mime: string;
  modified: string;
  state: string;
}

/** A page of a listing; `namespaces` are the folders directly within the one that was asked for. */
export interface Listing<T> {
  items: T[];
  namespaces?: { ref: string }[];
  nextLink?: string;
}

export interface Status {
  state: "VALID" | "PENDING" | "INVALID";
  context: string;
  description: string;
  info: { done?: number; total?: number; error?: string; assets?: Record<string, string>[] };
}

const encoded = (ref: string): string => ref.split("/").map(encodeURIComponent).join("/");

/** Where a workspace is read; a ref begins with a slash. */
export const browsed = (workspace: string, ref = ""): string =>
  `/contentbrowser/workspaces/${encodeURIComponent(workspace)}${encoded(ref)}`;

/** Where a workspace is changed. */
export const managed = (workspace: string, ref = ""): string =>
  `/assetmanager/workspaces/${encodeURIComponent(workspace)}${encoded(ref)}`;

/** The page of a workspace, or of an asset in it. */
export const pageOf = (guid: string, ref = ""): string => `/console/workspaces/${guid}${encoded(ref)}`;

/** The last part of a ref, and that of a namespace. */
export const lastOf = (ref: string): string => ref.split("/").filter(Boolean).at(-1) ?? ref;

/** A listing; what is not there has nothing in it. */
export async function listing<T>(path: string, signal: AbortSignal): Promise<Listing<T>> {
  try {
    return await get<Listing<T>>(path, signal);
  } catch (failure) {
    if (failure instanceof CallFailed && failure.status === 404) return { items: [] };
    throw failure;
  }
}

/** The workspace of this guid, name or file URI. */
export async function findWorkspace(identifier: string, signal?: AbortSignal): Promise<Workspace> {
  const found = (await get<Listing<Workspace>>(browsed(identifier), signal)).items[0];
  if (!found) throw new Error("There is no such workspace.");
  return found;
}

/** Whether a workspace is among the caller's favourites. */
export async function isKept(workspace: Workspace, signal: AbortSignal): Promise<boolean> {
  const pattern = workspace.name.replaceAll("[", "[[]");
  const found = await get<Listing<Workspace>>(`/contentbrowser/workspaces?${new URLSearchParams({ name: pattern })}`, signal);
  return found.items.some((one) => one.guid === workspace.guid);
}

export const keep = (fileUri: string) => call("POST", "/assetmanager/workspaces/favorites", { file_uri: fileUri });
export const forget = (guid: string) => call("DELETE", `${managed(guid)}/favorites`);

/** Whether the caller may write to the project that a workspace was cloned from, and so to the workspace. */
export async function mayWrite(workspace: Workspace, signal: AbortSignal): Promise<boolean> {
  const [store = "", project = ""] = workspace.project.full_name.split("/");
  try {
    return (await get<Project>(storePath(store, project, "projectMeta"), signal)).write_access;
  } catch {
    return false;
  }
}

/** The assets that depend on a ref, or have it as their main. */
export async function dependants(workspace: string, ref: string, signal: AbortSignal): Promise<SpaceAsset[]> {
  const quoted = `"${ref.replaceAll(/["\\]/g, "\\$&")}"`;
  const query = new URLSearchParams({ q: `dependency: ${quoted} OR main: ${quoted}` });
  return (await listing<SpaceAsset>(`${browsed(workspace, "/assets")}?${query}`, signal)).items;
}
