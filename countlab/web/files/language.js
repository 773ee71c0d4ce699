// Texts and numbers as the person's language writes them.

let language = "en";

export function setLanguage(code) {
  language = code;
}

export const currentLanguage = () => language;

// Replaces placeholders: {count} by a fact, {count|object|objects} by the form for its number.
export function fill(text, facts) {
  return text.replace(/\{(\w+)(?:\|([^|}]*)\|([^}]*))?\}/g, (_, name, one, several) => {
    const fact = facts[name];
    if (several !== undefined) return fact === 1 ? one : several;
    return typeof fact === "number" ? formatNumber(fact) : fact;
  });
}

export function formatDecimal(value, digits) {
  const text = value.toFixed(digits);
  return language === "es" ? text.replace(".", ",") : text;
}

export const formatConfidence = (confidence) => formatDecimal(confidence, 2);

export const formatPercent = (share) => `${Math.round(share * 100)} %`;

// Narrow spaces between thousands, as in the server's messages.
export const groupDigits = (number) => `${number}`.replace(/\B(?=(\d{3})+$)/g, "\u202f");

function formatNumber(number) {
  return Number.isInteger(number) ? groupDigits(number) : `${number}`.replace(".", language === "es" ? "," : ".");
}

// The browser's regional variant: en-GB and en-US write dates in different orders.
const region = () => navigator.languages.find((each) => each.startsWith(language)) ?? language;

export const formatTime = (time, style) => time.toLocaleString(region(), style);
