// One asset: what is known of it, what replaces it, its file, and a new file for it.

import { type Asset, call, get, idOf } from "../api";
import { Page, Problem, size, State } from "../parts/basics";
import { Preview } from "../parts/Preview";
import { Uploads } from "../parts/Uploads";
import { useDeed, useLoaded } from "../use";

/** An asset and the chain of those that replace it. */
export function AssetPage({ id = "" }: { id?: string }) {
  const path = `/assets/${id}`;
  const { value: asset, error, again } = useLoaded(
    (signal) => get<Asset>(path, signal),
    path,
    (found) => found.state === "unscanned",
  );
  const { busy, error: refused, perform } = useDeed();

  const use = async (upload: string) => {
    await call("PUT", path, { asset: { upload } });
    again();
  };
  const replaceBy = (event: SubmitEvent) => {
    event.preventDefault();
    const given = String(new FormData(event.currentTarget as HTMLFormElement).get("replacement") ?? "").trim();
    perform(async () => {
      await call("PUT", path, { asset: { replacement_id: given } });
      again();
    });
  };

  if (!asset) return <Page title="Asset">{<Problem error={error} />}</Page>;
  return (
    <Page title={asset.name}>
      <Problem error={error ?? refused} />
      <dl>
        <dt>State</dt>
        <dd>
          <State name={asset.state} /> {asset.draft && <span class="state">draft</span>}
        </dd>
        <dt>Type</dt>
        <dd>{asset.content_type}</dd>
        <dt>Size</dt>
        <dd>{size(asset.size)}</dd>
        <dt>Address</dt>
        <dd>
          <a href={asset.file_url} rel="noreferrer">
            {asset.file_url}
          </a>
        </dd>
        {asset.replacement_id && (
          <>
            <dt>Replaced by</dt>
            <dd>
              <a href={`/console/assets/${asset.replacement_id}`}>{asset.replacement_id}</a>
            </dd>
          </>
        )}
      </dl>
      {asset.state === "clean" && !asset.draft && <Preview url={asset.file_url} type={asset.content_type} name={asset.name} />}
      <Uploads label="A new file for it" use={use} key={idOf(asset)} />
      <form onSubmit={replaceBy} class="bar">
        <label>
          Id of the asset that replaces it <input name="replacement" defaultValue={asset.replacement_id ?? ""} />
        </label>
        <button type="submit" disabled={busy}>
          Save
        </button>
      </form>
    </Page>
  );
}
