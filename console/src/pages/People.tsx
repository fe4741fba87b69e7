// API tokens: those there are, a new one, and taking one back. For superusers.

import { useState } from "preact/hooks";

import { call, get } from "../api";
import { Moment, Page, Problem, Table } from "../parts/basics";
import { useDeed, useLoaded } from "../use";

interface Token {
  id: string;
  name: string;
  uid: string;
  permissions: string[];
  groups: string[];
  organisation: string | null;
  superuser: boolean;
  created_at: string;
  expires_at: string | null;
}

const listed = (text: FormDataEntryValue | null): string[] =>
  String(text ?? "").split(",").map((one) => one.trim()).filter(Boolean);

/** The tokens of everybody. */
export function People() {
  const { value, error, again } = useLoaded((signal) => get<{ results: Token[] }>("/tokens", signal), "tokens");
  return (
    <Page title="People and tokens">
      <Problem error={error} />
      <NewToken made={again} />
      {value && value.results.length > 0 && (
        <Table heads={["Name", "May", "Groups", "Organisation", "Made", "Ends", "What to do"]}>
          {value.results.map((token) => (
            <Row key={token.id} token={token} changed={again} />
          ))}
        </Table>
      )}
    </Page>
  );
}

function Row({ token, changed }: { token: Token; changed: () => void }) {
  const { busy, error, perform } = useDeed();
  const revoke = () =>
    perform(async () => {
      await call("DELETE", `/tokens/${encodeURIComponent(token.id)}`);
      changed();
    });
  return (
    <tr>
      <th scope="row">{token.name}</th>
      <td>{token.superuser ? "everything" : token.permissions.join(", ")}</td>
      <td>{token.groups.join(", ")}</td>
      <td>{token.organisation}</td>
      <td>
        <Moment at={token.created_at} />
      </td>
      <td>{token.expires_at ? <Moment at={token.expires_at} /> : "never"}</td>
      <td>
        <button type="button" disabled={busy} onClick={revoke}>
          Take back <span class="spoken">the token of {token.name}</span>
        </button>
        <Problem error={error} />
      </td>
    </tr>
  );
}

function NewToken({ made }: { made: () => void }) {
  const { busy, error, perform } = useDeed();
  const [secret, setSecret] = useState<string>();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const given = new FormData(form);
    const organisation = String(given.get("organisation") ?? "").trim();
    perform(async () => {
      const answer = await call<{ token: string }>("POST", "/tokens", {
        name: given.get("name"),
        permissions: listed(given.get("permissions")),
        groups: listed(given.get("groups")),
        ...(organisation && { organisation }),
        superuser: given.get("superuser") !== null,
      });
      setSecret(answer.token);
      form.reset();
      made();
    });
  };
  return (
    <form onSubmit={submit}>
      <h2>A new token</h2>
      <div class="bar">
        <label>
          Name <input name="name" required />
        </label>
        <label>
          Permissions <input name="permissions" placeholder="Manage all Assets" />
        </label>
        <label>
          Groups <input name="groups" />
        </label>
        <label>
          Organisation <input name="organisation" />
        </label>
        <label>
          <input type="checkbox" name="superuser" /> may do everything
        </label>
        <button type="submit" disabled={busy}>
          Make
        </button>
      </div>
      <Problem error={error} />
      {secret && (
        <p role="status">
          Shown this once: <code>{secret}</code>
        </p>
      )}
    </form>
  );
}
