import { act, renderHook, waitFor } from "@testing-library/react";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { client } from "./client/client.gen";
import type { Question } from "./server";
import { useAnswer } from "./useAnswer";

const QUESTION: Question = { task: "classify", picture: new File(["x"], "x.png"), model: "digits" };
const held: ServerResponse[] = [];
const server = createServer((request, response) => {
  if (request.method === "OPTIONS") reply(response, 204);
  else held.push(response); // answered when the test says so
});

function reply(response: ServerResponse | undefined, status: number, body?: object) {
  response?.writeHead(status, {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "*",
    "Content-Type": "application/json",
  });
  response?.end(body && JSON.stringify(body));
}

beforeAll(async () => {
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  client.setConfig({ baseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
afterAll(() => { server.close(); });
beforeEach(() => { held.length = 0; });

test("the answer to an older question never stands beside a newer one", async () => {
  const { result } = renderHook(useAnswer);
  act(() => { void result.current.send(QUESTION, "en"); });
  await waitFor(() => { expect(held).toHaveLength(1); });
  act(() => { void result.current.send(QUESTION, "en"); });
  await waitFor(() => { expect(held).toHaveLength(2); });
  reply(held[1], 200, { findings: [], model: "newer" });
  reply(held[0], 200, { findings: [], model: "older" });
  await waitFor(() => { expect(result.current.state.phase).toBe("answered"); });
  expect(result.current.state).toMatchObject({ answer: { model: "newer" } });
});

test("a reset while the server works leaves nothing behind", async () => {
  const { result } = renderHook(useAnswer);
  act(() => { void result.current.send(QUESTION, "en"); });
  await waitFor(() => { expect(held).toHaveLength(1); });
  act(() => { result.current.reset(); });
  reply(held[0], 200, { findings: [] });
  await new Promise((later) => setTimeout(later, 100));
  expect(result.current.state).toEqual({ phase: "idle" });
});

test("a problem is shown in the server's words", async () => {
  const { result } = renderHook(useAnswer);
  act(() => { void result.current.send(QUESTION, "en"); });
  await waitFor(() => { expect(held).toHaveLength(1); });
  reply(held[0], 415, { detail: "This is a text.", fix: "Send a picture." });
  await waitFor(() => { expect(result.current.state.phase).toBe("failed"); });
  expect(result.current.state).toMatchObject({
    failure: { kind: "problem", detail: "This is a text.", fix: "Send a picture." },
  });
});
