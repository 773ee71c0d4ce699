// View of the picture and its boxes, and the region that is drawn on it.

import { boxStyle, EdgeFields, followDrag } from "./geometry.js";
import { formatPercent } from "./language.js";
import { make, setStyle } from "./page.js";

const NARROW_PX = 44; // narrower boxes on the screen show their label only on hover or focus
const LABEL_HEIGHT_PX = 20; // boxes nearer to the top edge have their label inside

export class PictureView {
  constructor(parts, onRegionChange) {
    this.parts = parts;
    this.onRegionChange = onRegionChange;
    this.region = null;
    this.edges = new EdgeFields(parts.region_panel, (region) => this.setRegion(region));
    parts.image.addEventListener("error", () => this.#setCannotDisplay(true));
    parts.image.addEventListener("load", ({ target }) => {
      this.#setAspectRatio(target.naturalWidth / target.naturalHeight);
    });
    parts.boxes.addEventListener("keydown", (event) => this.#moveFocus(event));
    parts.frame.addEventListener("pointerdown", (event) => this.#drawRegion(event));
    parts.region_panel.addEventListener("toggle", () => this.#togglePanel());
    parts.clear_region.addEventListener("click", () => this.setRegion(null));
  }

  show(file) {
    URL.revokeObjectURL(this.parts.image.src);
    this.#setCannotDisplay(false);
    this.parts.image.src = URL.createObjectURL(file);
    this.clear();
    this.parts.stage.classList.add("filled");
    this.parts.frame.hidden = false;
  }

  // The picture without what was found in it.
  clear() {
    this.parts.boxes.replaceChildren();
    this.parts.region_panel.hidden = this.parts.region.hidden = true;
    this.region = null;
  }

  // The size of the upright picture as the server measured it: boxes are in its pixels.
  setSize({ width, height }) {
    Object.assign(this, { width, height });
    this.#setAspectRatio(width / height);
    this.#fillEdges();
  }

  // `nameOf` names a label; a finding without confidence was drawn by a person.
  draw(findings, colors, nameOf) {
    const scale = this.parts.frame.clientWidth / this.width;
    const boxes = findings.filter(({ box }) => box).map((finding, i) => {
      const [left, top, right] = finding.box;
      const percent = finding.confidence == null ? "" : formatPercent(finding.confidence);
      const name = nameOf(finding.label);
      const item = make("li", {
        tabindex: i ? -1 : 0,
        "aria-label": percent ? `${name}, ${percent}` : name,
        style: { "--label-color": colors[finding.label] ?? "#0f766e", ...boxStyle(finding.box, this) },
      });
      if ((right - left) * scale < NARROW_PX) item.classList.add("narrow");
      if (top * scale < LABEL_HEIGHT_PX) item.classList.add("label-inside");
      item.append(make("span", { class: "tag" }, name, make("b", {}, percent && ` ${percent}`)));
      return item;
    });
    this.parts.boxes.replaceChildren(...boxes);
  }

  setRegion(region) {
    this.region = region;
    this.outline(region);
    this.#fillEdges();
    this.onRegionChange();
  }

  // Shows a rectangle, or none.
  outline(box) {
    this.parts.region.hidden = !box;
    if (box) setStyle(this.parts.region, boxStyle(box, this));
  }

  #setAspectRatio(ratio) {
    this.parts.frame.style.setProperty("--shape", ratio);
  }

  #fillEdges() {
    this.edges.fill(this.region ?? [0, 0, this.width, this.height], this);
  }

  #togglePanel() {
    this.parts.frame.classList.toggle("drawing", this.parts.region_panel.open);
    if (!this.parts.region_panel.open && this.region) this.setRegion(null);
  }

  #drawRegion(event) {
    if (!this.parts.region_panel.open || event.button) return;
    followDrag(event, this.parts.frame, this, {
      onMove: (box) => this.outline(box),
      onEnd: (box) => this.setRegion(box),
      onClick: () => this.setRegion(null),
    });
  }

  // Roving tabindex: one Tab stop for all boxes, the arrow keys move between them.
  #moveFocus(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const boxes = [...this.parts.boxes.children];
    const current = boxes.indexOf(event.target);
    if (!step || current < 0 || event.shiftKey) return;
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
