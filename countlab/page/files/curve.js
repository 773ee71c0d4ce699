// Count against confidence: a falling staircase, the longest step shaded, the present one marked.

import { fill, told } from "./page.js";

const SVG = "http://www.w3.org/2000/svg";
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
    const picture = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none" });
    picture.setAttribute("aria-hidden", "true");
    const [from, to] = [this.#x(stable.from), this.#x(stable.to)];
    picture.append(
      shape("rect", { class: "stable", x: from, y: 0, width: Math.max(1, to - from), height: HEIGHT }),
      shape("path", { class: "stairs", d: this.#stairs(steps) }),
      (this.line = shape("line", { class: "now", y1: 0, y2: HEIGHT })),
    );
    this.dot = document.createElement("i");
    const mark = (name, text) => {
      const element = document.createElement("span");
      element.className = name;
      element.textContent = text;
      return element;
    };
    this.plot.replaceChildren(
      picture,
      this.dot,
      mark("most", this.most),
      mark("low", told(first.confidence)),
      mark("high", told(last.confidence)),
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

function shape(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
  return element;
}
