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

/** Send JSON, or nothing, with a method of choice; the JSON of the answer, if there is any. */
export async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const init: RequestInit = { method };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { "Content-Type": "application/json" };
  }
  const text = await (await send(path, init)).text();
  return (text ? JSON.parse(text) : undefined) as T;
}

/** What the server knows of who calls. */
export interface Session {
  name: string;
  uid: string;
  organisation: string | null;
  groups: string[];
  permissions: string[];
  superuser: boolean;
}

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

/** A project of a store, as a listing shows it. */
export interface Project {
  id: string;
  name: string;
  description: string;
  tags: string[];
  access: string[];
  write_access: boolean;
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
}

/** The path of something in a store's API, each part encoded once. */
export const storePath = (...parts: string[]): string => `/api/${parts.map(encodeURIComponent).join("/")}`;

/** Upload routes take no JSON. */
export async function sendOctets(path: string): Promise<void> {
  await send(path, { method: "POST", headers: { "Content-Type": "application/octet-stream" } });
}

/** The id in an asset's URL. */
export const idOf = (asset: Asset): string => asset.id.slice(asset.id.lastIndexOf("/") + 1);
