// Telling the server that an answer was wrong, where its operator keeps such pictures.

import { sendFeedback } from "./api.js";
import { labelOptions, setOptions } from "./choices.js";
import { fill } from "./language.js";

const NONE = "unsure"; // the picture shows none of the classes, or nobody can tell

export class Feedback {
  constructor(parts, { strings, feedback: days }, choices) {
    Object.assign(this, { parts, strings, days, choices });
    parts.send_class.addEventListener("click", () => this.#sendClass());
  }

  // For a classifier's answer.
  offer(file, answer) {
    const { parts, strings } = this;
    Object.assign(this, { file, answer });
    parts.wrong_panel.hidden = !this.days;
    parts.wrong_panel.open = false;
    parts.wrong_status.textContent = "";
    const { labels, names } = this.choices.info;
    setOptions(parts.right_class, [...labelOptions(labels, names), [NONE, strings.none_of_these]], labels[0]);
  }

  withdraw() {
    this.parts.wrong_panel.hidden = true;
  }

  #sendClass() {
    return this.send(this.parts.wrong_status, this.file, this.answer, { label: this.parts.right_class.value });
  }

  // What is right about a picture, in the words of the server's form; says how it went.
  async send(status, file, answer, right) {
    status.textContent = this.strings.sending;
    try {
      await sendFeedback(file, answer, right);
      status.textContent = fill(this.strings.feedback_sent, { days: this.days });
    } catch (problem) {
      if (!problem.detail) throw problem;
      status.textContent = `${problem.detail} ${problem.fix ?? ""}`.trim();
    }
  }
}
