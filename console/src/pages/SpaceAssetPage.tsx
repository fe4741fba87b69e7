// An asset of a workspace: what it is made of, what it depends on and what depends on it, and changing all that.

import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";

import { call, get } from "../api";
import { AssetForm, content } from "../parts/AssetForm";
import { Moment, Page, Problem } from "../parts/basics";
import { Dependencies } from "../parts/Dependencies";
import { Sure } from "../parts/Sure";
import { useDeed, useLoaded } from "../use";
import { browsed, findWorkspace, managed, mayWrite, pageOf, type SpaceAsset, type Status, type Workspace } from "../workspaces";

/** An asset, by the guid of its workspace and what comes behind `/assets/`. */
export function SpaceAssetPage({ workspace: guid = "", asset: rest = "" }: { workspace?: string; asset?: string }) {
  const ref = `/assets/${rest}`;
  const workspace = useLoaded((signal) => findWorkspace(guid, signal), guid);
  const asset = useLoaded((signal) => get<SpaceAsset>(browsed(guid, ref), signal), `${guid} ${ref}`);
  if (!workspace.value || asset.value?.meta.ref !== ref) {
    return <Page title={ref}>{<Problem error={workspace.error ?? asset.error} />}</Page>;
  }
  return <Asset key={ref} workspace={workspace.value} asset={asset.value} changed={asset.again} />;
}

async function isOpen(workspace: Workspace, signal: AbortSignal): Promise<boolean> {
  if (!(await mayWrite(workspace, signal))) return false;
  const found = await get<Status[]>(`${managed(workspace.guid)}/statuses`, signal);
  return found.some((one) => one.context === "workspace_validator" && one.state === "VALID");
}

function Asset({ workspace, asset, changed }: { workspace: Workspace; asset: SpaceAsset; changed: () => void }) {
  const { guid, name } = workspace;
  const { ref, created, modified } = asset.meta;
  const open = useLoaded((signal) => isOpen(workspace, signal), guid).value ?? false;
  return (
    <Page title={ref}>
      <p>
        <a href="/console/workspaces">Workspaces</a> / <a href={pageOf(guid)}>{name}</a>
      </p>
      <dl>
        <dt>Main</dt>
        <dd>{asset.main || "none"}</dd>
        <dt>Comment</dt>
        <dd>{asset.comment || "none"}</dd>
        <dt>Tags</dt>
        <dd>{asset.tags.join(", ") || "none"}</dd>
        <dt>Made</dt>
        <dd>
          <Moment at={created} />
        </dd>
        <dt>Modified</dt>
        <dd>
          <Moment at={modified} />
        </dd>
      </dl>
      <Dependencies guid={guid} asset={asset} />
      {open && <Changes guid={guid} asset={asset} changed={changed} />}
    </Page>
  );
}

function Changes({ guid, asset, changed }: { guid: string; asset: SpaceAsset; changed: () => void }) {
  const { route } = useLocation();
  const renaming = useDeed();
  const saving = useDeed();
  const [saved, setSaved] = useState(false);
  const { ref, modified } = asset.meta;
  const seen = { "Last-Modified": modified };
  const rename = (event: SubmitEvent) => {
    event.preventDefault();
    const wanted = String(new FormData(event.currentTarget as HTMLFormElement).get("new") ?? "").trim();
    renaming.perform(async () => {
      const path = managed(guid, ref).replace("/assets/", "/rename/assets/");
      const moved = await call<{ ref: string }>("POST", path, { new: wanted }, seen);
      route(pageOf(guid, moved.ref), true);
    });
  };
  // What the form does not show, such as semantics, stays as it is.
  const save = (given: FormData) => {
    setSaved(false);
    saving.perform(async () => {
      await call("PUT", managed(guid, ref), { ...asset, ...content(given) }, seen);
      setSaved(true);
      changed();
    });
  };
  const remove = async () => {
    await call("DELETE", managed(guid, ref));
    route(pageOf(guid));
  };
  return (
    <>
      <h2>Rename</h2>
      <form class="bar" onSubmit={rename} aria-label="Rename">
        <label>
          New ref <input name="new" size={40} defaultValue={ref} required pattern="/assets/.*[^\/]" />
        </label>
        <button type="submit" disabled={renaming.busy}>
          Rename
        </button>
      </form>
      <p class="hint">Whatever depends on it names it by its new ref at once.</p>
      <Problem error={renaming.error} />
      <h2>Change</h2>
      <AssetForm key={modified} label="Save" asset={asset} busy={saving.busy} submit={save} />
      <p role="status">{saved && !saving.error && "Saved."}</p>
      <Problem error={saving.error} />
      <Sure question={`Delete ${ref}?`} deed={remove}>
        Delete the asset
      </Sure>
    </>
  );
}
