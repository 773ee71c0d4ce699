// The History tab: pictures that this server counted, over time.

import { get, isAboutKey, request } from "./api.js";
import { Choices } from "./choices.js";
import { drawTimeChart } from "./chart.js";
import { download, fill, findParts, make, messageItem, onVisible } from "./page.js";

const MAX_CHART_ROWS = 500;
const MAX_TABLE_ROWS = 10;

export function start(element, props) {
  new HistoryTab(findParts(element), props).open(element);
}

class HistoryTab {
  constructor(parts, props) {
    Object.assign(this, { parts, strings: props.strings });
    // The browser's regional variant: en-GB and en-US write dates in different orders.
    this.language = navigator.languages.find((language) => language.startsWith(props.language));
    this.choices = new Choices(parts, props, props.strings.all_models);
  }

  open(element) {
    const { parts } = this;
    for (const choice of [parts.model, parts.object]) {
      choice.addEventListener("change", () => this.show());
    }
    parts.csv.addEventListener("click", () => this.save());
    document.addEventListener("key", () => this.show());
    onVisible(element, () => this.show());
  }

  get query() {
    const options = Object.entries(this.choices.values).filter(([, value]) => value);
    return new URLSearchParams(options);
  }

  async show() {
    const { parts, strings } = this;
    parts.problem.hidden = true;
    try {
      if (!this.choices.labels) await this.choices.load();
      const { rows } = await get(`history?limit=${MAX_CHART_ROWS}&${this.query}`);
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

  draw(rows) {
    const { parts, strings } = this;
    const object = parts.object.value;
    const countOf = (row) => (object ? (row.counts[object] ?? 0) : row.count);
    const points = rows.map((row) => ({ time: new Date(row.time), count: countOf(row) })).reverse();
    const sum = points.reduce((total, { count }) => total + count, 0);
    const facts = {
      pictures: points.length,
      mean: (sum / points.length).toFixed(1),
      most: Math.max(...points.map(({ count }) => count)),
      object: object || strings.objects,
    };
    parts.status.textContent = fill(strings.history_status, facts);
    drawTimeChart(parts.chart, points, parts.status.textContent, this.language);
    parts.rows.replaceChildren(...rows.slice(0, MAX_TABLE_ROWS).map((row) => make("tr", {},
      make("th", { scope: "row" }, new Date(row.time).toLocaleString(this.language)),
      make("td", { class: "number" }, countOf(row)),
      make("td", {}, Object.entries(row.counts).map((pair) => pair.join(" ")).join(", ")),
      make("td", {}, row.model),
    )));
  }

  async save() {
    download(await (await request(`history?format=csv&${this.query}`)).blob(), "history.csv");
  }
}
