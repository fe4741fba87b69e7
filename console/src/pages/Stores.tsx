// Stores and the projects in them.

import { useLocation } from "preact-iso";

import { call, get, getPage, listOf, type Project, storePath } from "../api";
import { Page, Problem, Table } from "../parts/basics";
import { usePager } from "../parts/Pager";
import { useDeed, useLoaded, useRights } from "../use";

/** The projects of a store that the caller may read, and a form for a new one. */
export function Stores() {
  const { query: asked, route } = useLocation();
  const store = asked.store ?? "default";
  const { value: stores, error: unlisted } = useLoaded((signal) => get<string[]>("/api/list", signal), store);
  const { cursor, reset, buttons } = usePager();
  const query = new URLSearchParams({ metadata: "true", limit: "50", ...(cursor && { cursor }) });
  const path = `${storePath(store, "list")}?${query}`;
  const { makesProjects, administers, writesFor } = useRights();
  const { value, error, again } = useLoaded((signal) => getPage<Project[]>(path, signal), path);

  return (
    <Page title="Stores">
      <p class="hint">A store holds projects, and a project assets with all their versions, which workers unpack, cut into tiles or draw small.</p>
      <Problem error={unlisted ?? error} />
      <label>
        Store{" "}
        <select
          value={store}
          onChange={(event) => {
            route(listOf(event.currentTarget.value));
            reset();
          }}
        >
          {(stores ?? ["default"]).map((id) => (
            <option key={id}>{id}</option>
          ))}
        </select>
      </label>
      {value && value.items.length === 0 && <p>There are no projects here that you may read.</p>}
      {value && value.items.length > 0 && (
        <Table heads={["Project", "Description", "Tags", "Groups"]}>
          {value.items.map((project) => (
            <tr key={project.id}>
              <th scope="row">
                <a href={`/console/stores/${store}/${project.id}`}>{project.name}</a>
              </th>
              <td>{project.description}</td>
              <td>{project.tags.join(", ")}</td>
              <td>{project.access.join(", ")}</td>
            </tr>
          ))}
        </Table>
      )}
      {buttons(value?.next ?? null)}
      {administers && <NewStore made={(id) => route(listOf(id))} />}
      {makesProjects && <NewProject store={store} groups={writesFor} made={again} />}
    </Page>
  );
}

function NewStore({ made }: { made: (id: string) => void }) {
  const { busy, error, perform } = useDeed();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const id = String(new FormData(form).get("store"));
    perform(async () => {
      await call("POST", "/api/create", { id });
      form.reset();
      made(id);
    });
  };
  return (
    <form class="bar" onSubmit={submit}>
      <label>
        A new store <input name="store" required placeholder="museum" pattern="[A-Za-z0-9][A-Za-z0-9._\-]{0,62}" />
      </label>
      <button type="submit" disabled={busy}>
        Add it
      </button>
      <Problem error={error} />
    </form>
  );
}

function NewProject({ store, groups: own, made }: { store: string; groups: string[]; made: () => void }) {
  const { busy, error, perform } = useDeed();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const given = new FormData(form);
    const groups = String(given.get("groups")).split(",").map((group) => group.trim()).filter(Boolean);
    perform(async () => {
      await call("POST", storePath(store, "create"), { id: given.get("id"), name: given.get("name"), groups });
      form.reset();
      made();
    });
  };
  return (
    <form onSubmit={submit}>
      <h2>A new project</h2>
      <div class="bar">
        <label>
          Id <input name="id" required placeholder="expo" pattern="[a-z0-9][a-z0-9.\-]{2,62}" />
        </label>
        <label>
          Name <input name="name" required />
        </label>
        <label>
          Groups <input name="groups" required defaultValue={own[0] ?? ""} placeholder="editors, public" />
        </label>
        <button type="submit" disabled={busy}>
          Make
        </button>
      </div>
      <p class="hint">
        The id is part of all addresses: 3 to 63 lower-case letters, digits, dots and dashes. Everybody may read the files of a project that has the group “public”.
      </p>
      <Problem error={error} />
    </form>
  );
}
