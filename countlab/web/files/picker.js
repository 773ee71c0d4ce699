// Where a picture comes from: a file, a drop, the clipboard, the camera, an example.

import { receive } from "./api.js";
import { fill, make } from "./page.js";

export function offerPictures(parts, { words, examples }, onPicture, onProblem) {
  offerFiles(parts.choose, parts.file, ([picture]) => onPicture(picture));
  offerDrop(parts.bench, (files) => onPicture(files[0]));
  document.addEventListener("paste", (event) => {
    const pasted = [...event.clipboardData.files][0];
    if (pasted && parts.bench.offsetParent) onPicture(pasted);
  });
  const coarse = matchMedia("(pointer: coarse)").matches; // a phone: its own camera app is better
  if (coarse) offerFiles(parts.camera, parts.phone, ([picture]) => onPicture(picture));
  else parts.camera.addEventListener("click", () => {
    openCamera(parts, onPicture).catch(() => onProblem({ detail: words.camera_refused }));
  });
  for (const name of examples) {
    const button = exampleButton(name, words);
    button.addEventListener("click", () => fetchExample(name).then(onPicture, onProblem));
    parts.examples.append(button);
  }
}

export function offerDrop(element, onFiles) {
  element.addEventListener("dragover", (event) => {
    event.preventDefault();
    element.classList.add("over");
  });
  element.addEventListener("dragleave", () => element.classList.remove("over"));
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    element.classList.remove("over");
    filesOf(event.dataTransfer).then((files) => files.length && onFiles(files));
  });
}

export function offerFiles(button, field, onFiles) {
  button.addEventListener("click", () => field.click());
  field.addEventListener("change", () => {
    if (field.files.length) onFiles([...field.files]);
    field.value = ""; // the same file again is a new choice
  });
}

// What was dropped, and what lies in folders among it.
async function filesOf({ items, files }) {
  const entries = [...items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some(({ isDirectory }) => isDirectory)) return [...files];
  return (await Promise.all(entries.map(filesBelow))).flat();
}

async function filesBelow(entry) {
  if (entry.isFile) return [await new Promise((done, fail) => entry.file(done, fail))];
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((done, fail) => reader.readEntries(done, fail));
    if (!some.length) return found; // it hands out a hundred at a time
    found.push(...(await Promise.all(some.map(filesBelow))).flat());
  }
}

const addressOf = (example) => new URL(`examples/${example}`, import.meta.url);

function exampleButton(name, words) {
  const spoken = name.replace(/\..*$/, "").replaceAll("_", " ");
  const alt = fill(words.example, { name: spoken });
  return make("button", { type: "button" }, make("img", { src: addressOf(name), alt }));
}

async function fetchExample(name) {
  const data = await (await receive(addressOf(name))).blob();
  return new File([data], name, { type: data.type });
}

async function openCamera(parts, onPicture) {
  const wanted = { video: { width: { ideal: 1280 } } };
  const stream = await navigator.mediaDevices.getUserMedia(wanted);
  const done = new AbortController();
  const on = (target, name, act) => target.addEventListener(name, act, { signal: done.signal });
  parts.take.disabled = true; // until there is something to take
  on(parts.video, "loadeddata", () => { parts.take.disabled = false; });
  parts.video.srcObject = stream;
  on(parts.viewfinder, "close", () => {
    for (const track of stream.getTracks()) track.stop();
    done.abort();
  });
  on(parts.close, "click", () => parts.viewfinder.close());
  on(parts.take, "click", async () => {
    onPicture(await frameOf(parts.video));
    parts.viewfinder.close();
  });
  parts.viewfinder.showModal();
}

async function frameOf(video) {
  const canvas = make("canvas", { width: video.videoWidth, height: video.videoHeight });
  canvas.getContext("2d").drawImage(video, 0, 0);
  const data = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.92));
  return new File([data], "camera.jpg", { type: "image/jpeg" });
}
