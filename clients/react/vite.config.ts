import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { loadEnv } from "vite";
import { defineConfig } from "vitest/config";

import { proxyTo } from "./proxy.ts";

export default defineConfig(({ mode }) => {
  // Only names that begin with VITE_ reach the browser; these do not.
  const { COUNTLAB_URL = "", COUNTLAB_API_KEY = "" } = loadEnv(mode, import.meta.dirname, "COUNTLAB_");
  const proxy = proxyTo(COUNTLAB_URL.trim() || "http://127.0.0.1:8000", COUNTLAB_API_KEY.trim());
  return {
    plugins: [react(), tailwindcss()],
    server: { proxy },
    preview: { proxy },
    build: { chunkSizeWarningLimit: 1200 },
    test: {
      environment: "jsdom",
      include: ["src/**/*.test.{ts,tsx}"],
      setupFiles: "src/test-setup.ts",
      css: false,
      testTimeout: 60_000,
    },
  };
});
