// A layered graph as a picture: what needs the asset in the middle on the left, what it needs on the right.

import { useLocation } from "preact-iso";

import { lastOf, pageOf } from "../workspaces";

export interface Node {
  ref: string;
  /** How far from the asset in the middle; below 0 for what needs it. */
  level: number;
}

/** `from` depends on `to`. */
export interface Edge {
  from: string;
  to: string;
}

const WIDTH = 190;
const HEIGHT = 30;
const BETWEEN = 80;
const BELOW = 14;
const LETTERS = 22;

interface Box extends Node {
  x: number;
  y: number;
}

function layout(nodes: Node[]): { boxes: Map<string, Box>; width: number; height: number } {
  const first = Math.min(...nodes.map((node) => node.level));
  const columns = new Map<number, Node[]>();
  for (const node of nodes) columns.set(node.level, [...(columns.get(node.level) ?? []), node]);
  const tallest = Math.max(...[...columns.values()].map((column) => column.length));
  const height = tallest * (HEIGHT + BELOW);
  const boxes = new Map<string, Box>();
  for (const [level, column] of columns) {
    const top = (height - column.length * (HEIGHT + BELOW)) / 2;
    column.forEach((node, row) => {
      boxes.set(node.ref, { ...node, x: (level - first) * (WIDTH + BETWEEN) + 1, y: top + row * (HEIGHT + BELOW) + BELOW / 2 });
    });
  }
  const last = Math.max(...nodes.map((node) => node.level));
  return { boxes, width: (last - first) * (WIDTH + BETWEEN) + WIDTH + 2, height };
}

const shortened = (name: string): string => (name.length > LETTERS ? `${name.slice(0, LETTERS - 1)}…` : name);

/** The picture; the lists beside it say the same to who does not see it, and have links for the keyboard. */
export function Graph({ guid, nodes, edges }: { guid: string; nodes: Node[]; edges: Edge[] }) {
  const { boxes, width, height } = layout(nodes);
  const says = `${nodes.length} assets and files, ${edges.length} dependencies between them: as they are listed below.`;
  return (
    <div class="graph" role="region" aria-label="Graph of dependencies" tabIndex={0}>
      <p class="spoken">{says}</p>
      <svg aria-hidden="true" width={width} height={height} viewBox={`0 0 ${width} ${height}`}>
        <defs>
          <marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">
            <path class="tip" d="M0 0 8 4 0 8z" />
          </marker>
        </defs>
        {edges.map(({ from, to }) => {
          const [start, end] = [boxes.get(from), boxes.get(to)];
          return start && end && <path key={`${from} ${to}`} class="edge" d={curve(start, end)} marker-end="url(#arrow)" />;
        })}
        {[...boxes.values()].map((box) => (
          <Drawn key={box.ref} guid={guid} box={box} />
        ))}
      </svg>
    </div>
  );
}

function curve(start: Box, end: Box): string {
  const forward = start.x < end.x;
  const [x1, y1] = [start.x + (forward ? WIDTH : 0), start.y + HEIGHT / 2];
  const [x2, y2] = [end.x + (forward ? 0 : WIDTH), end.y + HEIGHT / 2];
  if (start.x === end.x) return `M${start.x + WIDTH} ${y1}C${start.x + WIDTH + 50} ${y1} ${x2 + 50} ${y2} ${x2} ${y2}`;
  const bend = (x2 - x1) / 2;
  return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
}

function Drawn({ guid, box }: { guid: string; box: Box }) {
  const { route } = useLocation();
  const kind = box.level === 0 ? "here" : box.ref.startsWith("/assets/") ? "asset" : "file";
  const drawn = (
    <>
      <title>{box.ref}</title>
      <rect class={kind} x={box.x} y={box.y} width={WIDTH} height={HEIGHT} rx={5} />
      <text x={box.x + WIDTH / 2} y={box.y + HEIGHT / 2} text-anchor="middle" dominant-baseline="central">
        {shortened(lastOf(box.ref))}
      </text>
    </>
  );
  if (kind !== "asset") return <g>{drawn}</g>;
  const to = pageOf(guid, box.ref);
  const follow = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button !== 0) return;
    event.preventDefault();
    route(to);
  };
  return (
    <a href={to} tabindex={-1} onClick={follow}>
      {drawn}
    </a>
  );
}
