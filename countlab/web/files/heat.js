// A heat map on a canvas over the picture: blue where nothing speaks for the class, red where most.

// Turbo, the colors of the server's own heat maps, at equal distances.
const COLORS = [
  [48, 18, 59], [70, 107, 227], [40, 187, 235], [50, 241, 151], [164, 252, 60],
  [237, 208, 58], [251, 128, 34], [210, 49, 5],
];
const OPACITY = 0.6;

export function drawHeat(canvas, map) {
  canvas.height = map.length;
  canvas.width = map[0].length; // the browser enlarges it smoothly
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  map.flat().forEach((value, i) => {
    image.data.set([...colorOf(value), 255 * (0.35 + (OPACITY - 0.35) * value)], i * 4);
  });
  context.putImageData(image, 0, 0);
}

function colorOf(value) {
  const at = Math.min(Math.max(value, 0), 1) * (COLORS.length - 1);
  const low = Math.min(Math.floor(at), COLORS.length - 2);
  return COLORS[low].map((part, i) => part + (COLORS[low + 1][i] - part) * (at - low));
}
