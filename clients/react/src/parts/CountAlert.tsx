// The number, how far to trust it, and how many of each label.
import { Alert } from "antd";

import { useSpeech } from "../language/language";
import type { Answer } from "../server";

interface Props {
  answer: Answer;
  nameOf: (label: string) => string;
  colorOf: (label: string) => string;
}

export function CountAlert({ answer, nameOf, colorOf }: Props) {
  const { texts } = useSpeech();
  const [low, high] = answer.likely ?? [];
  const counts = Object.entries(answer.counts);
  return (
    <Alert
      type="success"
      title={
        <span className="text-5xl font-bold tabular-nums" data-testid="count">
          {answer.count}
        </span>
      }
      description={
        <>
          {low !== undefined && high !== undefined && <p>{texts.likely(low, high)}</p>}
          {counts.length > 0 && (
            <>
              <h2 className="mt-4 mb-1 font-semibold">{texts.found}</h2>
              <ul className="m-0 list-none p-0">
                {counts.map(([label, number]) => (
                  <li key={label} className="flex items-center gap-2 py-0.5">
                    <span
                      aria-hidden
                      className="size-3 rounded-full"
                      style={{ backgroundColor: colorOf(label) }}
                    />
                    <span className="grow">{nameOf(label)}</span>
                    <span className="tabular-nums">{number}</span>
                  </li>
                ))}
              </ul>
            </>
          )}
        </>
      }
    />
  );
}
