// The page asks /api on its own address; this proxy, or nginx in production, passes the question
// on with the key. The key stays in the process of the proxy and never reaches the browser.
import type { ProxyOptions } from "vite";

export function proxyTo(server: string, key: string): Record<string, ProxyOptions> {
  return {
    "/api": {
      target: server,
      changeOrigin: true,
      rewrite: (path) => path.replace(/^\/api/, ""),
      headers: key ? { Authorization: `Bearer ${key}` } : {},
    },
  };
}
