// The picture with its boxes, and the region drawn on it. Knows pixels, not confidences.

import { make } from "./page.js";

const NARROW = 44; // pixels on the screen below which a box shows its label only when looked at

export class PictureView {
  constructor(parts, onRegion) {
    this.parts = parts;
    this.onRegion = onRegion;
    this.region = null;
    this.edges = [...parts.part.querySelectorAll("[data-edge]")];
    parts.image.addEventListener("error", () => this.#cannotShow(true));
    parts.image.addEventListener("load", ({ target }) => {
      this.#shape(target.naturalWidth / target.naturalHeight);
    });
    parts.boxes.addEventListener("keydown", (event) => this.#walk(event));
    parts.frame.addEventListener("pointerdown", (event) => this.#draw(event));
    parts.part.addEventListener("toggle", () => this.#toggle());
    parts.whole.addEventListener("click", () => this.setRegion(null));
    for (const edge of this.edges) edge.addEventListener("change", () => this.#typed());
  }

  show(file) {
    URL.revokeObjectURL(this.parts.image.src);
    this.#cannotShow(false);
    this.parts.image.src = URL.createObjectURL(file);
    this.clear();
    this.parts.stage.classList.add("filled");
    this.parts.frame.hidden = false;
  }

  // Back to the empty stage: nothing was counted.
  clear() {
    this.parts.boxes.replaceChildren();
    this.parts.stage.classList.remove("filled");
    this.parts.frame.hidden = this.parts.part.hidden = this.parts.region.hidden = true;
    this.region = null;
  }

  // The server's own measure of the upright picture: boxes are told in it.
  measure({ width, height }) {
    Object.assign(this, { width, height });
    this.#shape(width / height);
    this.#fillEdges();
  }

  draw(findings, colours) {
    const scale = this.parts.frame.clientWidth / this.width;
    const boxes = findings.filter(({ box }) => box).map((finding, i) => {
      const [left, top, right, bottom] = finding.box;
      const sure = `${Math.round(finding.confidence * 100)} %`;
      const item = make("li", {
        tabindex: i ? -1 : 0,
        "aria-label": `${finding.label}, ${sure}`,
        style: `--colour: ${colours[finding.label]}; ${this.#place(left, top, right, bottom)}`,
      });
      if ((right - left) * scale < NARROW) item.classList.add("narrow");
      if (top * scale < 20) item.classList.add("high");
      item.append(make("span", { class: "tag" }, finding.label, make("b", {}, ` ${sure}`)));
      return item;
    });
    this.parts.boxes.replaceChildren(...boxes);
  }

  setRegion(region) {
    this.region = region;
    this.parts.region.hidden = !region;
    if (region) this.parts.region.style = this.#place(...region);
    this.#fillEdges();
    this.onRegion();
  }

  #shape(ratio) {
    this.parts.frame.style.setProperty("--shape", ratio);
  }

  #place(left, top, right, bottom) {
    const [x, y] = [100 / this.width, 100 / this.height];
    const [width, height] = [(right - left) * x, (bottom - top) * y];
    return `left: ${left * x}%; top: ${top * y}%; width: ${width}%; height: ${height}%`;
  }

  #fillEdges() {
    const shown = this.region ?? [0, 0, this.width, this.height];
    this.edges.forEach((edge, i) => {
      edge.max = i % 2 ? this.height : this.width;
      edge.value = shown[i];
    });
  }

  #typed() {
    const within = ({ value, max }) => Math.round(Math.min(Math.max(0, +value), +max));
    const [a, b, c, d] = this.edges.map(within);
    this.setRegion([Math.min(a, c), Math.min(b, d), Math.max(a, c), Math.max(b, d)]);
  }

  #toggle() {
    this.parts.frame.classList.toggle("drawing", this.parts.part.open);
    if (!this.parts.part.open && this.region) this.setRegion(null);
  }

  #draw(event) {
    if (!this.parts.part.open || event.button) return;
    event.preventDefault();
    const { frame } = this.parts;
    const bounds = frame.getBoundingClientRect();
    const at = ({ clientX, clientY }) => [
      Math.round(Math.min(Math.max(0, (clientX - bounds.left) / bounds.width), 1) * this.width),
      Math.round(Math.min(Math.max(0, (clientY - bounds.top) / bounds.height), 1) * this.height),
    ];
    const [x, y] = at(event);
    const move = (now) => {
      const [u, v] = at(now);
      const region = [Math.min(x, u), Math.min(y, v), Math.max(x, u), Math.max(y, v)];
      this.parts.region.hidden = false;
      this.parts.region.style = this.#place(...region);
      return region;
    };
    const end = (now) => {
      frame.removeEventListener("pointermove", move);
      const region = move(now);
      const drawn = region[2] - region[0] > 2 && region[3] - region[1] > 2;
      this.setRegion(drawn ? region : null);
    };
    frame.setPointerCapture(event.pointerId);
    frame.addEventListener("pointermove", move);
    frame.addEventListener("pointerup", end, { once: true });
  }

  // One stop for the Tab key, then the arrows: forty boxes must not be forty stops.
  #walk(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const boxes = [...this.parts.boxes.children];
    const now = boxes.indexOf(event.target);
    if (!step || now < 0) return;
    event.preventDefault();
    const next = boxes[(now + step + boxes.length) % boxes.length];
    event.target.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  #cannotShow(unshown) {
    this.parts.image.hidden = unshown;
    this.parts.cannot_show.hidden = !unshown;
  }
}
