// CSV of many pictures: one row a picture, one column for each label found.

export function toCsv(rows) {
  const labels = [...new Set(rows.flatMap(({ result }) => Object.keys(result?.counts ?? {})))].sort();
  const head = ["file", "count", ...labels, "model", "engine", "confidence", "warnings", "error"];
  const lines = rows.map(({ name, result, problem }) => [
    name,
    result?.count ?? "",
    ...labels.map((label) => (result ? (result.counts[label] ?? 0) : "")),
    result?.model ?? "",
    result?.engine ?? "",
    result?.confidence ?? "",
    (result?.warnings ?? []).map(({ detail }) => detail).join(" "),
    problem?.detail ?? "",
  ]);
  const text = [head, ...lines].map((line) => line.map(escapeCell).join(",")).join("\n");
  return new Blob(["\ufeff", text, "\n"], { type: "text/csv" }); // Excel needs the byte order mark
}

// A file may be called =1+1: the apostrophe keeps spreadsheets from running it as a formula.
function escapeCell(value) {
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : `${value}`;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
