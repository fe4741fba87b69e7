// Jobs and queues: how far everything is, and what was given up.

import { call, get, type Job, type Page as List, type Queue, type Session } from "../api";
import { Moment, Page, Problem, Progress, State } from "../parts/basics";
import { useDeed, useLoaded } from "../use";

const atWork = (job: Job): boolean => job.ended_at === null;

/** The jobs that the caller may see, and for superusers the queues. */
export function Jobs({ session }: { session: Session }) {
  const { value, error, again } = useLoaded(
    (signal) => get<List<Job>>("/jobs?limit=50", signal),
    "jobs",
    (list) => list.results.some(atWork),
  );
  return (
    <Page title="Jobs">
      <Problem error={error} />
      {value && value.results.length === 0 && <p>Nothing is under way.</p>}
      {value && value.results.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col">State</th>
              <th scope="col">Progress</th>
              <th scope="col">Begun</th>
              <th scope="col">What to do</th>
            </tr>
          </thead>
          <tbody>
            {value.results.map((job) => (
              <Row key={job.id} job={job} changed={again} />
            ))}
          </tbody>
        </table>
      )}
      {session.superuser && <Queues />}
    </Page>
  );
}

function Row({ job, changed }: { job: Job; changed: () => void }) {
  const { busy, error, perform } = useDeed();
  const cancel = () =>
    perform(async () => {
      await call("POST", `/jobs/${job.id}/cancel`);
      changed();
    });
  return (
    <tr>
      <th scope="row">{job.kind}</th>
      <td>
        <State name={job.state} /> {job.error}
      </td>
      <td>
        {atWork(job) && <Progress done={job.done} total={job.total} label={`progress of ${job.kind}`} />}{" "}
        {job.total !== null && `${job.done} of ${job.total}`}
        {job.failed > 0 && `, ${job.failed} failed`}
      </td>
      <td>
        <Moment at={job.created_at} />
      </td>
      <td>
        {atWork(job) && job.may_cancel && (
          <button type="button" disabled={busy || job.cancel_requested} onClick={cancel}>
            {job.cancel_requested ? "Stopping" : "Cancel"}
          </button>
        )}
        <Problem error={error} />
      </td>
    </tr>
  );
}

function Queues() {
  const { value, error } = useLoaded((signal) => get<{ queues: Queue[] }>("/jobs/queues", signal), "queues", () => true, 5);
  return (
    <>
      <h2>Queues</h2>
      <Problem error={error} />
      <table>
        <thead>
          <tr>
            <th scope="col">Queue</th>
            <th scope="col">Waiting</th>
            <th scope="col">In flight</th>
            <th scope="col">Given up</th>
          </tr>
        </thead>
        <tbody>
          {value?.queues.map((queue) => (
            <tr key={queue.name}>
              <th scope="row">{queue.name}</th>
              <td class="number">{queue.waiting + queue.delayed}</td>
              <td class="number">{queue.in_flight}</td>
              <td class="number">{queue.dead > 0 ? <strong>{queue.dead}</strong> : 0}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
