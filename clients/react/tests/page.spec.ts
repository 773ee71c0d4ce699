import AxeBuilder from "@axe-core/playwright";
import { expect, test, type Page } from "@playwright/test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { address, KEY } from "./sites";

const PICTURES = join(import.meta.dirname, "../../../images");
const ORANGES = join(PICTURES, "oranges_4.jpg");
const ONLY = "Only PNG and JPG image files are allowed!";

async function choose(page: Page, ...files: string[]) {
  await page.locator("input[type=file]").setInputFiles(files);
}

async function isAccessible(page: Page) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
}

test("the weather lab's page classifies: class, probability, all of them sorted, reset", async ({ page }) => {
  await page.goto(address("weather"));
  const button = page.getByRole("button", { name: "Classify Image" });
  await expect(button).toBeDisabled();
  await choose(page, ORANGES);
  await expect(page.getByAltText("The picture that you chose")).toBeVisible();
  await button.click();
  const rows = page.getByTestId("probabilities").getByRole("listitem");
  await expect(rows).toHaveCount(7);
  const shares = (await rows.allTextContents()).map((row) => parseFloat(row.replace(/^\D+/, "")));
  expect(shares).toEqual([...shares].sort((a, b) => b - a));
  expect(Math.abs(shares.reduce((sum, share) => sum + share, 0) - 100)).toBeLessThan(0.5);
  const first = (await rows.first().textContent()) ?? "";
  expect(first).toContain((await page.getByTestId("class").textContent()) ?? "?");
  await isAccessible(page);
  await page.getByRole("button", { name: "Reset" }).click();
  await expect(page.getByTestId("class")).toHaveCount(0);
  await expect(page.getByText("Drop a picture here")).toBeVisible();
  await expect(button).toBeDisabled();
});

test("count mode draws a box around each orange, of the objects asked for alone", async ({ page }) => {
  await page.goto(address("plain"));
  await choose(page, ORANGES);
  await page.getByRole("button", { name: "Count Objects" }).click();
  await expect(page.getByTestId("count")).toHaveText("4");
  await expect(page.getByTestId("box")).toHaveCount(4);
  const picture = await page.getByAltText("The picture that you chose").boundingBox();
  for (const box of await page.getByTestId("box").all()) {
    const inside = await box.boundingBox();
    expect(inside && picture && inside.x >= picture.x - 3 && inside.y >= picture.y - 3).toBe(true);
    expect(inside && picture && inside.x + inside.width <= picture.x + picture.width + 3).toBe(true);
  }
  await isAccessible(page);
  await page.getByRole("combobox", { name: "Object" }).click();
  await page.getByText("lemon", { exact: true }).click();
  await expect(page.getByTestId("count")).toHaveCount(0); // the old answer belongs to another question
  await page.getByRole("button", { name: "Count Objects" }).click();
  await expect(page.getByTestId("count")).toHaveText("0");
});

test("both tasks on one server, with the model that the person chooses", async ({ page }) => {
  await page.goto(address("plain"));
  await choose(page, ORANGES);
  await page.getByText("Classify", { exact: true }).click();
  await page.getByRole("combobox", { name: "Model" }).click();
  await page.locator(".ant-select-item").getByText("digits").click();
  await page.getByRole("button", { name: "Classify Image" }).click();
  await expect(page.getByTestId("probabilities").getByRole("listitem")).toHaveCount(10);
});

test("Spanish: the page, the labels, the server's own sentences", async ({ browser }) => {
  const context = await browser.newContext({ locale: "es-ES" });
  const page = await context.newPage();
  await page.goto(address("plain"));
  await choose(page, ORANGES);
  await page.getByRole("button", { name: "Contar objetos" }).click();
  await expect(page.getByTestId("count")).toHaveText("4");
  await expect(page.getByText("naranja", { exact: true })).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("lang", "es");
  await page.getByRole("button", { name: "Reiniciar" }).click();
  await page.locator("input[type=file]").setInputFiles({
    name: "nota.jpg", mimeType: "image/jpeg", buffer: Buffer.from("esto es un texto"),
  });
  await page.getByRole("button", { name: "Contar objetos" }).click();
  await expect(page.getByRole("alert")).toContainText("imagen");
  await page.getByText("English", { exact: true }).click();
  await expect(page.getByRole("button", { name: "Count Objects" })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("button", { name: "Count Objects" })).toBeVisible();
  await context.close();
});

test("a file of another kind is refused, chosen or dropped", async ({ page }) => {
  await page.goto(address("weather"));
  await choose(page, join(PICTURES, "truth.csv"));
  await expect(page.getByRole("alert")).toContainText(ONLY);
  await choose(page, ORANGES);
  await expect(page.getByRole("alert")).toHaveCount(0);
  await page.getByRole("button", { name: "Reset" }).click();
  await drop(page, [{ name: "a.gif", type: "image/gif", bytes: "GIF89a" }]);
  await expect(page.getByRole("alert")).toContainText(ONLY);
});

test("a picture that is dropped is taken; of several the first", async ({ page }) => {
  await page.goto(address("weather"));
  const bytes = readFileSync(ORANGES).toString("base64");
  const picture = { name: "oranges.jpg", type: "image/jpeg", bytes };
  await drop(page, [picture, { ...picture, name: "second.jpg" }]);
  await expect(page.getByAltText("The picture that you chose")).toBeVisible();
  await page.getByRole("button", { name: "Classify Image" }).click();
  await expect(page.getByTestId("class")).toBeVisible();
});

test("while the server works the page says so, and a reset lets go", async ({ page }) => {
  await page.goto(address("weather"));
  await choose(page, ORANGES);
  let answer = () => {};
  const held = new Promise<void>((free) => { answer = free; });
  await page.route("**/predict/single*", async (route) => {
    await held;
    await route.continue().catch(() => undefined);
  });
  await page.getByRole("button", { name: "Classify Image" }).click();
  await expect(page.getByRole("button", { name: "Classifying…" })).toBeVisible();
  await expect(page.locator("section[aria-busy=true]")).toBeVisible();
  await page.getByRole("button", { name: "Reset" }).click();
  answer();
  await expect(page.getByRole("button", { name: "Classify Image" })).toBeDisabled();
  await expect(page.getByTestId("class")).toHaveCount(0);
});

for (const site of ["wrongKey", "wrongLabKey"] as const) {
  test(`a wrong key is told from other errors (${site})`, async ({ page }) => {
    await page.goto(address(site));
    await expect(page.getByText("The server did not accept the key.")).toBeVisible();
    await isAccessible(page);
  });
}

test("a server that is away is told, and asked again when the person wants", async ({ page }) => {
  await page.goto(address("away"));
  await expect(page.getByText("The server does not answer.")).toBeVisible();
  const again = page.waitForRequest("**/api/models");
  await page.getByRole("button", { name: "Try again" }).click();
  await again;
  await expect(page.getByText("The server does not answer.")).toBeVisible();
});

test("a server that goes away after the page has opened", async ({ page }) => {
  await page.goto(address("plain"));
  await choose(page, ORANGES);
  await expect(page.getByRole("button", { name: "Count Objects" })).toBeEnabled();
  await page.route("**/api/**", (route) => route.abort());
  await page.getByRole("button", { name: "Count Objects" }).click();
  await expect(page.getByText("The server does not answer.")).toBeVisible();
  await page.unroute("**/api/**");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByTestId("count")).toHaveText("4");
});

test("the key is nowhere in the browser, and nobody else is asked", async ({ page }) => {
  const headers: Record<string, string>[] = [];
  const hosts = new Set<string>();
  page.on("request", (request) => {
    if (!request.url().startsWith("blob:")) hosts.add(new URL(request.url()).origin);
    headers.push(request.headers());
  });
  await page.goto(address("plain"));
  await choose(page, ORANGES);
  await page.getByRole("button", { name: "Count Objects" }).click();
  await expect(page.getByTestId("count")).toHaveText("4");
  expect([...hosts]).toEqual([address("plain")]);
  expect(headers.filter((each) => "authorization" in each)).toEqual([]);
  const built = join(import.meta.dirname, "../dist/assets");
  const scripts = readdirSync(built).map((name) => readFileSync(join(built, name), "utf8"));
  expect(scripts.filter((script) => script.includes(KEY))).toEqual([]);
});

test("a keyboard is enough, and nothing runs off a phone's screen", async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 720 });
  await page.goto(address("plain"));
  await choose(page, ORANGES);
  await page.getByRole("button", { name: "Count Objects" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("count")).toHaveText("4");
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(wider).toBeLessThanOrEqual(0);
});

interface Dropped { name: string; type: string; bytes: string }

async function drop(page: Page, files: Dropped[]) {
  const transfer = await page.evaluateHandle((dropped) => {
    const made = new DataTransfer();
    for (const { name, type, bytes } of dropped) {
      const decoded = type === "image/jpeg" ? atob(bytes) : bytes;
      const content = Uint8Array.from(decoded, (letter) => letter.charCodeAt(0));
      made.items.add(new File([content], name, { type }));
    }
    return made;
  }, files);
  await page.getByText("Drop a picture here").dispatchEvent("drop", { dataTransfer: transfer });
}
