// The Many tab: one request a picture, so that each has its own result or error.

import { isAboutKey, upload } from "./api.js";
import { Choices } from "./choices.js";
import { nameOf } from "./labels.js";
import { fill } from "./language.js";
import { ManyRows } from "./many_rows.js";
import { classifies } from "./models.js";
import { download, findParts, messageItem } from "./page.js";
import { offerDrop, offerFiles } from "./picker.js";
import { Queue } from "./queue.js";
import { saveDrawn } from "./saved_pictures.js";
import { toCsv } from "./table.js";

const MAX_PICTURES = 10_000; // in the list; what the page keeps of each is a few kilobytes

export function start(element, props) {
  new ManyTab(findParts(element), props).open();
}

class ManyTab {
  constructor(parts, props) {
    Object.assign(this, { parts, strings: props.strings });
    this.choices = new Choices(parts, props);
    this.items = []; // { file, name, result or problem }
    this.rows = new ManyRows(parts, props.strings, this.choices);
    this.queue = new Queue({
      send: (item) => upload(this.route, item.file, this.options).then(lighten),
      onChange: (item) => this.update(item),
      onPause: (problem) => this.showPause(problem),
      onWait: () => { parts.remark.textContent = this.strings.retrying; },
    }, props.max_batch);
    this.drawing = 0; // a newer list or option ends the drawing of a ZIP
  }

  async open() {
    const { parts } = this;
    offerFiles(parts.choose, parts.files, (files) => this.use(files));
    offerFiles(parts.choose_folder, parts.folder, (files) => this.use(files));
    offerDrop(parts.drop_area, (files) => this.use(files));
    for (const choice of [parts.model, parts.engine, parts.object, parts.tiles, parts.confidence]) {
      choice.addEventListener("change", () => this.countAgain());
    }
    parts.pause.addEventListener("click", () => this.togglePause());
    parts.retry.addEventListener("click", () => this.retry());
    parts.clear.addEventListener("click", () => this.clear());
    parts.csv.addEventListener("click", () => download(toCsv(this.items), "counts.csv"));
    parts.zip.addEventListener("click", () => this.downloadZip());
    document.addEventListener("key", () => this.load().then(() => this.queue.goOn()));
    await this.load();
  }

  async load() {
    try {
      await this.choices.load();
    } catch (problem) {
      this.showProblem(problem);
    }
  }

  get isClassifier() {
    return classifies(this.choices.info);
  }

  get route() {
    return this.isClassifier ? "predict/single" : "countObjects";
  }

  get options() {
    return { ...this.choices.values, confidence: this.parts.confidence.value };
  }

  // Adds to the list; a picture that is in it already is not sent again.
  use(files) {
    const known = new Set(this.items.map(({ file }) => identity(file)));
    const fresh = files.filter((file) => !file.name.startsWith(".") && !known.has(identity(file)));
    const room = MAX_PICTURES - this.items.length;
    if (files.some(({ webkitRelativePath }) => webkitRelativePath)) fresh.sort(byPath);
    const added = fresh.slice(0, room).map((file) => ({ file, name: pathOf(file) }));
    const facts = { number: fresh.length - added.length, allowed: MAX_PICTURES };
    this.parts.remark.textContent = facts.number ? fill(this.strings.many_left_out, facts) : "";
    if (!added.length) return;
    this.drawing++;
    this.items.push(...added);
    this.parts.problem.hidden = true;
    this.rows.use(this.items);
    this.queue.add(added);
    this.update();
  }

  countAgain() {
    if (!this.items.length) return;
    this.drawing++;
    this.parts.problem.hidden = true;
    for (const item of this.items) item.result = item.problem = null;
    this.rows.use(this.items);
    this.queue.restart(this.items);
    this.update();
  }

  retry() {
    const failed = this.items.filter(({ problem }) => problem);
    for (const item of failed) item.problem = null;
    this.rows.draw();
    this.queue.add(failed);
    this.update();
  }

  clear() {
    this.drawing++;
    this.items = [];
    this.queue.restart([]);
    this.rows.use(this.items);
    this.parts.remark.textContent = "";
    this.update();
  }

  togglePause() {
    if (this.queue.isPaused) {
      this.parts.problem.hidden = true;
      this.queue.goOn();
    } else this.queue.pause();
  }

  showPause(problem) {
    if (problem) this.showProblem(problem);
    this.update();
  }

  update(item) {
    const { parts, strings, items, queue } = this;
    if (item) this.rows.update(item);
    const failed = items.filter(({ problem }) => problem).length;
    const done = items.filter(({ result }) => result);
    const facts = { done: done.length + failed, all: items.length };
    parts.outcome.hidden = !items.length;
    parts.progress.max = items.length || 1;
    parts.progress.value = facts.done;
    parts.status.textContent = [
      fill(strings.progress, facts), this.#sum(done), queue.isPaused && strings.paused,
    ].filter(Boolean).join(", ");
    if (!queue.isRunning && parts.remark.textContent === strings.retrying) parts.remark.textContent = "";
    parts.pause.textContent = queue.isPaused ? strings.go_on : strings.pause;
    parts.pause.hidden = !queue.isRunning && !(queue.isPaused && queue.waiting.length);
    parts.retry.hidden = queue.isRunning || !failed;
    parts.retry.textContent = fill(strings.retry, { number: failed });
    parts.csv.disabled = queue.isRunning || !facts.done;
    parts.zip.hidden = this.isClassifier;
    parts.zip.disabled = queue.isRunning || !done.length;
  }

  // "18 objects", or for a classifier how many of each class.
  #sum(done) {
    const count = done.reduce((sum, { result }) => sum + result.count, 0);
    if (!this.isClassifier) return fill(this.strings.count_of_objects, { count });
    const counts = {};
    for (const { result } of done) {
      for (const label of Object.keys(result.counts)) counts[label] = (counts[label] ?? 0) + 1;
    }
    const names = this.choices.info.names;
    return Object.entries(counts).map(([label, number]) => `${number} × ${nameOf(label, names)}`).join(", ");
  }

  async downloadZip() {
    const run = ++this.drawing;
    const isOver = () => run !== this.drawing;
    const { remark, zip } = this.parts;
    zip.disabled = true;
    try {
      await saveDrawn(this.items.filter(({ result }) => result), isOver, (facts) => {
        remark.textContent = fill(this.strings.zip_progress, facts);
      });
    } catch (problem) {
      if (!isOver()) this.showProblem(problem);
    }
    if (isOver()) return;
    remark.textContent = "";
    this.update();
  }

  showProblem(problem) {
    if (!problem.detail) throw problem;
    this.parts.problem.replaceChildren(...messageItem(problem).childNodes);
    this.parts.problem.hidden = isAboutKey(problem);
  }
}

const pathOf = (file) => file.webkitRelativePath || file.name;

const byPath = (a, b) => pathOf(a).localeCompare(pathOf(b), undefined, { numeric: true });

const identity = (file) => [pathOf(file), file.size, file.lastModified].join("\n");

// What the list needs of an answer: its findings are in the signed text alone.
function lighten(answer) {
  const { count, counts, likely, probabilities, milliseconds, warnings, model, engine, confidence, signed } = answer;
  const best = probabilities && Object.entries(probabilities)[0];
  return { count, counts, likely, probabilities, best, milliseconds, warnings, model, engine, confidence, signed };
}
