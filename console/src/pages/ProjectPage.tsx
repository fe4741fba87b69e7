// A project of a store: its assets, and uploads that become assets.

import { get, getPage, type Project, sendOctets, type StoreAsset, storePath } from "../api";
import { Page, Problem, State, Table } from "../parts/basics";
import { usePager } from "../parts/Pager";
import { Uploads } from "../parts/Uploads";
import { useLoaded } from "../use";

const restless = (asset: StoreAsset): boolean => asset.processing_status === "processing" || (!asset.index_file && !asset.processing_error);

/** The assets of a project; the id of a new one is the name of its file. */
export function ProjectPage({ store = "", project = "" }: { store?: string; project?: string }) {
  const { cursor, buttons } = usePager();
  const query = new URLSearchParams({ limit: "50", ...(cursor && { cursor }) });
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
        <a href="/console/stores">Stores</a> / {store}
      </p>
      {meta.value?.write_access && (
        <Uploads label="Upload files, each an asset or its next version" use={use} used={again} />
      )}
      {meta.value?.description && <p>{meta.value.description}</p>}
      <Problem error={error ?? meta.error} />
      {value && value.items.Assets.length === 0 && <p>There are no assets yet.</p>}
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
    </Page>
  );
}
