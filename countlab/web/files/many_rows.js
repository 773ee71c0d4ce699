// The table of the Many tab: a page of rows at a time, with small pictures made one by one.

import { countCells } from "./count_cells.js";
import { fill } from "./language.js";
import { pageMessage } from "./messages.js";
import { make, messageItem } from "./page.js";

const ROWS_ON_PAGE = 50;
const COLUMNS = 7;
const THUMB_WIDTH = 144; // in pixels of the screen's finest; it is shown half as wide

export class ManyRows {
  constructor(parts, strings, choices) {
    Object.assign(this, { parts, strings, choices });
    this.items = [];
    this.start = 0;
    this.drawn = 0; // thumbnails of an earlier page are not made any more
    parts.previous.addEventListener("click", () => this.#turn(-ROWS_ON_PAGE));
    parts.next.addEventListener("click", () => this.#turn(ROWS_ON_PAGE));
  }

  use(items) {
    if (!items.length || this.start >= items.length) this.start = 0;
    this.items = items;
    this.draw();
  }

  draw() {
    const shown = this.items.slice(this.start, this.start + ROWS_ON_PAGE);
    this.rows = new Map(shown.map((item) => [item, emptyRow(item)]));
    this.parts.rows.replaceChildren(...this.rows.values());
    for (const item of shown) this.update(item);
    this.#showPages(shown.length);
    makeThumbs(this.rows, ++this.drawn, () => this.drawn);
  }

  update(item) {
    const row = this.rows.get(item);
    if (row && (item.result || item.problem)) this.#fill(row, item);
  }

  #fill(row, { result, problem }) {
    const kind = { names: this.choices.info.names, isClass: Boolean(result?.best) };
    const cells = result ? countCells(result, kind, this.strings) : this.#failedCells(problem);
    row.replaceChildren(row.firstChild, ...cells);
  }

  #failedCells(problem) {
    const message = messageItem(pageMessage(problem, this.strings));
    const list = make("ul", { class: "error" }, message);
    return [make("td", { class: "number" }, "–"), make("td", { colspan: COLUMNS - 2 }, list)];
  }

  #turn(by) {
    this.start = Math.min(Math.max(0, this.start + by), this.items.length - 1);
    this.draw();
  }

  #showPages(number) {
    const { parts, strings, start, items } = this;
    parts.pages.hidden = items.length <= ROWS_ON_PAGE;
    const facts = { first: start + 1, last: start + number, all: items.length };
    parts.shown_rows.textContent = fill(strings.shown_rows, facts);
    parts.previous.disabled = !start;
    parts.next.disabled = start + number >= items.length;
  }
}

function emptyRow({ name }) {
  const thumb = make("canvas", { class: "thumb", width: 1, height: 1, "aria-hidden": "true" });
  const first = make("th", { scope: "row" }, make("div", {}, thumb, make("span", {}, name)));
  return make("tr", {}, first, make("td", { class: "number", colspan: COLUMNS - 1 }, "…"));
}

// One picture is decoded at a time, and at once made small.
async function makeThumbs(rows, run, current) {
  for (const [{ file }, row] of rows) {
    if (run !== current()) return;
    const canvas = row.querySelector("canvas");
    try {
      const bitmap = await createImageBitmap(file, { resizeWidth: THUMB_WIDTH });
      Object.assign(canvas, { width: bitmap.width, height: bitmap.height });
      canvas.getContext("2d").drawImage(bitmap, 0, 0);
      bitmap.close();
    } catch {
      canvas.remove(); // a format that the browser cannot show
    }
  }
}
