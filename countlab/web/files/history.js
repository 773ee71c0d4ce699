// The History tab: what this server counted, over time.

import { get, isAboutKey, receive } from "./api.js";
import { Choices } from "./choices.js";
import { timeChart } from "./chart.js";
import { download, fill, make, partsOf, remark, whenSeen } from "./page.js";

const ON_CHART = 500;
const IN_TABLE = 10;

export function start(element, props) {
  new HistoryTab(partsOf(element), props).open(element);
}

class HistoryTab {
  constructor(parts, props) {
    Object.assign(this, { parts, words: props.words });
    // Dates as in the person's own country: en-GB and en-US write them the other way round.
    this.language = navigator.languages.find((one) => one.startsWith(props.language));
    this.choices = new Choices(parts, props, props.words.every_model);
  }

  open(element) {
    const { parts } = this;
    for (const choice of [parts.model, parts.object]) {
      choice.addEventListener("change", () => this.show());
    }
    parts.csv.addEventListener("click", () => this.save());
    document.addEventListener("key", () => this.show());
    whenSeen(element, () => this.show());
  }

  get query() {
    const said = Object.entries(this.choices.asked).filter(([, value]) => value);
    return new URLSearchParams(said);
  }

  async show() {
    const { parts, words } = this;
    parts.problem.hidden = true;
    try {
      if (!this.choices.labels) await this.choices.load();
      const { rows } = await get(`history?limit=${ON_CHART}&${this.query}`);
      parts.nothing.hidden = rows.length > 0;
      parts.nothing.textContent = words.history_empty;
      parts.outcome.hidden = !rows.length;
      if (rows.length) this.draw(rows);
    } catch (problem) {
      if (!problem.detail) throw problem;
      const off = problem.code === "no_such_page";
      parts.nothing.textContent = words.history_off;
      parts.nothing.hidden = !off;
      parts.outcome.hidden = true;
      parts.problem.replaceChildren(...remark(problem).childNodes);
      parts.problem.hidden = off || isAboutKey(problem);
    }
  }

  draw(rows) {
    const { parts, words } = this;
    const object = parts.object.value;
    const counted = (row) => (object ? (row.counts[object] ?? 0) : row.count);
    const points = rows.map((row) => ({ time: new Date(row.time), count: counted(row) })).reverse();
    const sum = points.reduce((total, { count }) => total + count, 0);
    const facts = {
      pictures: points.length,
      mean: (sum / points.length).toFixed(1),
      most: Math.max(...points.map(({ count }) => count)),
      object: object || words.objects,
    };
    parts.status.textContent = fill(words.history_status, facts);
    timeChart(parts.chart, points, parts.status.textContent, this.language);
    parts.rows.replaceChildren(...rows.slice(0, IN_TABLE).map((row) => make("tr", {},
      make("th", { scope: "row" }, new Date(row.time).toLocaleString(this.language)),
      make("td", { class: "number" }, counted(row)),
      make("td", {}, Object.entries(row.counts).map((pair) => pair.join(" ")).join(", ")),
      make("td", {}, row.model),
    )));
  }

  async save() {
    download(await (await receive(`history?format=csv&${this.query}`)).blob(), "history.csv");
  }
}
