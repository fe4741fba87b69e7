// Assets: a list whose states follow the scan by themselves, and uploads.

import { useState } from "preact/hooks";

import { type Asset, call, get, idOf, type Page as List } from "../api";
import { AssetDeeds } from "../parts/AssetDeeds";
import { Page, Problem, size, State, Table } from "../parts/basics";
import { usePager } from "../parts/Pager";
import { Uploads } from "../parts/Uploads";
import { useLoaded, useRights } from "../use";

/** The list of a caller's assets, or of the deleted ones. */
export function Assets() {
  const [deleted, setDeleted] = useState(false);
  const [draft, setDraft] = useState(false);
  const { cursor, reset, buttons } = usePager();
  const query = new URLSearchParams({ limit: "25", ...(deleted && { deleted: "true" }), ...(cursor && { cursor }) });
  const { value, error, again } = useLoaded(
    (signal) => get<List<Asset>>(`/assets?${query}`, signal),
    query.toString(),
    (list) => list.results.some((asset) => asset.state === "unscanned"),
  );

  const use = async (id: string) => {
    await call("POST", "/assets", { asset: { upload: id, draft } });
  };

  const { signsIn } = useRights();
  return (
    <Page title="Assets">
      <p class="hint">A file that is put in here is scanned, and then everybody can fetch it at an address of its own.</p>
      {signsIn && <Uploads label="Upload files" use={use} used={again} />}
      <div class="bar">
        {signsIn && (
          <label>
            <input type="checkbox" checked={draft} onChange={(event) => setDraft(event.currentTarget.checked)} /> upload as
            drafts
          </label>
        )}
        <label>
          <input
            type="checkbox"
            checked={deleted}
            onChange={(event) => {
              setDeleted(event.currentTarget.checked);
              reset();
            }}
          />{" "}
          show deleted ones
        </label>
      </div>
      <Problem error={error} />
      {value && value.results.length === 0 && <p>{deleted ? "Nothing was deleted." : signsIn ? "There are no assets yet: choose a file above." : "There are no assets yet."}</p>}
      {value && value.results.length > 0 && (
        <Table heads={["Name", "State", "Type", "Size", "What to do"]}>
          {value.results.map((asset) => (
            <Row key={asset.id} asset={asset} changed={again} />
          ))}
        </Table>
      )}
      {buttons(value?.next_cursor ?? null)}
    </Page>
  );
}

function Row({ asset, changed }: { asset: Asset; changed: () => void }) {
  return (
    <tr>
      <th scope="row">
        {asset.deleted ? asset.name : <a href={`/console/assets/${idOf(asset)}`}>{asset.name}</a>}{" "}
        {asset.draft && <span class="state">draft</span>}
      </th>
      <td>
        <State name={asset.state} />
      </td>
      <td>{asset.content_type}</td>
      <td class="number">{size(asset.size)}</td>
      <td>
        <AssetDeeds asset={asset} changed={changed} />
      </td>
    </tr>
  );
}
