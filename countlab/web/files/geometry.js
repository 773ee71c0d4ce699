// Boxes [left, top, right, bottom] in pixels of the upright picture.

// The rectangle between two corners.
export function normalized(x1, y1, x2, y2) {
  return [Math.min(x1, x2), Math.min(y1, y2), Math.max(x1, x2), Math.max(y1, y2)];
}

// Where a box lies on the picture, as style.
export function boxStyle([left, top, right, bottom], { width, height }) {
  const [x, y] = [100 / width, 100 / height];
  return {
    left: `${left * x}%`,
    top: `${top * y}%`,
    width: `${(right - left) * x}%`,
    height: `${(bottom - top) * y}%`,
  };
}

// A box moved by whole pixels, within the picture.
export function moved([left, top, right, bottom], [x, y], { width, height }) {
  const within = (step, low, high, size) => Math.min(Math.max(step, -low), size - high);
  const [across, down] = [within(x, left, right, width), within(y, top, bottom, height)];
  return [left + across, top + down, right + across, bottom + down];
}

// Follows a drag over the frame: `onMove` and `onEnd` get the box; `onClick` where nothing was drawn.
export function followDrag(event, frame, { width, height }, { onMove, onEnd, onClick }) {
  event.preventDefault();
  const bounds = frame.getBoundingClientRect();
  const share = (at, start, length) => Math.min(Math.max(0, (at - start) / length), 1);
  const toPixels = ({ clientX, clientY }) => [
    Math.round(share(clientX, bounds.left, bounds.width) * width),
    Math.round(share(clientY, bounds.top, bounds.height) * height),
  ];
  const start = toPixels(event);
  const boxAt = (moved) => normalized(...start, ...toPixels(moved));
  const move = (moved) => onMove(boxAt(moved));
  const end = (ended) => {
    for (const [name, listener] of listeners) frame.removeEventListener(name, listener);
    const box = boxAt(ended);
    const isClick = box[2] - box[0] <= 2 || box[3] - box[1] <= 2;
    if (ended.type === "pointercancel" || isClick) onClick();
    else onEnd(box);
  };
  const listeners = [["pointermove", move], ["pointerup", end], ["pointercancel", end]];
  for (const [name, listener] of listeners) frame.addEventListener(name, listener);
  frame.setPointerCapture(event.pointerId);
}

// Four number fields that hold a box; `onChange` gets it when a person has changed a field.
export class EdgeFields {
  constructor(element, onChange) {
    this.fields = [...element.querySelectorAll("[data-edge]")];
    for (const field of this.fields) field.addEventListener("change", () => onChange(this.#read()));
  }

  fill(box, { width, height }) {
    this.fields.forEach((field, i) => {
      field.max = i % 2 ? height : width;
      field.value = box[i];
    });
  }

  #read() {
    const clamp = ({ value, max }) => Math.round(Math.min(Math.max(0, +value), +max));
    return normalized(...this.fields.map(clamp));
  }
}
