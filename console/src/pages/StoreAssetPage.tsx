// An asset of a project: what is known of it, the files of its versions, a look at one, and workers for it.

import { useEffect, useState } from "preact/hooks";

import { call, get, getPage, listOf, type Project, type StoreAsset, type StoreFile, storePath, type Task } from "../api";
import { Page, Problem, State, TaskProgress } from "../parts/basics";
import { DeepZoom } from "../parts/DeepZoom";
import { Files } from "../parts/Files";
import { usePager } from "../parts/Pager";
import { Processing } from "../parts/Processing";
import { useDeed, useLoaded } from "../use";

async function underWay(store: string, project: string, asset: string, signal: AbortSignal): Promise<Task[]> {
  const found: Task[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const query = new URLSearchParams({ store_id: store, project_id: project, asset_id: asset, limit: "1000", ...(cursor && { cursor }) });
    const page: { items: Task[]; next: string | null } = await getPage<Task[]>(`/api/workers/queue?${query}`, signal);
    found.push(...page.items.filter((task) => task.status === "new" || task.status === "processing"));
    cursor = page.next;
  }
  return found;
}

/** An asset with its versions. */
export function StoreAssetPage({ store = "", project = "", asset: id = "" }: { store?: string; project?: string; asset?: string }) {
  const path = storePath(store, project, "meta", id);
  const { value: asset, error, again } = useLoaded(
    (signal) => get<StoreAsset>(path, signal),
    path,
    (found) => found.processing_status === "processing" || (!found.index_file && !found.processing_error),
  );
  const place = storePath(store, project, "projectMeta");
  const writable = useLoaded((signal) => get<Project>(place, signal), place).value?.write_access ?? false;
  const tasks = useLoaded(
    (signal) => (writable ? underWay(store, project, id, signal) : Promise.resolve([])),
    `${path} ${writable}`,
    (found) => found.length > 0,
  );
  const asked = tasks.value ?? [];
  const [chosen, setChosen] = useState<string>();
  const version = chosen ?? asset?.version ?? "1";
  const { cursor, reset, buttons } = usePager();
  const query = new URLSearchParams({ version, limit: "500", ...(cursor && { cursor }) });
  const files = useLoaded(
    (signal) => getPage<StoreFile[]>(`${storePath(store, project, "files", id)}?${query}`, signal),
    `${query} ${asset?.version} ${asset?.processing_status} ${asked.length}`,
    (found) => found.items.some((file) => file.state === "pending"),
  );
  const waits = files.value?.items.some((file) => file.state === "pending") ?? false;
  useEffect(again, [waits, asked.length]); // where it begins follows what its files, and tasks for it, have become

  if (!asset) return <Page title={id}>{<Problem error={error} />}</Page>;
  const versions = Array.from({ length: Number(asset.version) }, (_, number) => String(number + 1)).reverse();
  return (
    <Page title={asset.name}>
      <p>
        <a href="/console/stores">Stores</a> / <a href={listOf(store)}>{store}</a> / <a href={`/console/stores/${store}/${project}`}>{project}</a>
      </p>
      <Problem error={error ?? files.error} />
      {asset.processing_status && (
        <p>
          <State name={asset.processing_status} /> {asset.worker} {asset.processing_error}
        </p>
      )}
      {asked.length > 0 && (
        <ul aria-label="Tasks">
          {asked.map((task) => (
            <li key={task._id}>
              {task.workerType} {task.filename} <State name={task.status} /> <TaskProgress task={task} of={task.filename} />
            </li>
          ))}
        </ul>
      )}
      {asset.index_file && (
        <p>
          Begins at{" "}
          <a href={asset.index_file} rel="noreferrer">
            {asset.index_file.split("/").at(-1)}
          </a>
        </p>
      )}
      {asset.index_file.endsWith(".dzi") && <DeepZoom url={asset.index_file} name={asset.name} />}
      <label>
        Version{" "}
        <select value={version} onChange={(event) => {
            setChosen(event.currentTarget.value);
            reset();
          }}>
          {versions.map((number) => (
            <option key={number}>{number}</option>
          ))}
        </select>
      </label>
      <Files files={files.value?.items ?? []} />
      {buttons(files.value?.next ?? null)}
      <Facts key={`${asset.description} ${asset.tags}`} path={path} asset={asset} writable={writable} changed={again} />
      {writable && version === asset.version && (
        <Processing store={store} project={project} asset={id} files={files.value?.items ?? []} asked={tasks.again} />
      )}
    </Page>
  );
}

type Known = { path: string; asset: StoreAsset; writable: boolean; changed: () => void };

function Facts({ path, asset, writable, changed }: Known) {
  const { busy, error, perform } = useDeed();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement);
    const tags = String(given.get("tags")).split(",").map((tag) => tag.trim()).filter(Boolean);
    perform(async () => {
      await call("POST", path, { description: given.get("description"), tags });
      changed();
    });
  };
  if (!writable) {
    return (
      <dl>
        <dt>Description</dt>
        <dd>{asset.description || "none"}</dd>
        <dt>Tags</dt>
        <dd>{asset.tags.join(", ") || "none"}</dd>
      </dl>
    );
  }
  return (
    <form onSubmit={submit}>
      <h2>What is known of it</h2>
      <div class="bar">
        <label>
          Description <input name="description" defaultValue={asset.description} />
        </label>
        <label>
          Tags <input name="tags" defaultValue={asset.tags.join(", ")} />
        </label>
        <button type="submit" disabled={busy}>
          Save
        </button>
      </div>
      <Problem error={error} />
    </form>
  );
}
