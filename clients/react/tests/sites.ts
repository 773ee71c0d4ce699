// The servers and pages of the browser tests: real countlab servers, and the built page before them.
// Below 32768: from there on Linux gives ports to whoever connects to anything.
const FIRST_PORT = Number(process.env.TEST_PORT ?? 27_810);

export const KEY = "open-sesame-for-the-tests";

export const SERVERS = {
  plain: { port: FIRST_PORT, options: [] },
  weather: { port: FIRST_PORT + 1, options: ["--lab", "weather"] },
};

export const PAGES = {
  plain: { port: FIRST_PORT + 2, server: SERVERS.plain.port, key: KEY },
  weather: { port: FIRST_PORT + 3, server: SERVERS.weather.port, key: KEY },
  wrongKey: { port: FIRST_PORT + 4, server: SERVERS.plain.port, key: "wrong" },
  wrongLabKey: { port: FIRST_PORT + 5, server: SERVERS.weather.port, key: "wrong" },
  away: { port: FIRST_PORT + 6, server: FIRST_PORT + 9, key: KEY },
};

export function address(page: keyof typeof PAGES): string {
  return `http://127.0.0.1:${PAGES[page].port}`;
}
