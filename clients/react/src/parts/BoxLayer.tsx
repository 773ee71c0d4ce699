// The boxes over the picture, in per cent of it, so that they fit at every width.
import { percent, useSpeech } from "../language/language";
import type { Answer } from "../server";

interface Props {
  answer: Answer;
  nameOf: (label: string) => string;
  colorOf: (label: string) => string;
}

export function BoxLayer({ answer, nameOf, colorOf }: Props) {
  const { texts, language } = useSpeech();
  const boxed = answer.findings.flatMap(({ label, confidence, box }) => {
    const [left, top, right, bottom] = box ?? [];
    if (left === undefined || top === undefined || right === undefined || bottom === undefined) {
      return [];
    }
    const style = {
      left: share(left, answer.width),
      top: share(top, answer.height),
      width: share(right - left, answer.width),
      height: share(bottom - top, answer.height),
      borderColor: colorOf(label),
    };
    const text = `${nameOf(label)} ${percent(confidence, language)}`;
    return [{ style, text, color: colorOf(label), atTop: top < answer.height * 0.06 }];
  });
  if (!boxed.length) return null;
  const told = texts.boxes(boxed.map(({ text }) => text).join(", "));
  return (
    <div role="img" aria-label={told} className="pointer-events-none absolute inset-0">
      {boxed.map(({ style, text, color, atTop }, number) => (
        <div key={number} data-testid="box" className="absolute rounded-sm border-2" style={style}>
          <span
            className={`absolute -left-0.5 hidden rounded-sm px-1 text-xs whitespace-nowrap text-white sm:block ${atTop ? "top-0" : "bottom-full"}`}
            style={{ backgroundColor: color }}
          >
            {text}
          </span>
        </div>
      ))}
    </div>
  );
}

function share(pixels: number, whole: number): string {
  return `${((100 * pixels) / whole).toFixed(3)}%`;
}
