// Client of the server's API: requests, the API key, and errors as `Problem`.

import { fill, groupDigits } from "./language.js";
import { pageMessage } from "./messages.js";

let apiKey = ""; // in the memory of this tab only; lost on reload
let settings = {}; // strings and limits from the head component

const base = new URL("..", document.baseURI);

export class Problem extends Error {
  constructor({ code, detail, fix, status, waitS }) {
    super(detail);
    Object.assign(this, { code, detail, fix, status, waitS });
  }
}

export function configure(props) {
  settings = props;
}

export function useKey(key) {
  apiKey = key;
  document.dispatchEvent(new Event("key"));
}

export async function get(path) {
  return (await request(path)).json();
}

export async function post(path, body) {
  const headers = { "Content-Type": "application/json" };
  return (await request(path, { method: "POST", headers, body: JSON.stringify(body) })).json();
}

// Uploads a picture to a counting route; empty options are left out of the query. The answer also
// as it came, signed, for `recount` and `redraw`: the server takes back only its own.
export async function upload(path, file, options) {
  if (file.size > settings.max_bytes) throw tooLarge(file.size);
  const query = Object.entries(options).filter(([, value]) => value !== "" && value != null);
  const response = await send(path, file, query, "application/json");
  const answer = await response.text();
  const signed = { answer, signature: response.headers.get("X-Signature") };
  return Object.defineProperty(JSON.parse(answer), "signed", { value: signed });
}

// The picture that a route such as /explain draws.
export async function uploadForPicture(path, file, options) {
  return (await send(path, file, Object.entries(options), "image/*")).blob();
}

function send(path, file, query, accept) {
  const headers = { Accept: accept };
  return request(`${path}?${new URLSearchParams(query)}`, { ...formRequest({ file }), headers });
}

// The sweep of one object or one region of an earlier response of /sweep.
export async function recount({ signed }, selection) {
  return post("recount", { ...signed, ...selection });
}

// The picture with the boxes of an earlier response.
export async function redraw(file, { signed }) {
  return (await request("redraw", formRequest({ file, ...signed }))).blob();
}

// What is right about a picture whose answer was wrong.
export async function sendFeedback(file, { signed }, right) {
  return (await request("feedback", formRequest({ file, ...signed, ...right }))).json();
}

// The server has a new key, as after a restart: the picture must be counted again.
export const isStale = ({ code }) => code === "answer_not_signed";

function formRequest(fields) {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  return { method: "POST", body };
}

export const isAboutKey = ({ code }) => code === "no_key" || code === "wrong_key";

export async function request(path, options = {}) {
  const headers = { ...options.headers };
  if (apiKey) headers["X-API-Key"] = apiKey;
  let response;
  try {
    response = await fetch(new URL(path, base), { ...options, headers });
  } catch {
    throw new Problem({ code: "no_connection", detail: settings.strings.no_connection, status: 0 });
  }
  if (response.ok) return response;
  const problem = await readProblem(response);
  if (isAboutKey(problem)) {
    document.dispatchEvent(new CustomEvent("key-needed", { detail: problem }));
  }
  throw problem;
}

function tooLarge(bytes) {
  const arrived = groupDigits(bytes);
  const { detail, fix } = settings.too_large;
  return new Problem({ code: "too_many_bytes", detail: fill(detail, { arrived }), fix, status: 413 });
}

async function readProblem(response) {
  const waitS = Number(response.headers.get("Retry-After")) || 0;
  try {
    const problem = pageMessage(await response.json(), settings.strings);
    return new Problem({ ...problem, status: response.status, waitS });
  } catch {
    const detail = `${response.status} ${response.statusText}`; // from a proxy, not from countlab
    return new Problem({ code: "http", detail, status: response.status, waitS });
  }
}
