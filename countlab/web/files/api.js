// How the page asks the server: the same addresses, keys and errors as for any other client.

import { fill } from "./page.js";

let key = ""; // of this tab alone: nowhere stored, gone when the page is left
let said = {}; // what the head of the page brought along: words and limits

const base = new URL("..", document.baseURI);

export class Problem extends Error {
  constructor({ code, detail, fix, status, waitS }) {
    super(detail);
    Object.assign(this, { code, detail, fix, status, waitS });
  }
}

export function speak(these) {
  said = these;
}

export function useKey(given) {
  key = given;
  document.dispatchEvent(new Event("key"));
}

export async function get(path) {
  return (await receive(path)).json();
}

export async function post(path, body) {
  const headers = { "Content-Type": "application/json" };
  return (await receive(path, { method: "POST", headers, body: JSON.stringify(body) })).json();
}

// A picture to one of the counting addresses; what is empty in `asked` is left out.
export async function send(path, file, asked) {
  if (file.size > said.max_bytes) throw tooLarge(file.size);
  const given = Object.entries(asked).filter(([, value]) => value !== "" && value != null);
  return (await receive(`${path}?${new URLSearchParams(given)}`, formOf({ file }))).json();
}

// The picture again, with the boxes of what was counted in it.
export async function redraw(file, { model, findings }) {
  const answer = JSON.stringify({ model, findings });
  return (await receive("redraw", formOf({ file, answer }))).blob();
}

function formOf(fields) {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  return { method: "POST", body };
}

export const isAboutKey = ({ code }) => code === "no_key" || code === "wrong_key";

export async function receive(path, options = {}) {
  const headers = { ...options.headers };
  if (key) headers["X-API-Key"] = key;
  let answer;
  try {
    answer = await fetch(new URL(path, base), { ...options, headers });
  } catch {
    throw new Problem({ code: "no_connection", detail: said.words.no_connection, status: 0 });
  }
  if (answer.ok) return answer;
  const problem = await problemOf(answer);
  if (isAboutKey(problem)) {
    document.dispatchEvent(new CustomEvent("key-needed", { detail: problem }));
  }
  throw problem;
}

function tooLarge(bytes) {
  const arrived = `${bytes}`.replace(/\B(?=(\d{3})+$)/g, "\u202f");
  const { detail, fix } = said.too_large;
  return new Problem({ code: "too_many_bytes", detail: fill(detail, { arrived }), fix, status: 413 });
}

async function problemOf(answer) {
  const waitS = Number(answer.headers.get("Retry-After")) || 0;
  try {
    return new Problem({ ...(await answer.json()), status: answer.status, waitS });
  } catch {
    const detail = `${answer.status} ${answer.statusText}`; // from something in between
    return new Problem({ code: "http", detail, status: answer.status, waitS });
  }
}
