// Chart of counts over time: a dot for each picture.

import { make, svg } from "./page.js";

const WIDTH = 1000;
const HEIGHT = 200;

export function drawTimeChart(container, points, description, language) {
  const first = points[0].time.getTime();
  const span = Math.max(1, points.at(-1).time - first);
  const maxCount = Math.max(1, ...points.map(({ count }) => count));
  const positions = points.map(({ time, count }) => [
    points.length === 1 ? WIDTH / 2 : ((time - first) / span) * WIDTH,
    HEIGHT - (count / maxCount) * HEIGHT,
  ]);
  const line = `M ${positions.map((point) => point.join(" ")).join(" L ")}`;
  // Zero-length lines with round caps: unlike circles they are not stretched with the SVG.
  const dots = positions.map(([x, y]) => `M ${x} ${y} h 0`).join(" ");
  container.replaceChildren(
    svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none" },
      svg("path", { class: "line", d: line }),
      svg("path", { class: "dots", d: dots }),
    ),
    make("span", { class: "most" }, maxCount),
    make("span", { class: "low" }, formatTime(points[0].time)),
    make("span", { class: "high" }, formatTime(points.at(-1).time)),
  );
  container.setAttribute("role", "img");
  container.setAttribute("aria-label", description);

  function formatTime(time) {
    return time.toLocaleString(language, { dateStyle: "short", timeStyle: "short" });
  }
}
