// What is in a workspace, folder below folder; each is asked for when it is opened, and comes in pages.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import { Problem } from "./basics";
import { usePager } from "./Pager";
import { useLoaded } from "../use";
import { browsed, lastOf, listing } from "../workspaces";

interface Tree<T> {
  workspace: string;
  /** Begins and ends with a slash. */
  namespace: string;
  /** Another value has everything that is open asked for again. */
  round: string;
  restless?: (item: T) => boolean;
  empty?: ComponentChildren;
  children: (item: T) => ComponentChildren;
}

/** The assets or resources in a namespace, and the namespaces in it. */
export function RefTree<T>({ workspace, namespace, round, restless = () => false, empty, children }: Tree<T>) {
  const { cursor, buttons } = usePager();
  const path = cursor ?? `${browsed(workspace, namespace)}?empty=true`;
  const { value, error } = useLoaded(
    (signal) => listing<T>(path, signal),
    `${path} ${round}`,
    (page) => page.items.some(restless),
  );
  if (!value) return error ? <Problem error={error} /> : <p class="hint">One moment …</p>;
  const namespaces = value.namespaces ?? [];
  if (value.items.length + namespaces.length === 0 && cursor === undefined) return <>{empty}</>;
  return (
    <>
      <Problem error={error} />
      <ul class="tree">
        {namespaces.map(({ ref }) => (
          <Folder key={ref} name={lastOf(ref)}>
            <RefTree workspace={workspace} namespace={ref} round={round} restless={restless}>
              {children}
            </RefTree>
          </Folder>
        ))}
        {value.items.map(children)}
      </ul>
      {buttons(value.nextLink ?? null)}
    </>
  );
}

function Folder({ name, children }: { name: string; children: ComponentChildren }) {
  const [opened, setOpened] = useState(false);
  return (
    <li>
      <details onToggle={(event) => event.currentTarget.open && setOpened(true)}>
        <summary>{name}/</summary>
        {opened && children}
      </details>
    </li>
  );
}
