// The small pieces that every page is made of.

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

import type { Task } from "../api";

const UNITS = ["bytes", "kB", "MB", "GB", "TB"];

/** Bytes as people read them. */
export function size(bytes: number | null | undefined): string {
  if (bytes == null) return "";
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toPrecision(3)} ${UNITS[unit]}`;
}

/** A moment in the reader's own words. */
export function Moment({ at }: { at: string | null }) {
  if (!at) return null;
  return <time dateTime={at}>{new Date(at).toLocaleString()}</time>;
}

/** What went wrong, read out at once. */
export function Problem({ error }: { error: Error | undefined }) {
  return (
    <div role="alert" class={error ? "problem" : undefined}>
      {error?.message}
    </div>
  );
}

const TONES: Record<string, string> = {
  clean: "good", done: "good", infected: "bad", unscannable: "bad", failed: "bad", error: "bad",
  unscanned: "busy", pending: "busy", queued: "busy", running: "busy", processing: "busy", new: "busy", copying: "busy",
};

/** A state as a word with a colour; the word says it all. */
export function State({ name }: { name: string }) {
  return <span class={`state ${TONES[name] ?? ""}`}>{name}</span>;
}

/** How far something is; without a total only that it goes on. */
export function Progress({ done, total, label }: { done: number; total: number | null; label: string }) {
  return total === null ? <progress aria-label={label} /> : <progress aria-label={label} value={done} max={total || 1} />;
}

/** The same in numbers as well, once there is a total. */
export function HowFar({ done, total, label }: { done: number; total: number | null; label: string }) {
  return (
    <>
      <Progress done={done} total={total} label={label} /> {total !== null && `${done} of ${total}`}
    </>
  );
}

/** How far a task of a worker is, while one is at it. */
export function TaskProgress({ task, of }: { task: Task; of: string }) {
  if (task.status !== "processing") return null;
  const { done, total } = task.progress ?? { done: 0, total: null };
  return <HowFar done={done} total={total} label={`progress of ${task.workerType} on ${of}`} />;
}

interface Listed {
  heads: (string | false)[];
  children: ComponentChildren;
  caption?: string;
  /** For a table with nothing in it to press: what it is called when the keyboard comes to it, to move it sideways. */
  label?: string;
}

const NUMBERS = ["Size", "Version", "Waiting", "In flight", "Given up", "Attempts"]; // headings of cells with the class "number"

/** A table under these headings; where it is too wide for the page, it moves sideways in its own place. */
export function Table({ heads, children, caption, label }: Listed) {
  return (
    <div class="wide" {...(label && { role: "region", "aria-label": label, tabIndex: 0 })}>
      <table>
        {caption && <caption class="hint">{caption}</caption>}
        <thead>
          <tr>
            {heads.map(
              (head) =>
                head && (
                  <th scope="col" class={NUMBERS.includes(head) ? "number" : undefined}>
                    {head}
                  </th>
                ),
            )}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}

let moved = false;

/** Tell whoever hears the page, or goes through it by keyboard, that there is another one. */
export function focusOnHeading(): void {
  moved = true;
  document.querySelector<HTMLElement>("h1")?.focus();
}

/** A page: its heading, and what stands under it. */
export function Page({ title, children }: { title: string; children: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} - Asset manager`;
  }, [title]);
  useEffect(() => {
    // The heading that had the focus may have been that of a page that was still loading.
    if (moved && document.activeElement === document.body) heading.current?.focus();
  }, []);
  return (
    <>
      <h1 tabIndex={-1} ref={heading}>
        {title}
      </h1>
      {children}
    </>
  );
}
