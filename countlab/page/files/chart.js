// Counts over time: a dot for each picture.

const SVG = "http://www.w3.org/2000/svg";
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
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  picture.setAttribute("preserveAspectRatio", "none");
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("class", "stairs");
  line.setAttribute("d", `M ${placed.map((point) => point.join(" ")).join(" L ")}`);
  const dots = document.createElementNS(SVG, "path");
  dots.setAttribute("class", "dots"); // round caps of lines without length stay round when stretched
  dots.setAttribute("d", placed.map(([x, y]) => `M ${x} ${y} h 0`).join(" "));
  picture.append(line, dots);
  const marks = [["most", most], ["low", told(points[0].time)], ["high", told(points.at(-1).time)]];
  place.replaceChildren(picture, ...marks.map(([name, text]) => {
    const mark = document.createElement("span");
    mark.className = name;
    mark.textContent = text;
    return mark;
  }));
  place.setAttribute("role", "img");
  place.setAttribute("aria-label", description);

  function told(time) {
    return time.toLocaleString(language, { dateStyle: "short", timeStyle: "short" });
  }
}
