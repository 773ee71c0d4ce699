// The head of the page, and the form for the API key of a protected server.

import { configure, useKey } from "./api.js";

export function start(element, props) {
  configure(props);
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
