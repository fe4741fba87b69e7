// A production: its project assets with what became of them, a form for a new one, and for superusers its members.

import { call, get, getLinked, type Production, type ProjectAsset, type Session } from "../api";
import { Moment, Page, Problem, Table } from "../parts/basics";
import { usePager } from "../parts/Pager";
import { AssetState } from "../parts/ProjectAssets";
import { useDeed, useLoaded } from "../use";

/** The project assets of a production, in the order of their ids. */
export function ProductionPage({ production: id = "", session }: { production?: string; session: Session }) {
  const path = `/api/productions/${encodeURIComponent(id)}/`;
  const { value: production, error: unknown, again: reload } = useLoaded((signal) => get<Production>(path, signal), path);
  const { cursor, buttons } = usePager();
  const query = new URLSearchParams({ production: id, limit: "25", ...(cursor && { offset: cursor }) });
  const list = `/api/projectassets/?${query}`;
  const { value, error, again } = useLoaded(
    (signal) => getLinked<ProjectAsset[]>(list, signal),
    list,
    (page) => page.items.some((asset) => asset.status_asset === 0),
  );

  if (!production) return <Page title="Production">{<Problem error={unknown} />}</Page>;
  return (
    <Page title={production.name}>
      <p>
        <a href="/console/productions">Productions</a>
      </p>
      <Problem error={error ?? unknown} />
      {value && value.items.length === 0 && <p>There are no project assets here yet.</p>}
      {value && value.items.length > 0 && (
        <Table heads={["Project asset", "State", "Bundle root", "Type", "Changed"]} caption={`${value.total} in all`}>
          {value.items.map((asset) => (
            <tr key={asset.id}>
              <th scope="row">
                <a href={`/console/productions/${id}/${asset.id}`}>{asset.name}</a>
              </th>
              <td>
                <AssetState asset={asset} />
              </td>
              <td>{asset.bundle_root}</td>
              <td>{asset.type}</td>
              <td>
                <Moment at={asset.date_mod} />
              </td>
            </tr>
          ))}
        </Table>
      )}
      {buttons(value?.next ?? null)}
      {production.can_write && <NewProjectAsset production={production} made={again} />}
      {session.superuser && <Members production={production} path={path} changed={reload} />}
    </Page>
  );
}

function NewProjectAsset({ production, made }: { production: Production; made: () => void }) {
  const { busy, error, perform } = useDeed();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const given = new FormData(form);
    const body = { name: given.get("name"), bundle_root: given.get("bundle_root"), description: given.get("description") };
    perform(async () => {
      await call("POST", "/api/projectassets/", { ...body, production_id: production.id });
      form.reset();
      made();
    });
  };
  return (
    <form onSubmit={submit} aria-label="A new project asset">
      <h2>A new project asset</h2>
      <div class="bar">
        <label>
          Name <input name="name" required maxLength={255} />
        </label>
        <label>
          Bundle root <input name="bundle_root" required pattern="/.*" placeholder="/mnt/edit/election/" />
        </label>
        <label>
          Description <input name="description" />
        </label>
        <button type="submit" disabled={busy}>
          Make
        </button>
      </div>
      <p class="hint">The files of its bundle lie below the root.</p>
      <Problem error={error} />
    </form>
  );
}

function Members({ production, path, changed }: { production: Production; path: string; changed: () => void }) {
  const { busy, error, perform } = useDeed();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const given = new FormData(form);
    const body = { [String(given.get("kind"))]: given.get("who"), write: given.has("write"), delete: given.has("delete") };
    perform(async () => {
      await call("POST", `${path}members/`, body);
      form.reset();
      changed();
    });
  };
  const expel = (query: Record<string, string>) => () =>
    perform(async () => {
      await call("DELETE", `${path}members/?${new URLSearchParams(query)}`);
      changed();
    });
  return (
    <form onSubmit={submit} aria-label="Members">
      <h2>Members</h2>
      <ul>
        {production.members.map(({ user, group, write, delete: deletes }) => (
          <li key={user ?? `group ${group}`}>
            {user ?? `the group ${group}`}: read{write && ", write"}
            {deletes && ", delete"}{" "}
            <button type="button" disabled={busy} onClick={expel(user ? { user } : { group: group ?? "" })}>
              End <span class="spoken">the membership of {user ?? group}</span>
            </button>
          </li>
        ))}
      </ul>
      <div class="bar">
        <label>
          A{" "}
          <select name="kind">
            <option>user</option>
            <option>group</option>
          </select>
        </label>
        <label>
          Uid or name <input name="who" required />
        </label>
        <label>
          <input type="checkbox" name="write" /> may write
        </label>
        <label>
          <input type="checkbox" name="delete" /> may delete
        </label>
        <button type="submit" disabled={busy}>
          Save <span class="spoken">the member</span>
        </button>
      </div>
      <Problem error={error} />
    </form>
  );
}
