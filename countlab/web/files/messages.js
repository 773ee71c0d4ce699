// The server's messages as this page says them.
//
// A fix names the page's own control, not a parameter of the API; and a path of the server's disk
// is for who runs it: a visitor sees the last name of it.

const PATH = /(?<![\w/:.~])(?:~|[A-Za-z]:)?[\\/](?:[^\s\\/“”«»"'()<>:;,]+[\\/])+([^\s\\/“”«»"'()<>:;,]*)/g;

export const withoutPaths = (text) =>
  (text ?? "").replace(PATH, (path, name) => name || path.split(/[\\/]/).filter(Boolean).at(-1));

// A warning or an error with the page's own advice, where it has some.
export function pageMessage({ code, detail, fix, ...rest }, strings) {
  const advice = strings[`fix_${code}`];
  return { ...rest, code, detail: withoutPaths(detail), fix: advice ?? withoutPaths(fix) };
}
