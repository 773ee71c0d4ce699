// The language of the page: the browser's at first, then as the person chose.
import { createContext, useContext } from "react";

import { english, type Texts } from "./english";
import { spanish } from "./spanish";

export type Language = "en" | "es";

export const TEXTS: Record<Language, Texts> = { en: english, es: spanish };
const STORED = "countlab-language";

export interface Speech {
  language: Language;
  texts: Texts;
}

export const SpeechContext = createContext<Speech>({ language: "en", texts: english });

export function useSpeech(): Speech {
  return useContext(SpeechContext);
}

export function firstLanguage(): Language {
  const language = localStorage.getItem(STORED) ?? navigator.language;
  return language.toLowerCase().startsWith("es") ? "es" : "en";
}

export function keepLanguage(language: Language): void {
  localStorage.setItem(STORED, language);
  document.documentElement.lang = language;
}

export function percent(share: number, language: Language): string {
  const format = { style: "percent", maximumFractionDigits: 1, minimumFractionDigits: 1 } as const;
  return new Intl.NumberFormat(language, format).format(share);
}

/** A label in the person's language, where the model says it in that language. */
export function nameOf(
  label: string,
  names: Record<string, Record<string, string>> | undefined,
  language: Language,
): string {
  return names?.[language]?.[label] ?? label;
}
