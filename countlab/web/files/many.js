// The Many tab: one request a picture, so that each has its own result or error.

import { isAboutKey, redraw, upload } from "./api.js";
import { Choices } from "./choices.js";
import { download, fill, findParts, make, messageItem } from "./page.js";
import { offerDrop, offerFiles } from "./picker.js";
import { toCsv } from "./table.js";
import { toZip } from "./zip.js";

const MAX_CONCURRENT = 2; // more would only fill the server's queue ahead of other people
const MAX_TRIES = 5; // for each picture, while the server is busy

export function start(element, props) {
  new ManyTab(findParts(element), props).open();
}

class ManyTab {
  constructor(parts, props) {
    Object.assign(this, { parts, strings: props.strings, maxPictures: props.max_batch });
    this.choices = new Choices(parts, props);
    this.files = [];
    this.rows = [];
    this.run = 0; // a new run, and the stop button, end the run before
  }

  async open() {
    const { parts } = this;
    parts.limit.textContent = fill(this.strings.many_limit, { number: this.maxPictures });
    offerFiles(parts.choose, parts.files, (files) => this.use(files));
    offerFiles(parts.choose_folder, parts.folder, (files) => this.use(files));
    offerDrop(parts.drop_area, (files) => this.use(files));
    for (const choice of [parts.model, parts.engine, parts.object, parts.tiles, parts.confidence]) {
      choice.addEventListener("change", () => this.count());
    }
    parts.stop.addEventListener("click", () => this.stop());
    parts.csv.addEventListener("click", () => download(toCsv(this.rows), "counts.csv"));
    parts.zip.addEventListener("click", () => this.downloadZip());
    document.addEventListener("key", () => this.load().then(() => this.count()));
    await this.load();
  }

  async load() {
    try {
      await this.choices.load();
    } catch (problem) {
      this.showProblem(problem);
    }
  }

  use(files) {
    const pictures = files.filter(({ name }) => !name.startsWith("."));
    this.files = pictures.slice(0, this.maxPictures);
    const number = pictures.length - this.files.length;
    const facts = { number, allowed: this.maxPictures };
    this.leftOut = number ? fill(this.strings.many_left_out, facts) : "";
    return this.count();
  }

  get options() {
    return { ...this.choices.values, confidence: this.parts.confidence.value };
  }

  async count() {
    if (!this.files.length) return;
    const { parts } = this;
    const run = ++this.run;
    parts.problem.hidden = true;
    parts.outcome.hidden = parts.stop.hidden = false;
    parts.csv.disabled = parts.zip.disabled = true;
    for (const image of parts.rows.querySelectorAll("img")) URL.revokeObjectURL(image.src);
    this.rows = this.files.map((file) => ({ file, name: file.webkitRelativePath || file.name }));
    parts.rows.replaceChildren(...this.rows.map((row) => (row.tableRow = emptyTableRow(row))));
    const options = this.options;
    const queue = [...this.rows];
    const work = async () => {
      while (queue.length && run === this.run) await this.countRow(queue.shift(), options, run);
    };
    this.showProgress();
    await Promise.all(Array.from({ length: MAX_CONCURRENT }, work));
    if (run === this.run) this.finish();
  }

  async countRow(row, options, run) {
    try {
      row.result = await this.withRetries(() => upload("countObjects", row.file, options), run);
    } catch (problem) {
      if (!problem.detail) throw problem;
      row.problem = problem;
    }
    if (run !== this.run) return;
    if (row.problem && isAboutKey(row.problem)) return this.stop();
    fillTableRow(row);
    this.showProgress();
  }

  // A busy server says in Retry-After when to try again.
  async withRetries(send, run) {
    for (let tries = 1; ; tries++) {
      try {
        return await send();
      } catch (problem) {
        const isBusy = problem.waitS && problem.waitS <= 10;
        if (!isBusy || tries === MAX_TRIES || run !== this.run) throw problem;
        this.parts.status.textContent = this.strings.retrying;
        await new Promise((done) => setTimeout(done, problem.waitS * 1000));
      }
    }
  }

  showProgress() {
    const done = this.rows.filter(({ result, problem }) => result || problem).length;
    const count = this.rows.reduce((sum, { result }) => sum + (result?.count ?? 0), 0);
    this.parts.progress.max = this.rows.length;
    this.parts.progress.value = done;
    const status = fill(this.strings.progress, { done, all: this.rows.length, count });
    this.parts.status.textContent = `${status} ${this.leftOut}`;
  }

  stop() {
    this.run++;
    this.finish();
  }

  finish() {
    const hasResults = this.rows.some(({ result }) => result);
    this.parts.stop.hidden = true;
    this.parts.csv.disabled = !this.rows.length;
    this.parts.zip.disabled = !hasResults;
  }

  // The server draws the boxes, in the format of each picture.
  async downloadZip() {
    const run = ++this.run;
    const counted = this.rows.filter(({ result }) => result);
    const files = [];
    this.parts.zip.disabled = true;
    try {
      for (const { file, name, result } of counted) {
        const facts = { done: files.length + 1, all: counted.length };
        this.parts.status.textContent = fill(this.strings.zip_progress, facts);
        files.push([name, await this.withRetries(() => redraw(file, result), run)]);
        if (run !== this.run) return;
      }
      download(await toZip(files), "counted.zip");
    } catch (problem) {
      if (run === this.run) this.showProblem(problem);
    }
    if (run !== this.run) return;
    this.showProgress();
    this.finish();
  }

  showProblem(problem) {
    if (!problem.detail) throw problem;
    this.parts.problem.replaceChildren(...messageItem(problem).childNodes);
    this.parts.problem.hidden = isAboutKey(problem);
  }
}

function emptyTableRow({ file, name }) {
  const image = make("img", { src: URL.createObjectURL(file), alt: "", loading: "lazy" });
  image.addEventListener("error", () => image.remove());
  const first = make("th", { scope: "row" }, make("div", {}, image, make("span", {}, name)));
  return make("tr", {}, first, make("td", { class: "number" }, "…"), make("td"), make("td"));
}

function fillTableRow({ tableRow, result, problem }) {
  const [, count, labels, notes] = tableRow.children;
  count.textContent = result ? result.count : "–";
  const messages = result ? result.warnings : [problem];
  if (result) {
    labels.textContent = Object.entries(result.counts).map((pair) => pair.join(" ")).join(", ");
  }
  notes.replaceChildren(make("ul", { class: problem ? "error" : "" }, ...messages.map(messageItem)));
}
