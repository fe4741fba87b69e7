// Jobs and queues: how far everything is, what failed, and what was given up.

import { useState } from "preact/hooks";

import { call, type Dead, get, type Job, type Page as List, type Queue, type Session } from "../api";
import { HowFar, Moment, Page, Problem, State, Table } from "../parts/basics";
import { usePager } from "../parts/Pager";
import { useDeed, useLoaded } from "../use";

const atWork = (job: Job): boolean => job.ended_at === null;

/** The jobs that the caller may see, and for superusers the queues. */
export function Jobs({ session }: { session: Session }) {
  const { cursor, buttons } = usePager();
  const query = new URLSearchParams({ limit: "50", ...(cursor && { cursor }) });
  const { value, error, again } = useLoaded(
    (signal) => get<List<Job>>(`/jobs?${query}`, signal),
    `jobs ${query}`,
    (list) => list.results.some(atWork),
  );
  return (
    <Page title="Jobs">
      <p class="hint">
        Copies, deletions, clones and the like. How far tasks of workers are is told by <a href="/console/workers">Workers</a>.
      </p>
      <Problem error={error} />
      {value && value.results.length === 0 && <p>Nothing is under way.</p>}
      {value && value.results.length > 0 && (
        <Table heads={["What", "State", "Progress", "Begun", "What to do"]} label="List of jobs">
          {value.results.map((job) => (
            <Row key={job.id} job={job} changed={again} />
          ))}
        </Table>
      )}
      {buttons(value?.next_cursor ?? null)}
      {session.superuser && <Queues />}
    </Page>
  );
}

function Row({ job, changed }: { job: Job; changed: () => void }) {
  const { busy, error, perform } = useDeed();
  const deed = (what: string) => () =>
    perform(async () => {
      await call("POST", `/jobs/${job.id}/${what}`);
      changed();
    });
  return (
    <tr id={job.id}>
      <th scope="row">
        {job.kind} {job.retry_of && <a href={`#${job.retry_of}`}>once more</a>}
      </th>
      <td>
        <State name={job.state} /> {job.error}
      </td>
      <td>
        {atWork(job) ? (
          <HowFar done={job.done} total={job.total} label={`progress of ${job.kind}`} />
        ) : (
          job.total !== null && `${job.done} of ${job.total}`
        )}
        {job.failed > 0 && `, ${job.failed} failed`}
      </td>
      <td>
        <Moment at={job.created_at} />
      </td>
      <td>
        {atWork(job) && job.may_cancel && (
          <button type="button" disabled={busy || job.cancel_requested} onClick={deed("cancel")}>
            {job.cancel_requested ? "Stopping" : "Cancel"} <span class="spoken">{job.kind}</span>
          </button>
        )}
        {job.may_retry && (
          <button type="button" disabled={busy} onClick={deed("retry")}>
            Retry <span class="spoken">{job.kind}</span>
          </button>
        )}
        {job.retried_as && <a href={`#${job.retried_as}`}>retried</a>}
        <Problem error={error} />
      </td>
    </tr>
  );
}

function Queues() {
  const { value, error, again } = useLoaded(
    (signal) => get<{ queues: Queue[] }>("/jobs/queues", signal),
    "queues",
    () => true,
    5,
  );
  const [shown, setShown] = useState<string>();
  return (
    <>
      <h2>Queues</h2>
      <Problem error={error} />
      <Table heads={["Queue", "Waiting", "In flight", "Given up", "What to do"]} label="Queues">
        {value?.queues.map((queue) => (
          <tr key={queue.name}>
            <th scope="row">{queue.name}</th>
            <td class="number">{queue.waiting + queue.delayed}</td>
            <td class="number">{queue.in_flight}</td>
            <td class="number">{queue.dead > 0 ? <strong>{queue.dead}</strong> : 0}</td>
            <td>
              {queue.dead > 0 && (
                <>
                  <button type="button" onClick={() => setShown(queue.name)}>
                    Look <span class="spoken">at what {queue.name} gave up</span>
                  </button>
                  <Redrive queue={queue.name} sent={again} />
                </>
              )}
            </td>
          </tr>
        ))}
      </Table>
      {shown && <DeadLetters queue={shown} count={value?.queues.find((one) => one.name === shown)?.dead ?? 0} />}
    </>
  );
}

function Redrive({ queue, sent }: { queue: string; sent: () => void }) {
  const { busy, error, perform } = useDeed();
  const redrive = () =>
    perform(async () => {
      await call("POST", `/jobs/queues/${queue}/redrive`);
      sent();
    });
  return (
    <>
      <button type="button" disabled={busy} onClick={redrive}>
        Send again <span class="spoken">what {queue} gave up</span>
      </button>
      <Problem error={error} />
    </>
  );
}

function DeadLetters({ queue, count }: { queue: string; count: number }) {
  const { value, error } = useLoaded(
    (signal) => get<{ results: Dead[] }>(`/jobs/queues/${queue}/dead?limit=50`, signal),
    `${queue} ${count}`,
  );
  return (
    <section aria-label={`Given up by ${queue}`}>
      <h2>Given up by {queue}</h2>
      <Problem error={error} />
      <p class="hint" role="status">
        {value && `${value.results.length} of ${Math.max(count, value.results.length)} messages`}
      </p>
      {value && (
        <Table heads={["What it speaks of", "Attempts", "First received", "Message"]} label={`Messages that ${queue} gave up`}>
          {value.results.map((one) => (
            <tr key={one.id}>
              <th scope="row">
                {one.what} {one.subject}
              </th>
              <td class="number">{one.attempts}</td>
              <td>
                <Moment at={one.first_received_at} />
              </td>
              <td>{one.id}</td>
            </tr>
          ))}
        </Table>
      )}
    </section>
  );
}
