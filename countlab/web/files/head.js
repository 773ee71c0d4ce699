// The head of the page, and the key that a guarded server asks for.

import { speak, useKey } from "./api.js";

export function start(element, props) {
  document.documentElement.lang = props.language;
  speak(props);
  const form = element.querySelector(".key");
  const field = form.querySelector("input");
  document.addEventListener("key-needed", (event) => {
    form.querySelector(".problem").textContent = event.detail.detail;
    form.hidden = false;
    field.focus();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    form.hidden = true;
    useKey(field.value);
    field.value = "";
  });
}
