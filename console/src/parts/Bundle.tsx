// The files of a project asset's bundle: a page of them, new ones, fetching and removing.

import { useEffect, useRef, useState } from "preact/hooks";

import { type BundleFile, call, getFile, getLinked, putBytes } from "../api";
import { Moment, Problem, size, State, Table } from "./basics";
import { save } from "./Fetched";
import { usePager } from "./Pager";
import { Uploads } from "./Uploads";
import { useDeed, useLoaded } from "../use";

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
        <Table heads={["Path", "State", "Type", "Size", "Changed", "What to do"]}>
          {value.items.map((file) => (
            <Row key={file.path} url={files + file.path.split("/").map(encodeURIComponent).join("/")} file={file} writable={writable} changed={again} />
          ))}
        </Table>
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
        save(await getFile(url, file.size ?? 0, stop.current.signal, setGot), file.path.split("/").at(-1) ?? "file");
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
