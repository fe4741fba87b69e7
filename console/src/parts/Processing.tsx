// Having a worker process a file: which worker, which file, and a form made of the worker's JSON schema.

import { useState } from "preact/hooks";

import { call, get, type Schema, type StoreFile, type Worker } from "../api";
import { Problem } from "./basics";
import { useDeed, useLoaded } from "../use";

type Place = { store: string; project: string; asset: string; files: StoreFile[]; asked: () => void };

/** A worker for one of the files; only files that it takes can be chosen. */
export function Processing({ store, project, asset, files, asked }: Place) {
  const { value: workers } = useLoaded((signal) => get<Worker[]>("/api/workers?metadata=true", signal), "workers");
  const clean = files.filter((file) => file.state === "clean").map((file) => file.name).filter((path) => !TILE.test(path));
  const able = (workers ?? []).filter((worker) => clean.some((name) => takes(worker, name)));
  const [name, setName] = useState<string>();
  const worker = able.find((one) => one.name === name) ?? able[0];
  const { busy, error, perform } = useDeed();
  if (!worker) return null;

  const schema = worker.parameters.schema ?? {};
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement);
    const parameters = { ...values(schema, given), filename: given.get("file.name") };
    perform(async () => {
      const task = { store_id: store, project_id: project, asset_id: asset, worker_type: worker.type, parameters };
      await call("POST", "/api/workers/queue", task);
      asked();
    });
  };
  return (
    <form onSubmit={submit}>
      <h2>Process a file</h2>
      <div class="bar">
        <label>
          Worker{" "}
          <select value={worker.name} onChange={(event) => setName(event.currentTarget.value)}>
            {able.map((one) => (
              <option key={one.name}>{one.name}</option>
            ))}
          </select>
        </label>
        <label>
          File{" "}
          <select name="file.name">
            {clean.filter((one) => takes(worker, one)).map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
      </div>
      <p class="hint">{worker.description}</p>
      {Object.entries(schema.properties ?? {}).map(([key, one]) => (
        <Field key={`${worker.name} ${key}`} name={key} schema={one} required={schema.required?.includes(key) ?? false} />
      ))}
      <button type="submit" disabled={busy}>
        Process
      </button>
      <Problem error={error} />
    </form>
  );
}

const TILE = /_files\/\d+\/\d+_\d+\.\w+$/; // of a pyramid

const takes = (worker: Worker, name: string): boolean =>
  worker.extensions.some((extension) => name.toLowerCase().endsWith(extension.toLowerCase()));

function Field({ name, schema, required }: { name: string; schema: Schema; required: boolean }) {
  const label = schema.title ?? name;
  const preset = schema.default === undefined ? "" : String(schema.default);
  let control;
  if (schema.enum) {
    control = (
      <select name={name} required={required}>
        {!required && <option value="" />}
        {schema.enum.map((one) => (
          <option key={one} selected={one === schema.default}>
            {one}
          </option>
        ))}
      </select>
    );
  } else if (schema.type === "boolean") {
    control = <input type="checkbox" name={name} defaultChecked={schema.default === true} />;
  } else if (schema.type === "integer" || schema.type === "number") {
    const step = schema.type === "integer" ? 1 : "any";
    const bounds = { ...(schema.minimum !== undefined && { min: schema.minimum }), ...(schema.maximum !== undefined && { max: schema.maximum }) };
    control = <input type="number" name={name} defaultValue={preset} step={step} required={required} {...bounds} />;
  } else if (schema.type === "string") {
    control = <input name={name} defaultValue={preset} required={required} />;
  } else {
    control = <textarea name={name} defaultValue={schema.default === undefined ? "" : JSON.stringify(schema.default)} />;
  }
  return (
    <p>
      <label>
        {label} {control}
      </label>{" "}
      {schema.description && <span class="hint">{schema.description}</span>}
    </p>
  );
}

// What the form says, in the types that the schema names; what was left empty is left out.
function values(schema: Schema, given: FormData): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const [name, one] of Object.entries(schema.properties ?? {})) {
    const text = given.get(name);
    if (one.type === "boolean") found[name] = text !== null;
    else if (typeof text !== "string" || text === "") continue;
    else if (one.enum) found[name] = one.enum.find((choice) => String(choice) === text);
    else if (one.type === "integer" || one.type === "number") found[name] = Number(text);
    else found[name] = one.type === "string" ? text : JSON.parse(text);
  }
  return found;
}
