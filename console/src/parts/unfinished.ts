// Uploads in parts that have begun, as the tab remembers them: after a reload only the missing parts are sent.

const KEPT = "assetmanager.uploads";

/** An upload in parts, the file it is of, and the page it was begun on. */
export interface Unfinished {
  id: string;
  uploadId: string;
  key: string;
  name: string;
  size: number;
  modified: number;
  page: string;
}

const kept = (): Unfinished[] => JSON.parse(sessionStorage.getItem(KEPT) ?? "[]") as Unfinished[];
const keep = (uploads: Unfinished[]): void => sessionStorage.setItem(KEPT, JSON.stringify(uploads));

/** Those of this page. */
export const unfinished = (): Unfinished[] => kept().filter((one) => one.page === location.pathname);

/** The one that this file began on this page. A file that was changed since is another. */
export const begunWith = (file: File): Unfinished | undefined =>
  unfinished().find((one) => one.name === file.name && one.size === file.size && one.modified === file.lastModified);

/** Remember an upload that has just begun. */
export function remember(file: File, begun: Pick<Unfinished, "id" | "uploadId" | "key">): void {
  const { id, uploadId, key } = begun;
  const facts = { name: file.name, size: file.size, modified: file.lastModified, page: location.pathname };
  keep([...kept(), { id, uploadId, key, ...facts }]);
}

/** Forget an upload that has arrived, or will not. */
export const forget = (key: string): void => keep(kept().filter((one) => one.key !== key));

/** Forget all of them: somebody else may sit here next. */
export const forgetAll = (): void => sessionStorage.removeItem(KEPT);
