// A look at a picture, always from the host of untrusted content, never from this one.

/** A picture as a picture; nothing for other types, which that host lets no page frame. */
export function Preview({ url, type, name }: { url: string; type: string; name: string }) {
  return type.startsWith("image/") ? <img class="preview" src={url} alt={name} /> : null;
}
