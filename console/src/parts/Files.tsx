// The files of a version as a tree, and a look at the one that was chosen.

import { useState } from "preact/hooks";

import type { StoreFile } from "../api";
import { State } from "./basics";

interface Folder {
  folders: Map<string, Folder>;
  files: [string, StoreFile][];
}

const MOST = 2000;
const PICTURE = /\.(png|jpe?g|gif|webp|svg|avif)$/i;
const READABLE = /\.(html?|txt|md|csv|json|xml|pdf|dzi|gml)$/i;

function tree(files: StoreFile[]): Folder {
  const root: Folder = { folders: new Map(), files: [] };
  for (const file of files.slice(0, MOST)) {
    const parts = file.name.split("/");
    let here = root;
    for (const part of parts.slice(0, -1)) {
      let below = here.folders.get(part);
      if (!below) here.folders.set(part, (below = { folders: new Map(), files: [] }));
      here = below;
    }
    here.files.push([parts.at(-1) ?? "", file]);
  }
  return root;
}

/** The files below each other, folders closed, and a preview from the host of stores. */
export function Files({ files }: { files: StoreFile[] }) {
  const [shown, setShown] = useState<StoreFile>();
  if (files.length === 0) return <p>This version has no files.</p>;
  return (
    <>
      <Branch folder={tree(files)} show={setShown} />
      {files.length > MOST && <p class="hint">{files.length - MOST} more files are not shown here.</p>}
      {shown && <Look file={shown} />}
    </>
  );
}

function Branch({ folder, show }: { folder: Folder; show: (file: StoreFile) => void }) {
  return (
    <ul class="tree">
      {[...folder.folders].map(([name, below]) => (
        <li key={name}>
          <details>
            <summary>{name}/</summary>
            <Branch folder={below} show={show} />
          </details>
        </li>
      ))}
      {folder.files.map(([name, file]) => (
        <li key={name}>
          {file.state === "clean" ? (
            <>
              <a href={file.url} rel="noreferrer">
                {name}
              </a>{" "}
              {(PICTURE.test(name) || READABLE.test(name)) && (
                <button type="button" onClick={() => show(file)}>
                  Look <span class="spoken">at {name}</span>
                </button>
              )}
            </>
          ) : (
            <>
              {name} <State name={file.state} />
            </>
          )}
        </li>
      ))}
    </ul>
  );
}

// Scripts of an unpacked site may run there: they are in an origin that owns nothing.
function Look({ file }: { file: StoreFile }) {
  if (PICTURE.test(file.name)) return <img class="preview" src={file.url} alt={file.name} />;
  return (
    <iframe class="preview" src={file.url} title={file.name} sandbox="allow-scripts allow-forms" referrerpolicy="no-referrer" />
  );
}
