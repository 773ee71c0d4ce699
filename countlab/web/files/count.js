// The Count tab: one pass of the model over a picture, then every confidence without another.

import { isAboutKey, post, send } from "./api.js";
import { Choices } from "./choices.js";
import { Curve } from "./curve.js";
import { fill, make, partsOf, remark, told } from "./page.js";
import { offerPictures } from "./picker.js";
import { PictureView } from "./picture.js";

const USUAL = 0.5; // the confidence of a request that names none

export function start(element, props) {
  new CountTab(partsOf(element), props).open();
}

class CountTab {
  constructor(parts, props) {
    Object.assign(this, { parts, words: props.words, props });
    this.choices = new Choices(parts, props);
    this.curve = new Curve(parts.plot, props.words);
    this.view = new PictureView(parts, () => this.recount());
    this.file = null; // the picture
    this.answer = null; // what /sweep told about it
    this.shown = null; // that again, for the object and the region chosen
    this.turn = 0; // answers that were overtaken by a later question are dropped
  }

  async open() {
    const { parts } = this;
    offerPictures(parts, this.props, (file) => this.use(file), (problem) => this.fail(problem));
    parts.confidence.addEventListener("input", () => this.show());
    parts.steady.addEventListener("click", () => this.moveTo(this.shown.stable));
    parts.object.addEventListener("change", () => this.recount());
    for (const choice of [parts.model, parts.engine, parts.tiles]) {
      choice.addEventListener("change", () => this.ask());
    }
    document.addEventListener("key", () => this.load().then(() => this.ask()));
    await this.load();
  }

  load() {
    return this.attempt(() => this.choices.load());
  }

  use(file) {
    this.file = file;
    this.view.show(file);
    return this.ask();
  }

  // The only question that costs a pass of the model.
  ask() {
    if (!this.file) return;
    this.answer = null; // until it comes, the one before is about something else
    return this.attempt(async (overtaken) => {
      this.parts.bench.setAttribute("aria-busy", "true");
      this.parts.status.textContent = this.words.counting; // seconds, where a model is loaded first
      const { object, ...asked } = this.choices.asked; // all objects: choosing one costs nothing
      const answer = await send("sweep", this.file, asked);
      if (overtaken()) return;
      this.answer = answer;
      this.view.measure(answer);
      this.parts.part.hidden = !answer.findings.every(({ box }) => box);
      await this.#recount(overtaken);
    });
  }

  recount() {
    if (this.answer) return this.attempt((overtaken) => this.#recount(overtaken));
  }

  async #recount(overtaken) {
    const chosen = { object: this.parts.object.value || null, region: this.view.region };
    const shown = await post("recount", { answer: this.answer, ...chosen });
    if (overtaken()) return;
    const { confidence } = this.parts;
    confidence.min = shown.steps[0].confidence;
    confidence.max = shown.steps.at(-1).confidence;
    confidence.value = this.shown ? confidence.value : USUAL;
    this.shown = shown;
    this.curve.draw(shown);
    this.parts.answer.hidden = false;
    this.show();
  }

  moveTo({ from, to }) {
    this.parts.confidence.value = (from + to) / 2;
    this.show();
  }

  // Everything that depends on the slider; asks nobody.
  show() {
    if (!this.answer) return;
    const { parts, words, shown } = this;
    const first = shown.steps[0].confidence;
    const step = shown.steps[Math.round((parts.confidence.value - first) * 100)];
    parts.count.textContent = step.count;
    const what = [parts.object.value || words.objects];
    if (this.view.region) what.push(words.in_region);
    what.push(fill(words.at, { confidence: told(step.confidence) }));
    parts.what.textContent = what.join(" ");
    parts.likely.hidden = !step.likely;
    if (step.likely) {
      const [low, high] = step.likely;
      parts.likely.textContent = fill(words.likely, { low, high });
    }
    parts.labels.replaceChildren(...Object.entries(step.counts).map(([label, count]) =>
      make("li", { style: `--colour: ${shown.colours[label]}` }, `${label} `, make("b", {}, count)),
    ));
    parts.at.textContent = told(step.confidence);
    this.curve.mark(step);
    this.#sentences(step);
    const found = shown.findings.filter(({ confidence }) => confidence > step.confidence);
    this.view.draw(found, shown.colours);
  }

  #sentences(step) {
    const { parts, words, shown } = this;
    const [low, high] = [shown.steps[0], shown.steps.at(-10)];
    parts.contrast.textContent = fill(words.contrast, {
      low: told(low.confidence), most: low.count, high: told(high.confidence), least: high.count,
    });
    const { from, to, count } = shown.stable;
    parts.steady.textContent = fill(words.steady, { count, from: told(from), to: told(to) });
    parts.doubts.hidden = !step.warnings.length;
    parts.warnings.replaceChildren(...step.warnings.map(remark));
    const spent = Object.values(shown.milliseconds).reduce((sum, one) => sum + one, 0);
    parts.how.textContent = fill(words.how, { ...shown, milliseconds: Math.round(spent) });
  }

  async attempt(act) {
    const turn = ++this.turn;
    const overtaken = () => turn !== this.turn;
    this.parts.problem.hidden = true;
    try {
      await act(overtaken);
    } catch (problem) {
      if (!problem.detail) throw problem;
      if (!overtaken()) this.fail(problem);
    }
    if (overtaken()) return;
    this.parts.bench.removeAttribute("aria-busy");
    this.parts.status.textContent = "";
  }

  // A count never stays beside a picture or a model that it is not about.
  fail(problem) {
    this.answer = this.shown = null;
    this.parts.answer.hidden = true;
    this.view.clear();
    this.parts.problem.replaceChildren(...remark(problem).childNodes);
    this.parts.problem.hidden = isAboutKey(problem); // the head tells it
  }
}
