// Step plot of count against confidence: a steady stretch shaded, the current value marked.

import { fill, formatConfidence } from "./language.js";
import { make, svg } from "./page.js";

const HEIGHT = 100;
const WIDTH = 300;

export class Curve {
  constructor(plot, strings) {
    this.plot = plot;
    this.strings = strings;
  }

  draw({ steps, stable, steady }) {
    const [first, last] = [steps[0], steps.at(-1)];
    this.low = first.confidence;
    this.span = last.confidence - first.confidence;
    this.maxCount = Math.max(1, ...steps.map(({ count }) => count));
    const [from, to] = [this.#x(stable.from), this.#x(stable.to)];
    const width = Math.max(1, to - from);
    this.line = svg("line", { class: "now", y1: 0, y2: HEIGHT });
    this.dot = make("i");
    this.plot.replaceChildren(
      svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none" },
        ...(steady ? [svg("rect", { class: "stable", x: from, y: 0, width, height: HEIGHT })] : []),
        svg("path", { class: "line", d: this.#stepPath(steps) }),
        this.line,
      ),
      this.dot,
      make("span", { class: "most" }, this.maxCount),
      make("span", { class: "low" }, formatConfidence(first.confidence)),
      make("span", { class: "high" }, formatConfidence(last.confidence)),
    );
    this.plot.setAttribute("role", "img");
    this.plot.setAttribute("aria-label", fill(steady ? this.strings.curve : this.strings.curve_unsteady, {
      most: first.count,
      low: formatConfidence(first.confidence),
      least: last.count,
      high: formatConfidence(last.confidence),
      count: stable.count,
      from: formatConfidence(stable.from),
      to: formatConfidence(stable.to),
    }));
  }

  mark({ confidence, count }) {
    const x = this.#x(confidence);
    this.line.setAttribute("x1", x);
    this.line.setAttribute("x2", x);
    this.dot.style.left = `${(x / WIDTH) * 100}%`;
    this.dot.style.top = `${(this.#y(count) / HEIGHT) * 100}%`;
  }

  #x(confidence) {
    return ((confidence - this.low) / this.span) * WIDTH;
  }

  #y(count) {
    return HEIGHT - (count / this.maxCount) * (HEIGHT - 8) - 2;
  }

  #stepPath(steps) {
    const points = steps.map((step) => `H ${this.#x(step.confidence)} V ${this.#y(step.count)}`);
    return `M 0 ${this.#y(steps[0].count)} ${points.join(" ")}`;
  }
}
