// How wrong the labels were on what was reviewed.

import { fill, formatDecimal } from "../language.js";
import { make } from "../page.js";
import { get } from "./requests.js";

const percent = (share) => `${formatDecimal(100 * share, 1)} %`;

export async function showReport(body, strings, plain) {
  const { sources, confused } = await get("report", strings);
  if (!sources.length) return body.replaceChildren(make("p", { class: "note" }, strings.report_empty));
  const headings = strings.report_columns.split("|").map((text) => text.trim());
  const head = make("tr", {}, ...headings.map((text) => make("th", { scope: "col" }, text)));
  const rows = sources.map((each) => {
    const [low, high] = each.interval;
    const share = each.drawn ? `${percent(each.drawn_wrong / each.drawn)} (${percent(low)} – ${percent(high)})` : "–";
    const cells = [
      each.judged ? `${each.wrong} / ${each.judged}` : "–",
      each.drawn ? `${each.drawn_wrong} / ${each.drawn}` : "–",
      share,
    ];
    const name = each.source === "labels.csv" ? strings.all_labels : each.source;
    return make("tr", {}, make("th", { scope: "row" }, name), ...cells.map((text, i) => make("td", { "data-heading": headings[i + 1] }, text)));
  });
  const wrong = confused.map(([weak, actual, number]) => make("li", {}, fill(strings.report_confused, { number, weak: plain(weak), true: plain(actual) })));
  return body.replaceChildren(
    make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows)),
    make("ul", { class: "confused" }, ...wrong),
    make("p", { class: "note" }, strings.report_note),
  );
}
