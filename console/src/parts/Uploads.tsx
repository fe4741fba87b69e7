// A field for files, how far each is on its way, and those that were not sent to the end before a reload.

import { useEffect, useState } from "preact/hooks";

import { Problem, size } from "./basics";
import { discard, inParts, Sending, type Sent, type Use } from "./sending";
import { unfinished } from "./unfinished";
import { useDeed } from "../use";

const EVENTS = ["file-added", "upload-progress", "upload-success", "upload-error", "upload-pause", "file-removed", "info-visible"];
const IN_A_BODY = 4 << 20;
const nothing = () => undefined;
const sendings = new Map<string, Sending>();

// What a page sends goes on when one leaves it, and is shown again when one comes back.
function useSending(): Sending {
  const here = location.pathname;
  const [sending] = useState(() => sendings.get(here) ?? new Sending());
  const [, setRound] = useState(0);
  useEffect(() => {
    sendings.set(here, sending);
    const show = () => setRound((before) => before + 1);
    for (const event of EVENTS) sending.uppy.on(event as "file-added", show);
    return () => {
      for (const event of EVENTS) sending.uppy.off(event as "file-added", show);
      if (!sending.idle) return;
      sendings.delete(here);
      sending.uppy.destroy();
    };
  }, []);
  return sending;
}

type Wanted = { label: string; use: Use; used?: () => void; send?: (file: File) => Promise<unknown> };

/**
 * A field for files, and what becomes of each; `use` makes something of an upload that has arrived, `used` hears of it.
 * With `send`, files that fit into a request go by it.
 */
export function Uploads({ use, used, send, label }: Wanted) {
  const sending = useSending();
  const [small, setSmall] = useState<{ file: File; sent: boolean }[]>([]);
  sending.used = used ?? nothing;
  const add = (chosen: FileList | null) => {
    sending.error = undefined;
    for (const file of chosen ?? []) {
      if (send && file.size <= IN_A_BODY) sendWhole(file, send);
      else void sending.add(file, use);
    }
  };
  const sendWhole = (file: File, by: (file: File) => Promise<unknown>) => {
    setSmall((all) => [...all, { file, sent: false }]);
    by(file).then(
      () => setSmall((all) => all.map((one) => (one.file === file ? { file, sent: true } : one))),
      (failure: Error) => {
        sending.error = failure;
        setSmall((all) => all.filter((one) => one.file !== file));
      },
    );
  };
  const files = sending.uppy.getFiles() as Sent[];
  return (
    <section
      class="drop"
      aria-label={label}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        add(event.dataTransfer?.files ?? null);
      }}
    >
      <label>
        {label} <input type="file" multiple onChange={(event) => add(event.currentTarget.files)} />
      </label>
      <p class="hint">Or drop files here. They are scanned before anybody can fetch them.</p>
      <Problem error={sending.error} />
      <Unfinished sending={sending} />
      <ul class="uploads" aria-live="polite">
        {small.map(({ file, sent }, number) => (
          <li key={number}>
            <span>{file.name}</span> <span class="hint">{size(file.size)}</span>{" "}
            {sent ? <span>sent</span> : <progress aria-label={`sending ${file.name}`} />}
          </li>
        ))}
        {files.map((file) => (
          <Row key={file.id} file={file} sending={sending} />
        ))}
      </ul>
    </section>
  );
}

function Unfinished({ sending }: { sending: Sending }) {
  const { error, perform } = useDeed();
  const left = unfinished().filter((one) => !sending.sends(one.id));
  return (
    <>
      <Problem error={error} />
      {left.length > 0 && (
        <ul class="uploads">
          {left.map((one) => (
            <li key={one.key}>
              {one.name} <span class="hint">{size(one.size)}</span> was not sent to the end. Choose it again, and only what is
              missing is sent.{" "}
              <button type="button" onClick={() => perform(() => discard(one))}>
                Give up <span class="spoken">{one.name}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Row({ file, sending: { uppy } }: { file: Sent; sending: Sending }) {
  return (
    <li>
      <span>{file.name}</span> <span class="hint">{size(file.size)}</span>{" "}
      {file.progress.uploadComplete ? (
        <span>sent</span>
      ) : (
        <>
          <progress aria-label={`sending ${file.name}`} value={file.progress.percentage ?? 0} max={100} />
          {inParts(file.size) && (
            <button type="button" onClick={() => uppy.pauseResume(file.id)}>
              {file.isPaused ? "Resume" : "Pause"} <span class="spoken">{file.name}</span>
            </button>
          )}
          {file.error && (
            <button type="button" onClick={() => void uppy.retryUpload(file.id)}>
              Try again <span class="spoken">with {file.name}</span>
            </button>
          )}
          <button type="button" onClick={() => uppy.removeFile(file.id)}>
            Cancel <span class="spoken">{file.name}</span>
          </button>
        </>
      )}
    </li>
  );
}
