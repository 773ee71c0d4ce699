// Form fields that tabs share: model, engine, object and tiles, filled from the server.

import { get } from "./api.js";
import { fill } from "./page.js";

export function setOptions(select, options, value) {
  select.replaceChildren(...options.map(([option, text]) => new Option(text, option)));
  if (options.some(([option]) => option === value)) select.value = value;
}

export class Choices {
  // `allModels`: the text of the entry for all models, in tabs that have one.
  constructor(parts, { strings, engines, engine: defaultEngine }, allModels) {
    const { model, engine, object, tiles } = parts;
    Object.assign(this, { model, engine, object, tiles, strings, allModels });
    if (engine) setOptions(engine, engines.map((name) => [name, name]), defaultEngine);
    model.addEventListener("change", () => this.#updateObjects());
  }

  async load() {
    const { models, default: defaultModel } = await get("models");
    this.labels = new Map(models.map(({ name, labels }) => [name, labels]));
    const options = models.map(({ name, on_disk }) => [
      name, on_disk ? name : fill(this.strings.not_downloaded, { name }),
    ]);
    if (this.allModels) options.unshift(["", this.allModels]);
    setOptions(this.model, options, this.allModels ? "" : defaultModel);
    this.#updateObjects();
  }

  get values() {
    return {
      model: this.model.value,
      engine: this.engine?.value,
      object: this.object.value,
      tiles: this.tiles?.checked ? "auto" : "",
    };
  }

  #updateObjects() {
    const labels = this.labels.get(this.model.value) ?? new Set([...this.labels.values()].flat());
    const options = [...labels].sort().map((label) => [label, label]);
    setOptions(this.object, [["", this.strings.all_objects], ...options], this.object.value);
  }
}
