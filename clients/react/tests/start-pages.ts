// Serves the built page for the browser tests, each time before another server.
import { preview } from "vite";

import { proxyTo } from "../proxy";
import { PAGES } from "./sites";

export default async function startPages(): Promise<() => Promise<void>> {
  const started = await Promise.all(
    Object.values(PAGES).map(({ port, server, key }) =>
      preview({
        configFile: false,
        logLevel: "silent",
        preview: {
          host: "127.0.0.1",
          port,
          strictPort: true,
          proxy: proxyTo(`http://127.0.0.1:${server}`, key),
        },
      }),
    ),
  );
  return async () => {
    await Promise.all(started.map((page) => page.close()));
  };
}
