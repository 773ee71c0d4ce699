// Names of labels in the person's language: from the model's data, plurals by the language's rule.

import { currentLanguage } from "./language.js";

const IRREGULAR = {
  person: "people", mouse: "mice", knife: "knives", sheep: "sheep", skis: "skis", scissors: "scissors",
};
const WITHOUT_STRESS = { á: "a", é: "e", í: "i", ó: "o", ú: "u" };

// What so many of a label are called; `names` are the model's, as /models has them.
export function nameOf(label, names, number = 1) {
  const name = names?.[currentLanguage()]?.[label];
  if (!name) return number === 1 || currentLanguage() !== "en" ? label : englishPlural(label);
  const [singular, plural] = name.split("/");
  return number === 1 ? singular : plural ?? (currentLanguage() === "es" ? spanishPlural(singular) : singular);
}

// "orange 3, apple 1"; the names in the singular, as in a table.
export const listCounts = (counts, names) =>
  Object.entries(counts).map(([label, count]) => `${nameOf(label, names)} ${count}`).join(", ");

function englishPlural(label) {
  const words = label.split(" ");
  const last = words.pop();
  return [...words, IRREGULAR[last] ?? regularPlural(last)].join(" ");
}

function regularPlural(word) {
  if (/(s|x|z|ch|sh)$/.test(word)) return `${word}es`;
  return /[^aeiou]y$/.test(word) ? `${word.slice(0, -1)}ies` : `${word}s`;
}

function spanishPlural(name) {
  const [, first, rest] = /^(\S*)(.*)$/s.exec(name);
  return pluralWord(first) + rest;
}

function pluralWord(word) {
  if (/(^|[^áéíóú])[sx]$/.test(word)) return word; // el paraguas, los paraguas
  if (word.endsWith("z")) return `${word.slice(0, -1)}ces`;
  if (/[aeiouáéó]$/.test(word)) return `${word}s`;
  const end = word.slice(-2).replace(/[áéíóú]/, (letter) => WITHOUT_STRESS[letter]);
  return /[ns]$/.test(word) ? `${word.slice(0, -2)}${end}es` : `${word}es`;
}
