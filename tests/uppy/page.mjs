// What a page on another origin has: XMLHttpRequest, fetch, File and FormData under the browser's same-origin rules.
//
// XMLHttpRequest and the rest are jsdom's, which asks before it sends and hides headers that are not exposed. Node's
// fetch knows no origins, so this one plays the browser: it asks first, and hides answers that are not shared.

import { createRequire } from "node:module";

const { JSDOM, VirtualConsole } = createRequire(new URL("./6/package.json", import.meta.url))("jsdom");

export const ORIGIN = "http://pages.test";

const console_ = new VirtualConsole();
console_.on("jsdomError", (error) => console.error("browser:", error.message));
const { window } = new JSDOM("", { url: `${ORIGIN}/upload`, virtualConsole: console_ });

export const { File } = window;
export const sent = []; // every request to S3 and to the API: [method, path]

class XMLHttpRequest extends window.XMLHttpRequest {
  open(method, url, ...rest) {
    this.asked = [method, new URL(url)];
    super.open(method, url, ...rest);
  }

  send(body) {
    sent.push([`S3 ${this.asked[0]}`, this.asked[1].searchParams.get("partNumber") ?? this.asked[1].pathname]);
    super.send(body);
  }
}

const nodeFetch = globalThis.fetch;

function demandShared(answer, url) {
  const shared = answer.headers.get("access-control-allow-origin");
  if (shared !== "*" && shared !== ORIGIN) throw new TypeError(`${url}: not shared with ${ORIGIN}`);
}

async function pageFetch(url, { method = "GET", headers = {}, ...rest } = {}) {
  const given = new Headers(headers);
  const unusual = [...given.keys()].filter((name) => !["accept", "accept-language"].includes(name));
  if (!["GET", "HEAD", "POST"].includes(method) || unusual.length) {
    const asking = { Origin: ORIGIN, "Access-Control-Request-Method": method };
    if (unusual.length) asking["Access-Control-Request-Headers"] = unusual.join(",");
    const preflight = await nodeFetch(url, { method: "OPTIONS", headers: asking });
    demandShared(preflight, url);
    const list = (name) => (preflight.headers.get(name) ?? "").toLowerCase().split(/, */);
    if (!preflight.ok || !list("access-control-allow-methods").includes(method.toLowerCase())) {
      throw new TypeError(`${method} ${url}: the preflight does not allow the method`);
    }
    for (const name of unusual) {
      if (!list("access-control-allow-headers").includes(name)) throw new TypeError(`${url}: ${name} is not allowed`);
    }
  }
  given.set("Origin", ORIGIN);
  sent.push([`API ${method}`, new URL(url).pathname]);
  const answer = await nodeFetch(url, { method, headers: given, ...rest });
  demandShared(answer, url);
  return page.afterFetch ? page.afterFetch(method, url, answer) : answer;
}

// What a test puts here sees every answer before the plug-in does.
export const page = { afterFetch: null };

Object.assign(globalThis, {
  window,
  document: window.document,
  XMLHttpRequest,
  File,
  Blob: window.Blob,
  FormData: window.FormData,
  fetch: pageFetch,
});
