// The dialog with one answer of the history.

import { likelyText, totalTime } from "./count_cells.js";
import { listCounts, nameOf } from "./labels.js";
import { fill, formatDecimal, formatTime } from "./language.js";
import { download, make } from "./page.js";

export function showAnswer(parts, row, { names, isClass }, strings) {
  parts.answer_title.textContent = row.filename ?? strings.answer;
  parts.answer_facts.replaceChildren(...factsOf(row, names, isClass, strings).filter(([, text]) => text)
    .flatMap(([name, text]) => [make("dt", {}, name), make("dd", {}, text)]));
  const name = `receipt_${row.id}.json`;
  parts.receipt.onclick = () => download(new Blob([JSON.stringify(row.receipt, null, 2)]), name);
  parts.answer.showModal();
}

function factsOf(row, names, isClass, strings) {
  const { confidence, tiles } = row.parameters;
  const asked = row.object && nameOf(row.object, names);
  return [
    [strings.when, formatTime(new Date(row.time))],
    isClass
      ? [strings.class, Object.keys(row.counts).map((label) => nameOf(label, names)).join(", ") || strings.unsure_class]
      : [strings.count, `${row.count}`],
    [strings.likely_range, likelyText(row)],
    [strings.by_label, isClass ? "" : listCounts(row.counts, names)],
    [strings.object, asked],
    [strings.confidence, confidence == null ? "" : formatDecimal(confidence, 2)],
    [strings.tiles, tiles && tiles !== "off" ? `${tiles}` : ""],
    [strings.model, `${row.model}, ${row.engine} ${row.precision}`],
    [strings.time_taken, fill(strings.milliseconds, { number: totalTime(row) })],
    [strings.warnings, [...new Set(row.warnings)].map((code) => strings[`warning_${code}`] ?? code.replaceAll("_", " ")).join("; ")],
    [strings.asked_by, row.key_name],
    [strings.picture_hash, row.picture_sha256],
  ];
}
