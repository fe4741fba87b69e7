// What an asset depends on and what depends on it: as a picture, and the same as lists.

import { useState } from "preact/hooks";

import { CallFailed, get } from "../api";
import { Problem } from "./basics";
import { type Edge, Graph, type Node } from "./Graph";
import { useLoaded } from "../use";
import { browsed, dependants, pageOf, type SpaceAsset } from "../workspaces";

const MOST = 60;

interface Found {
  nodes: Node[];
  edges: Edge[];
  cut: boolean;
}

const isAsset = (ref: string): boolean => ref.startsWith("/assets/");
const needs = (asset: SpaceAsset): string[] => [...new Set([...asset.dependencies, ...(asset.main ? [asset.main] : [])])];

async function read(guid: string, ref: string, signal: AbortSignal): Promise<SpaceAsset | undefined> {
  try {
    return await get<SpaceAsset>(browsed(guid, ref), signal);
  } catch (failure) {
    if (failure instanceof CallFailed && failure.status === 404) return undefined; // deleted this very moment
    throw failure;
  }
}

// Level by level away from the asset, to both sides; a level is asked for at once.
async function walk(guid: string, asset: SpaceAsset, levels: number, signal: AbortSignal): Promise<Found> {
  const nodes = new Map<string, Node>([[asset.meta.ref, { ref: asset.meta.ref, level: 0 }]]);
  const edges = new Map<string, Edge>();
  let cut = false;
  const add = (ref: string, level: number, from: string, to: string): boolean => {
    const known = nodes.has(ref);
    if (!known && nodes.size >= MOST) {
      cut = true;
      return false;
    }
    if (!known) nodes.set(ref, { ref, level });
    edges.set(`${from} ${to}`, { from, to });
    return !known;
  };

  let ahead: SpaceAsset[] = [asset];
  for (let level = 1; level <= levels && ahead.length > 0; level += 1) {
    const next = ahead.flatMap((one) => needs(one).filter((ref) => add(ref, level, one.meta.ref, ref)));
    if (level === levels) break;
    const found = await Promise.all(next.filter(isAsset).map((ref) => read(guid, ref, signal)));
    ahead = found.filter((one) => one !== undefined);
  }
  let behind = [asset.meta.ref];
  for (let level = 1; level <= levels && behind.length > 0; level += 1) {
    const found = await Promise.all(behind.map((ref) => dependants(guid, ref, signal)));
    behind = behind.flatMap((ref, at) => (found[at] ?? []).map((one) => one.meta.ref).filter((one) => add(one, -level, one, ref)));
  }
  return { nodes: [...nodes.values()], edges: [...edges.values()], cut };
}

/** The dependencies and dependants of an asset, as far as asked for. */
export function Dependencies({ guid, asset }: { guid: string; asset: SpaceAsset }) {
  const [levels, setLevels] = useState(1);
  const { ref, modified } = asset.meta;
  const { value, error } = useLoaded((signal) => walk(guid, asset, levels, signal), `${guid} ${ref} ${modified} ${levels}`);
  return (
    <section aria-labelledby="dependencies">
      <h2 id="dependencies">Dependencies</h2>
      <label>
        Levels{" "}
        <select value={levels} onChange={(event) => setLevels(Number(event.currentTarget.value))}>
          {[1, 2, 3, 4].map((level) => (
            <option key={level}>{level}</option>
          ))}
        </select>
      </label>
      <Problem error={error} />
      {value && (
        <>
          {value.cut && <p class="hint">Only the nearest {MOST} are shown.</p>}
          {value.nodes.length > 1 && <Graph guid={guid} nodes={value.nodes} edges={value.edges} />}
          <div class="columns">
            <Side title="Needed by" guid={guid} found={value} direction={-1} />
            <Side title="Depends on" guid={guid} found={value} direction={1} />
          </div>
        </>
      )}
    </section>
  );
}

function Side({ title, guid, found, direction }: { title: string; guid: string; found: Found; direction: 1 | -1 }) {
  const there = found.nodes.filter((node) => node.level * direction > 0).sort((one, other) => (one.level - other.level) * direction);
  const id = title.replace(" ", "-").toLowerCase();
  return (
    <section aria-labelledby={id}>
      <h3 id={id}>{title}</h3>
      {there.length === 0 && <p>nothing</p>}
      <ul>
        {there.map((node) => (
          <li key={node.ref}>
            {isAsset(node.ref) ? <a href={pageOf(guid, node.ref)}>{node.ref}</a> : node.ref}
            {Math.abs(node.level) > 1 && <span class="hint"> through {through(node, found, direction)}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}

function through(node: Node, { edges, nodes }: Found, direction: 1 | -1): string {
  const levels = new Map(nodes.map((one) => [one.ref, one.level]));
  const beside = edges.flatMap(({ from, to }) => (direction > 0 ? to === node.ref && from : from === node.ref && to) || []);
  return beside.filter((ref) => levels.get(ref) === node.level - direction).join(", ");
}
