// Productions, and for superusers new ones and the devices that project assets lie on.

import { call, type Device, get, type Production, type Session } from "../api";
import { Page, Problem, Table } from "../parts/basics";
import { useDeed, useLoaded } from "../use";

const rights = (one: Production): string =>
  ["read", one.can_write && "write", one.can_delete_assets && "delete"].filter(Boolean).join(", ");

/** The productions that the caller is a member of. */
export function Productions({ session }: { session: Session }) {
  const { value, error, again } = useLoaded((signal) => get<Production[]>("/api/productions/", signal), "productions");
  return (
    <Page title="Productions">
      <p class="hint">A production has project assets: bundles of files, such as the projects of an editing program.</p>
      <Problem error={error} />
      {value && value.length === 0 && <p>There are no productions that you are a member of.</p>}
      {value && value.length > 0 && (
        <Table heads={["Production", "Codename", "Company", "You may"]}>
          {value.map((one) => (
            <tr key={one.id}>
              <th scope="row">
                <a href={`/console/productions/${one.id}`}>{one.name}</a>
              </th>
              <td>{one.codename}</td>
              <td>{one.company}</td>
              <td>{rights(one)}</td>
            </tr>
          ))}
        </Table>
      )}
      {session.superuser && <NewProduction made={again} />}
      {session.superuser && <Devices />}
    </Page>
  );
}

function NewProduction({ made }: { made: () => void }) {
  return (
    <Make title="A new production" path="/api/productions/" fields={["name", "codename", "company"]} made={made}>
      <label>
        Name <input name="name" required />
      </label>
      <label>
        Codename <input name="codename" required pattern="[A-Za-z0-9_\-]+" />
      </label>
      <label>
        Company <input name="company" />
      </label>
    </Make>
  );
}

function Devices() {
  const { value, error, again } = useLoaded((signal) => get<Device[]>("/api/devices/", signal), "devices");
  return (
    <>
      <h2>Devices</h2>
      <Problem error={error} />
      <Table heads={["Device", "Path"]} label="Devices">
        {value?.map((device) => (
          <tr key={device.id}>
            <th scope="row">{device.name}</th>
            <td>{device.path}</td>
          </tr>
        ))}
      </Table>
      <Make title="A new device" path="/api/devices/" fields={["name", "path", "bucket"]} made={again}>
        <label>
          Name <input name="name" required />
        </label>
        <label>
          Path <input name="path" required pattern="/.+" placeholder="/mnt/edit/" />
        </label>
        <label>
          Bucket of its own <input name="bucket" />
        </label>
      </Make>
    </>
  );
}

type Making = { title: string; path: string; fields: string[]; made: () => void; children: preact.ComponentChildren };

// A form whose fields, those that were filled in, are sent as JSON.
function Make({ title, path, fields, made, children }: Making) {
  const { busy, error, perform } = useDeed();
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const given = new FormData(form);
    const body = Object.fromEntries(fields.map((name) => [name, given.get(name)]).filter(([, value]) => value !== ""));
    perform(async () => {
      await call("POST", path, body);
      form.reset();
      made();
    });
  };
  return (
    <form onSubmit={submit} aria-label={title}>
      <h2>{title}</h2>
      <div class="bar">
        {children}
        <button type="submit" disabled={busy}>
          Make
        </button>
      </div>
      <Problem error={error} />
    </form>
  );
}
