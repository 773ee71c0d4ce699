// CSV of many pictures: one row a picture, one column for each label found.

import { totalTime } from "./count_cells.js";

export function toCsv(rows) {
  const isClassified = rows.some(({ result }) => result?.best);
  const columns = isClassified ? classColumns(rows) : countColumns(rows);
  const head = ["file", ...columns.names, "model", "engine", "confidence", "ms", "warnings", "error"];
  const lines = rows.map(({ name, result, problem }) => [
    name,
    ...columns.values(result),
    result?.model ?? "",
    result?.engine ?? "",
    result?.confidence ?? "",
    result ? totalTime(result) : "",
    (result?.warnings ?? []).map(({ code }) => code).join(" "),
    problem?.detail ?? "",
  ]);
  const text = [head, ...lines].map((line) => line.map(escapeCell).join(",")).join("\n");
  return new Blob(["\ufeff", text, "\n"], { type: "text/csv" }); // Excel needs the byte order mark
}

function countColumns(rows) {
  const labels = labelsIn(rows, "counts");
  return {
    names: ["count", "likely_low", "likely_high", ...labels],
    values: (result) => [
      result?.count ?? "", ...(result?.likely ?? ["", ""]), ...labels.map((label) => (result ? (result.counts[label] ?? 0) : "")),
    ],
  };
}

// The likeliest class, however sure, and the probability of each.
function classColumns(rows) {
  const labels = labelsIn(rows, "probabilities");
  return {
    names: ["class", "probability", ...labels],
    values: (result) => [
      ...(result?.best ?? ["", ""]), ...labels.map((label) => result?.probabilities?.[label] ?? ""),
    ],
  };
}

const labelsIn = (rows, member) =>
  [...new Set(rows.flatMap(({ result }) => Object.keys(result?.[member] ?? {})))].sort();

// A file may be called =1+1: the apostrophe keeps spreadsheets from running it as a formula.
function escapeCell(value) {
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : `${value}`;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
