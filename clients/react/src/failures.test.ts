import { AxiosError, AxiosHeaders, type AxiosResponse } from "axios";
import { expect, test } from "vitest";

import { failureOf } from "./failures";

const PROBLEM = { code: "too_busy", detail: "Too many.", fix: "Wait.", status: 503, title: "Busy" };

function answered(status: number, data: unknown): AxiosError {
  const config = { headers: new AxiosHeaders() };
  const response = { status, data, statusText: "", headers: {}, config } as AxiosResponse;
  return new AxiosError("no", undefined, config, {}, response);
}

test.each([
  ["nobody answers", new AxiosError("Network Error"), { kind: "away" }],
  ["a proxy answers for a server that is away", answered(502, "Bad Gateway"), { kind: "away" }],
  ["a key is refused", answered(403, PROBLEM), { kind: "key" }],
  ["a lab refuses a key", answered(401, PROBLEM), { kind: "key" }],
  ["the server says what to do", answered(503, PROBLEM),
    { kind: "problem", detail: "Too many.", fix: "Wait." }],
  ["something else listens there", new TypeError("no list of models"), { kind: "away" }],
])("%s", (_, error, failure) => {
  expect(failureOf(error)).toEqual(failure);
});
