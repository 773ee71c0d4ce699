// A color for each label, dark enough for white text upon it.
const COLORS = ["#b45309", "#0f766e", "#1d4ed8", "#be123c", "#7e22ce", "#3f6212", "#0e7490", "#9a3412"];

export function colorOf(label: string, labels: string[]): string {
  return COLORS[Math.max(0, labels.indexOf(label)) % COLORS.length] ?? "#334155";
}
