// The queue of the workers, the newest task first, and the workers.

import { call, get, getPage, type Task, type Worker } from "../api";
import { Moment, Page, Problem, State, Table, TaskProgress } from "../parts/basics";
import { usePager } from "../parts/Pager";
import { useDeed, useLoaded } from "../use";

const waits = (task: Task): boolean => task.status === "new" || task.status === "processing";

/** The tasks of projects that the caller may write to. */
export function Tasks() {
  const { cursor, buttons } = usePager();
  const query = new URLSearchParams({ newest: "true", limit: "50", ...(cursor && { cursor }) });
  const path = `/api/workers/queue?${query}`;
  const { value, error, again } = useLoaded(
    (signal) => getPage<Task[]>(path, signal),
    path,
    (page) => page.items.some(waits),
  );
  return (
    <Page title="Workers">
      <Problem error={error} />
      <h2>Tasks</h2>
      {value && value.items.length === 0 && <p>
          Nothing was asked for in the last two days. The page of an asset in <a href="/console/stores">a store</a> has workers process its files.
        </p>}
      {value && value.items.length > 0 && (
        <Table heads={["Asset", "Worker", "File", "Asked for", "Status", "What to do"]} label="List of tasks">
          {value.items.map((task) => (
            <Row key={task._id} task={task} changed={again} />
          ))}
        </Table>
      )}
      {buttons(value?.next ?? null)}
      <Workers />
    </Page>
  );
}

function Row({ task, changed }: { task: Task; changed: () => void }) {
  const { busy, error, perform } = useDeed();
  const deed = (method: string) => () =>
    perform(async () => {
      await call(method, "/api/workers/queue", { task_id: task._id });
      changed();
    });
  const place = `${task.storeID}/${task.projectID}/${task.assetID}`;
  return (
    <tr>
      <th scope="row">
        <a href={`/console/stores/${task.storeID}/${task.projectID}/${encodeURIComponent(task.assetID)}`}>{place}</a>
      </th>
      <td>{task.workerType}</td>
      <td>{task.filename}</td>
      <td>
        <Moment at={`${task.createdOn.replace(" ", "T")}Z`} />
      </td>
      <td>
        <State name={task.status} /> {task.error}
        <TaskProgress task={task} of={place} />
      </td>
      <td>
        <button type="button" disabled={busy} onClick={deed(waits(task) ? "DELETE" : "PATCH")}>
          {waits(task) ? "Cancel" : "Do it again"} <span class="spoken">{place}</span>
        </button>
        <Problem error={error} />
      </td>
    </tr>
  );
}

function Workers() {
  const { value, error } = useLoaded((signal) => get<Worker[]>("/api/workers?metadata=true", signal), "workers", () => true, 5);
  return (
    <>
      <h2>Who works</h2>
      <Problem error={error} />
      <Table heads={["Worker", "What it does", "Takes", "Status"]} label="Who works">
        {value?.map((worker) => (
          <tr key={worker.name}>
            <th scope="row">{worker.name}</th>
            <td>{worker.description}</td>
            <td>{worker.extensions.join(" ")}</td>
            <td>
              <State name={worker.status} />
            </td>
          </tr>
        ))}
      </Table>
    </>
  );
}
