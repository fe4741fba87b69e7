// What an asset of a workspace is made of, as a form.

import type { ComponentChildren } from "preact";

import type { SpaceAsset } from "../workspaces";

const lines = (text: FormDataEntryValue | null): string[] =>
  String(text ?? "").split("\n").map((line) => line.trim()).filter(Boolean);

/** What the form says, as the API takes it. */
export function content(given: FormData) {
  return {
    main: String(given.get("main") ?? "").trim(),
    comment: String(given.get("comment") ?? ""),
    tags: lines(given.get("tags")),
    dependencies: lines(given.get("dependencies")),
  };
}

interface Fields {
  asset?: SpaceAsset;
  label: string;
  busy: boolean;
  submit: (given: FormData, form: HTMLFormElement) => void;
  children?: ComponentChildren;
}

/** The fields of an asset, filled with what it has. */
export function AssetForm({ asset, label, busy, submit, children }: Fields) {
  const submitted = (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    submit(new FormData(form), form);
  };
  return (
    <form class="fields" onSubmit={submitted} aria-label={label}>
      {children}
      <label>
        <span>Main</span>
        <input name="main" defaultValue={asset?.main ?? ""} placeholder="/resources/…" />
      </label>
      <label>
        <span>Comment</span>
        <input name="comment" defaultValue={asset?.comment ?? ""} />
      </label>
      <label>
        <span>Tags, one a line</span>
        <textarea name="tags" rows={3} defaultValue={asset?.tags.join("\n") ?? ""} />
      </label>
      <label>
        <span>Depends on, one ref a line</span>
        <textarea name="dependencies" rows={4} defaultValue={asset?.dependencies.join("\n") ?? ""} placeholder="/assets/…" />
      </label>
      <button type="submit" disabled={busy}>
        {label}
      </button>
    </form>
  );
}
