// What went wrong, as far as a person can act on it.
import axios from "axios";

import type { Problem } from "./client";

export type Failure =
  | { kind: "away" }
  | { kind: "key" }
  | { kind: "file" }
  | { kind: "problem"; detail: string; fix: string };

export function failureOf(error: unknown): Failure {
  const response = axios.isAxiosError(error) ? error.response : undefined;
  if (!response) return { kind: "away" };
  if (response.status === 401 || response.status === 403) return { kind: "key" };
  const problem: unknown = response.data;
  // A proxy whose server is away answers in words of its own.
  return isProblem(problem)
    ? { kind: "problem", detail: problem.detail, fix: problem.fix }
    : { kind: "away" };
}

function isProblem(data: unknown): data is Problem {
  return typeof data === "object" && data !== null && "detail" in data && "fix" in data;
}
