// The Health tab: how the server is doing, in sentences.

import { get, isAboutKey } from "./api.js";
import { fill, make, partsOf, remark, whenSeen } from "./page.js";

export function start(element, { words }) {
  const parts = partsOf(element);
  const look = () => show(parts, words);
  parts.again.addEventListener("click", look);
  document.addEventListener("key", look);
  whenSeen(element, look);
}

async function show(parts, words) {
  try {
    const start = performance.now();
    await get("health");
    const roundTrip = Math.max(1, Math.round(performance.now() - start));
    const report = await get("health/report");
    parts.problem.hidden = true;
    parts.cards.replaceChildren(
      card(words.health_speed, speedOf(report, roundTrip, words)),
      card(words.health_load, loadOf(report, words)),
      card(words.health_models, modelsOf(report, words)),
      card(words.health_versions, [
        make("li", {}, fill(words.health_version, report)), ...checks(report.libraries),
      ]),
    );
  } catch (problem) {
    if (!problem.detail) throw problem;
    parts.problem.replaceChildren(...remark(problem).childNodes);
    parts.problem.hidden = isAboutKey(problem);
    parts.cards.replaceChildren();
  }
}

function speedOf({ pictures, milliseconds }, roundTrip, words) {
  const sentences = [fill(words.health_answers, { milliseconds: roundTrip })];
  if (pictures) sentences.push(fill(words.health_counted, { pictures, milliseconds }));
  else sentences.push(words.health_nothing_yet);
  return sentences.map((sentence) => make("li", {}, sentence));
}

function loadOf({ load, cores, waiting }, words) {
  const sentences = [waiting ? fill(words.health_waiting, { waiting }) : words.health_no_queue];
  if (load !== null) {
    const share = load / cores;
    const how = share < 0.5 ? words.health_quiet : share < 1 ? words.health_busy : words.health_over;
    sentences.push(fill(how, { load: load.toFixed(1), cores }));
  }
  return sentences.map((sentence) => make("li", {}, sentence));
}

function modelsOf({ models, unreadable }, words) {
  const sentence = { open: words.health_open, on_disk: words.health_on_disk, away: words.health_away };
  return [
    ...models.map((model) => make("li", {}, fill(sentence[model.state], model))),
    ...checks(unreadable),
  ];
}

function checks(checked) {
  return checked.map(({ well, detail, fix }) => {
    const item = remark({ detail, fix });
    item.className = well ? "well" : "ill";
    return item;
  });
}

function card(title, items) {
  return make("section", {}, make("h2", {}, title), make("ul", {}, ...items));
}
