// The Health tab: the facts of /health/report as sentences.

import { get, isAboutKey } from "./api.js";
import { fill, formatDecimal, formatPercent } from "./language.js";
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
      ...registryCards(report, strings),
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

// What is followed, and how a candidate does; no card where models come from no registry.
function registryCards({ following, rollout }, strings) {
  const items = Object.entries(following).map(([name, state]) => registryItem(name, state, strings));
  if (rollout?.share) {
    const { candidate = 0, champion = 0, stood_in: stoodIn = 0 } = rollout.canary_counts;
    const percent = formatPercent(rollout.share);
    const facts = { name: rollout.candidate, percent, candidate, others: champion + stoodIn, stoodIn };
    items.push(make("li", {}, fill(strings.health_canary, facts)));
  }
  if (rollout?.shadow) {
    const { agrees = 0, differs = 0, failed = 0, skipped = 0 } = rollout.shadow_counts;
    const facts = { name: rollout.candidate, agrees, asked: agrees + differs + failed, failed, skipped };
    items.push(make("li", {}, fill(strings.health_shadow, facts)));
  }
  return items.length ? [card(strings.health_registry, items)] : [];
}

function registryItem(name, { version, registry, refused, reason }, strings) {
  const facts = { name, version: version ?? "–", refused };
  const sentences = [fill(strings.health_following, facts)];
  if (registry !== "ok") sentences.push(strings.health_registry_away);
  if (refused) sentences.push(fill(strings.health_refused, facts));
  const item = messageItem({ detail: sentences.join(" "), fix: refused ? withoutPaths(reason) : "" });
  item.className = registry === "ok" && !refused ? "passed" : "failed";
  return item;
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
