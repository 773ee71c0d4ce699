// The review page: shows one picture after the other, saves each answer at once.

import { fill, formatPercent, setLanguage } from "../language.js";
import { findParts, make } from "../page.js";
import { Boxes } from "./boxes.js";
import { showReport } from "./report.js";
import { Conflict, get, post } from "./requests.js";

const { strings, language, classes, boxes: boxLabels } = JSON.parse(document.getElementById("properties").textContent);
const UNSURE = "unsure"; // as in labels.csv
const parts = findParts(document.body);
const plain = (label) => (label === UNSURE ? strings.unsure : label.replaceAll("_", " "));
const answered = []; // files that this tab has answered, the last one last
const skipped = [];
let current = null; // what the server said of the picture on the page
let busy = false;

setLanguage(language);
parts.person.value = localStorage.getItem("person") || `p-${crypto.getRandomValues(new Uint32Array(1))[0].toString(36)}`;
localStorage.setItem("person", parts.person.value);
const person = () => parts.person.value.trim() || "p";
parts.person.addEventListener("change", () => localStorage.setItem("person", person()));

const boxes = new Boxes(parts, boxLabels);

// Buttons and keys. Two classes are yes and no; each class has its digit.
const keys = new Map([
  [strings.unsure_key, () => answer(UNSURE)],
  [strings.undo_key, undo],
  [strings.skip_key, skip],
  [strings.box_key, () => boxes.addInTheMiddle()],
]);
const buttons = classes.map((label, i) => {
  const key = classes.length === 2 ? [strings.yes_key, strings.no_key][i] : `${i + 1}`;
  const button = make("button", { type: "button", "aria-pressed": "false" }, plain(label), make("kbd", {}, key));
  button.addEventListener("click", () => answer(label));
  keys.set(key, () => answer(label)).set(`${i + 1}`, () => answer(label));
  return button;
});
parts.classes.append(...buttons);
parts.unsure.addEventListener("click", () => answer(UNSURE));
parts.skip.addEventListener("click", skip);
parts.undo.addEventListener("click", undo);
parts.go_on.addEventListener("click", next);
parts.again.addEventListener("click", () => (skipped.length = 0, next()));
parts.see_it.addEventListener("click", () => open(`show?${new URLSearchParams({ file: current.file, person: person() })}`));
parts.report.addEventListener("toggle", () => parts.report.open && showReport(parts.report_body, strings, plain));
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select, textarea");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const act = keys.get(event.key.toLowerCase());
  if (!act) return;
  event.preventDefault();
  act();
});

function next() {
  const query = new URLSearchParams([["person", person()], ...skipped.map((file) => ["skip", file])]);
  return open(`next?${query}`);
}

// One request at a time: a key pressed twice answers one picture, not two.
async function alone(act) {
  if (busy) return;
  busy = true;
  parts.reviewed.setAttribute("aria-busy", "true");
  try {
    await act();
  } catch (error) {
    if (error instanceof Conflict) tell(fill(strings.meanwhile, { person: error.person, label: plain(error.label ?? strings.no_label) }), true);
    else tell(error.message || strings.failed, false);
  } finally {
    busy = false;
    parts.reviewed.removeAttribute("aria-busy");
  }
}

const open = (path) => alone(async () => show(await get(path, strings)));

function tell(text, conflict) {
  parts.problem.hidden = false;
  parts.problem_text.textContent = text;
  parts.see_it.hidden = !conflict;
}

function answer(label) {
  if (!current) return;
  alone(async () => {
    const file = current.file;
    await save(label);
    answered.push(file);
    parts.status.textContent = fill(strings.saved, { label: plain(label) });
    const query = new URLSearchParams([["person", person()], ...skipped.map((each) => ["skip", each])]);
    show(await get(`next?${query}`, strings));
  });
}

async function save(label) {
  const body = { file: current.file, label, boxes: boxes.answer(), person: person(), seen: current.review.version };
  return post("answers", body, strings);
}

function skip() {
  if (!current) return;
  skipped.push(current.file);
  next();
}

// Takes the last answer back and shows its picture again.
function undo() {
  if (!answered.length) return;
  alone(async () => {
    const file = answered.at(-1);
    const query = new URLSearchParams({ file, person: person() });
    const found = await get(`show?${query}`, strings);
    answered.pop();
    if (found.review.person === person() && found.review.label) {
      const body = { file, label: null, boxes: null, person: person(), seen: found.review.version };
      const { review } = await post("answers", body, strings);
      show({ ...found, review: { ...review, boxes: found.review.boxes }, reviewed: found.reviewed - 1 });
    } else show(found);
    parts.status.textContent = strings.taken_back;
  });
}

function show(found) {
  parts.problem.hidden = true;
  parts.done.hidden = !found.done;
  parts.reviewed.hidden = Boolean(found.done);
  parts.bar.max = Math.max(1, found.pictures);
  parts.bar.value = found.reviewed;
  parts.progress.textContent = fill(strings.progress, found);
  parts.others.textContent = found.others ? fill(strings.others, found) : "";
  parts.undo.disabled = !answered.length;
  if (parts.report.open) showReport(parts.report_body, strings, plain);
  current = found.done ? null : found;
  if (current) showPicture(current);
}

function showPicture({ file, label, confidence, votes, note, review }) {
  parts.image.src = `picture?${new URLSearchParams({ file })}`;
  parts.image.alt = parts.file.textContent = file;
  boxes.show(review.boxes);
  parts.note_line.hidden = !note;
  parts.note.textContent = note;
  parts.before_line.hidden = !review.label;
  if (review.label) parts.before.textContent = fill(strings.answered_before, { person: review.person, label: plain(review.label) });
  const percent = formatPercent(confidence);
  parts.now.textContent = label ? `${plain(label)}${label === UNSURE ? "" : ` (${fill(strings.sure, { percent })})`}` : strings.no_label;
  const held = review.label ?? label;
  buttons.forEach((button, i) => button.setAttribute("aria-pressed", `${classes[i] === held}`));
  parts.votes_line.hidden = !votes.length;
  const words = new Set(votes.map((vote) => vote.label).filter((each) => each !== UNSURE));
  parts.votes.replaceChildren(
    ...votes.map(({ source, label: said, said: answer }) => make("li", { title: answer }, make("span", {}, source), plain(said))),
    ...(words.size > 1 ? [make("li", { class: "disagree" }, strings.disagree)] : []),
  );
}

next();
