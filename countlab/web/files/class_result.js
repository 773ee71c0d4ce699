// A classifier's result: the class, a bar for each, and where in the picture it was seen.

import { upload, uploadForPicture } from "./api.js";
import { drawHeat } from "./heat.js";
import { fill, formatPercent } from "./language.js";
import { pageMessage } from "./messages.js";
import { make, messageItem } from "./page.js";

const MAX_BARS = 12;

export class ClassResult {
  constructor(parts, strings, choices) {
    Object.assign(this, { parts, strings, choices });
    this.hasNoMaps = new Set(); // models that /explain refused
    this.answer = null;
    parts.show_heat.addEventListener("change", () => this.#showHeat());
  }

  // The answer with its heat map where the model has one: one request, one pass.
  async ask(file, options) {
    if (this.hasNoMaps.has(options.model)) return upload("predict/single", file, options);
    try {
      return await upload("explain", file, options);
    } catch (problem) {
      if (problem.code !== "nothing_to_explain") throw problem;
      this.hasNoMaps.add(options.model);
      return upload("predict/single", file, options);
    }
  }

  clear() {
    this.answer = null;
    this.parts.heat.hidden = this.parts.cutout.hidden = true;
  }

  show(answer, file) {
    const { parts, strings } = this;
    Object.assign(this, { answer, file, explanation: answer.explanation });
    for (const part of [parts.threshold, parts.likely, parts.known_labels]) part.hidden = true;
    parts.labels.replaceChildren();
    parts.classes.hidden = false;
    const [[label, probability]] = Object.entries(answer.probabilities);
    const name = this.choices.nameOf(label);
    const isSure = answer.findings.length > 0;
    parts.count.classList.add("word");
    parts.count.textContent = isSure ? name : strings.unsure_class;
    const facts = { label: name, percent: formatPercent(probability) };
    parts.description.textContent = fill(isSure ? strings.probability : strings.perhaps, facts);
    const warnings = answer.warnings.map((warning) => pageMessage(warning, strings));
    parts.warnings_panel.hidden = !warnings.length;
    parts.warnings.replaceChildren(...warnings.map(messageItem));
    const total = Object.values(answer.milliseconds).reduce((sum, time) => sum + time, 0);
    parts.details.textContent = fill(strings.details, { ...answer, milliseconds: Math.round(total) });
    this.#drawBars();
    parts.heat_switch.hidden = !this.explanation;
    this.#showHeat();
  }

  #drawBars() {
    const { parts, strings, answer } = this;
    const classes = Object.entries(answer.probabilities);
    parts.bars.replaceChildren(...classes.slice(0, MAX_BARS).map((pair) => this.#bar(...pair)));
    const number = classes.length - MAX_BARS;
    parts.more_classes.textContent = number > 0 ? fill(strings.more_classes, { number }) : "";
  }

  // With heat maps each bar is a button that shows where its class was seen.
  #bar(label, probability) {
    const bar = make("i", { style: { width: `${Math.max(0.5, probability * 100)}%` } });
    const content = [
      make("span", {}, this.choices.nameOf(label)), make("b", {}, formatPercent(probability)),
      make("span", { class: "track", "aria-hidden": "true" }, bar),
    ];
    if (!this.explanation) return make("li", {}, make("div", { class: "bar-line" }, ...content));
    const isShown = label === this.explanation.label;
    const button = make("button", {
      type: "button", class: "bar-line", "aria-pressed": isShown, "data-label": label,
    }, ...content);
    button.addEventListener("click", () => this.#explain(label));
    return make("li", {}, button);
  }

  async #explain(label) {
    const { answer, parts } = this;
    const { model, engine } = answer;
    try {
      const { explanation } = await upload("explain", this.file, { model, engine, object: label });
      if (this.answer !== answer) return;
      this.explanation = explanation;
      parts.show_heat.checked = true;
      this.#drawBars();
      this.parts.bars.querySelector("[aria-pressed=true]")?.focus();
      this.#showHeat();
    } catch (problem) {
      if (!problem.detail) throw problem;
      parts.heat_note.textContent = problem.detail;
    }
  }

  // Over the picture; where the network saw only a part, that part is shown beside it.
  async #showHeat() {
    const { parts, strings, explanation, answer } = this;
    const isShown = Boolean(explanation) && parts.show_heat.checked;
    const isWhole = explanation?.whole_picture !== false;
    parts.heat.hidden = !(isShown && isWhole);
    parts.cutout.hidden = !(isShown && !isWhole);
    parts.heat_note.textContent = explanation ? "" : strings.no_heat;
    if (!isShown) return;
    const label = this.choices.nameOf(explanation.label);
    parts.heat_note.textContent = fill(strings.heat_note, { label });
    parts.heat.setAttribute("aria-label", parts.heat_note.textContent);
    if (isWhole) return drawHeat(parts.heat, explanation.map);
    const options = { model: answer.model, engine: answer.engine, object: explanation.label };
    const picture = await uploadForPicture("explain", this.file, options);
    if (this.explanation !== explanation) return;
    URL.revokeObjectURL(parts.cutout.src);
    parts.cutout.src = URL.createObjectURL(picture);
  }
}
