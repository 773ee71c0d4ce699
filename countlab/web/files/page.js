// What every tab uses: finding its parts, filling in words, making elements.

export function partsOf(element) {
  const parts = {};
  for (const part of element.querySelectorAll("[data-part]")) parts[part.dataset.part] = part;
  return parts;
}

// "{count} from {from}" with the facts in place of the braces.
export function fill(sentence, facts) {
  return sentence.replace(/\{(\w+)\}/g, (_, name) => facts[name]);
}

// A confidence as people type it: two digits, a point.
export const told = (confidence) => confidence.toFixed(2);

// Each time the tab is opened, not only the first.
export function whenSeen(element, act) {
  new IntersectionObserver(([{ isIntersecting }]) => isIntersecting && act()).observe(element);
}

export function make(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

// The same for what is drawn.
export function shape(tag, attributes, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

// Warnings and errors look alike: what is so, then what to do about it.
export function remark({ detail, fix }) {
  const item = make("li", {}, detail);
  if (fix) item.append(" ", make("span", { class: "fix" }, fix));
  return item;
}

export function download(blob, name) {
  const link = make("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the browser must have begun by then
}
