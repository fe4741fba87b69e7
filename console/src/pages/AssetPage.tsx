// One asset: what is known of it, what it replaces and what replaces it, its file, and a new file for it.

import { useLocation } from "preact-iso";

import { type Asset, call, CallFailed, get, getFile, idOf, type Page as List } from "../api";
import { AssetDeeds } from "../parts/AssetDeeds";
import { Page, Problem, size, State } from "../parts/basics";
import { canBeShown, Download, Fetched } from "../parts/Fetched";
import { Picture } from "../parts/Picture";
import { Uploads } from "../parts/Uploads";
import { useDeed, useLoaded } from "../use";

const MEANINGS: Record<string, string> = {
  unscanned: "Nobody can fetch it before it has been scanned.",
  infected: "Something harmful was found in it. Nobody can fetch it.",
  unscannable: "It could not be scanned. Nobody can fetch it.",
  expired: "The file never arrived.",
};
const AHEAD: Record<string, string> = { clean: "once it is published", unscanned: "once it is clean" };

/** An asset and the chain of those that replace it. */
export function AssetPage({ id = "" }: { id?: string }) {
  const path = `/assets/${id}`;
  const { value: asset, error, again } = useLoaded(
    (signal) => get<Asset>(path, signal),
    path,
    (found) => found.state === "unscanned",
  );
  const { busy, error: refused, perform } = useDeed();
  const { route } = useLocation();

  const use = async (upload: string) => {
    await call("PUT", path, { asset: { upload } });
  };
  const replaceBy = (event: SubmitEvent) => {
    event.preventDefault();
    const given = String(new FormData(event.currentTarget as HTMLFormElement).get("replacement") ?? "").trim();
    perform(async () => {
      await call("PUT", path, { asset: { replacement_id: given } });
      again();
    });
  };

  if (!asset || idOf(asset) !== id) return <Page title="Asset">{<Problem error={error} />}</Page>;
  return (
    <Page title={asset.name}>
      <p>
        <a href="/console">Assets</a>
      </p>
      <Problem error={error ?? refused} />
      <dl>
        <dt>State</dt>
        <dd>
          <State name={asset.state} /> {asset.draft && <span class="state">draft</span>}{" "}
          <span class="hint">{MEANINGS[asset.state]}</span>
        </dd>
        <dt>Type</dt>
        <dd>{asset.content_type}</dd>
        <dt>Size</dt>
        <dd>{size(asset.size)}</dd>
        <dt>Address</dt>
        <dd>
          {asset.draft || asset.state !== "clean" ? (
            <>
              {asset.file_url} {AHEAD[asset.state] && <span class="hint">{AHEAD[asset.state]}</span>}
            </>
          ) : (
            <a href={asset.file_url} rel="noreferrer">
              {asset.file_url}
            </a>
          )}
        </dd>
        {asset.redirect_url && (
          <>
            <dt>Leads readers to</dt>
            <dd>{asset.redirect_url}</dd>
          </>
        )}
      </dl>
      {asset.state === "clean" && <File key={`${asset.file_url} ${asset.draft} ${asset.size}`} asset={asset} />}
      <div class="bar">
        <AssetDeeds asset={asset} changed={again} deleted={() => route("/console")} />
      </div>
      <Chain key={`${id} ${asset.replacement_id}`} asset={asset} />
      <Uploads label="A new file for it" use={use} used={again} key={id} />
      <form onSubmit={replaceBy} class="bar" aria-label="Replacement" key={`${id} by ${asset.replacement_id}`}>
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

async function isAllowed(path: string): Promise<boolean> {
  try {
    await call("HEAD", path);
    return true;
  } catch (failure) {
    if (failure instanceof CallFailed && failure.status === 403) return false;
    throw failure;
  }
}

// What is public comes from the public host. A draft is fetched here with the token, if its lists let the caller see it.
function File({ asset }: { asset: Asset }) {
  const path = new URL(asset.file_url).pathname;
  const led = Boolean(asset.replacement_id || asset.redirect_url); // its readers get something else
  const { value: allowed, error } = useLoaded(async () => !led && (await isAllowed(path)), `${path} ${led}`);
  if (led || allowed === undefined) return <Problem error={error} />;
  if (!allowed) return <p class="hint">This draft is for those alone whom its lists name.</p>;
  const { content_type: type, name } = asset;
  const bytes = asset.size ?? 0;
  const picture = type.startsWith("image/");
  return (
    <>
      {!asset.draft && picture && <Picture url={asset.file_url} type={type} name={name} load={(signal) => getFile(path, bytes, signal)} />}
      {(asset.draft || !picture) && canBeShown(type, bytes) && <Fetched path={path} type={type} size={bytes} name={name} />}
      <p>
        <Download path={path} size={bytes} name={name} />
      </p>
    </>
  );
}

const LONGEST_CHAIN = 20;

type Link = { id: string; asset?: Asset };

async function replacements(asset: Asset, signal: AbortSignal): Promise<Link[]> {
  const found: Link[] = [];
  let next = asset.replacement_id;
  while (next && found.length <= LONGEST_CHAIN) {
    const id: string = next;
    try {
      const one: Asset = await get<Asset>(`/assets/${id}`, signal);
      found.push({ id, asset: one });
      next = one.replacement_id;
    } catch (failure) {
      if (!(failure instanceof CallFailed) || failure.status >= 500) throw failure;
      found.push({ id }); // deleted, or another's
      break;
    }
  }
  return found;
}

function Chain({ asset }: { asset: Asset }) {
  const id = idOf(asset);
  const before = useLoaded((signal) => get<List<Asset>>(`/assets?replaced_by=${id}&limit=100`, signal), id);
  const after = useLoaded((signal) => replacements(asset, signal), `${id} ${asset.replacement_id}`);
  const replaced = (before.value?.results ?? []).map((one) => ({ id: idOf(one), asset: one }));
  const replacing = after.value ?? [];
  return (
    <>
      <Problem error={before.error ?? after.error} />
      {replaced.length > 0 && <Links title="Replaces" links={replaced} more={before.value?.next_cursor != null} />}
      {replacing.length > 0 && <Links title="Replaced by" links={replacing} />}
    </>
  );
}

function Links({ title, links, more = false }: { title: string; links: Link[]; more?: boolean }) {
  const label = title.replace(" ", "-").toLowerCase();
  return (
    <section aria-labelledby={label}>
      <h2 id={label}>{title}</h2>
      <ol>
        {links.map(({ id, asset }) => (
          <li key={id}>
            {asset ? <a href={`/console/assets/${id}`}>{asset.name}</a> : "an asset that is deleted, or not yours"}{" "}
            {asset?.draft && <span class="state">draft</span>} <span class="hint">{id}</span>
          </li>
        ))}
      </ol>
      {more && <p class="hint">… and more.</p>}
    </section>
  );
}
