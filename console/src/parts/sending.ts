// Files on their way straight to S3 by Uppy. They go on while one looks at other pages of the console.

import AwsS3 from "@uppy/aws-s3";
import Uppy, { type Body, type Meta, type UppyFile } from "@uppy/core";

import { call, CallFailed, get } from "../api";
import { begunWith, forget, remember, type Unfinished } from "./unfinished";

export type Sent = UppyFile<Meta, Body>;
type Form = { method: "POST"; url: string; fields: Record<string, string>; id: string };
type Begun = { uploadId: string; key: string; id: string };
type Parts = { PartNumber: number; ETag: string; Size?: number }[];

const ONE_REQUEST = 16 << 20;
const PART = 8 << 20;
const MOST_PARTS = 9000;

/** What becomes of an upload once it has arrived. */
export type Use = (id: string, name: string) => Promise<unknown>;

/** Whether a file of so many bytes goes in parts, which can pause. */
export const inParts = (size: number | null): boolean => (size ?? 0) > ONE_REQUEST;

const place = (uploadId: string, key: string, what = ""): string =>
  `/s3/multipart/${encodeURIComponent(uploadId)}${what}?key=${encodeURIComponent(key)}`;

/** Give an upload up, here and there. */
export async function discard({ uploadId, key }: Pick<Unfinished, "uploadId" | "key">): Promise<void> {
  try {
    await call("DELETE", place(uploadId, key));
  } catch (failure) {
    if (!(failure instanceof CallFailed && failure.status === 404)) throw failure;
  }
  forget(key);
}

/** What is being sent from one page of the console. */
export class Sending {
  readonly uppy = new Uppy({ autoProceed: true });
  /** The last thing that went wrong. */
  error: Error | undefined;
  /** Told when something was made of an upload. */
  used: () => void = () => undefined;
  private readonly ids = new Map<string, string>();
  private readonly uses = new Map<string, Use>();

  constructor() {
    this.uppy.use(AwsS3, {
      shouldUseMultipart: (file) => inParts(file.size),
      getChunkSize: (file) => Math.max(PART, Math.ceil(file.size / MOST_PARTS)),
      getUploadParameters: async (file) => {
        const asked = new URLSearchParams({ filename: file.name ?? "file", type: file.type, size: String(file.size) });
        const form = await get<Form>(`/s3/params?${asked}`);
        this.ids.set(file.id, form.id);
        return form;
      },
      createMultipartUpload: async (file) => {
        const asked = { filename: file.name, type: file.type, size: file.size };
        const begun = await call<Begun>("POST", "/s3/multipart", asked);
        this.ids.set(file.id, begun.id);
        remember(file.data as File, begun);
        return begun;
      },
      listParts: (_file, { uploadId, key }) => get<Parts>(place(uploadId ?? "", key)),
      signPart: (_file, { uploadId, key, partNumber }) => get(place(uploadId, key, `/${partNumber}`)),
      completeMultipartUpload: async (_file, { uploadId, key, parts }) => {
        const whole = await call<{ location?: string }>("POST", place(uploadId ?? "", key, "/complete"), { parts });
        forget(key);
        return whole;
      },
      abortMultipartUpload: (_file, { uploadId, key }) => discard({ uploadId: uploadId ?? "", key }),
    });
    this.uppy.on("upload-success", (file) => {
      const id = file && this.ids.get(file.id);
      const use = file && this.uses.get(file.id);
      if (id && use) use(id, file.name ?? "file").then(() => this.used(), (failure: Error) => this.failed(failure));
    });
    this.uppy.on("upload-error", (_file, failure) => this.failed(failure));
  }

  /** Send a file: all of it, or what an upload that it began before lacks. */
  async add(data: File, use: Use): Promise<void> {
    const begun = await stillThere(begunWith(data));
    try {
      const file = this.uppy.addFile({ name: data.name, type: data.type || "application/octet-stream", data });
      this.uses.set(file, use);
      if (begun) {
        this.ids.set(file, begun.id);
        const { uploadId, key } = begun;
        const known = { s3Multipart: { uploadId, key } }; // where Uppy's plug-in looks for it
        this.uppy.setFileState(file, known as object);
      }
    } catch (failure) {
      this.failed(failure as Error);
    }
  }

  /** Whether this upload is on its way here. */
  sends(id: string): boolean {
    return [...this.ids.values()].includes(id);
  }

  /** Whether everything has arrived or was given up. */
  get idle(): boolean {
    return this.uppy.getFiles().every((file) => file.progress.uploadComplete);
  }

  private failed(failure: Error): void {
    this.error = failure;
    this.uppy.emit("info-visible");
  }
}

// An upload that the server has given up cannot go on; the file is sent anew then.
async function stillThere(begun: Unfinished | undefined): Promise<Unfinished | undefined> {
  if (!begun) return undefined;
  try {
    await get<Parts>(place(begun.uploadId, begun.key));
    return begun;
  } catch {
    forget(begun.key);
    return undefined;
  }
}
