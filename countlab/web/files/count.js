// The Count tab: one request a picture; a detector's answer is shown at every confidence from it.

import { isAboutKey, isStale, recount, upload } from "./api.js";
import { Choices } from "./choices.js";
import { ClassResult } from "./class_result.js";
import { Corrections } from "./corrections.js";
import { CountResult } from "./count_result.js";
import { Feedback } from "./feedback.js";
import { classifies } from "./models.js";
import { findParts, messageItem } from "./page.js";
import { offerPictures } from "./picker.js";
import { PictureView } from "./picture.js";

export function start(element, props) {
  new CountTab(findParts(element), props).open();
}

class CountTab {
  constructor(parts, props) {
    Object.assign(this, { parts, strings: props.strings, props });
    this.choices = new Choices(parts, props);
    this.view = new PictureView(parts, () => this.recount());
    this.counted = new CountResult(parts, props.strings, this.choices, this.view);
    this.classified = new ClassResult(parts, props.strings, this.choices);
    this.feedback = new Feedback(parts, props, this.choices);
    this.corrections = new Corrections(parts, props.strings, this.choices, this.view, this.counted, this.feedback);
    this.file = null; // the picture
    this.sweep = null; // the response of /sweep
    this.requestNumber = 0; // responses to superseded requests are dropped
  }

  async open() {
    const { parts } = this;
    const showProblem = (problem) => this.showProblem(problem);
    offerPictures(parts, this.props, (file) => this.use(file), showProblem);
    parts.object.addEventListener("change", () => this.recount());
    for (const choice of [parts.model, parts.engine, parts.tiles]) {
      choice.addEventListener("change", () => this.look());
    }
    document.addEventListener("key", () => this.load().then(() => this.look()));
    await this.load();
  }

  load() {
    return this.attempt(() => this.choices.load());
  }

  use(file) {
    this.file = file;
    this.view.show(file);
    return this.look();
  }

  // The only request that runs the model.
  look() {
    if (!this.file) return;
    this.sweep = null; // the previous one is about another picture or model
    this.corrections.withdraw();
    this.feedback.withdraw();
    this.counted.clear();
    this.classified.clear();
    return this.attempt(async (isSuperseded) => {
      this.parts.workspace.setAttribute("aria-busy", "true");
      this.parts.status.textContent = this.strings.counting; // seconds, if a model loads
      if (!this.choices.info) await this.choices.load();
      const { object, ...options } = this.choices.values; // all objects: /recount selects one
      if (classifies(this.choices.info)) await this.#classify(options, isSuperseded);
      else await this.#count(options, isSuperseded);
    });
  }

  async #count(options, isSuperseded) {
    const { file } = this;
    const sweep = await upload("sweep", file, options);
    if (isSuperseded()) return;
    this.sweep = sweep;
    this.view.setSize(sweep);
    this.parts.region_panel.hidden = !sweep.findings.every(({ box }) => box);
    await this.#recount(isSuperseded);
    if (!isSuperseded()) this.corrections.offer(file, sweep);
  }

  async #classify({ model, engine }, isSuperseded) {
    const answer = await this.classified.ask(this.file, { model, engine });
    if (isSuperseded()) return;
    this.view.clear();
    this.view.setSize(answer);
    this.parts.result.hidden = false;
    this.classified.show(answer, this.file);
    this.feedback.offer(this.file, answer);
  }

  recount() {
    if (!this.sweep) return;
    return this.attempt(async (isSuperseded) => {
      try {
        await this.#recount(isSuperseded);
      } catch (problem) {
        if (!isStale(problem)) throw problem;
        if (!isSuperseded()) await this.look();
      }
    });
  }

  async #recount(isSuperseded) {
    const selection = { object: this.parts.object.value || null, region: this.view.region };
    const shown = await recount(this.sweep, selection);
    if (isSuperseded()) return;
    this.parts.result.hidden = false;
    this.counted.use(shown);
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

  // Clears the result, as a count must not stay beside another picture or model; the picture stays.
  showProblem(problem) {
    this.sweep = null;
    this.counted.clear();
    this.classified.clear();
    this.corrections.withdraw();
    this.feedback.withdraw();
    this.parts.result.hidden = true;
    this.view.clear();
    this.parts.problem.replaceChildren(...messageItem(problem).childNodes);
    this.parts.problem.hidden = isAboutKey(problem); // shown in the head
  }
}
