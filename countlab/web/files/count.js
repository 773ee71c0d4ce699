// The Count tab: one /sweep request a picture; every confidence is shown from its response.

import { isAboutKey, post, upload } from "./api.js";
import { Choices } from "./choices.js";
import { Curve } from "./curve.js";
import { fill, findParts, formatConfidence, make, messageItem } from "./page.js";
import { offerPictures } from "./picker.js";
import { PictureView } from "./picture.js";

const DEFAULT_CONFIDENCE = 0.5; // the server's default

export function start(element, props) {
  new CountTab(findParts(element), props).open();
}

class CountTab {
  constructor(parts, props) {
    Object.assign(this, { parts, strings: props.strings, props });
    this.choices = new Choices(parts, props);
    this.curve = new Curve(parts.plot, props.strings);
    this.view = new PictureView(parts, () => this.recount());
    this.file = null; // the picture
    this.sweep = null; // the response of /sweep
    this.shown = null; // the response of /recount, for the selected object and region
    this.requestNumber = 0; // responses to superseded requests are dropped
  }

  async open() {
    const { parts } = this;
    const showProblem = (problem) => this.showProblem(problem);
    offerPictures(parts, this.props, (file) => this.use(file), showProblem);
    parts.confidence.addEventListener("input", () => this.show());
    parts.jump_to_stable.addEventListener("click", () => this.moveTo(this.shown.stable));
    parts.object.addEventListener("change", () => this.recount());
    for (const choice of [parts.model, parts.engine, parts.tiles]) {
      choice.addEventListener("change", () => this.requestSweep());
    }
    document.addEventListener("key", () => this.load().then(() => this.requestSweep()));
    await this.load();
  }

  load() {
    return this.attempt(() => this.choices.load());
  }

  use(file) {
    this.file = file;
    this.view.show(file);
    return this.requestSweep();
  }

  // The only request that runs the model.
  requestSweep() {
    if (!this.file) return;
    this.sweep = null; // the previous one is about another picture or model
    return this.attempt(async (isSuperseded) => {
      this.parts.workspace.setAttribute("aria-busy", "true");
      this.parts.status.textContent = this.strings.counting; // seconds, if a model loads
      const { object, ...options } = this.choices.values; // all objects: /recount selects one
      const sweep = await upload("sweep", this.file, options);
      if (isSuperseded()) return;
      this.sweep = sweep;
      this.view.setSize(sweep);
      this.parts.region_panel.hidden = !sweep.findings.every(({ box }) => box);
      await this.#recount(isSuperseded);
    });
  }

  recount() {
    if (this.sweep) return this.attempt((isSuperseded) => this.#recount(isSuperseded));
  }

  async #recount(isSuperseded) {
    const selection = { object: this.parts.object.value || null, region: this.view.region };
    const shown = await post("recount", { answer: this.sweep, ...selection });
    if (isSuperseded()) return;
    const { confidence } = this.parts;
    confidence.min = shown.steps[0].confidence;
    confidence.max = shown.steps.at(-1).confidence;
    confidence.value = this.shown ? confidence.value : DEFAULT_CONFIDENCE;
    this.shown = shown;
    this.curve.draw(shown);
    this.parts.result.hidden = false;
    this.show();
  }

  moveTo({ from, to }) {
    this.parts.confidence.value = (from + to) / 2;
    this.show();
  }

  // Updates everything that depends on the slider; sends no request.
  show() {
    if (!this.sweep) return;
    const { parts, strings, shown } = this;
    const first = shown.steps[0].confidence;
    const step = shown.steps[Math.round((parts.confidence.value - first) * 100)];
    parts.count.textContent = step.count;
    const confidence = formatConfidence(step.confidence);
    const description = [parts.object.value || strings.objects];
    if (this.view.region) description.push(strings.in_region);
    description.push(fill(strings.at_confidence, { confidence }));
    parts.description.textContent = description.join(" ");
    parts.likely.hidden = !step.likely;
    if (step.likely) {
      const [low, high] = step.likely;
      parts.likely.textContent = fill(strings.likely, { low, high });
    }
    parts.labels.replaceChildren(...Object.entries(step.counts).map(([label, count]) =>
      make("li", { style: `--label-color: ${shown.colours[label]}` }, `${label} `, make("b", {}, count)),
    ));
    parts.confidence_value.textContent = confidence;
    this.curve.mark(step);
    this.#showNotes(step);
    const visible = shown.findings.filter(({ confidence }) => confidence > step.confidence);
    this.view.draw(visible, shown.colours);
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
    parts.jump_to_stable.textContent = fill(strings.most_stable, stretch);
    parts.warnings_panel.hidden = !step.warnings.length;
    parts.warnings.replaceChildren(...step.warnings.map(messageItem));
    const total = Object.values(shown.milliseconds).reduce((sum, time) => sum + time, 0);
    parts.details.textContent = fill(strings.details, { ...shown, milliseconds: Math.round(total) });
  }

  // Runs an action; shows its problem unless a later action has superseded it.
  async attempt(action) {
    const number = ++this.requestNumber;
    const isSuperseded = () => number !== this.requestNumber;
    this.parts.problem.hidden = true;
    try {
      await action(isSuperseded);
    } catch (problem) {
      if (!problem.detail) throw problem;
      if (!isSuperseded()) this.showProblem(problem);
    }
    if (isSuperseded()) return;
    this.parts.workspace.removeAttribute("aria-busy");
    this.parts.status.textContent = "";
  }

  // Clears the result: a count must not stay beside another picture or model.
  showProblem(problem) {
    this.sweep = this.shown = null;
    this.parts.result.hidden = true;
    this.view.clear();
    this.parts.problem.replaceChildren(...messageItem(problem).childNodes);
    this.parts.problem.hidden = isAboutKey(problem); // shown in the head
  }
}
