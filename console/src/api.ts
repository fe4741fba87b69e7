// Calls of the product's own APIs, with the token of the session.

const KEPT = "assetmanager.token";

let token = sessionStorage.getItem(KEPT) ?? "";

/** Use this token from now on; an empty one forgets it. It lives as long as the tab. */
export function useToken(given: string): void {
  token = given.trim();
  if (token) sessionStorage.setItem(KEPT, token);
  else sessionStorage.removeItem(KEPT);
}

/** Whether a token is in use. */
export const hasToken = (): boolean => token !== "";

/** A call that was refused or failed, with what the API said about it. */
export class CallFailed extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

// The APIs have an error shape each; a person wants the sentence in it.
function sentence(body: unknown): string | undefined {
  if (typeof body === "string") return body;
  if (typeof body !== "object" || body === null) return undefined;
  const found = body as {
    description?: string;
    title?: string;
    detail?: string;
    errors?: { detail?: string }[] | Record<string, string[]>;
    _response_info?: { status?: unknown };
  };
  if (Array.isArray(found.errors)) return found.errors.map((one) => one.detail ?? "").join(" ");
  if (typeof found.description === "string") return found.description;
  if (typeof found.detail === "string") return found.detail;
  const status = found._response_info?.status;
  if (Array.isArray(status)) return status.join(" ");
  return typeof status === "string" ? status : found.title;
}

async function send(path: string, init: RequestInit): Promise<Response> {
  const headers = new Headers(init.headers);
  if (token) headers.set("Authorization", `Bearer ${token}`);
  const answer = await fetch(path, { ...init, headers, credentials: "omit" });
  if (answer.ok) return answer;
  const text = await answer.text();
  let told: string | undefined;
  try {
    told = sentence(JSON.parse(text));
  } catch {
    told = undefined;
  }
  if (told === "not found") told = "There is nothing here that you may see.";
  throw new CallFailed(answer.status, told || `${answer.status} ${answer.statusText}`);
}

/** The JSON that a GET answers. */
export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await send(path, signal ? { signal } : {})).json() as Promise<T>;
}

/** The JSON that a GET answers, and what to send as `cursor` for what follows. */
export async function getPage<T>(path: string, signal?: AbortSignal): Promise<{ items: T; next: string | null }> {
  const answer = await send(path, signal ? { signal } : {});
  return { items: (await answer.json()) as T, next: answer.headers.get("X-Next-Cursor") };
}

/** The JSON that a GET answers with links to the pages around: how many there are in all, and where the next one begins. */
export async function getLinked<T>(path: string, signal?: AbortSignal): Promise<{ items: T; total: number; next: string | null }> {
  const answer = await send(path, signal ? { signal } : {});
  const link = /<([^>]*)>; rel="next"/.exec(answer.headers.get("Link") ?? "");
  const query = link?.[1] ? new URL(link[1]).searchParams : undefined;
  const next = query?.get("cursor") ?? query?.get("offset") ?? null;
  return { items: (await answer.json()) as T, total: Number(answer.headers.get("X-Total-Count") ?? 0), next };
}

// To the end of the answer: one that nobody reads keeps its request, and a connection, open.
async function sendWhole(path: string, init: RequestInit): Promise<string> {
  return (await send(path, init)).text();
}

/** Send bytes as they are. */
export async function putBytes(path: string, bytes: Blob): Promise<void> {
  await sendWhole(path, { method: "PUT", body: bytes, headers: { "Content-Type": "application/octet-stream" } });
}

const PIECE = 4 << 20;

/**
 * The bytes of a file that takes a token, in pieces that the API answers itself: what is larger it sends elsewhere.
 * The type is given up, so that nothing in it can ever be a page of this origin.
 */
export async function getFile(path: string, size: number, signal?: AbortSignal, got?: (bytes: number) => void): Promise<Blob> {
  const pieces: Blob[] = [];
  let first: string | null | undefined;
  for (let start = 0; start < size; start += PIECE) {
    const headers = { Range: `bytes=${start}-${Math.min(start + PIECE, size) - 1}` };
    const answer = await send(path, signal ? { headers, signal } : { headers });
    first ??= answer.headers.get("ETag");
    if (answer.headers.get("ETag") !== first) throw new Error("The file was replaced meanwhile; fetch it again.");
    pieces.push(await answer.blob());
    got?.(Math.min(start + PIECE, size));
  }
  return new Blob(pieces, { type: "application/octet-stream" });
}

/** Part of a file on a host of untrusted content, which is told nothing of who asks. */
export async function readPart(url: string, start: number, bytes: number, signal: AbortSignal): Promise<Blob> {
  const headers = { Range: `bytes=${start}-${start + bytes - 1}` };
  const answer = await fetch(url, { headers, credentials: "omit", signal });
  if (answer.status === 416) return new Blob(); // that far it does not go
  if (!answer.ok) throw new CallFailed(answer.status, `${answer.status} ${answer.statusText}`);
  return answer.blob();
}

/** A whole file on such a host, in pieces, unless it is larger than this. */
export async function readWhole(url: string, most: number, signal: AbortSignal): Promise<Blob> {
  const pieces: Blob[] = [];
  for (let start = 0; start < most; start += PIECE) {
    const piece = await readPart(url, start, PIECE, signal);
    pieces.push(piece);
    if (piece.size !== PIECE) return new Blob(pieces);
  }
  throw new Error("It is too large to be shown here.");
}

/** Send JSON, or nothing, with a method of choice; the JSON of the answer, if there is any. */
export async function call<T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<T> {
  const init: RequestInit = { method, headers };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { ...headers, "Content-Type": "application/json" };
  }
  const text = await sendWhole(path, init);
  return (text ? JSON.parse(text) : undefined) as T;
}

/** What the server knows of who calls. */
export interface Session {
  name: string;
  uid: string;
  organisation: string | null;
  groups: string[];
  write_groups: string[];
  permissions: string[];
  superuser: boolean;
}

/** Whether a permission is somebody's; superusers have all. */
export const may = (who: Session, permission: string): boolean => who.superuser || who.permissions.includes(permission);

export const session = (): Promise<Session> => get<Session>("/tokens/self");

export interface Page<T> {
  results: T[];
  next_cursor: string | null;
}

export interface Asset {
  id: string;
  name: string;
  content_type: string;
  size: number | null;
  file_url: string;
  state: string;
  draft: boolean;
  deleted: boolean;
  replacement_id?: string | null;
  redirect_url?: string | null;
}

export interface Job {
  id: string;
  kind: string;
  state: string;
  done: number;
  total: number | null;
  failed: number;
  error: string | null;
  cancel_requested: boolean;
  may_cancel: boolean;
  may_retry: boolean;
  retry_of: string | null;
  retried_as: string | null;
  created_at: string;
  ended_at: string | null;
}

export interface Queue {
  name: string;
  waiting: number;
  in_flight: number;
  delayed: number;
  dead: number;
}

/** A message that a queue gave up. */
export interface Dead {
  id: string;
  what: string;
  subject: string | null;
  attempts: number;
  first_received_at: string;
}

/** A production, and what the caller may do in it; superusers see its members. */
export interface Production {
  id: number;
  name: string;
  codename: string;
  company: string;
  can_write: boolean;
  can_delete_assets: boolean;
  members: { user?: string; group?: string; write: boolean; delete: boolean }[];
}

export interface Device {
  id: number;
  name: string;
  path: string;
}

/** A media asset that a project asset links; of one that the caller may not read, only the id. */
export interface Linked {
  id: number;
  name?: string;
  status_asset?: number;
  status_asset_description?: string;
  file_url?: string;
  file_size?: number | null;
  filename?: string;
}

export interface ProjectAsset {
  id: number;
  name: string;
  description: string;
  date_add: string;
  date_mod: string;
  status_asset: number;
  status_asset_description: string;
  path_file: string;
  bundle_root: string;
  type: string;
  is_production: boolean;
  production: number;
  device: number | null;
  audio_assets: Linked[];
  image_assets: Linked[];
  video_assets: Linked[];
}

/** A file of a project asset's bundle. */
export interface BundleFile {
  path: string;
  size: number | null;
  state: string;
  content_type: string;
  date_mod: string;
}

/** A project of a store, as a listing shows it. */
export interface Project {
  id: string;
  name: string;
  description: string;
  tags: string[];
  access: string[];
  write_access: boolean;
  /** Named versions; an empty text while there are none. */
  versions: { name: string }[] | "";
}

/** An asset of a project. */
export interface StoreAsset {
  id: string;
  name: string;
  description: string;
  tags: string[];
  index_file: string;
  version: string;
  worker: string;
  processing_status: string;
  processing_error: string;
}

export interface StoreFile {
  name: string;
  url: string;
  default: boolean;
  state: string;
}

/** As much of JSON schema as the parameters of workers use. */
export interface Schema {
  type?: string;
  title?: string;
  description?: string;
  enum?: (string | number)[];
  default?: unknown;
  minimum?: number;
  maximum?: number;
  properties?: Record<string, Schema>;
  required?: string[];
}

export interface Worker {
  name: string;
  type: string;
  description: string;
  extensions: string[];
  status: string;
  parameters: { schema?: Schema };
}

export interface Task {
  _id: string;
  createdOn: string;
  priority: number;
  status: string;
  storeID: string;
  projectID: string;
  assetID: string;
  filename: string;
  workerType: string;
  error?: string;
  /** How far it is while it is under way, as far as that is known. */
  progress?: { done: number; total: number | null };
}

/** The path of something in a store's API, each part encoded once. */
export const storePath = (...parts: string[]): string => `/api/${parts.map(encodeURIComponent).join("/")}`;

/** The page of a store's projects. */
export const listOf = (store: string): string => `/console/stores?${new URLSearchParams({ store })}`;

/** Upload routes take no JSON. */
export async function sendOctets(path: string): Promise<void> {
  await sendWhole(path, { method: "POST", headers: { "Content-Type": "application/octet-stream" } });
}

/** The id in an asset's URL. */
export const idOf = (asset: Asset): string => asset.id.slice(asset.id.lastIndexOf("/") + 1);
