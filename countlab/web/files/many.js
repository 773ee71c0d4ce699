// The Many tab: one request for each picture, so that each has its own result or its own error.

import { isAboutKey, redraw, send } from "./api.js";
import { Choices } from "./choices.js";
import { download, fill, make, partsOf, remark } from "./page.js";
import { offerDrop, offerFiles } from "./picker.js";
import { asCsv } from "./table.js";
import { asZip } from "./zip.js";

const AT_ONCE = 2; // more would only wait in the server's queue, in front of other people
const PATIENCE = 5; // times that a busy server is asked again

export function start(element, props) {
  new ManyTab(partsOf(element), props).open();
}

class ManyTab {
  constructor(parts, props) {
    Object.assign(this, { parts, words: props.words, allowed: props.max_batch });
    this.choices = new Choices(parts, props);
    this.files = [];
    this.rows = [];
    this.run = 0; // a later run, or the stop button, ends the one before
  }

  async open() {
    const { parts } = this;
    parts.limit.textContent = fill(this.words.many_limit, { number: this.allowed });
    offerFiles(parts.choose, parts.files, (files) => this.use(files));
    offerFiles(parts.choose_folder, parts.folder, (files) => this.use(files));
    offerDrop(parts.all, (files) => this.use(files));
    for (const choice of [parts.model, parts.engine, parts.object, parts.tiles, parts.confidence]) {
      choice.addEventListener("change", () => this.count());
    }
    parts.stop.addEventListener("click", () => this.halt());
    parts.csv.addEventListener("click", () => download(asCsv(this.rows), "counts.csv"));
    parts.zip.addEventListener("click", () => this.zip());
    document.addEventListener("key", () => this.load().then(() => this.count()));
    await this.load();
  }

  async load() {
    try {
      await this.choices.load();
    } catch (problem) {
      this.tell(problem);
    }
  }

  use(files) {
    const pictures = files.filter(({ name }) => !name.startsWith("."));
    this.files = pictures.slice(0, this.allowed);
    const number = pictures.length - this.files.length;
    this.leftOut = number ? fill(this.words.many_left_out, { number, allowed: this.allowed }) : "";
    return this.count();
  }

  get asked() {
    return { ...this.choices.asked, confidence: this.parts.confidence.value };
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
    parts.rows.replaceChildren(...this.rows.map((row) => (row.line = emptyLine(row))));
    this.asking = this.asked;
    const ahead = [...this.rows];
    const work = async () => {
      while (ahead.length && run === this.run) await this.countOne(ahead.shift(), run);
    };
    this.progress();
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    if (run === this.run) this.finish();
  }

  async countOne(row, run) {
    try {
      row.result = await this.patiently(() => send("countObjects", row.file, this.asking), run);
    } catch (problem) {
      if (!problem.detail) throw problem;
      row.problem = problem;
    }
    if (run !== this.run) return;
    if (row.problem && isAboutKey(row.problem)) return this.halt();
    fillLine(row);
    this.progress();
  }

  // A server that is busy says when to come back.
  async patiently(ask, run) {
    for (let tries = 1; ; tries++) {
      try {
        return await ask();
      } catch (problem) {
        const busy = problem.waitS && problem.waitS <= 10;
        if (!busy || tries === PATIENCE || run !== this.run) throw problem;
        this.parts.status.textContent = this.words.again_soon;
        await new Promise((done) => setTimeout(done, problem.waitS * 1000));
      }
    }
  }

  progress() {
    const done = this.rows.filter(({ result, problem }) => result || problem).length;
    const count = this.rows.reduce((sum, { result }) => sum + (result?.count ?? 0), 0);
    this.parts.bar.max = this.rows.length;
    this.parts.bar.value = done;
    const said = fill(this.words.progress, { done, all: this.rows.length, count });
    this.parts.status.textContent = `${said} ${this.leftOut}`;
  }

  halt() {
    this.run++;
    this.finish();
  }

  finish() {
    const some = this.rows.some(({ result }) => result);
    this.parts.stop.hidden = true;
    this.parts.csv.disabled = !this.rows.length;
    this.parts.zip.disabled = !some;
  }

  // The server draws the boxes, as it does for everyone, in the format that each picture has.
  async zip() {
    const run = ++this.run;
    const good = this.rows.filter(({ result }) => result);
    const files = [];
    this.parts.zip.disabled = true;
    try {
      for (const { file, name, result } of good) {
        const facts = { done: files.length + 1, all: good.length };
        this.parts.status.textContent = fill(this.words.zip_progress, facts);
        files.push([name, await this.patiently(() => redraw(file, result), run)]);
        if (run !== this.run) return;
      }
      download(await asZip(files), "counted.zip");
    } catch (problem) {
      if (run === this.run) this.tell(problem);
    }
    if (run !== this.run) return;
    this.progress();
    this.finish();
  }

  tell(problem) {
    if (!problem.detail) throw problem;
    this.parts.problem.replaceChildren(...remark(problem).childNodes);
    this.parts.problem.hidden = isAboutKey(problem);
  }
}

function emptyLine({ file, name }) {
  const image = make("img", { src: URL.createObjectURL(file), alt: "", loading: "lazy" });
  image.addEventListener("error", () => image.remove());
  const first = make("th", { scope: "row" }, make("div", {}, image, make("span", {}, name)));
  return make("tr", {}, first, make("td", { class: "number" }, "…"), make("td"), make("td"));
}

function fillLine({ line, result, problem }) {
  const [, count, labels, remarks] = line.children;
  count.textContent = result ? result.count : "–";
  const told = result ? result.warnings : [problem];
  if (result) {
    labels.textContent = Object.entries(result.counts).map((pair) => pair.join(" ")).join(", ");
  }
  remarks.replaceChildren(make("ul", { class: problem ? "wrong" : "" }, ...told.map(remark)));
}
