// Client of the server's API: requests, the API key, and errors as `Problem`.

import { fill } from "./page.js";

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

// Uploads a picture to a counting route; empty options are left out of the query.
export async function upload(path, file, options) {
  if (file.size > settings.max_bytes) throw tooLarge(file.size);
  const query = Object.entries(options).filter(([, value]) => value !== "" && value != null);
  return (await request(`${path}?${new URLSearchParams(query)}`, formRequest({ file }))).json();
}

// The picture with the boxes of an earlier response.
export async function redraw(file, { model, findings }) {
  const answer = JSON.stringify({ model, findings });
  return (await request("redraw", formRequest({ file, answer }))).blob();
}

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
  const arrived = `${bytes}`.replace(/\B(?=(\d{3})+$)/g, "\u202f");
  const { detail, fix } = settings.too_large;
  return new Problem({ code: "too_many_bytes", detail: fill(detail, { arrived }), fix, status: 413 });
}

async function readProblem(response) {
  const waitS = Number(response.headers.get("Retry-After")) || 0;
  try {
    return new Problem({ ...(await response.json()), status: response.status, waitS });
  } catch {
    const detail = `${response.status} ${response.statusText}`; // from a proxy, not from countlab
    return new Problem({ code: "http", detail, status: response.status, waitS });
  }
}
