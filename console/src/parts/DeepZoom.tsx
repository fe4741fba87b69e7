// A picture that was cut into a deep zoom pyramid: only the tiles that are looked at are fetched, from the host of stores.

import type { Viewer } from "openseadragon";
import { useEffect, useRef, useState } from "preact/hooks";

import { Problem } from "./basics";

// The viewer would put a style of its own into the page, which the page's policy refuses, unless there is one already.
const MARK = "data-openseadragon-mobile-css";
function withoutStyles(): void {
  if (document.querySelector(`style[${MARK}]`)) return;
  const mark = document.createElementNS("urn:mark", "style");
  mark.setAttribute(MARK, "");
  document.head.append(mark);
}

/** The picture that a .dzi file describes, to be zoomed and moved by mouse, touch, keys or buttons. */
export function DeepZoom({ url, name }: { url: string; name: string }) {
  const place = useRef<HTMLDivElement>(null);
  const viewer = useRef<Viewer>();
  const [error, setError] = useState<Error>();

  useEffect(() => {
    let gone = false;
    const show = async () => {
      const { default: OpenSeadragon } = await import("openseadragon");
      if (gone || !place.current) return;
      withoutStyles();
      const made = OpenSeadragon({
        element: place.current,
        tileSources: url,
        drawer: "canvas",
        showNavigationControl: false,
        ...(matchMedia("(prefers-reduced-motion: reduce)").matches && { animationTime: 0 }),
      });
      made.addHandler("open-failed", () => setError(new Error("The picture cannot be fetched.")));
      made.canvas.setAttribute("role", "application");
      made.canvas.setAttribute("aria-label", `${name}, a picture to zoom: arrow keys move it, plus and minus zoom`);
      viewer.current = made;
    };
    setError(undefined);
    show().catch(setError);
    return () => {
      gone = true;
      viewer.current?.destroy();
      viewer.current = undefined;
    };
  }, [url, name]);

  const zoom = (factor: number) => () => viewer.current?.viewport.zoomBy(factor).applyConstraints();
  return (
    <section aria-label={`Deep zoom of ${name}`}>
      <div class="bar">
        <button type="button" onClick={zoom(1.5)}>
          Zoom in
        </button>
        <button type="button" onClick={zoom(1 / 1.5)}>
          Zoom out
        </button>
        <button type="button" onClick={() => viewer.current?.viewport.goHome()}>
          Whole picture
        </button>
        <button type="button" onClick={() => viewer.current?.setFullScreen(true)}>
          Full screen
        </button>
      </div>
      <Problem error={error} />
      <div class="zoom" ref={place} />
    </section>
  );
}
