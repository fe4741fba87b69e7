// A project asset: what is known of it, the job it waits for, its bundle, what it links, copying and deleting it.

import { useLocation } from "preact-iso";
import { useEffect, useRef, useState } from "preact/hooks";

import { call, CallFailed, get, type Linked, may, type Production, type ProjectAsset, type Session } from "../api";
import { Moment, Page, Problem, State, Table } from "../parts/basics";
import { Bundle } from "../parts/Bundle";
import { AssetState, Underway, useWaited, type Waited } from "../parts/ProjectAssets";
import { useDeed, useLoaded } from "../use";

type At = { production?: string; asset?: string; session: Session };

/** A project asset and everything that may be done with it. */
export function ProjectAssetPage({ production: home = "", asset: id = "", session }: At) {
  const path = `/api/projectassets/${encodeURIComponent(id)}/`;
  const { value: asset, error, again } = useLoaded((signal) => get<ProjectAsset>(path, signal), path);
  const { value: productions } = useLoaded((signal) => get<Production[]>("/api/productions/", signal), "productions");
  const { job, error: unwatched, again: watch } = useWaited(encodeURIComponent(id));

  // When the job that it waited for is gone, the project asset is another one, or none.
  const last = useRef<Waited["kind"]>();
  useEffect(() => {
    if (job === null && last.current) again();
    if (job) last.current = job.kind;
  }, [job]);

  const back = (
    <p>
      <a href="/console/productions">Productions</a> / <a href={`/console/productions/${home}`}>{asset ? nameOf(productions, asset) : home}</a>
    </p>
  );
  if (error instanceof CallFailed && error.status === 404 && last.current) {
    return (
      <Page title={asset?.name ?? "Project asset"}>
        {back}
        <p role="status">It has been deleted.</p>
      </Page>
    );
  }
  if (!asset) return <Page title="Project asset">{<Problem error={error} />}</Page>;
  const its = productions?.find((one) => one.id === asset.production);
  const idle = job === null;
  const told = [["Description", asset.description], ["Project file", asset.path_file], ["Type", asset.type]].filter(([, text]) => text);
  return (
    <Page title={asset.name}>
      {back}
      <Problem error={error ?? unwatched} />
      {job && <Underway job={job} key={job.id} />}
      {idle && asset.status_asset === -1 && (
        <p>
          <a href="/console/jobs">Jobs</a> may have it tried once more.
        </p>
      )}
      <dl>
        <dt>State</dt>
        <dd>
          <span role="status">
            <AssetState asset={asset} />
          </span>
        </dd>
        <dt>Bundle root</dt>
        <dd>{asset.bundle_root}</dd>
        {told.map(([name, text]) => (
          <>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </>
        ))}
        <dt>Added</dt>
        <dd>
          <Moment at={asset.date_add} />
        </dd>
        <dt>Changed</dt>
        <dd>
          <Moment at={asset.date_mod} />
        </dd>
      </dl>
      {job && job.kind !== "delete" ? (
        <p>No file of its bundle is to be seen meanwhile.</p>
      ) : (
        <Bundle asset={id} version={`${asset.date_mod} ${idle}`} writable={idle && !!its?.can_write} />
      )}
      <Links asset={asset} path={path} writable={idle && !!its?.can_write} changed={again} />
      {idle && asset.is_production && may(session, "browser.copy_projectasset") && (
        <Copying asset={asset} productions={productions ?? []} session={session} />
      )}
      {idle && its?.can_delete_assets && may(session, "browser.delete_projectasset") && <Deleting asset={asset} path={path} asked={watch} />}
    </Page>
  );
}

const nameOf = (productions: Production[] | undefined, asset: ProjectAsset): string =>
  productions?.find((one) => one.id === asset.production)?.name ?? String(asset.production);

const MEDIA_STATES: Record<number, string> = { 6: "clean", 0: "pending", [-1]: "error" };

function Links({ asset, path, writable, changed }: { asset: ProjectAsset; path: string; writable: boolean; changed: () => void }) {
  const { busy, error, perform } = useDeed();
  const linked: [string, Linked][] = (["audio", "image", "video"] as const).flatMap((kind) =>
    asset[`${kind}_assets`].map((one): [string, Linked] => [kind, one]),
  );
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const given = new FormData(form);
    perform(async () => {
      const wanted = { asset_id: Number(given.get("id")), type: given.get("kind") };
      await call("POST", `${path}addasset/`, { asset_list: [wanted] });
      form.reset();
      changed();
    });
  };
  return (
    <section aria-label="Linked media assets">
      <h2>Linked media assets</h2>
      {linked.length === 0 && <p>It links none.</p>}
      {linked.length > 0 && (
        <Table heads={["Media asset", "Kind", "File", "State"]} label="Media assets">
          {linked.map(([kind, one]) => (
            <tr key={`${kind} ${one.id}`}>
              <th scope="row">{one.name ?? `number ${one.id}, of a production that you do not read`}</th>
              <td>{kind}</td>
              <td>{one.filename}</td>
              <td>
                {one.status_asset !== undefined && <State name={MEDIA_STATES[one.status_asset] ?? ""} />} {one.status_asset_description}
              </td>
            </tr>
          ))}
        </Table>
      )}
      {writable && (
        <form onSubmit={submit} class="bar" aria-label="Link a media asset">
          <label>
            Link the{" "}
            <select name="kind">
              <option>audio</option>
              <option>image</option>
              <option>video</option>
            </select>
          </label>
          <label>
            asset with the id <input name="id" type="number" min={1} required />
          </label>
          <button type="submit" disabled={busy}>
            Link
          </button>
        </form>
      )}
      <Problem error={error} />
    </section>
  );
}

function Copying({ asset, productions, session }: { asset: ProjectAsset; productions: Production[]; session: Session }) {
  const { busy, error, perform } = useDeed();
  const { route } = useLocation();
  const targets = productions.filter((one) => one.can_write);
  if (targets.length === 0) return null;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement);
    const share = given.has("share") ? "?share_linked_assets=1" : "";
    const body = { name: given.get("name"), bundle_root: given.get("bundle_root"), production_id: Number(given.get("production")) };
    perform(async () => {
      const copy = await call<ProjectAsset>("POST", `/api/projectassets/${share}`, { ...body, copy_of: asset.id });
      route(`/console/productions/${copy.production}/${copy.id}`);
    });
  };
  return (
    <form onSubmit={submit} aria-label="Copy it">
      <h2>Copy it</h2>
      <div class="bar">
        <label>
          Name of the copy <input name="name" required maxLength={255} defaultValue={`${asset.name} (copy)`} />
        </label>
        <label>
          Bundle root of the copy <input name="bundle_root" required pattern="/.*" />
        </label>
        <label>
          Production{" "}
          <select name="production">
            {targets.map((one) => (
              <option key={one.id} value={one.id} selected={one.id === asset.production}>
                {one.name}
              </option>
            ))}
          </select>
        </label>
        {may(session, "browser.share_production_asset") && (
          <label>
            <input type="checkbox" name="share" /> share what it links
          </label>
        )}
        <button type="submit" disabled={busy}>
          Copy
        </button>
      </div>
      <p class="hint">The root has to lie on a device, away from {asset.bundle_root}.</p>
      <Problem error={error} />
    </form>
  );
}

function Deleting({ asset, path, asked }: { asset: ProjectAsset; path: string; asked: () => void }) {
  const { busy, error, perform } = useDeed();
  const [sure, setSure] = useState(false);
  const remove = () =>
    perform(async () => {
      await call("DELETE", path);
      asked();
    });
  return (
    <section aria-label="Delete it">
      <h2>Delete it</h2>
      <p>
        <label>
          <input type="checkbox" checked={sure} onChange={(event) => setSure(event.currentTarget.checked)} /> {asset.name} and the files of
          its bundle shall go for good
        </label>{" "}
        <button type="button" disabled={busy || !sure} onClick={remove}>
          Delete
        </button>
      </p>
      <Problem error={error} />
    </section>
  );
}
