// The files of a version as a tree, and a look at the one that was chosen.

import { useState } from "preact/hooks";

import { readPart, readWhole, type StoreFile } from "../api";
import { Problem, State } from "./basics";
import { DeepZoom } from "./DeepZoom";
import { Pdf } from "./Pdf";
import { Picture } from "./Picture";
import { useLoaded } from "../use";

interface Folder {
  folders: Map<string, Folder>;
  files: [string, StoreFile][];
}

const PICTURE = /\.(png|jpe?g|gif|webp|svg|avif)$/i;
const PYRAMID = /\.dzi$/i;
const SITE = /\.html?$/i;
const TEXT = /\.(txt|md|csv|tsv|json|geojson|xml|ya?ml|log|gml|graphml|tlp|css|js|py)$/i;
const DOCUMENT = /\.pdf$/i;
const MOST_DRAWN = 64 << 20;
const MOST_READ = 256 << 10;

function tree(files: StoreFile[]): Folder {
  const root: Folder = { folders: new Map(), files: [] };
  for (const file of files) {
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
              {[PICTURE, PYRAMID, DOCUMENT, SITE, TEXT].some((kind) => kind.test(name)) && (
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

// Browsers tell pictures apart by their bytes, but for SVG.
const kind = (name: string): string => (/\.svg$/i.test(name) ? "image/svg+xml" : "image/png");

function Look({ file }: { file: StoreFile }) {
  const load = (signal: AbortSignal) => readWhole(file.url, MOST_DRAWN, signal);
  if (PICTURE.test(file.name)) {
    const restricted = new URL(file.url).pathname.startsWith("/stores/~");
    return <Picture key={file.url} url={file.url} type={kind(file.name)} name={file.name} load={load} restricted={restricted} />;
  }
  if (PYRAMID.test(file.name)) return <DeepZoom url={file.url} name={file.name} />;
  if (DOCUMENT.test(file.name)) return <Pdf key={file.url} load={load} name={file.name} />;
  return SITE.test(file.name) ? <Site file={file} /> : <Text file={file} />;
}

// Scripts of an unpacked site may run there: they are in an origin that owns nothing.
function Site({ file }: { file: StoreFile }) {
  return (
    <iframe class="preview" src={file.url} title={file.name} sandbox="allow-scripts allow-forms" referrerpolicy="no-referrer" />
  );
}

function Text({ file }: { file: StoreFile }) {
  const { value, error } = useLoaded(async (signal) => (await readPart(file.url, 0, MOST_READ, signal)).text(), file.url);
  if (value === undefined) return <Problem error={error} />;
  return (
    <pre class="preview" tabIndex={0} aria-label={file.name}>
      {value}
    </pre>
  );
}
