// Browser tests on the built page (npm run build) against real servers. COUNTLAB names the command.
import { defineConfig } from "@playwright/test";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { KEY, SERVERS } from "./tests/sites";

const countlab = process.env.COUNTLAB ?? "../../.venv/bin/countlab";
const home = (process.env.TEST_HOME ??= mkdtempSync(join(tmpdir(), "countlab-")));
const chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find(existsSync);

export default defineConfig({
  testDir: "tests",
  outputDir: "test-results",
  fullyParallel: true,
  workers: 2,
  timeout: 180_000,
  expect: { timeout: 60_000 },
  reporter: "list",
  use: {
    locale: "en-GB",
    launchOptions: {
      args: ["--no-sandbox"],
      ...(chromium ? { executablePath: chromium } : {}),
    },
  },
  globalSetup: "./tests/start-pages.ts",
  webServer: Object.values(SERVERS).map(({ port, options }) => ({
    command: [countlab, "serve", "--port", port, "--no-history", ...options].join(" "),
    url: `http://127.0.0.1:${port}/health/ready`,
    env: { COUNTLAB_API_KEYS: `tests:${KEY}`, COUNTLAB_HOME: home, COUNTLAB_MODEL: "" },
    timeout: 180_000,
    stderr: "ignore" as const, // a line for each request
    gracefulShutdown: { signal: "SIGTERM" as const, timeout: 20_000 },
  })),
});
