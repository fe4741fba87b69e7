// A look at a picture from a host of untrusted content.

import { useEffect, useState } from "preact/hooks";

import { Problem } from "./basics";
import { useLoaded } from "../use";

/**
 * A picture by its address there. Where that leads elsewhere, as it does for large files that are not public, the page may
 * not follow; then `load` fetches the picture.
 */
export function Picture({ url, type, name, load }: { url: string; type: string; name: string; load: (signal: AbortSignal) => Promise<Blob> }) {
  const [barred, setBarred] = useState(false);
  if (barred) return <Loaded key={url} type={type} name={name} load={load} />;
  return <img class="preview" src={url} alt={name} onError={() => setBarred(true)} />;
}

function Loaded({ type, name, load }: { type: string; name: string; load: (signal: AbortSignal) => Promise<Blob> }) {
  const { value, error } = useLoaded(async (signal) => URL.createObjectURL(new Blob([await load(signal)], { type })), name);
  useEffect(() => () => URL.revokeObjectURL(value ?? ""), [value]);
  return value ? <img class="preview" src={value} alt={name} /> : <Problem error={error} />;
}
