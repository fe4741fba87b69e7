// A workspace: what is known of it, how it is, a search, its assets and its files.

import { useLocation } from "preact-iso";
import { useState } from "preact/hooks";

import { call, get } from "../api";
import { AssetForm, content } from "../parts/AssetForm";
import { HowFar, Moment, Page, Problem, size, State } from "../parts/basics";
import { canBeShown, Download, Fetched } from "../parts/Fetched";
import { RefTree } from "../parts/RefTree";
import { Sure } from "../parts/Sure";
import { Uploads } from "../parts/Uploads";
import { useDeed, useLoaded } from "../use";
import {
  browsed,
  findWorkspace,
  forget,
  isKept,
  keep,
  lastOf,
  type Listing,
  listing,
  managed,
  mayWrite,
  pageOf,
  type Resource,
  type SpaceAsset,
  type Status,
  type Workspace,
} from "../workspaces";

/** A workspace, by its guid. */
export function WorkspacePage({ workspace: guid = "" }: { workspace?: string }) {
  const { value: workspace, error } = useLoaded((signal) => findWorkspace(guid, signal), guid);
  if (!workspace || workspace.guid !== guid) return <Page title="Workspace">{<Problem error={error} />}</Page>;
  return <Contents key={guid} workspace={workspace} />;
}

function Contents({ workspace }: { workspace: Workspace }) {
  const { guid, name } = workspace;
  const { route } = useLocation();
  const [round, setRound] = useState(0);
  const writable = useLoaded((signal) => mayWrite(workspace, signal), guid).value ?? false;
  const statuses = useLoaded(
    (signal) => get<Status[]>(`${managed(guid)}/statuses`, signal),
    `${guid} ${round}`,
    (found) => found.some((one) => one.state === "PENDING"),
  );
  const cloned = statuses.value?.find((one) => one.context === "workspace_validator")?.state;
  const open = writable && cloned === "VALID";
  const shown = `${cloned} ${round}`;
  const changed = () => setRound((before) => before + 1);
  const remove = async () => {
    await call("DELETE", managed(guid));
    route("/console/workspaces");
  };
  return (
    <Page title={name}>
      <p>
        <a href="/console/workspaces">Workspaces</a>
      </p>
      <dl>
        <dt>Project</dt>
        <dd>
          <a href={`/console/stores/${workspace.project.full_name}`}>{workspace.project.full_name}</a>, {workspace.branch}
        </dd>
        <dt>File URI</dt>
        <dd>{workspace.file_uri}</dd>
        <dt>Guid</dt>
        <dd>{guid}</dd>
        <dt>Made</dt>
        <dd>
          <Moment at={workspace.created_at} />
        </dd>
        {workspace.description && (
          <>
            <dt>Description</dt>
            <dd>{workspace.description}</dd>
          </>
        )}
      </dl>
      <div class="bar">
        <Favourite workspace={workspace} />
        {writable && (
          <Sure question={`Delete ${name} with everything in it?`} deed={remove}>
            Delete the workspace
          </Sure>
        )}
      </div>
      <Problem error={statuses.error} />
      <Statuses found={statuses.value ?? []} />
      <Search guid={guid} />
      <section aria-labelledby="assets">
        <h2 id="assets">Assets</h2>
        <RefTree<SpaceAsset> workspace={guid} namespace="/assets/" round={shown} empty={<p>There are no assets yet.</p>}>
          {(asset) => <AssetLine key={asset.meta.ref} guid={guid} asset={asset} />}
        </RefTree>
        {open && <NewAsset guid={guid} />}
      </section>
      <section aria-labelledby="resources">
        <h2 id="resources">Resources</h2>
        <RefTree<Resource>
          workspace={guid}
          namespace="/resources/"
          round={shown}
          restless={(one) => one.state === "pending"}
          empty={<p>There are no files yet.</p>}
        >
          {(one) => <ResourceLine key={one.ref} guid={guid} resource={one} writable={open} changed={changed} />}
        </RefTree>
        {open && <NewResources guid={guid} changed={changed} />}
      </section>
    </Page>
  );
}

function Favourite({ workspace }: { workspace: Workspace }) {
  const { route } = useLocation();
  const { value: kept, error, again } = useLoaded((signal) => isKept(workspace, signal), workspace.guid);
  const { busy, error: refused, perform } = useDeed();
  const change = () =>
    perform(async () => {
      if (!kept) return keep(workspace.file_uri).then(again);
      await forget(workspace.guid);
      route("/console/workspaces"); // who has forgotten a workspace does not find it by its guid any more
    });
  return (
    <>
      {kept !== undefined && (
        <button type="button" disabled={busy} onClick={change}>
          {kept ? "Keep no longer" : "Keep as a favourite"}
        </button>
      )}
      <Problem error={error ?? refused} />
    </>
  );
}

const TONES = { VALID: "good", PENDING: "busy", INVALID: "bad" };
const CONTEXTS: Record<string, string> = { assets_validator: "Assets", workspace_validator: "Workspace" };

function Statuses({ found }: { found: Status[] }) {
  return (
    <section aria-labelledby="statuses">
      <h2 id="statuses">Statuses</h2>
      <ul aria-live="polite">
        {found.map(({ context, state, description, info }) => (
          <li key={context}>
            {CONTEXTS[context] ?? context}: <span class={`state ${TONES[state]}`}>{state}</span> {description} {info.error}
            {info.total !== undefined && (
              <>
                <HowFar done={info.done ?? 0} total={info.total} label="progress of the clone" />
              </>
            )}
            {info.assets && (
              <ul>
                {info.assets.flatMap(Object.entries<string>).map(([ref, sentence]) => (
                  <li key={ref}>
                    {ref}: {sentence}
                  </li>
                ))}
              </ul>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

const EXAMPLES = [
  ["ship", "refs with “ship” anywhere in them"],
  ["tag: blue", "exactly this tag; “two words” in quotation marks"],
  ["comment: wood", "in the comment; ref: in the ref"],
  ["main: /resources/ship.obj", "exactly this main"],
  ["dependency: /assets/hull", "what depends on this asset or resource"],
  ["modified:> 2026-01-31", "by moment, with <, >=, <= too; created: alike; created:.. 2025 2026 between two"],
  ["ship AND NOT (tag: old OR tag: lost)", "side by side means AND; OR binds loosest"],
] as const;

function Search({ guid }: { guid: string }) {
  const [query, setQuery] = useState("");
  const { value, error } = useLoaded<Listing<SpaceAsset> | undefined>(
    async (signal) => {
      if (!query) return undefined;
      return listing<SpaceAsset>(`${browsed(guid, "/assets")}?${new URLSearchParams({ q: query })}`, signal);
    },
    `${guid} ${query}`,
  );
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    setQuery(String(new FormData(event.currentTarget as HTMLFormElement).get("q") ?? "").trim());
  };
  return (
    <section aria-labelledby="search">
      <h2 id="search">Search</h2>
      <form class="bar" role="search" aria-label="Assets" onSubmit={submit}>
        <label>
          Search assets <input name="q" type="search" size={40} maxLength={2000} aria-describedby="grammar" />
        </label>
        <button type="submit">Search</button>
      </form>
      <details id="grammar">
        <summary>How to search</summary>
        <dl>
          {EXAMPLES.map(([example, meaning]) => (
            <>
              <dt>
                <code>{example}</code>
              </dt>
              <dd>{meaning}</dd>
            </>
          ))}
        </dl>
      </details>
      <Problem error={error} />
      <div role="status">
        {value && !error && (
          <>
            <p>{value.items.length === 0 ? "Nothing was found." : `Found ${value.items.length}:`}</p>
            <ul>
              {value.items.map((asset) => (
                <AssetLine key={asset.meta.ref} guid={guid} asset={asset} whole />
              ))}
            </ul>
          </>
        )}
      </div>
    </section>
  );
}

function AssetLine({ guid, asset, whole = false }: { guid: string; asset: SpaceAsset; whole?: boolean }) {
  const { ref } = asset.meta;
  return (
    <li>
      <a href={pageOf(guid, ref)}>{whole ? ref : lastOf(ref)}</a>{" "}
      <span class="hint">{[asset.comment, ...asset.tags.map((tag) => `#${tag}`)].filter(Boolean).join(" ")}</span>
    </li>
  );
}

type Line = { guid: string; resource: Resource; writable: boolean; changed: () => void };

function ResourceLine({ guid, resource, writable, changed }: Line) {
  const [shown, setShown] = useState(false);
  const { ref, name, mime } = resource;
  const path = managed(guid, ref);
  const bytes = resource.size ?? 0;
  const remove = () => call("DELETE", path).then(changed);
  return (
    <li>
      {name} <span class="hint">{size(resource.size)}</span> {resource.state !== "clean" && <State name={resource.state} />}{" "}
      {resource.state === "clean" && (
        <>
          {canBeShown(mime, bytes) && (
            <button type="button" aria-expanded={shown} onClick={() => setShown(!shown)}>
              Look <span class="spoken">at {name}</span>
            </button>
          )}
          <Download path={path} size={bytes} name={name} />
        </>
      )}
      {writable && (
        <Sure question={`Remove ${name}?`} deed={remove}>
          Remove <span class="spoken">{name}</span>
        </Sure>
      )}
      {shown && <Fetched path={path} type={mime} size={bytes} name={name} />}
    </li>
  );
}

function NewAsset({ guid }: { guid: string }) {
  const { route } = useLocation();
  const { busy, error, perform } = useDeed();
  const submit = (given: FormData) => {
    const ref = String(given.get("ref") ?? "").trim();
    perform(async () => {
      await call("PUT", managed(guid, ref), content(given));
      route(pageOf(guid, ref));
    });
  };
  return (
    <details>
      <summary>A new asset</summary>
      <AssetForm label="Make the asset" busy={busy} submit={submit}>
        <label>
          <span>Ref</span>
          <input name="ref" required pattern="/assets/.*[^\/]" placeholder="/assets/ships/hull" />
        </label>
      </AssetForm>
      <Problem error={error} />
    </details>
  );
}

function NewResources({ guid, changed }: { guid: string; changed: () => void }) {
  const [folder, setFolder] = useState("/resources/");
  const use = async (upload: string, name: string) => {
    await call("PUT", `${managed(guid, `${folder.replace(/\/*$/, "/")}${name}`)}?${new URLSearchParams({ upload })}`);
    changed();
  };
  const fits = /^\/resources(\/|$)/.test(folder);
  return (
    <>
      <div class="bar">
        <label>
          Folder of new files{" "}
          <input value={folder} onInput={(event) => setFolder(event.currentTarget.value)} pattern="/resources(/.*)?" required />
        </label>
      </div>
      {fits ? (
        <Uploads label="Upload files" use={use} />
      ) : (
        <p class="problem">A folder of files begins with /resources/.</p>
      )}
    </>
  );
}
