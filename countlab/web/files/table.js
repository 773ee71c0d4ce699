// The table of many pictures as CSV: one column for each label that was found.

export function asCsv(rows) {
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
  const text = [head, ...lines].map((line) => line.map(cell).join(",")).join("\n");
  return new Blob(["\ufeff", text, "\n"], { type: "text/csv" }); // spreadsheets ask for the mark
}

// A file may be called =1+1: in a spreadsheet that must stay a name.
function cell(value) {
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : `${value}`;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
