// The choices that tabs share: model, engine, object and tiles, as the server offers them.

import { get } from "./api.js";
import { fill } from "./page.js";

export function choose(select, options, value) {
  select.replaceChildren(...options.map(([given, shown]) => new Option(shown, given)));
  if (options.some(([given]) => given === value)) select.value = value;
}

export class Choices {
  // `every`: the entry for "no matter which model", where a tab has one.
  constructor({ model, engine, object, tiles }, { words, engines, engine: usual }, every) {
    Object.assign(this, { model, engine, object, tiles, words, every });
    if (engine) choose(engine, engines.map((name) => [name, name]), usual);
    model.addEventListener("change", () => this.#offerObjects());
  }

  async load() {
    const { models, default: usual } = await get("models");
    this.labels = new Map(models.map(({ name, labels }) => [name, labels]));
    const options = models.map(({ name, on_disk }) => [
      name, on_disk ? name : fill(this.words.not_here_yet, { name }),
    ]);
    if (this.every) options.unshift(["", this.every]);
    choose(this.model, options, this.every ? "" : usual);
    this.#offerObjects();
  }

  get asked() {
    return {
      model: this.model.value,
      engine: this.engine?.value,
      object: this.object.value,
      tiles: this.tiles?.checked ? "auto" : "",
    };
  }

  #offerObjects() {
    const labels = this.labels.get(this.model.value) ?? new Set([...this.labels.values()].flat());
    const options = [...labels].sort().map((label) => [label, label]);
    choose(this.object, [["", this.words.everything], ...options], this.object.value);
  }
}
