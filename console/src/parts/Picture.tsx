// A look at a picture from a host of untrusted content.

import { useEffect, useState } from "preact/hooks";

import { Problem } from "./basics";
import { useLoaded } from "../use";

interface Shown {
  url: string;
  type: string;
  name: string;
  load: (signal: AbortSignal) => Promise<Blob>;
  /** Its address may lead elsewhere, as that of a large file that is not public does; the page may not follow. */
  restricted?: boolean;
}

/** A picture by its address there; `load` fetches it where that is not possible. */
export function Picture({ url, type, name, load, restricted = false }: Shown) {
  const [barred, setBarred] = useState(restricted);
  if (barred) return <Loaded key={url} type={type} name={name} load={load} />;
  return <img class="preview" src={url} alt={name} onError={() => setBarred(true)} />;
}

function Loaded({ type, name, load }: Pick<Shown, "type" | "name" | "load">) {
  const { value, error } = useLoaded(async (signal) => URL.createObjectURL(new Blob([await load(signal)], { type })), name);
  useEffect(() => () => URL.revokeObjectURL(value ?? ""), [value]);
  return value ? <img class="preview" src={value} alt={name} /> : <Problem error={error} />;
}
