// Drives Uppy's S3 plug-in as a page would: `node drive.mjs MAJOR SCENARIO [STATE]`.
//
// API names the product, TOKEN its token (the plug-in of major 6 can send none). STATE is where a client that is
// restarted finds what its predecessor knew, as Uppy's Golden Retriever keeps it.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

import { File, page, sent } from "./page.mjs";

const [, , major, scenario, statePath] = process.argv;
const { API, TOKEN } = process.env;
const MB = 1024 * 1024;

const folder = new URL(`./${major}/`, import.meta.url);
const load = async (name) => (await import(pathToFileURL(createRequire(folder).resolve(name)))).default;
const [Uppy, AwsS3] = [await load("@uppy/core"), await load("@uppy/aws-s3")];
// Without a token the caller is the local superuser; an upload is used by whoever began it.
const authorization = major === "6" ? {} : { Authorization: `Bearer ${TOKEN}` };

function content(size) {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 4096) bytes[at] = (at / 4096) % 251;
  return bytes;
}

function client(options = {}) {
  const uppy = new Uppy({ autoProceed: false, debug: false });
  const where = major === "6" ? { companionEndpoint: API } : { endpoint: API, headers: authorization };
  uppy.use(AwsS3, { ...where, ...options });
  uppy.on("upload-error", (file, error) => uppy.log(`upload-error: ${error.message} ${error.cause?.message ?? ""}`));
  return uppy;
}

function add(uppy, name, bytes, more = {}) {
  const data = new File([bytes], name, { type: "application/octet-stream" });
  return uppy.addFile({ name, type: data.type, data, ...more });
}

const succeeded = (uppy) => new Promise((resolve) => uppy.once("upload-success", (file, answer) => resolve(answer.body)));
const failed = (uppy) => new Promise((resolve) => uppy.once("upload-error", (file, error) => resolve(error)));
const parts = (uppy, count) =>
  new Promise((resolve) => {
    let seen = 0;
    uppy.on("s3-multipart:part-uploaded", () => {
      seen += 1;
      if (seen === count) resolve();
    });
  });
const puts = () => sent.filter(([what]) => what === "S3 PUT").length;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function api(path, init = {}) {
  return fetchPlain(`${API}${path}`, { ...init, headers: { ...authorization, ...init.headers } });
}

// Like another program than the page: no origin, and redirects without the token.
async function fetchPlain(url, { method = "GET", headers = {}, body } = {}) {
  const { request } = await import("node:http");
  return new Promise((resolve, reject) => {
    const asking = request(url, { method, headers }, (answer) => {
      const chunks = [];
      answer.on("data", (chunk) => chunks.push(chunk));
      answer.on("end", () => {
        if (answer.statusCode === 302) resolve(fetchPlain(answer.headers.location));
        else resolve({ status: answer.statusCode, body: Buffer.concat(chunks) });
      });
    });
    asking.on("error", reject);
    asking.end(body);
  });
}

// Uses the upload, and demands that the very same bytes come back out once they are clean.
async function demandAsset(key, bytes) {
  const body = JSON.stringify({ asset: { upload: key.split("/").at(-1) } });
  const used = await api("/assets", { method: "POST", headers: { "Content-Type": "application/json" }, body });
  assert.equal(used.status, 201, used.body.toString());
  const asset = JSON.parse(used.body);
  const path = new URL(asset.id).pathname;
  let facts;
  for (const until = Date.now() + 120_000; Date.now() < until; await sleep(200)) {
    facts = JSON.parse((await api(path)).body);
    if (facts.state !== "unscanned") break;
  }
  assert.equal(facts.state, "clean");
  const got = await fetchPlain(facts.file_url);
  const digest = (of) => createHash("sha256").update(of).digest("hex");
  assert.equal(got.status, 200);
  assert.equal(digest(got.body), digest(bytes));
}

const scenarios = {
  async single() {
    const bytes = content(1 * MB + 17);
    const uppy = client();
    add(uppy, "single file.bin", bytes);
    const success = succeeded(uppy);
    const result = await uppy.upload();
    assert.equal(result.failed.length, 0);
    const { location, key } = await success;
    assert.ok(location.endsWith(key), `${location} is where ${key} is`);
    await demandAsset(key, bytes);
    return "1 MB by a form";
  },

  async multipart() {
    const bytes = content(200 * MB);
    const uppy = client();
    add(uppy, "large.bin", bytes);
    const success = succeeded(uppy);
    await uppy.upload();
    const { location, key } = await success;
    assert.ok(location.endsWith(key));
    assert.equal(puts(), 40);
    await demandAsset(key, bytes);
    return `200 MB in ${puts()} parts`;
  },

  async pause() {
    const bytes = content(60 * MB);
    const uppy = client({ shouldUseMultipart: true, limit: 1 });
    add(uppy, "paused.bin", bytes);
    const success = succeeded(uppy);
    const some = parts(uppy, 3);
    const whole = uppy.upload();
    await some;
    uppy.pauseAll();
    await sleep(500);
    const then = puts();
    await sleep(1000);
    assert.equal(puts(), then, "nothing is sent while it pauses");
    assert.ok(then < 12);
    uppy.resumeAll();
    await whole;
    const { key } = await success;
    assert.ok(puts() <= 13, `${puts()} parts were sent`);
    await demandAsset(key, bytes);
    return `paused after part 3 of 12, ${puts()} parts sent in all`;
  },

  async begin() {
    const uppy = client({ shouldUseMultipart: true, limit: 1 });
    const id = add(uppy, "resumed.bin", content(60 * MB));
    const some = parts(uppy, 5);
    uppy.upload();
    await some;
    writeFileSync(statePath, JSON.stringify({ s3Multipart: uppy.getFile(id).s3Multipart, puts: puts() }));
    process.exit(0); // the client dies
  },

  async resume() {
    const bytes = content(60 * MB);
    const { s3Multipart, puts: before } = JSON.parse(readFileSync(statePath));
    const uppy = client({ shouldUseMultipart: true, limit: 1 });
    const id = add(uppy, "resumed.bin", bytes);
    uppy.setFileState(id, { s3Multipart });
    const success = succeeded(uppy);
    await uppy.upload();
    const { key } = await success;
    assert.equal(key, s3Multipart.key);
    assert.ok(puts() <= 7, `${puts()} parts were sent again`);
    await demandAsset(key, bytes);
    return `restarted after ${before} of 12 parts, ${puts()} sent by the second client`;
  },

  async abort() {
    const uppy = client({ shouldUseMultipart: true, limit: 1 });
    const id = add(uppy, "aborted.bin", content(60 * MB));
    const some = parts(uppy, 2);
    uppy.upload();
    await some;
    const { key, uploadId } = uppy.getFile(id).s3Multipart;
    uppy.cancelAll();
    const path = `/s3/multipart/${encodeURIComponent(uploadId)}?key=${encodeURIComponent(key)}`;
    for (const until = Date.now() + 5000; Date.now() < until && (await api(path)).status !== 404; ) await sleep(50);
    assert.equal((await api(path)).status, 404);
    assert.ok(sent.some(([what]) => what === "API DELETE"));
    return "aborted after part 2 of 12: it is gone";
  },

  // The gateway gave up on a completion that S3 finished all the same; the user presses "retry".
  async lost() {
    const bytes = content(20 * MB);
    const uppy = client({ shouldUseMultipart: true });
    add(uppy, "lost.bin", bytes);
    page.afterFetch = (method, url, answer) => {
      if (!url.includes("/complete")) return answer;
      page.afterFetch = null;
      throw new TypeError("the connection was lost");
    };
    const error = failed(uppy);
    await uppy.upload();
    await error;
    const before = puts();
    const success = succeeded(uppy);
    await uppy.retryAll();
    const { key } = await success;
    await demandAsset(key, bytes);
    return `completed again, ${puts() - before} of 4 parts sent again`;
  },
};

try {
  const did = await scenarios[scenario]();
  console.log(`@uppy/aws-s3 ${AwsS3.VERSION}  ${scenario}: ${did ?? "done"}`);
  process.exit(0);
} catch (error) {
  console.error(`@uppy/aws-s3 ${AwsS3.VERSION}  ${scenario}: FAILED`, error);
  console.error(sent.slice(-8));
  process.exit(1);
}
