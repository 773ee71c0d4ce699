// Form fields that tabs share: model, engine, object and tiles, filled from the server.

import { nameOf } from "./labels.js";
import { fill } from "./language.js";
import { classifies, loadModels } from "./models.js";

export function setOptions(select, options, value) {
  select.replaceChildren(...options.map(([option, text]) => new Option(text, option)));
  if (options.some(([option]) => option === value)) select.value = value;
}

// Labels with their names, in the order of the names.
export function labelOptions(labels, names) {
  const options = labels.map((label) => [label, nameOf(label, names)]);
  return options.sort(([, a], [, b]) => a.localeCompare(b));
}

export class Choices {
  constructor(parts, { strings, engines, engine: defaultEngine }) {
    const { model, engine, object, tiles } = parts;
    Object.assign(this, { model, engine, object, tiles, strings });
    setOptions(engine, engines.map((name) => [name, name]), defaultEngine);
    model.addEventListener("change", () => this.#update());
  }

  async load() {
    const { models, default: defaultModel } = await loadModels();
    this.models = models;
    const options = [...models.values()].map(({ name, on_disk }) => [
      name, on_disk ? name : fill(this.strings.not_downloaded, { name }),
    ]);
    setOptions(this.model, options, this.model.value || defaultModel);
    this.#update();
  }

  // The chosen model, as /models describes it.
  get info() {
    return this.models?.get(this.model.value);
  }

  get values() {
    return {
      model: this.model.value,
      engine: this.engine.value,
      object: this.object.value,
      tiles: this.tiles.checked ? "auto" : "",
    };
  }

  nameOf(label, number) {
    return nameOf(label, this.info?.names, number);
  }

  // A classifier gives one class for the picture: there is nothing to choose or to look for.
  #update() {
    const { labels, names } = this.info;
    const options = [["", this.strings.all_objects], ...labelOptions(labels, names)];
    setOptions(this.object, options, this.object.value);
    const isClassifier = classifies(this.info);
    if (isClassifier) {
      this.object.value = "";
      this.tiles.checked = false;
    }
    for (const choice of [this.object, this.tiles]) choice.closest("label").hidden = isClassifier;
  }
}
