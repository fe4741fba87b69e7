// Files that only a token opens: fetched by this page, then looked at or saved.

import { useEffect, useState } from "preact/hooks";

import { getFile } from "../api";
import { Problem, Progress, size as inWords } from "./basics";
import { Pdf } from "./Pdf";
import { useDeed } from "../use";

const LARGEST_PICTURE = 32 << 20;
const LARGEST_PDF = 64 << 20;
const PDF = "application/pdf";
const LARGEST_TEXT = 256 << 10;
const TEXT = /^(text\/|application\/(json|xml|yaml|toml|geo\+json)$)/;

type Place = { path: string; type: string; size: number; name: string };
type Shown = { picture: string } | { text: string };

/** Whether a file of this type can be shown at all. */
export function canBeShown(type: string, size: number): boolean {
  if (type.startsWith("image/")) return size <= LARGEST_PICTURE;
  return type === PDF ? size <= LARGEST_PDF : TEXT.test(type) && size <= LARGEST_TEXT;
}

/** A picture as a picture, a PDF drawn, a text as the characters it is made of: none of them can run anything. */
export function Fetched(place: Place) {
  const { path, type, size, name } = place;
  if (type !== PDF) return <PictureOrText {...place} />;
  return <Pdf key={path} load={(signal) => getFile(path, size, signal)} name={name} />;
}

function PictureOrText({ path, type, size, name }: Place) {
  const [shown, setShown] = useState<Shown>();
  const [error, setError] = useState<Error>();
  useEffect(() => {
    const stop = new AbortController();
    let address = "";
    const show = async () => {
      const blob = await getFile(path, size, stop.signal);
      if (!type.startsWith("image/")) return setShown({ text: await blob.text() });
      address = URL.createObjectURL(blob.slice(0, blob.size, type));
      setShown({ picture: address });
    };
    setShown(undefined);
    setError(undefined);
    show().catch((failure) => stop.signal.aborted || setError(failure as Error));
    return () => {
      stop.abort();
      URL.revokeObjectURL(address);
    };
  }, [path, type, size]);

  if (error) return <Problem error={error} />;
  if (!shown) return <p class="hint">One moment …</p>;
  if ("picture" in shown) return <img class="preview" src={shown.picture} alt={name} />;
  return (
    <pre class="preview" tabIndex={0} aria-label={name}>
      {shown.text}
    </pre>
  );
}

/** Hand bytes to whoever looks, as a file. */
export function save(bytes: Blob, name: string): void {
  const address = URL.createObjectURL(bytes);
  Object.assign(document.createElement("a"), { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** A button that saves a file. */
export function Download({ path, size, name }: { path: string; size: number; name: string }) {
  const { busy, error, perform } = useDeed();
  const [got, setGot] = useState(0);
  const fetchIt = () =>
    perform(async () => {
      setGot(0);
      save(await getFile(path, size, undefined, setGot), name);
    });
  return (
    <>
      <button type="button" disabled={busy} onClick={fetchIt} title={inWords(size)}>
        Download <span class="spoken">{name}</span>
      </button>
      {busy && <Progress done={got} total={size} label={`fetching ${name}`} />}
      <Problem error={error} />
    </>
  );
}
