// Chart of counts over time: a dot for each picture. No line joins them: two pictures that follow
// one another need not show the same thing, and between them nothing was counted.

import { formatTime, groupDigits } from "./language.js";
import { make, svg } from "./page.js";

const WIDTH = 1000;
const HEIGHT = 200;

export function drawTimeChart(container, points, description) {
  const first = points[0].time.getTime();
  const span = Math.max(1, points.at(-1).time - first);
  const maxCount = Math.max(1, ...points.map(({ count }) => count));
  const positions = points.map(({ time, count }) => [
    points.length === 1 ? WIDTH / 2 : ((time - first) / span) * WIDTH,
    HEIGHT - (count / maxCount) * HEIGHT,
  ]);
  // Zero-length lines with round caps: unlike circles they are not stretched with the SVG.
  const dots = positions.map(([x, y]) => `M ${x} ${y} h 0`).join(" ");
  const time = (point) => formatTime(point.time, { dateStyle: "short", timeStyle: "short" });
  container.replaceChildren(
    svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none" },
      svg("path", { class: "dots", d: dots }),
    ),
    make("span", { class: "most" }, groupDigits(maxCount)),
    make("span", { class: "low" }, time(points[0])),
    make("span", { class: "high" }, time(points.at(-1))),
  );
  container.setAttribute("role", "img");
  container.setAttribute("aria-label", description);
}
