// The History tab: pictures that this server counted, over time.

import { get, isAboutKey, request } from "./api.js";
import { showAnswer } from "./answer.js";
import { drawTimeChart } from "./chart.js";
import { labelOptions, setOptions } from "./choices.js";
import { countCells } from "./count_cells.js";
import { listCounts, nameOf } from "./labels.js";
import { fill, formatDecimal, formatTime } from "./language.js";
import { classifies, loadModels } from "./models.js";
import { download, findParts, make, messageItem, onVisible } from "./page.js";

const MAX_CHART_ROWS = 500;
const TABLE_ROWS = 10; // at first, and each time more are wanted

export function start(element, props) {
  new HistoryTab(findParts(element), props).open(element);
}

class HistoryTab {
  constructor(parts, props) {
    Object.assign(this, { parts, strings: props.strings });
    this.tableRows = TABLE_ROWS;
  }

  open(element) {
    const { parts } = this;
    for (const choice of [parts.model, parts.object]) {
      choice.addEventListener("change", () => this.show());
    }
    parts.csv.addEventListener("click", () => this.save());
    parts.more.addEventListener("click", () => {
      this.tableRows += TABLE_ROWS;
      this.#drawTable();
    });
    parts.close_answer.addEventListener("click", () => parts.answer.close());
    document.addEventListener("key", () => parts.rows.offsetParent && this.show());
    onVisible(element, () => this.show());
  }

  get query() {
    const { model, object } = this.parts;
    const options = Object.entries({ model: model.value, object: object.value });
    return new URLSearchParams(options.filter(([, value]) => value));
  }

  async show() {
    const { parts, strings } = this;
    parts.problem.hidden = true;
    try {
      this.models = (await loadModels()).models;
      const { rows: everything } = await get(`history?limit=${MAX_CHART_ROWS}`);
      this.#offerUsed(everything);
      const query = `${this.query}`;
      const { rows } = query ? await get(`history?limit=${MAX_CHART_ROWS}&${query}`) : { rows: everything };
      parts.empty_message.hidden = rows.length > 0;
      parts.empty_message.textContent = strings.history_empty;
      parts.outcome.hidden = !rows.length;
      if (rows.length) this.draw(rows);
    } catch (problem) {
      if (!problem.detail) throw problem;
      const isOff = problem.code === "no_such_page";
      parts.empty_message.textContent = strings.history_off;
      parts.empty_message.hidden = !isOff;
      parts.outcome.hidden = true;
      parts.problem.replaceChildren(...messageItem(problem).childNodes);
      parts.problem.hidden = isOff || isAboutKey(problem);
    }
  }

  // The filters have what was used, not all that could have been.
  #offerUsed(rows) {
    const { parts, strings } = this;
    const models = [...new Set(rows.map(({ model }) => model))].sort();
    const options = models.map((name) => [name, name]);
    setOptions(parts.model, [["", strings.all_models], ...options], parts.model.value);
    const ofModel = rows.filter(({ model }) => !parts.model.value || model === parts.model.value);
    const labels = [...new Set(ofModel.flatMap(({ counts, object }) => [...Object.keys(counts), object]))];
    const names = this.#namesOfAll();
    setOptions(
      parts.object,
      [["", strings.all_objects], ...labelOptions(labels.filter(Boolean), names)],
      parts.object.value,
    );
  }

  #namesOfAll() {
    const names = {};
    for (const model of this.models.values()) {
      for (const [language, of] of Object.entries(model.names ?? {})) names[language] = { ...of, ...names[language] };
    }
    return names;
  }

  #isClass({ model }) {
    return classifies(this.models.get(model));
  }

  // Of the object that is looked for; the likely range is that of what was asked.
  #countOf({ count, counts, likely, object: asked }) {
    const object = this.parts.object.value;
    return !object || object === asked ? { count, likely } : { count: counts[object] ?? 0, likely: null };
  }

  draw(rows) {
    const { parts, strings } = this;
    this.rows = rows;
    this.tableRows = TABLE_ROWS;
    const counted = rows.filter((row) => !this.#isClass(row));
    const points = counted.map((row) => ({ time: new Date(row.time), ...this.#countOf(row) }));
    const classes = {};
    for (const row of rows.filter((each) => this.#isClass(each))) {
      for (const label of Object.keys(row.counts)) classes[label] = (classes[label] ?? 0) + 1;
    }
    parts.chart.hidden = !points.length;
    parts.status.textContent = [
      points.length && this.#countStatus(points),
      Object.keys(classes).length && fill(strings.history_classes, { list: listCounts(classes, this.#namesOfAll()) }),
    ].filter(Boolean).join(" ") || fill(strings.history_pictures, { pictures: rows.length });
    if (points.length) drawTimeChart(parts.chart, points.reverse(), parts.status.textContent);
    this.#drawTable();
  }

  #countStatus(points) {
    const object = this.parts.object.value;
    const sum = points.reduce((total, { count }) => total + count, 0);
    return fill(this.strings.history_status, {
      pictures: points.length,
      mean: formatDecimal(sum / points.length, 1),
      most: Math.max(...points.map(({ count }) => count)),
      object: object ? nameOf(object, this.#namesOfAll(), 2) : fill(this.strings.objects, { count: 2 }),
    });
  }

  #drawTable() {
    const { parts, rows } = this;
    parts.rows.replaceChildren(...rows.slice(0, this.tableRows).map((row) => this.#tableRow(row)));
    parts.more.hidden = rows.length <= this.tableRows;
  }

  // The time is a button that opens the answer.
  #tableRow(row) {
    const { names } = this.models.get(row.model) ?? {};
    const isClass = this.#isClass(row);
    const button = make("button", { type: "button", class: "link" }, formatTime(new Date(row.time)));
    button.addEventListener("click", () => showAnswer(this.parts, row, { names, isClass }, this.strings));
    return make("tr", {},
      make("th", { scope: "row" }, button),
      make("td", { class: "name" }, row.filename ?? ""),
      ...countCells({ ...row, ...this.#countOf(row) }, { names, isClass }, this.strings),
    );
  }

  async save() {
    download(await (await request(`history?format=csv&${this.query}`)).blob(), "history.csv");
  }
}
