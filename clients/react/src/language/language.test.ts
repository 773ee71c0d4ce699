import { expect, test } from "vitest";

import { firstLanguage, keepLanguage, nameOf, TEXTS } from "./language";

test("both languages say everything, and not the same", () => {
  const { en, es } = TEXTS;
  expect(Object.keys(es).sort()).toEqual(Object.keys(en).sort());
  const same = Object.entries(en).filter(([name, text]) => es[name as keyof typeof es] === text);
  expect(same).toEqual([]);
});

test("the language chosen before goes before the browser's", () => {
  expect(firstLanguage()).toBe("en");
  keepLanguage("es");
  expect(firstLanguage()).toBe("es");
  expect(document.documentElement.lang).toBe("es");
});

test("a label without a name in a language keeps its own", () => {
  const names = { es: { rain: "lluvia" } };
  expect(nameOf("rain", names, "es")).toBe("lluvia");
  expect(nameOf("rain", names, "en")).toBe("rain");
  expect(nameOf("7", {}, "es")).toBe("7");
});
