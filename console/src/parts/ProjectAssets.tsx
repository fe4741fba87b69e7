// What project assets show wherever they are shown: their state, and how far the job is that they wait for.

import { call, CallFailed, get, type Job, type ProjectAsset } from "../api";
import { Problem, Progress, State } from "./basics";
import { useDeed, useLoaded } from "../use";

const NAMES: Record<number, string> = { 6: "done", 0: "copying", [-1]: "failed" };

/** The state of a project asset in a word, and why it failed. */
export function AssetState({ asset }: { asset: ProjectAsset }) {
  return (
    <>
      <State name={NAMES[asset.status_asset] ?? String(asset.status_asset)} /> {asset.status_asset_description}
    </>
  );
}

/** The job that a project asset waits for. */
export interface Waited {
  id: string;
  kind: "copy" | "delete" | "clear";
  state: string;
  done: number;
  total: number | null;
  failed: number;
}

const DOING = { copy: "Copying its files", delete: "Deleting it", clear: "Clearing away what the copy left" };

/** The job that a project asset waits for, null for none; looked at again every second until there is none. */
export function useWaited(id: string): { job: Waited | null | undefined; error: Error | undefined; again: () => void } {
  const path = `/api/projectassets/${id}/job/`;
  const none = (failure: unknown) => {
    if (failure instanceof CallFailed && failure.status === 404) return null;
    throw failure;
  };
  const { value, error, again } = useLoaded((signal) => get<Waited>(path, signal).catch(none), path, (job) => job !== null, 1);
  return { job: value, error, again };
}

/** How far a job is, with a button for whoever may cancel it. */
export function Underway({ job }: { job: Waited }) {
  const { busy, error, perform } = useDeed();
  // Whose job it is, is not said where its progress is: one that is somebody else's may not be there at all.
  const { value: whole, again } = useLoaded((signal) => get<Job>(`/jobs/${job.id}`, signal).catch(() => null), job.id);
  const cancel = () =>
    perform(async () => {
      await call("POST", `/jobs/${job.id}/cancel`);
      again();
    });
  return (
    <section aria-label={DOING[job.kind]}>
      <p>
        {DOING[job.kind]} <Progress done={job.done} total={job.total} label={`progress: ${DOING[job.kind]}`} />{" "}
        <span role="status">{job.total !== null && `${job.done} of ${job.total} parts`}</span>
        {job.failed > 0 && `, ${job.failed} failed`}{" "}
        {whole && (whole.may_cancel || whole.cancel_requested) && (
          <button type="button" disabled={busy || whole.cancel_requested} onClick={cancel}>
            {whole.cancel_requested ? "Stopping" : "Cancel"}
          </button>
        )}
      </p>
      <Problem error={error} />
    </section>
  );
}
