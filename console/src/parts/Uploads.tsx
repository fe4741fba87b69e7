// Uploads straight to S3 by Uppy, each of which becomes an asset when it has arrived.

import AwsS3 from "@uppy/aws-s3";
import Uppy, { type Body, type Meta, type UppyFile } from "@uppy/core";
import { useEffect, useRef, useState } from "preact/hooks";

import { call, get } from "../api";
import { Problem, size } from "./basics";

type File_ = UppyFile<Meta, Body>;
type Form = { method: "POST"; url: string; fields: Record<string, string>; id: string };
type Begun = { uploadId: string; key: string; id: string };
type Parts = { PartNumber: number; ETag: string; Size?: number }[];

const ONE_REQUEST = 50 * 1000 * 1000;
const IN_A_BODY = 4 << 20;
const place = (uploadId: string, key: string, what = "") =>
  `/s3/multipart/${encodeURIComponent(uploadId)}${what}?key=${encodeURIComponent(key)}`;

type Use = (id: string, name: string) => Promise<unknown>;

function uploader(arrived: (id: string, file: File_) => void): Uppy {
  const uppy = new Uppy({ autoProceed: true });
  const ids = new Map<string, string>();
  const begun = <T extends { id: string }>(file: File_, answer: T): T => {
    ids.set(file.id, answer.id);
    return answer;
  };
  uppy.use(AwsS3, {
    shouldUseMultipart: (file) => (file.size ?? 0) > ONE_REQUEST,
    getChunkSize: (file) => Math.max(8 << 20, Math.ceil(file.size / 9000)),
    getUploadParameters: async (file) => {
      const asked = new URLSearchParams({ filename: file.name ?? "file", type: file.type, size: String(file.size) });
      return begun(file, await get<Form>(`/s3/params?${asked}`));
    },
    createMultipartUpload: async (file) =>
      begun(file, await call<Begun>("POST", "/s3/multipart", { filename: file.name, type: file.type, size: file.size })),
    listParts: (_file, { uploadId, key }) => get<Parts>(place(uploadId ?? "", key)),
    signPart: (_file, { uploadId, key, partNumber }) => get(place(uploadId, key, `/${partNumber}`)),
    completeMultipartUpload: (_file, { uploadId, key, parts }) =>
      call("POST", place(uploadId ?? "", key, "/complete"), { parts }),
    abortMultipartUpload: (_file, { uploadId, key }) => call("DELETE", place(uploadId ?? "", key)),
  });
  uppy.on("upload-success", (file) => {
    const id = file && ids.get(file.id);
    if (file && id) arrived(id, file);
  });
  return uppy;
}

type Wanted = { label: string; use: Use; send?: (file: File) => Promise<unknown> };

/** A field for files, and what becomes of each; `use`, as it is when a file is chosen, makes something of it at its arrival.
 * With `send`, files that fit into a request go by it. */
export function Uploads({ use, send, label }: Wanted) {
  const [files, setFiles] = useState<File_[]>([]);
  const [small, setSmall] = useState<{ file: File; sent: boolean }[]>([]);
  const [error, setError] = useState<Error>();
  const uppy = useRef<Uppy>();
  const latest = useRef(use);
  latest.current = use;

  useEffect(() => {
    const uses = new Map<string, Use>();
    const made = uploader((id, file) => void uses.get(file.id)?.(id, file.name ?? "file").catch(setError));
    made.on("file-added", (file) => uses.set(file.id, latest.current));
    const show = () => setFiles(made.getFiles() as File_[]);
    const events = ["file-added", "upload-progress", "upload-success", "upload-error", "upload-pause", "file-removed"];
    for (const event of events) made.on(event as "file-added", show);
    made.on("upload-error", (_file, failure) => setError(failure));
    uppy.current = made;
    return () => made.destroy();
  }, []);

  const add = (chosen: FileList | null) => {
    setError(undefined);
    for (const file of chosen ?? []) {
      if (send && file.size <= IN_A_BODY) {
        setSmall((all) => [...all, { file, sent: false }]);
        send(file).then(
          () => setSmall((all) => all.map((one) => (one.file === file ? { file, sent: true } : one))),
          (failure: Error) => {
            setError(failure);
            setSmall((all) => all.filter((one) => one.file !== file));
          },
        );
        continue;
      }
      try {
        uppy.current?.addFile({ name: file.name, type: file.type || "application/octet-stream", data: file });
      } catch (failure) {
        setError(failure as Error);
      }
    }
  };

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
      <Problem error={error} />
      <ul class="uploads" aria-live="polite">
        {small.map(({ file, sent }, number) => (
          <li key={number}>
            <span>{file.name}</span> <span class="hint">{size(file.size)}</span>{" "}
            {sent ? <span>sent</span> : <progress aria-label={`sending ${file.name}`} />}
          </li>
        ))}
        {files.map((file) => (
          <Row key={file.id} file={file} uppy={uppy.current} />
        ))}
      </ul>
    </section>
  );
}

function Row({ file, uppy }: { file: File_; uppy: Uppy | undefined }) {
  const sent = file.progress.percentage ?? 0;
  const inParts = (file.size ?? 0) > ONE_REQUEST;
  return (
    <li>
      <span>{file.name}</span> <span class="hint">{size(file.size)}</span>{" "}
      {file.progress.uploadComplete ? (
        <span>sent</span>
      ) : (
        <>
          <progress aria-label={`sending ${file.name}`} value={sent} max={100} />
          {inParts && (
            <button type="button" onClick={() => uppy?.pauseResume(file.id)}>
              {file.isPaused ? "Resume" : "Pause"}
            </button>
          )}
          {file.error && (
            <button type="button" onClick={() => void uppy?.retryUpload(file.id)}>
              Try again
            </button>
          )}
          <button type="button" onClick={() => uppy?.removeFile(file.id)}>
            Cancel
          </button>
        </>
      )}
    </li>
  );
}
