// A project of a store: its assets, uploads that become assets, and the versions of all of it that have a name.

import { useState } from "preact/hooks";

import { call, get, getPage, listOf, type Project, sendOctets, type StoreAsset, storePath } from "../api";
import { Page, Problem, State, Table } from "../parts/basics";
import { usePager } from "../parts/Pager";
import { Uploads } from "../parts/Uploads";
import { useDeed, useLoaded } from "../use";

const restless = (asset: StoreAsset): boolean => asset.processing_status === "processing" || (!asset.index_file && !asset.processing_error);

/** The assets of a project; the id of a new one is the name of its file. */
export function ProjectPage({ store = "", project = "" }: { store?: string; project?: string }) {
  const { cursor, reset, buttons } = usePager();
  const [tag, setTag] = useState("");
  const query = new URLSearchParams({ limit: "50", ...(tag && { filterByTag: tag }), ...(cursor && { cursor }) });
  const path = `${storePath(store, project, "list")}?${query}`;
  const { value, error, again } = useLoaded(
    (signal) => getPage<{ Assets: StoreAsset[] }>(path, signal),
    path,
    (page) => page.items.Assets.some(restless),
  );
  const meta = useLoaded((signal) => get<Project>(storePath(store, project, "projectMeta"), signal), `${store}/${project}`);
  const use = async (upload: string, name: string) => {
    const asked = new URLSearchParams({ upload, filename: name, create: "true", update: "true" });
    await sendOctets(`${storePath(store, project, "upload", name.replace(/[^\w.-]/g, "_"))}?${asked}`);
  };

  return (
    <Page title={meta.value?.name ?? project}>
      <p>
        <a href="/console/stores">Stores</a> / <a href={listOf(store)}>{store}</a>
      </p>
      {meta.value?.write_access && (
        <Uploads label="Upload files, each an asset or its next version" use={use} used={again} />
      )}
      {meta.value?.description && <p>{meta.value.description}</p>}
      <Problem error={error ?? meta.error} />
      <form
        class="bar"
        aria-label="Tag"
        onSubmit={(event) => {
          event.preventDefault();
          setTag(String(new FormData(event.currentTarget).get("tag")).trim());
          reset();
        }}
      >
        <label>
          Tag <input name="tag" />
        </label>
        <button type="submit">Show</button>
      </form>
      {value && value.items.Assets.length === 0 && <p>{tag ? `No asset has the tag “${tag}”.` : "There are no assets yet."}</p>}
      {value && value.items.Assets.length > 0 && (
        <Table heads={["Asset", "Description", "Tags", "Version", "Processing"]}>
          {value.items.Assets.map((asset) => (
            <tr key={asset.id}>
              <th scope="row">
                <a href={`/console/stores/${store}/${project}/${encodeURIComponent(asset.id)}`}>{asset.name}</a>
              </th>
              <td>{asset.description}</td>
              <td>{asset.tags.join(", ")}</td>
              <td class="number">{asset.version}</td>
              <td>
                {asset.processing_status && <State name={asset.processing_status} />} {asset.processing_error}
              </td>
            </tr>
          ))}
        </Table>
      )}
      {buttons(value?.next ?? null)}
      {meta.value && <Versions place={storePath(store, project, "version")} project={meta.value} named={meta.again} />}
    </Page>
  );
}

type Known = { place: string; project: Project; named: () => void };

function Versions({ place, project, named }: Known) {
  const { busy, error, perform } = useDeed();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const given = new FormData(form);
    perform(async () => {
      await call("POST", place, { version_name: given.get("name"), version_description: given.get("description") });
      form.reset();
      named();
    });
  };
  const versions = project.versions || [];
  if (versions.length === 0 && !project.write_access) return null;
  return (
    <>
      <h2>Named versions</h2>
      {versions.length === 0 ? (
        <p class="hint">A name keeps which version each asset has now; a workspace can be cloned at it.</p>
      ) : (
        <ul>
          {versions.map(({ name }, number) => (
            <li key={number}>{name}</li>
          ))}
        </ul>
      )}
      {project.write_access && (
        <form class="bar" aria-label="A named version" onSubmit={submit}>
          <label>
            Name <input name="name" required placeholder="opening" />
          </label>
          <label>
            Description <input name="description" />
          </label>
          <button type="submit" disabled={busy}>
            Name it
          </button>
        </form>
      )}
      <Problem error={error} />
    </>
  );
}
