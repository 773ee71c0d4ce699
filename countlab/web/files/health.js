// The Health tab: the facts of /health/report as sentences.

import { get, isAboutKey } from "./api.js";
import { fill, formatDecimal } from "./language.js";
import { withoutPaths } from "./messages.js";
import { findParts, make, messageItem, onVisible } from "./page.js";

export function start(element, { strings }) {
  const parts = findParts(element);
  const refresh = () => show(parts, strings);
  parts.refresh.addEventListener("click", refresh);
  document.addEventListener("key", refresh);
  onVisible(element, refresh);
}

async function show(parts, strings) {
  try {
    const start = performance.now();
    await get("health");
    const roundTrip = Math.max(1, Math.round(performance.now() - start));
    const report = await get("health/report");
    parts.problem.hidden = true;
    parts.cards.replaceChildren(
      card(strings.health_speed, speedItems(report, roundTrip, strings)),
      card(strings.health_load, loadItems(report, strings)),
      card(strings.health_models, modelItems(report, strings)),
      card(strings.health_versions, [
        make("li", {}, fill(strings.health_version_line, report)), ...checkItems(report.libraries),
      ]),
    );
  } catch (problem) {
    if (!problem.detail) throw problem;
    parts.problem.replaceChildren(...messageItem(problem).childNodes);
    parts.problem.hidden = isAboutKey(problem);
    parts.cards.replaceChildren();
  }
}

function speedItems({ pictures, milliseconds }, roundTrip, strings) {
  const sentences = [fill(strings.health_round_trip, { milliseconds: roundTrip })];
  if (pictures) sentences.push(fill(strings.health_counted, { pictures, milliseconds }));
  else sentences.push(strings.health_no_pictures);
  return sentences.map((sentence) => make("li", {}, sentence));
}

function loadItems({ load, cores, waiting }, strings) {
  const sentences = [waiting ? fill(strings.health_waiting, { waiting }) : strings.health_no_queue];
  if (load !== null) {
    const sentence = loadSentence(load / cores, strings);
    sentences.push(fill(sentence, { load: formatDecimal(load, 1), cores }));
  }
  return sentences.map((sentence) => make("li", {}, sentence));
}

function loadSentence(share, strings) {
  if (share < 0.5) return strings.health_load_low;
  return share < 1 ? strings.health_load_high : strings.health_overloaded;
}

function modelItems({ models, unreadable }, strings) {
  const sentences = {
    open: strings.health_model_open,
    on_disk: strings.health_model_on_disk,
    away: strings.health_model_missing,
  };
  return [
    ...models.map((model) => make("li", {}, fill(sentences[model.state], model))),
    ...checkItems(unreadable),
  ];
}

function checkItems(checks) {
  return checks.map(({ well, detail, fix }) => {
    const item = messageItem({ detail: withoutPaths(detail), fix: withoutPaths(fix) });
    item.className = well ? "passed" : "failed";
    return item;
  });
}

function card(title, items) {
  return make("section", {}, make("h2", {}, title), make("ul", {}, ...items));
}
