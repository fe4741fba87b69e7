// Hooks: who is signed in, data that is loaded, and data that is looked at again until it stands still.

import { createContext } from "preact";
import { useCallback, useContext, useEffect, useRef, useState } from "preact/hooks";

import { may, type Session } from "./api";

const NOBODY: Session = { name: "", uid: "", organisation: null, groups: [], write_groups: [], permissions: [], superuser: false };

/** Who is signed in. */
export const Who = createContext<Session>(NOBODY);

/** What whoever is signed in may do, as far as it decides what is shown; the server decides what is done. */
export function useRights() {
  const who = useContext(Who);
  const has = (permission: string) => may(who, permission);
  const administers = has("Administer stores");
  return {
    has,
    administers,
    /** Groups that projects can be made for. */
    writesFor: who.write_groups.filter((group) => group !== "public"),
    makesProjects: administers || who.write_groups.some((group) => group !== "public"),
    signsIn: has("signin"),
  };
}

export interface Loaded<T> {
  value: T | undefined;
  error: Error | undefined;
  again: () => void;
}

const FIRST = 0.5;
const GROWTH = 1.5;

/**
 * Load something when the page opens and whenever `key` changes, and again as long as `restless` says so: soon at first,
 * since most scans take less than a second, then every `seconds` seconds.
 */
export function useLoaded<T>(
  load: (signal: AbortSignal) => Promise<T>,
  key: string,
  restless: (value: T) => boolean = () => false,
  seconds = 2,
): Loaded<T> {
  const [value, setValue] = useState<T>();
  const [error, setError] = useState<Error>();
  const [round, setRound] = useState(0);
  const again = useCallback(() => setRound((before) => before + 1), []);
  const looks = useRef(0);

  useEffect(() => {
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    load(stop.signal).then(
      (found) => {
        if (stop.signal.aborted) return;
        setValue(found);
        setError(undefined);
        if (restless(found)) timer = setTimeout(again, Math.min(FIRST * GROWTH ** looks.current++, seconds) * 1000);
        else looks.current = 0;
      },
      (failure: Error) => {
        if (!stop.signal.aborted) setError(failure);
      },
    );
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [key, round]);

  return { value, error, again };
}

/** Do something on request; tells whether it is under way and what went wrong. */
export function useDeed(): { busy: boolean; error: Error | undefined; perform: (deed: () => Promise<unknown>) => void } {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error>();
  const perform = useCallback((deed: () => Promise<unknown>) => {
    setBusy(true);
    setError(undefined);
    deed()
      .catch(setError)
      .finally(() => setBusy(false));
  }, []);
  return { busy, error, perform };
}
