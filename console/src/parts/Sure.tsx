// A deed that cannot be taken back: a button, and a question before it is done.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { Problem } from "./basics";
import { useDeed } from "../use";

/** The button asks; only the answer does it. */
export function Sure({ children, question, deed }: { children: ComponentChildren; question: string; deed: () => Promise<unknown> }) {
  const [asked, setAsked] = useState(false);
  const { busy, error, perform } = useDeed();
  const place = useRef<HTMLSpanElement>(null);
  const answered = useRef(false);
  useEffect(() => {
    if (asked || answered.current) place.current?.querySelector("button")?.focus(); // what had the focus is gone
    answered.current = asked;
  }, [asked]);
  const confirmed = () => {
    setAsked(false);
    perform(deed);
  };
  return (
    <span ref={place}>
      {asked ? (
        <span role="group" aria-label={question}>
          {question}{" "}
          <button type="button" onClick={confirmed}>
            Yes
          </button>
          <button type="button" onClick={() => setAsked(false)}>
            No
          </button>
        </span>
      ) : (
        <button type="button" disabled={busy} onClick={() => setAsked(true)}>
          {children}
        </button>
      )}
      <Problem error={error} />
    </span>
  );
}
