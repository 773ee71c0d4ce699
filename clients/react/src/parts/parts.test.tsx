import { render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { ReactElement } from "react";
import { expect, test, vi } from "vitest";

import { SpeechContext, TEXTS, type Language } from "../language/language";
import type { Answer } from "../server";
import { BoxLayer } from "./BoxLayer";
import { ClassAlert } from "./ClassAlert";
import { CountAlert } from "./CountAlert";
import { FailureAlert } from "./FailureAlert";
import { PictureDrop } from "./PictureDrop";

const ANSWER: Answer = {
  object: null,
  count: 1,
  counts: { sunrise: 1 },
  probabilities: { fog: 0.1, sunrise: 0.85, rain: 0.05 },
  findings: [{ label: "sunrise", confidence: 0.85, box: null }],
  warnings: [],
  confidence: 0.5,
  model: "weather",
  engine: "openvino",
  precision: "f32",
  nms: 0.3,
  width: 200,
  height: 100,
  tiles: 0,
  milliseconds: {},
  receipt: {},
};
const same = (label: string) => label;

function show(element: ReactElement, language: Language = "en") {
  return render(
    <SpeechContext value={{ language, texts: TEXTS[language] }}>{element}</SpeechContext>,
  );
}

test("the alert has the likeliest class, and all probabilities from high to low", () => {
  show(<ClassAlert answer={ANSWER} nameOf={same} />);
  expect(screen.getByTestId("class")).toHaveTextContent("sunrise");
  const rows = within(screen.getByTestId("probabilities")).getAllByRole("listitem");
  expect(rows.map((row) => row.textContent)).toEqual(["sunrise85.0%", "fog10.0%", "rain5.0%"]);
  expect(screen.queryByText(TEXTS.en.unsure)).toBeNull();
});

test("below the confidence the alert says that the model is not sure", () => {
  show(<ClassAlert answer={{ ...ANSWER, count: 0 }} nameOf={same} />);
  expect(screen.getByText(TEXTS.en.unsure)).toBeVisible();
});

test("class and percentages are Spanish in Spanish", () => {
  show(<ClassAlert answer={ANSWER} nameOf={() => "amanecer"} />, "es");
  expect(screen.getByTestId("class")).toHaveTextContent("amanecer");
  expect(screen.getAllByText(/^85,0\s%$/)).toHaveLength(2);
});

test("a count shows its number, its likely range and each label's part", () => {
  const answer = { ...ANSWER, count: 3, likely: [2, 4], counts: { orange: 2, lemon: 1 } };
  show(<CountAlert answer={answer} nameOf={same} colorOf={() => "#000"} />);
  expect(screen.getByTestId("count")).toHaveTextContent("3");
  expect(screen.getByText(TEXTS.en.likely(2, 4))).toBeVisible();
  const rows = screen.getAllByRole("listitem").map((row) => row.textContent);
  expect(rows).toEqual(["orange2", "lemon1"]);
});

test("boxes stand where the server found something, and are told in words", () => {
  const findings = [{ label: "orange", confidence: 0.9, box: [50, 25, 100, 75] }];
  show(<BoxLayer answer={{ ...ANSWER, findings }} nameOf={same} colorOf={() => "#123456"} />);
  expect(screen.getByRole("img", { name: "Boxes: orange 90.0%" })).toBeVisible();
  const { left, top, width, height } = screen.getByTestId("box").style;
  expect([left, top, width, height]).toEqual(["25%", "25%", "25%", "50%"]);
});

test("a class has no box", () => {
  show(<BoxLayer answer={ANSWER} nameOf={same} colorOf={() => "#123456"} />);
  expect(screen.queryByTestId("box")).toBeNull();
});

test.each([
  ["photo.png", "image/png"],
  ["photo.jpg", "image/jpeg"],
])("%s is taken", async (name, type) => {
  const [onPicture, onWrongFile] = [vi.fn(), vi.fn()];
  const { container } = show(<PictureDrop onPicture={onPicture} onWrongFile={onWrongFile} />);
  const file = new File(["bytes"], name, { type });
  await userEvent.upload(input(container), file, { applyAccept: false });
  await vi.waitFor(() => { expect(onPicture).toHaveBeenCalledOnce(); });
  expect(onWrongFile).not.toHaveBeenCalled();
});

test.each([
  ["notes.txt", "text/plain"],
  ["picture.gif", "image/gif"],
  ["picture.svg", "image/svg+xml"],
  ["unknown", ""],
])("%s is refused", async (name, type) => {
  const [onPicture, onWrongFile] = [vi.fn(), vi.fn()];
  const { container } = show(<PictureDrop onPicture={onPicture} onWrongFile={onWrongFile} />);
  await userEvent.upload(input(container), new File(["bytes"], name, { type }), { applyAccept: false });
  await vi.waitFor(() => { expect(onWrongFile).toHaveBeenCalledOnce(); });
  expect(onPicture).not.toHaveBeenCalled();
});

test("a wrong file is named as the lab's own clients name it", () => {
  show(<FailureAlert failure={{ kind: "file" }} />);
  expect(screen.getByRole("alert")).toHaveTextContent("Only PNG and JPG image files are allowed!");
});

test("a failure that may pass offers to try again", async () => {
  const retry = vi.fn();
  show(<FailureAlert failure={{ kind: "away" }} onRetry={retry} />, "es");
  expect(screen.getByText(TEXTS.es.away)).toBeVisible();
  await userEvent.click(screen.getByRole("button", { name: TEXTS.es.tryAgain }));
  expect(retry).toHaveBeenCalledOnce();
});

function input(container: HTMLElement): HTMLInputElement {
  const found = container.querySelector<HTMLInputElement>("input[type=file]");
  if (!found) throw new Error("no file field");
  return found;
}
