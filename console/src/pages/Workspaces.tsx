// Workspaces: those that the caller keeps, finding another, and cloning a project.

import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";

import { call, CallFailed, get, type Project, storePath } from "../api";
import { Moment, Page, Problem, Table } from "../parts/basics";
import { usePager } from "../parts/Pager";
import { useDeed, useLoaded } from "../use";
import { findWorkspace, forget, keep, type Listing, pageOf, type Workspace } from "../workspaces";

/** The caller's favourites, and the ways to more. */
export function Workspaces() {
  const { cursor, reset, buttons } = usePager();
  const [all, setAll] = useState(false);
  const path = cursor ?? `/contentbrowser/workspaces?maxResults=50&all=${all}`;
  const { value, error, again } = useLoaded((signal) => get<Listing<Workspace>>(path, signal), path);
  return (
    <Page title="Workspaces">
      <p class="hint">A workspace is a clone of a project, in which assets are put together from files and from each other.</p>
      <Find />
      <label>
        <input
          type="checkbox"
          checked={all}
          onChange={(event) => {
            setAll(event.currentTarget.checked);
            reset();
          }}
        />{" "}
        show all of my organisation
      </label>
      <Problem error={error} />
      {value && value.items.length === 0 && <p>{all ? "There are none here that you may read." : "You keep no workspaces yet."}</p>}
      {value && value.items.length > 0 && (
        <Table heads={["Workspace", "Description", "Project", "Branch", "Made", !all && "What to do"]}>
          {value.items.map((workspace) => (
            <Row key={workspace.guid} workspace={workspace} kept={!all} changed={again} />
          ))}
        </Table>
      )}
      {buttons(value?.nextLink ?? null)}
      <Clone />
    </Page>
  );
}

function Row({ workspace, kept, changed }: { workspace: Workspace; kept: boolean; changed: () => void }) {
  const { busy, error, perform } = useDeed();
  return (
    <tr>
      <th scope="row">
        <a href={pageOf(workspace.guid)}>{workspace.name}</a>
      </th>
      <td>{workspace.description}</td>
      <td>{workspace.project.full_name}</td>
      <td>{workspace.branch}</td>
      <td>
        <Moment at={workspace.created_at} />
      </td>
      {kept && (
        <td>
          <button type="button" disabled={busy} onClick={() => perform(() => forget(workspace.guid).then(changed))}>
            Keep no longer <span class="spoken">{workspace.name}</span>
          </button>
          <Problem error={error} />
        </td>
      )}
    </tr>
  );
}

const unlessKept = (failure: Error): void => {
  if (!(failure instanceof CallFailed && failure.status === 403)) throw failure;
};

function Find() {
  const { route } = useLocation();
  const { busy, error, perform } = useDeed();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const given = String(new FormData(event.currentTarget as HTMLFormElement).get("identifier") ?? "").trim();
    perform(async () => {
      const { guid } = await findWorkspace(given);
      // Who has forgotten a workspace finds it by its file URI alone, until it is a favourite again.
      if (given.startsWith("file:")) await keep(given).catch(unlessKept);
      route(pageOf(guid));
    });
  };
  return (
    <form class="bar" role="search" aria-label="Workspaces" onSubmit={submit}>
      <label>
        Name, guid or file URI <input name="identifier" required />
      </label>
      <button type="submit" disabled={busy}>
        Open
      </button>
      <Problem error={error} />
    </form>
  );
}

function Clone() {
  const { route } = useLocation();
  const [store, setStore] = useState("default");
  const [project, setProject] = useState<string>();
  const stores = useLoaded((signal) => get<string[]>("/api/list", signal), "stores");
  const projects = useLoaded((signal) => get<{ id: string; name: string }[]>(`${storePath(store, "list")}?limit=1000`, signal), store);
  const chosen = projects.value?.find((one) => one.id === project) ?? projects.value?.[0];
  const { busy, error, perform } = useDeed();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string) => String(given.get(name) ?? "").trim();
    const wanted = { organization: store, project_name: chosen?.id, branch: text("branch"), description: text("description") };
    perform(async () => {
      const body = { ...wanted, file_uri: text("file_uri"), ...(text("name") && { name: text("name") }) };
      route(pageOf((await call<{ guid: string }>("POST", "/assetmanager/workspaces", body)).guid));
    });
  };
  return (
    <form class="fields" onSubmit={submit} aria-label="Clone a project">
      <h2>Clone a project</h2>
      <label>
        <span>Store</span>
        <select value={store} onChange={(event) => setStore(event.currentTarget.value)}>
          {(stores.value ?? ["default"]).map((id) => (
            <option key={id}>{id}</option>
          ))}
        </select>
      </label>
      <label>
        <span>Project</span>
        <select value={chosen?.id ?? ""} required onChange={(event) => setProject(event.currentTarget.value)}>
          {projects.value?.map((one) => (
            <option key={one.id} value={one.id}>
              {one.name}
            </option>
          ))}
        </select>
      </label>
      {projects.value?.length === 0 && (
        <p class="hint">
          There is none here that you may read. <a href="/console/stores">Stores</a> have projects.
        </p>
      )}
      {chosen && <Branches key={`${store}/${chosen.id}`} store={store} project={chosen.id} />}
      <label>
        <span>File URI</span>
        <input name="file_uri" required pattern="file:///.+" placeholder="file:///home/alice/ship" />
      </label>
      <label>
        <span>Name</span>
        <input name="name" pattern="[A-Za-z0-9_\/.\-\[]{1,100}" placeholder="the last part of the file URI" />
      </label>
      <label>
        <span>Description</span>
        <input name="description" />
      </label>
      <button type="submit" disabled={busy || !chosen}>
        Clone
      </button>
      <p class="hint">No file is copied: the workspace refers to those of the project.</p>
      <Problem error={error ?? stores.error ?? projects.error} />
    </form>
  );
}

function Branches({ store, project }: { store: string; project: string }) {
  const path = storePath(store, project, "projectMeta");
  const { value } = useLoaded((signal) => get<Project>(path, signal), path);
  const named = Array.isArray(value?.versions) ? value.versions.map((version) => version.name) : [];
  return (
    <label>
      <span>Branch</span>
      <select name="branch">
        <option value="master">master (as it is now)</option>
        {[...new Set(named)].map((name) => (
          <option key={name}>{name}</option>
        ))}
      </select>
    </label>
  );
}
