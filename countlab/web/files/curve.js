// Count against confidence: a falling staircase, the longest step shaded, the present one marked.

import { fill, make, shape, told } from "./page.js";

const HEIGHT = 100;
const WIDTH = 300;

export class Curve {
  constructor(plot, words) {
    this.plot = plot;
    this.words = words;
  }

  draw({ steps, stable }) {
    const [first, last] = [steps[0], steps.at(-1)];
    this.low = first.confidence;
    this.span = last.confidence - first.confidence;
    this.most = Math.max(1, ...steps.map(({ count }) => count));
    const [from, to] = [this.#x(stable.from), this.#x(stable.to)];
    const width = Math.max(1, to - from);
    this.line = shape("line", { class: "now", y1: 0, y2: HEIGHT });
    this.dot = make("i");
    this.plot.replaceChildren(
      shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none" },
        shape("rect", { class: "stable", x: from, y: 0, width, height: HEIGHT }),
        shape("path", { class: "stairs", d: this.#stairs(steps) }),
        this.line,
      ),
      this.dot,
      make("span", { class: "most" }, this.most),
      make("span", { class: "low" }, told(first.confidence)),
      make("span", { class: "high" }, told(last.confidence)),
    );
    this.plot.setAttribute("role", "img");
    this.plot.setAttribute("aria-label", fill(this.words.curve, {
      most: first.count,
      low: told(first.confidence),
      least: last.count,
      high: told(last.confidence),
      count: stable.count,
      from: told(stable.from),
      to: told(stable.to),
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
    return HEIGHT - (count / this.most) * (HEIGHT - 8) - 2;
  }

  #stairs(steps) {
    const points = steps.map((step) => `H ${this.#x(step.confidence)} V ${this.#y(step.count)}`);
    return `M 0 ${this.#y(steps[0].count)} ${points.join(" ")}`;
  }
}
