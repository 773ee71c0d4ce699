// View of the picture, its boxes and the region drawn on it, in pixels of the picture.

import { make } from "./page.js";

const NARROW_PX = 44; // narrower boxes on the screen show their label only on hover or focus
const LABEL_HEIGHT_PX = 20; // boxes nearer to the top edge have their label inside

export class PictureView {
  constructor(parts, onRegionChange) {
    this.parts = parts;
    this.onRegionChange = onRegionChange;
    this.region = null;
    this.edges = [...parts.region_panel.querySelectorAll("[data-edge]")];
    parts.image.addEventListener("error", () => this.#setCannotDisplay(true));
    parts.image.addEventListener("load", ({ target }) => {
      this.#setAspectRatio(target.naturalWidth / target.naturalHeight);
    });
    parts.boxes.addEventListener("keydown", (event) => this.#moveFocus(event));
    parts.frame.addEventListener("pointerdown", (event) => this.#drawRegion(event));
    parts.region_panel.addEventListener("toggle", () => this.#togglePanel());
    parts.clear_region.addEventListener("click", () => this.setRegion(null));
    for (const edge of this.edges) edge.addEventListener("change", () => this.#readEdges());
  }

  show(file) {
    URL.revokeObjectURL(this.parts.image.src);
    this.#setCannotDisplay(false);
    this.parts.image.src = URL.createObjectURL(file);
    this.clear();
    this.parts.stage.classList.add("filled");
    this.parts.frame.hidden = false;
  }

  // Back to the empty drop area.
  clear() {
    this.parts.boxes.replaceChildren();
    this.parts.stage.classList.remove("filled");
    this.parts.frame.hidden = this.parts.region_panel.hidden = this.parts.region.hidden = true;
    this.region = null;
  }

  // The size of the upright picture as the server measured it: boxes are in its pixels.
  setSize({ width, height }) {
    Object.assign(this, { width, height });
    this.#setAspectRatio(width / height);
    this.#fillEdges();
  }

  draw(findings, colors) {
    const scale = this.parts.frame.clientWidth / this.width;
    const boxes = findings.filter(({ box }) => box).map((finding, i) => {
      const [left, top, right, bottom] = finding.box;
      const percent = `${Math.round(finding.confidence * 100)} %`;
      const item = make("li", {
        tabindex: i ? -1 : 0,
        "aria-label": `${finding.label}, ${percent}`,
        style: `--label-color: ${colors[finding.label]}; ${this.#boxStyle(left, top, right, bottom)}`,
      });
      if ((right - left) * scale < NARROW_PX) item.classList.add("narrow");
      if (top * scale < LABEL_HEIGHT_PX) item.classList.add("label-inside");
      item.append(make("span", { class: "tag" }, finding.label, make("b", {}, ` ${percent}`)));
      return item;
    });
    this.parts.boxes.replaceChildren(...boxes);
  }

  setRegion(region) {
    this.region = region;
    this.parts.region.hidden = !region;
    if (region) this.parts.region.style = this.#boxStyle(...region);
    this.#fillEdges();
    this.onRegionChange();
  }

  #setAspectRatio(ratio) {
    this.parts.frame.style.setProperty("--shape", ratio);
  }

  #boxStyle(left, top, right, bottom) {
    const [x, y] = [100 / this.width, 100 / this.height];
    const [width, height] = [(right - left) * x, (bottom - top) * y];
    return `left: ${left * x}%; top: ${top * y}%; width: ${width}%; height: ${height}%`;
  }

  #fillEdges() {
    const edges = this.region ?? [0, 0, this.width, this.height];
    this.edges.forEach((edge, i) => {
      edge.max = i % 2 ? this.height : this.width;
      edge.value = edges[i];
    });
  }

  #readEdges() {
    const clamp = ({ value, max }) => Math.round(Math.min(Math.max(0, +value), +max));
    const [left, top, right, bottom] = this.edges.map(clamp);
    this.setRegion(normalized(left, top, right, bottom));
  }

  #togglePanel() {
    this.parts.frame.classList.toggle("drawing", this.parts.region_panel.open);
    if (!this.parts.region_panel.open && this.region) this.setRegion(null);
  }

  #drawRegion(event) {
    if (!this.parts.region_panel.open || event.button) return;
    event.preventDefault();
    const { frame } = this.parts;
    const bounds = frame.getBoundingClientRect();
    const toPixels = ({ clientX, clientY }) => [
      Math.round(Math.min(Math.max(0, (clientX - bounds.left) / bounds.width), 1) * this.width),
      Math.round(Math.min(Math.max(0, (clientY - bounds.top) / bounds.height), 1) * this.height),
    ];
    const [x, y] = toPixels(event);
    const move = (moveEvent) => {
      const region = normalized(x, y, ...toPixels(moveEvent));
      this.parts.region.hidden = false;
      this.parts.region.style = this.#boxStyle(...region);
      return region;
    };
    const end = (endEvent) => {
      frame.removeEventListener("pointermove", move);
      const region = move(endEvent);
      const isClick = region[2] - region[0] <= 2 || region[3] - region[1] <= 2;
      this.setRegion(isClick ? null : region);
    };
    frame.setPointerCapture(event.pointerId);
    frame.addEventListener("pointermove", move);
    frame.addEventListener("pointerup", end, { once: true });
  }

  // Roving tabindex: one Tab stop for all boxes, the arrow keys move between them.
  #moveFocus(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const boxes = [...this.parts.boxes.children];
    const current = boxes.indexOf(event.target);
    if (!step || current < 0) return;
    event.preventDefault();
    const next = boxes[(current + step + boxes.length) % boxes.length];
    event.target.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  #setCannotDisplay(cannotDisplay) {
    this.parts.image.hidden = cannotDisplay;
    this.parts.cannot_display.hidden = !cannotDisplay;
  }
}

// Left, top, right, bottom of the rectangle between two corners.
function normalized(x1, y1, x2, y2) {
  return [Math.min(x1, x2), Math.min(y1, y2), Math.max(x1, x2), Math.max(y1, y2)];
}
