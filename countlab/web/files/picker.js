// Sources of a picture: file, drop, clipboard, camera, examples.

import { request } from "./api.js";
import { fill } from "./language.js";
import { make } from "./page.js";

export function offerPictures(parts, { strings, examples }, onPicture, onProblem) {
  offerFiles(parts.choose, parts.file, ([picture]) => onPicture(picture));
  offerDrop(parts.workspace, (files) => onPicture(files[0]));
  document.addEventListener("paste", (event) => {
    const pasted = [...event.clipboardData.files][0];
    if (pasted && parts.workspace.offsetParent) onPicture(pasted);
  });
  const isPhone = matchMedia("(pointer: coarse)").matches; // its own camera app is better
  if (isPhone) offerFiles(parts.camera, parts.phone_camera, ([picture]) => onPicture(picture));
  else parts.camera.addEventListener("click", () => {
    openCamera(parts, onPicture).catch(() => onProblem({ detail: strings.camera_refused }));
  });
  for (const name of examples) {
    const button = exampleButton(name, strings);
    button.addEventListener("click", () => fetchExample(name).then(onPicture, onProblem));
    parts.examples.append(button);
  }
}

export function offerDrop(element, onFiles) {
  element.addEventListener("dragover", (event) => {
    event.preventDefault();
    element.classList.add("drag-over");
  });
  element.addEventListener("dragleave", () => element.classList.remove("drag-over"));
  element.addEventListener("drop", (event) => {
    event.preventDefault();
    element.classList.remove("drag-over");
    droppedFiles(event.dataTransfer).then((files) => files.length && onFiles(files));
  });
}

export function offerFiles(button, field, onFiles) {
  button.addEventListener("click", () => field.click());
  field.addEventListener("change", () => {
    if (field.files.length) onFiles([...field.files]);
    field.value = ""; // so that choosing the same file again fires a change event
  });
}

// The dropped files, including those in dropped folders.
async function droppedFiles({ items, files }) {
  const entries = [...items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some(({ isDirectory }) => isDirectory)) return [...files];
  return (await Promise.all(entries.map(filesIn))).flat();
}

async function filesIn(entry) {
  if (entry.isFile) return [await new Promise((done, fail) => entry.file(done, fail))];
  const reader = entry.createReader();
  const files = [];
  for (;;) {
    const batch = await new Promise((done, fail) => reader.readEntries(done, fail));
    if (!batch.length) return files; // readEntries returns at most a hundred at a time
    files.push(...(await Promise.all(batch.map(filesIn))).flat());
  }
}

const exampleUrl = (example) => new URL(`examples/${example}`, import.meta.url);

function exampleButton(name, strings) {
  const title = strings[`example_${name.replace(/\..*$/, "")}`];
  const alt = fill(strings.example, { name: title });
  return make("button", { type: "button" }, make("img", { src: exampleUrl(name), alt }));
}

async function fetchExample(name) {
  const data = await (await request(exampleUrl(name))).blob();
  return new File([data], name, { type: data.type });
}

async function openCamera(parts, onPicture) {
  const constraints = { video: { width: { ideal: 1280 } } };
  const stream = await navigator.mediaDevices.getUserMedia(constraints);
  const closed = new AbortController();
  const on = (target, name, callback) =>
    target.addEventListener(name, callback, { signal: closed.signal });
  parts.take_photo.disabled = true; // until the video shows something
  on(parts.video, "loadeddata", () => { parts.take_photo.disabled = false; });
  parts.video.srcObject = stream;
  on(parts.viewfinder, "close", () => {
    for (const track of stream.getTracks()) track.stop();
    closed.abort();
  });
  on(parts.close, "click", () => parts.viewfinder.close());
  on(parts.take_photo, "click", async () => {
    onPicture(await videoFrame(parts.video));
    parts.viewfinder.close();
  });
  parts.viewfinder.showModal();
}

async function videoFrame(video) {
  const canvas = make("canvas", { width: video.videoWidth, height: video.videoHeight });
  canvas.getContext("2d").drawImage(video, 0, 0);
  const data = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.92));
  return new File([data], "camera.jpg", { type: "image/jpeg" });
}
