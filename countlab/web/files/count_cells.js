// The cells after the picture's name, the same for an answer and for a row of the history, in the
// order of the terminal's tables: count, likely, by label, model, time, warnings.

import { listCounts, nameOf } from "./labels.js";
import { fill, formatPercent } from "./language.js";
import { pageMessage } from "./messages.js";
import { make } from "./page.js";

export function countCells(result, { names, isClass }, strings) {
  const [count, likely, note] = isClass ? classTexts(result, names, strings)
    : [result.count, likelyText(result), listCounts(result.counts, names)];
  return [
    make("td", { class: isClass ? "class" : "number" }, count),
    cell(strings.likely_range, likely),
    make("td", {}, note),
    cell(strings.model, result.model),
    make("td", { class: "small time" }, `${totalTime(result)}`),
    make("td", { class: "warned" }, ...warningItems(result.warnings, strings)),
  ];
}

export const likelyText = ({ likely }) => (likely ? likely.join("–") : "");

export const totalTime = ({ milliseconds }) =>
  Math.round(Object.values(milliseconds).reduce((sum, part) => sum + part, 0));

// On a phone the headings are out of sight: such a cell says itself what it is.
const cell = (name, text) => make("td", { class: "small", "data-name": name }, text);

// The history keeps the class alone, an answer also how likely it is.
function classTexts({ counts, best }, names, strings) {
  const sure = Object.keys(counts).map((label) => nameOf(label, names)).join(", ");
  if (!best) return [sure || strings.unsure_class, "", ""];
  const percent = formatPercent(best[1]);
  if (sure) return [sure, percent, ""];
  return [strings.unsure_class, "", fill(strings.perhaps, { label: nameOf(best[0], names), percent })];
}

// The history keeps codes; an answer's warnings are sentences, which open below their names.
function warningItems(warnings, strings) {
  const byCode = new Map(warnings.map((warning) => [warning.code ?? warning, warning]));
  return [...byCode].map(([code, warning]) => {
    const name = strings[`warning_${code}`] ?? code.replaceAll("_", " ");
    if (!warning.detail) return make("p", {}, name);
    const { detail, fix } = pageMessage(warning, strings);
    const sentences = make("p", {}, `${detail} `, make("span", { class: "fix" }, fix));
    return make("details", {}, make("summary", {}, name), sentences);
  });
}
