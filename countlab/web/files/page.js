// DOM helpers that every tab uses.

// Elements by their data-part attribute.
export function findParts(element) {
  const parts = {};
  for (const part of element.querySelectorAll("[data-part]")) parts[part.dataset.part] = part;
  return parts;
}

// Calls back each time the element becomes visible: whenever its tab is opened.
export function onVisible(element, callback) {
  new IntersectionObserver(([{ isIntersecting }]) => isIntersecting && callback()).observe(element);
}

// An HTML element.
export function make(tag, attributes = {}, ...children) {
  return withContent(document.createElement(tag), attributes, children);
}

// An SVG element.
export function svg(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  return withContent(element, attributes, children);
}

// `style` is an object: a style attribute would need 'unsafe-inline' in the security policy.
function withContent(element, { style, ...attributes }, children) {
  for (const [name, value] of Object.entries(style ?? {})) element.style.setProperty(name, value);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

export function setStyle(element, style) {
  for (const [name, value] of Object.entries(style)) element.style.setProperty(name, value);
}

// A list item for a warning or an error: its detail, then its fix.
export function messageItem({ detail, fix }) {
  const item = make("li", {}, detail);
  if (fix) item.append(" ", make("span", { class: "fix" }, fix));
  return item;
}

export function download(blob, name) {
  const link = make("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // by then the download has started
}
