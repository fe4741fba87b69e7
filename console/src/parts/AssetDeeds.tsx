// What can be done to an asset as a whole, wherever it is shown.

import { type Asset, call, idOf } from "../api";
import { useDeed } from "../use";
import { Problem } from "./basics";

/** Buttons that publish an asset or make it a draft, and delete it; or restore a deleted one. */
export function AssetDeeds({ asset, changed, deleted = changed }: { asset: Asset; changed: () => void; deleted?: () => void }) {
  const { busy, error, perform } = useDeed();
  const path = `/assets/${idOf(asset)}`;
  const deed = (method: string, where: string, done: () => void, body?: unknown) => () =>
    perform(async () => {
      await call(method, where, body);
      done();
    });
  return (
    <>
      {asset.deleted ? (
        <button type="button" disabled={busy} onClick={deed("POST", `${path}/restore`, changed)}>
          Restore <span class="spoken">{asset.name}</span>
        </button>
      ) : (
        <>
          <button type="button" disabled={busy} onClick={deed("PUT", path, changed, { asset: { draft: !asset.draft } })}>
            {asset.draft ? "Publish" : "Make a draft"} <span class="spoken">{asset.name}</span>
          </button>{" "}
          <button type="button" disabled={busy} onClick={deed("DELETE", path, deleted)}>
            Delete <span class="spoken">{asset.name}</span>
          </button>
        </>
      )}
      <Problem error={error} />
    </>
  );
}
