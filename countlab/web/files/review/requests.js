// Requests of the review page. Its key is a cookie; the header tells answers from other origins'.

export class Conflict extends Error {
  constructor({ detail, person, label }) {
    super(detail);
    Object.assign(this, { person, label });
  }
}

export const get = (path, strings) => request(path, {}, strings);

export const post = (path, body, strings) => request(path, {
  method: "POST",
  headers: { "Content-Type": "application/json", "X-Review": "1" },
  body: JSON.stringify(body),
}, strings);

async function request(path, options, strings) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Error(strings.failed);
  }
  if (response.ok) return response.json();
  const problem = await response.json().catch(() => ({}));
  if (response.status === 409) throw new Conflict(problem);
  throw new Error([problem.detail, problem.fix].filter((text) => typeof text === "string").join(" ") || strings.failed);
}
