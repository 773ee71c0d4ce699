// Counts over time: a dot for each picture.

import { make, shape } from "./page.js";

const WIDTH = 1000;
const HEIGHT = 200;

export function timeChart(place, points, description, language) {
  const first = points[0].time.getTime();
  const span = Math.max(1, points.at(-1).time - first);
  const most = Math.max(1, ...points.map(({ count }) => count));
  const placed = points.map(({ time, count }) => [
    points.length === 1 ? WIDTH / 2 : ((time - first) / span) * WIDTH,
    HEIGHT - (count / most) * HEIGHT,
  ]);
  const line = `M ${placed.map((point) => point.join(" ")).join(" L ")}`;
  const dots = placed.map(([x, y]) => `M ${x} ${y} h 0`).join(" "); // round caps stay round
  place.replaceChildren(
    shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none" },
      shape("path", { class: "stairs", d: line }),
      shape("path", { class: "dots", d: dots }),
    ),
    make("span", { class: "most" }, most),
    make("span", { class: "low" }, told(points[0].time)),
    make("span", { class: "high" }, told(points.at(-1).time)),
  );
  place.setAttribute("role", "img");
  place.setAttribute("aria-label", description);

  function told(time) {
    return time.toLocaleString(language, { dateStyle: "short", timeStyle: "short" });
  }
}
