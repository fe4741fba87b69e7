// A PDF, page by page, drawn by pdf.js: browsers show none in the sandbox that untrusted content is kept in.
//
// It is read by a worker that may reach nothing, and becomes a picture and characters; scripts in it are not run.

import type { PDFDocumentProxy } from "pdfjs-dist";
import { useEffect, useRef, useState } from "preact/hooks";

import { Problem } from "./basics";

const WIDTH = 1000;

async function opened(blob: Blob): Promise<PDFDocumentProxy> {
  const [pdf, worker] = await Promise.all([import("pdfjs-dist"), import("pdfjs-dist/build/pdf.worker.min.mjs?url")]);
  pdf.GlobalWorkerOptions.workerSrc = worker.default;
  return pdf.getDocument({ data: new Uint8Array(await blob.arrayBuffer()), useWasm: false, useSystemFonts: true }).promise;
}

/** The pages of a PDF; `load` fetches it. */
export function Pdf({ load, name }: { load: (signal: AbortSignal) => Promise<Blob>; name: string }) {
  const [pages, setPages] = useState<PDFDocumentProxy>();
  const [number, setNumber] = useState(1);
  const [text, setText] = useState("");
  const [error, setError] = useState<Error>();
  const canvas = useRef<HTMLCanvasElement>(null);

  useEffect(() => {
    const stop = new AbortController();
    const found = load(stop.signal).then(opened);
    found.then((one) => stop.signal.aborted || setPages(one)).catch((failure) => stop.signal.aborted || setError(failure as Error));
    return () => {
      stop.abort();
      void found.then((one) => one.loadingTask.destroy()).catch(() => undefined);
    };
  }, []);

  useEffect(() => {
    let stop = () => {};
    let gone = false;
    const draw = async () => {
      const page = await pages?.getPage(number);
      if (!page || gone || !canvas.current) return;
      const viewport = page.getViewport({ scale: WIDTH / page.getViewport({ scale: 1 }).width });
      Object.assign(canvas.current, { width: viewport.width, height: viewport.height });
      const task = page.render({ canvas: canvas.current, viewport });
      stop = () => task.cancel();
      const { items } = await page.getTextContent();
      if (!gone) setText(items.map((item) => ("str" in item ? item.str : "")).join(" "));
      await task.promise;
    };
    draw().catch((failure) => gone || setError(failure as Error));
    return () => {
      gone = true;
      stop();
    };
  }, [pages, number]);

  if (error) return <Problem error={error} />;
  if (!pages) return <p class="hint">One moment …</p>;
  return (
    <section aria-label={name}>
      <nav class="bar" aria-label={`Pages of ${name}`}>
        <button type="button" disabled={number === 1} onClick={() => setNumber(number - 1)}>
          Page back
        </button>
        <span role="status">
          Page {number} of {pages.numPages}
        </span>
        <button type="button" disabled={number === pages.numPages} onClick={() => setNumber(number + 1)}>
          Next page
        </button>
      </nav>
      <canvas class="page" ref={canvas} role="img" aria-label={`Page ${number} of ${name}`} />
      <p class="spoken">{text}</p>
    </section>
  );
}
