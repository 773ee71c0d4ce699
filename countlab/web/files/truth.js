// Corrected pictures as truth: what `countlab evaluate` and training read, in one ZIP.
//
// truth.csv has the counts, images/ the pictures, labels/ their boxes as YOLO writes them, and
// classes.txt the names of the labels. Pictures of several models lie in a folder for each: what
// one model's picture says nothing about would otherwise count as zero.

import { toZip } from "./zip.js";

export class Truth {
  constructor() {
    this.pictures = new Map(); // by file: a picture that is corrected again replaces itself
  }

  get size() {
    return this.pictures.size;
  }

  keep(file, { boxes, ...facts }) {
    this.pictures.set(file, { ...facts, boxes: boxes.map(({ label, box }) => ({ label, box })) });
  }

  async toZip() {
    const models = new Set([...this.pictures.values()].map(({ model }) => model));
    const files = [...models].flatMap((model) => {
      const folder = models.size > 1 ? `${model}/` : "";
      const pictures = [...this.pictures].filter(([, facts]) => facts.model === model);
      return filesOf(pictures).map(([name, content]) => [folder + name, content]);
    });
    return toZip(files);
  }
}

function filesOf(pictures) {
  const used = new Set();
  const classes = [...new Set(pictures.flatMap(([, { labels, boxes }]) => [
    ...labels, ...boxes.map(({ label }) => label),
  ]))];
  const named = pictures.map(([file, facts]) => ({ file, name: uniqueName(file, used), ...facts }));
  const counts = named.flatMap(({ name, labels, boxes }) => {
    const judged = new Set([...labels, ...boxes.map(({ label }) => label)]);
    return [...judged].map((label) => {
      const count = boxes.filter((box) => box.label === label).length;
      return `images/${name},${label},${count}`;
    });
  });
  return [
    ["truth.csv", text(["file,object,count", ...counts])],
    ["classes.txt", text(classes)],
    ...named.map(({ name, file }) => [`images/${name}`, file]),
    ...named.map(({ name, ...picture }) => [
      `labels/${stem(name)}.txt`, text(picture.boxes.map((box) => yoloLine(box, picture, classes))),
    ]),
  ];
}

// Label, center and size, as shares of the picture.
function yoloLine({ label, box: [left, top, right, bottom] }, { width, height }, classes) {
  const shares = [
    (left + right) / 2 / width, (top + bottom) / 2 / height,
    (right - left) / width, (bottom - top) / height,
  ];
  return [classes.indexOf(label), ...shares.map((share) => share.toFixed(6))].join(" ");
}

const stem = (name) => name.replace(/\.[^.]*$/, "");

// A name that every system, CSV and spreadsheet takes; no two pictures share one up to the suffix.
function uniqueName({ name, type }, used) {
  let plain = name.replace(/[^\p{L}\p{N}._ -]+/gu, "_").replace(/^[.\-\s]+/, "") || "picture";
  if (!/\.\w+$/.test(plain)) plain += `.${type.split("/")[1] || "jpg"}`;
  const suffix = plain.slice(stem(plain).length);
  let unique = stem(plain);
  for (let i = 2; used.has(unique.toLowerCase()); i++) unique = `${stem(plain)}_${i}`;
  used.add(unique.toLowerCase());
  return unique + suffix;
}

const text = (lines) => new Blob(lines.map((line) => `${line}\n`), { type: "text/plain" });
