// The files of a project asset's bundle: a page of them, new ones, fetching and removing.

import { useEffect, useRef, useState } from "preact/hooks";

import { type BundleFile, call, getBytes, getLinked, putBytes } from "../api";
import { Moment, Problem, size, State } from "./basics";
import { usePager } from "./Pager";
import { Uploads } from "./Uploads";
import { useDeed, useLoaded } from "../use";

const AT_ONCE = 4 << 20;

/** The files of a bundle in the order of their paths; `version` changes when others may be there. */
export function Bundle({ asset, version, writable }: { asset: string; version: string; writable: boolean }) {
  const files = `/api/projectassets/${asset}/files/`;
  const { cursor, buttons } = usePager();
  const query = new URLSearchParams({ limit: "50", ...(cursor && { cursor }) });
  const { value, error, again } = useLoaded(
    (signal) => getLinked<BundleFile[]>(`${files}?${query}`, signal),
    `${files} ${query} ${version}`,
    (page) => page.items.some((file) => file.state === "pending"),
  );
  const [folder, setFolder] = useState("");
  const place = (name: string) => {
    const parts = [...folder.split("/"), name].filter(Boolean);
    return files + parts.map(encodeURIComponent).join("/");
  };

  return (
    <section aria-label="Files">
      <h2>Files</h2>
      <Problem error={error} />
      {value && value.items.length === 0 && <p>The bundle has no files.</p>}
      {value && value.items.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">Path</th>
              <th scope="col">State</th>
              <th scope="col">Type</th>
              <th scope="col">Size</th>
              <th scope="col">Changed</th>
              <th scope="col">What to do</th>
            </tr>
          </thead>
          <tbody>
            {value.items.map((file) => (
              <Row key={file.path} url={files + file.path.split("/").map(encodeURIComponent).join("/")} file={file} writable={writable} changed={again} />
            ))}
          </tbody>
        </table>
      )}
      {buttons(value?.next ?? null)}
      {writable && (
        <>
          <p>
            <label>
              Folder for new files <input value={folder} placeholder="cuts" onInput={(event) => setFolder(event.currentTarget.value)} />
            </label>
          </p>
          <Uploads
            label="Put files into the bundle"
            send={async (file) => {
              await putBytes(place(file.name), file);
              again();
            }}
            use={async (upload, name) => {
              await call("PUT", `${place(name)}?${new URLSearchParams({ upload })}`);
              again();
            }}
          />
        </>
      )}
    </section>
  );
}

function Row({ url, file, writable, changed }: { url: string; file: BundleFile; writable: boolean; changed: () => void }) {
  const { busy, error, perform } = useDeed();
  const [got, setGot] = useState<number>();
  const stop = useRef<AbortController>();
  useEffect(() => () => stop.current?.abort(), []);

  const fetchIt = () =>
    perform(async () => {
      stop.current = new AbortController();
      try {
        save(await whole(url, file, stop.current.signal, setGot), file.path.split("/").at(-1) ?? "file");
      } finally {
        setGot(undefined);
      }
    });
  const remove = () =>
    perform(async () => {
      await call("DELETE", url);
      changed();
    });
  return (
    <tr>
      <th scope="row">{file.path}</th>
      <td>
        <State name={file.state} />
      </td>
      <td>{file.content_type}</td>
      <td class="number">{size(file.size)}</td>
      <td>
        <Moment at={file.date_mod} />
      </td>
      <td>
        {file.state === "clean" && (
          <button type="button" disabled={busy} onClick={fetchIt}>
            Fetch <span class="spoken">{file.path}</span>
          </button>
        )}
        {writable && (
          <button type="button" disabled={busy} onClick={remove}>
            Remove <span class="spoken">{file.path}</span>
          </button>
        )}
        {got !== undefined && <progress aria-label={`fetching ${file.path}`} value={got} max={file.size || 1} />}
        <Problem error={error} />
      </td>
    </tr>
  );
}

// The API gives so many bytes at once with a token; more of them it would redirect to, where this page may not read.
async function whole(url: string, file: BundleFile, signal: AbortSignal, got: (bytes: number) => void): Promise<Blob> {
  const length = file.size ?? 0;
  if (length <= AT_ONCE) return (await getBytes(url, signal)).bytes;
  const pieces: Blob[] = [];
  let first: string | null | undefined;
  for (let at = 0; at < length; at += AT_ONCE) {
    got(at);
    const { bytes, etag } = await getBytes(url, signal, [at, Math.min(at + AT_ONCE, length) - 1]);
    first ??= etag;
    if (etag !== first) throw new Error("The file was replaced meanwhile; fetch it again.");
    pieces.push(bytes);
  }
  return new Blob(pieces, { type: "application/octet-stream" });
}

function save(bytes: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(bytes);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
