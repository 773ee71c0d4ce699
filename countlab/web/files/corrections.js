// Correcting boxes: delete a wrong one, draw a missing one, name it; the result is kept as truth.

import { labelOptions, setOptions } from "./choices.js";
import { EdgeFields, followDrag, moved } from "./geometry.js";
import { fill } from "./language.js";
import { download } from "./page.js";
import { Truth } from "./truth.js";

const NEW_BOX = 0.2; // side of a box that the keyboard adds, as a share of the picture
const NUDGE = 0.01; // what Shift and an arrow key move a box by
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const OTHER = ""; // the entry of the list for a label that the model does not know

export class Corrections {
  constructor(parts, strings, choices, view, counted, feedback) {
    Object.assign(this, { parts, strings, choices, view, counted, feedback, truth: new Truth() });
    Object.assign(this, { boxes: [], selected: -1, ownLabels: [] }); // labels of the person's own
    this.edges = new EdgeFields(parts.box_edges, (box) => this.#change({ box }));
    parts.correct_panel.addEventListener("toggle", () => this.#toggle());
    parts.region_panel.addEventListener("toggle", () => parts.region_panel.open && this.leave());
    parts.frame.addEventListener("pointerdown", (event) => this.#draw(event));
    parts.boxes.addEventListener("focusin", ({ target }) => this.#selectItem(target));
    parts.boxes.addEventListener("keydown", (event) => this.#handleKey(event));
    parts.correct_label.addEventListener("change", () => this.#chooseLabel());
    parts.new_label.addEventListener("change", () => this.#addLabel());
    parts.add_box.addEventListener("click", () => this.#addInTheMiddle());
    parts.delete_box.addEventListener("click", () => this.#delete());
    parts.reset_boxes.addEventListener("click", () => this.#reset());
    parts.send_truth.hidden = !feedback.days;
    parts.send_truth.addEventListener("click", () => this.#send());
    parts.confirm.addEventListener("click", () => this.#confirm());
    parts.truth_zip.addEventListener("click", async () => download(await this.truth.toZip(), "truth.zip"));
  }

  get isOpen() {
    return this.parts.correct_panel.open;
  }

  // For a picture that was just counted.
  offer(file, sweep) {
    Object.assign(this, { file, sweep });
    this.parts.correct_panel.hidden = !sweep.findings.every(({ box }) => box);
    this.#showKept();
  }

  leave() {
    this.parts.correct_panel.open = false;
  }

  // For a picture that is not counted yet, or not at all.
  withdraw() {
    this.leave();
    this.parts.correct_panel.hidden = true;
  }

  #toggle() {
    const { parts } = this;
    parts.result.classList.toggle("correcting", this.isOpen);
    parts.frame.classList.toggle("correcting", this.isOpen);
    parts.object.disabled = this.isOpen;
    this.counted.override = this.isOpen ? () => this.#show() : null;
    if (!this.isOpen) return this.counted.show();
    parts.region_panel.open = false;
    if (parts.object.value) { // truth is about every label
      parts.object.value = "";
      parts.object.dispatchEvent(new Event("change"));
    }
    this.#reset();
  }

  // The boxes as the model found them at the chosen confidence.
  #reset() {
    const { labels, names } = this.choices.info;
    const { confidence } = this.counted.step;
    const found = this.sweep.findings.filter((finding) => finding.confidence > confidence);
    this.boxes = found.map((finding) => ({ ...finding }));
    const options = labelOptions([...labels, ...this.ownLabels], names);
    setOptions(this.parts.correct_label, [...options, [OTHER, this.strings.other_label]], labels[0]);
    this.#select(-1);
    this.#show();
  }

  #show({ focus = false } = {}) {
    const names = (label) => this.choices.nameOf(label);
    this.view.draw(this.boxes, this.counted.shown.colours, names);
    this.counted.showCorrected(this.boxes);
    const items = [...this.parts.boxes.children];
    items.forEach((item, i) => item.classList.toggle("selected", i === this.selected));
    const chosen = items[this.selected];
    if (!chosen) return;
    items[0].tabIndex = -1;
    chosen.tabIndex = 0;
    if (focus) chosen.focus({ preventScroll: true });
  }

  #select(index) {
    const { parts } = this;
    this.selected = index;
    const chosen = this.boxes[index];
    parts.delete_box.disabled = parts.box_edges.disabled = !chosen;
    this.edges.fill(chosen?.box ?? ["", "", "", ""], this.view);
    if (chosen) parts.correct_label.value = chosen.label;
    [...parts.boxes.children].forEach((item, i) => item.classList.toggle("selected", i === index));
  }

  #selectItem(item) {
    if (this.isOpen) this.#select([...this.parts.boxes.children].indexOf(item));
  }

  #add(box) {
    const label = this.parts.correct_label.value || this.choices.info.labels[0];
    this.boxes.push({ label, box, confidence: null });
    this.#select(this.boxes.length - 1);
    this.#show({ focus: true });
  }

  #addInTheMiddle() {
    const { width, height } = this.view;
    const [left, top] = [Math.round(width * (0.5 - NEW_BOX / 2)), Math.round(height * (0.5 - NEW_BOX / 2))];
    this.#add([left, top, width - left, height - top]);
  }

  // A person has looked at it: it no longer carries the model's confidence.
  #change(changes, { focus = false } = {}) {
    const chosen = this.boxes[this.selected];
    if (!chosen) return;
    Object.assign(chosen, changes, { confidence: null });
    this.edges.fill(chosen.box, this.view);
    this.#show({ focus });
  }

  #delete() {
    if (this.selected < 0) return;
    this.boxes.splice(this.selected, 1);
    this.#select(Math.min(this.selected, this.boxes.length - 1));
    this.#show({ focus: this.boxes.length > 0 });
    if (!this.boxes.length) this.parts.add_box.focus();
  }

  #handleKey(event) {
    if (!this.isOpen) return;
    const arrow = event.shiftKey && ARROWS[event.key];
    if (event.key === "Delete" || event.key === "Backspace") this.#delete();
    else if (event.key === "Enter") this.parts.correct_label.focus();
    else if (arrow) this.#nudge(arrow);
    else return;
    event.preventDefault();
  }

  #nudge(direction) {
    const { width, height } = this.view;
    const step = direction.map((sign, i) => sign * Math.max(1, Math.round([width, height][i] * NUDGE)));
    this.#change({ box: moved(this.boxes[this.selected].box, step, this.view) }, { focus: true });
  }

  // A drag draws a box; a click selects the one below it.
  #draw(event) {
    if (!this.isOpen || event.button) return;
    const item = event.target.closest("li");
    followDrag(event, this.parts.frame, this.view, {
      onMove: (box) => this.view.outline(box),
      onEnd: (box) => {
        this.view.outline(null);
        this.#add(box);
      },
      onClick: () => {
        this.view.outline(null);
        if (item) item.focus({ preventScroll: true });
        else this.#select(-1);
      },
    });
  }

  #chooseLabel() {
    const label = this.parts.correct_label.value;
    this.parts.new_label_field.hidden = label !== OTHER;
    if (label === OTHER) this.parts.new_label.focus();
    else this.#change({ label });
  }

  #addLabel() {
    const { new_label: field, new_label_field: place, correct_label: list } = this.parts;
    const label = field.value.trim().replace(/[\s,;"]+/g, " ");
    if (!label) return;
    if (![...list.options].some(({ value }) => value === label)) {
      this.ownLabels.push(label);
      list.add(new Option(label, label), list.options.length - 1);
    }
    list.value = label;
    field.value = "";
    place.hidden = true;
    this.#change({ label }, { focus: true });
  }

  #confirm() {
    const { width, height } = this.view;
    this.truth.keep(this.file, {
      model: this.choices.info.name, labels: this.choices.info.labels, boxes: this.boxes, width, height,
    });
    this.#showKept();
  }

  #send() {
    const boxes = JSON.stringify(this.boxes.map(({ label, box }) => ({ label, box })));
    return this.feedback.send(this.parts.truth_status, this.file, this.sweep, { boxes });
  }

  #showKept() {
    const { parts, strings, truth } = this;
    parts.truth_zip.disabled = !truth.size;
    parts.truth_status.textContent = truth.size ? fill(strings.truth_kept, { number: truth.size }) : "";
  }
}
