// Signing in with an API token.

import { useState } from "preact/hooks";

import { CallFailed, session, type Session, useToken } from "../api";
import { Page, Problem } from "../parts/basics";

/** A field for a token. It is kept in the tab and sent to nobody but the API. */
export function SignIn({ signedIn }: { signedIn: (found: Session) => void }) {
  const [error, setError] = useState<Error>();
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    useToken(String(new FormData(event.currentTarget as HTMLFormElement).get("token") ?? ""));
    try {
      signedIn(await session());
    } catch (failure) {
      useToken("");
      const refused = failure instanceof CallFailed && failure.status < 500;
      setError(refused ? new Error("This token is not valid.") : (failure as Error));
    }
  };
  return (
    <Page title="Sign in">
      <form onSubmit={submit}>
        <label>
          API token <input name="token" type="password" autoComplete="current-password" required autoFocus />
        </label>{" "}
        <button type="submit">Sign in</button>
        <Problem error={error} />
      </form>
      <p class="hint">
        <code>make token NAME=alice</code> makes one.
      </p>
    </Page>
  );
}
