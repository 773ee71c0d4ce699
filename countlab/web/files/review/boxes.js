// Boxes that a person draws on the picture; kept as shares of its width and height.

import { boxStyle, followDrag, moved } from "../geometry.js";
import { make, setStyle } from "../page.js";

const NEW_BOX = 0.2; // side of a box that the keyboard adds, as a share of the picture
const STEP = 0.01;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const SIZE = { width: 10_000, height: 10_000 }; // boxes in ten-thousandths while they are on the page
const COLORS = ["#0f766e", "#b45309", "#1d4ed8", "#9333ea", "#be123c", "#4d7c0f"];
const EDGES = ["left", "top", "right", "bottom"];

export class Boxes {
  constructor(parts, labels) {
    Object.assign(this, { parts, labels, list: [], spoken: false, selected: -1 });
    parts.box_label.append(...labels.map((label) => new Option(label.replaceAll("_", " "), label)));
    parts.box_label.addEventListener("change", () => this.#change({ label: parts.box_label.value }));
    parts.add_box.addEventListener("click", () => this.addInTheMiddle());
    parts.delete_box.addEventListener("click", () => this.#delete());
    parts.frame.addEventListener("pointerdown", (event) => this.#draw(event));
    parts.boxes.addEventListener("focusin", ({ target }) => this.#select([...parts.boxes.children].indexOf(target.closest("li"))));
    parts.boxes.addEventListener("keydown", (event) => this.#handleKey(event));
    parts.image.addEventListener("load", ({ target }) => this.#loaded(target));
    parts.image.addEventListener("error", () => (parts.cannot_display.hidden = false));
  }

  // What was said of this picture's boxes before; null where nothing was.
  show(boxes) {
    this.spoken = boxes !== null && boxes !== undefined;
    this.list = (boxes ?? []).map(({ label, ...edges }) => ({ label, box: EDGES.map((edge) => Math.round(edges[edge] * SIZE.width)) }));
    if (this.list.length) this.parts.boxes_panel.open = true;
    this.#select(-1);
    this.#redraw();
  }

  // For the server; null where the person said nothing of boxes.
  answer() {
    if (!this.spoken) return null;
    return this.list.map(({ label, box }) => ({ label, ...Object.fromEntries(EDGES.map((edge, i) => [edge, box[i] / SIZE.width])) }));
  }

  addInTheMiddle() {
    const [low, high] = [0.5 - NEW_BOX / 2, 0.5 + NEW_BOX / 2].map((share) => Math.round(share * SIZE.width));
    this.#add([low, low, high, high]);
  }

  #loaded({ naturalWidth, naturalHeight }) {
    this.parts.cannot_display.hidden = true;
    this.parts.frame.style.setProperty("--shape", naturalWidth / naturalHeight);
  }

  #add(box) {
    this.parts.boxes_panel.open = true;
    this.list.push({ label: this.parts.box_label.value || this.labels[0], box });
    this.spoken = true;
    this.#select(this.list.length - 1);
    this.#redraw({ focus: true });
  }

  #change(changes) {
    if (!this.list[this.selected]) return;
    Object.assign(this.list[this.selected], changes);
    this.#redraw({ focus: !("label" in changes) });
  }

  #delete() {
    if (this.selected < 0) return;
    this.list.splice(this.selected, 1);
    this.#select(Math.min(this.selected, this.list.length - 1));
    this.#redraw({ focus: this.list.length > 0 });
  }

  #select(index) {
    this.selected = index;
    this.parts.delete_box.disabled = index < 0;
    if (this.list[index]) this.parts.box_label.value = this.list[index].label;
    [...this.parts.boxes.children].forEach((item, i) => item.classList.toggle("selected", i === index));
  }

  #redraw({ focus = false } = {}) {
    const items = this.list.map(({ label, box }, i) => {
      const color = COLORS[Math.max(0, this.labels.indexOf(label)) % COLORS.length];
      const name = label.replaceAll("_", " ");
      const item = make("li", { tabindex: 0, "aria-label": name, style: { "--label-color": color, ...boxStyle(box, SIZE) } });
      if (box[1] < SIZE.height * 0.06) item.classList.add("label-inside");
      if (i === this.selected) item.classList.add("selected");
      item.append(make("span", { class: "tag" }, name));
      return item;
    });
    this.parts.boxes.replaceChildren(...items);
    if (focus) items[this.selected]?.focus({ preventScroll: true });
  }

  #handleKey(event) {
    const arrow = ARROWS[event.key];
    if (event.key === "Delete" || event.key === "Backspace") this.#delete();
    else if (arrow && event.shiftKey) this.#change({ box: moved(this.list[this.selected].box, this.#steps(arrow), SIZE) });
    else if (arrow && event.altKey) this.#change({ box: this.#resized(this.list[this.selected].box, this.#steps(arrow)) });
    else return;
    event.preventDefault();
  }

  #steps = (arrow) => arrow.map((sign) => sign * STEP * SIZE.width);

  #resized([left, top, right, bottom], [across, down]) {
    const within = (value, low, high) => Math.min(Math.max(value, low + STEP * SIZE.width), high);
    return [left, top, within(right + across, left, SIZE.width), within(bottom + down, top, SIZE.height)];
  }

  // A drag draws a box; a click selects the one below it.
  #draw(event) {
    if (event.button) return;
    const item = event.target.closest("li");
    const { parts } = this;
    const outline = (box) => {
      parts.region.hidden = !box;
      if (box) setStyle(parts.region, boxStyle(box, SIZE));
    };
    followDrag(event, parts.frame, SIZE, {
      onMove: outline,
      onEnd: (box) => {
        outline(null);
        const [width, height] = [box[2] - box[0], box[3] - box[1]];
        if (Math.min(width, height) >= STEP * SIZE.width) this.#add(box);
      },
      onClick: () => {
        outline(null);
        if (item) item.focus({ preventScroll: true });
        else this.#select(-1);
      },
    });
  }
}
