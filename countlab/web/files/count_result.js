// A detector's result: the number, its labels, the threshold and what may make it wrong.

import { Curve } from "./curve.js";
import { nameOf } from "./labels.js";
import { fill, formatConfidence } from "./language.js";
import { pageMessage } from "./messages.js";
import { make, messageItem } from "./page.js";

const DEFAULT_CONFIDENCE = 0.5; // the server's default
const MAX_KNOWN_LABELS = 12; // named when nothing was found; a longer list tells nothing

export class CountResult {
  constructor(parts, strings, choices, view) {
    Object.assign(this, { parts, strings, choices, view });
    this.curve = new Curve(parts.plot, strings);
    this.shown = null; // the response of /recount, for the selected object and region
    this.override = null; // shows something else in its place: the corrected boxes
    parts.confidence.value = DEFAULT_CONFIDENCE;
    parts.confidence.addEventListener("input", () => this.show());
    parts.jump_to_stable.addEventListener("click", () => this.moveTo(this.shown.stable));
  }

  clear() {
    this.shown = null;
  }

  use(shown) {
    const { confidence, classes, threshold } = this.parts;
    classes.hidden = true;
    threshold.hidden = false;
    confidence.min = shown.steps[0].confidence;
    confidence.max = shown.steps.at(-1).confidence;
    this.shown = shown;
    this.curve.draw(shown);
    this.show();
  }

  moveTo({ from, to }) {
    this.parts.confidence.value = (from + to) / 2;
    this.show();
  }

  get step() {
    const first = this.shown.steps[0].confidence;
    return this.shown.steps[Math.round((this.parts.confidence.value - first) * 100)];
  }

  // What is found at the chosen confidence.
  get visible() {
    return this.shown.findings.filter(({ confidence }) => confidence > this.step.confidence);
  }

  // Updates everything that depends on the slider; sends no request.
  show() {
    if (!this.shown) return;
    if (this.override) return this.override();
    const { parts, strings, step } = this;
    const confidence = formatConfidence(step.confidence);
    this.#showNumber(step.count, [
      this.view.region && strings.in_region,
      fill(strings.at_confidence, { confidence }),
    ]);
    parts.likely.hidden = !step.likely;
    if (step.likely) {
      const [low, high] = step.likely;
      parts.likely.textContent = fill(strings.likely, { low, high });
    }
    this.#showKnownLabels(step.count);
    this.#showLabels(step.counts);
    parts.confidence_value.textContent = confidence;
    this.curve.mark(step);
    this.#showNotes(step);
    this.view.draw(this.visible, this.shown.colours, (label) => this.choices.nameOf(label));
  }

  // The number as a person has corrected it.
  showCorrected(findings) {
    const counts = {};
    for (const { label } of findings) counts[label] = (counts[label] ?? 0) + 1;
    this.parts.likely.hidden = this.parts.known_labels.hidden = true;
    this.#showNumber(findings.length, [this.strings.corrected]);
    this.#showLabels(counts);
  }

  #showNumber(count, description) {
    const { parts, strings } = this;
    const object = parts.object.value;
    const what = object ? this.choices.nameOf(object, count) : fill(strings.objects, { count });
    parts.count.classList.remove("word");
    parts.count.textContent = count;
    parts.description.textContent = [what, ...description.filter(Boolean)].join(" ");
  }

  // A zero says what it could have found.
  #showKnownLabels(count) {
    const { labels, names } = this.choices.info;
    const { known_labels: line } = this.parts;
    line.hidden = count > 0;
    const listed = labels.slice(0, MAX_KNOWN_LABELS).map((label) => nameOf(label, names)).join(", ");
    const text = labels.length > MAX_KNOWN_LABELS ? this.strings.known_labels_of : this.strings.known_labels;
    line.textContent = fill(text, { labels: listed, number: labels.length });
  }

  #showLabels(counts) {
    const item = ([label, count]) => make(
      "li", { style: { "--label-color": this.shown.colours[label] ?? "#0f766e" } },
      `${this.choices.nameOf(label)} `, make("b", {}, count),
    );
    this.parts.labels.replaceChildren(...Object.entries(counts).map(item));
  }

  #showNotes(step) {
    const { parts, strings, shown } = this;
    const [low, high] = [shown.steps[0], shown.steps.at(-10)];
    parts.count_range.textContent = fill(strings.count_range, {
      low: formatConfidence(low.confidence),
      most: low.count,
      high: formatConfidence(high.confidence),
      least: high.count,
    });
    const { from, to, count } = shown.stable;
    const stretch = { count, from: formatConfidence(from), to: formatConfidence(to) };
    parts.stable_line.hidden = !shown.steady;
    parts.jump_to_stable.textContent = fill(strings.most_stable, stretch);
    const warnings = step.warnings.map((warning) => pageMessage(warning, strings));
    parts.warnings_panel.hidden = !warnings.length;
    parts.warnings.replaceChildren(...warnings.map(messageItem));
    const total = Object.values(shown.milliseconds).reduce((sum, time) => sum + time, 0);
    parts.details.textContent = fill(strings.details, { ...shown, milliseconds: Math.round(total) });
  }
}
