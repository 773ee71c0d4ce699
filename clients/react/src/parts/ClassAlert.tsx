// The class of a picture, how likely it is, and how likely each of the others.
import { Alert, Progress } from "antd";

import { percent, useSpeech } from "../language/language";
import type { Answer } from "../server";

interface Props {
  answer: Answer;
  nameOf: (label: string) => string;
}

export function ClassAlert({ answer, nameOf }: Props) {
  const { texts, language } = useSpeech();
  const sorted = Object.entries(answer.probabilities ?? {}).sort(([, a], [, b]) => b - a);
  const [likeliest] = sorted;
  if (!likeliest) return null;
  const [label, probability] = likeliest;
  const sure = answer.count > 0;
  return (
    <Alert
      type={sure ? "success" : "warning"}
      title={
        <span className="text-lg">
          {texts.class}: <strong data-testid="class">{nameOf(label)}</strong>
        </span>
      }
      description={
        <>
          <p>
            {texts.probability}: <strong>{percent(probability, language)}</strong>
            {!sure && <span className="block">{texts.unsure}</span>}
          </p>
          <h2 className="mt-4 mb-1 font-semibold">{texts.allProbabilities}</h2>
          <ol className="m-0 list-none p-0" data-testid="probabilities">
            {sorted.map(([each, share]) => (
              <li key={each} className="flex items-center gap-3 py-0.5">
                <span className="w-24 shrink-0 truncate" title={nameOf(each)}>{nameOf(each)}</span>
                <span className="grow" aria-hidden>
                  <Progress percent={100 * share} showInfo={false} strokeColor="#0f766e" />
                </span>
                <span className="w-16 shrink-0 text-right tabular-nums">
                  {percent(share, language)}
                </span>
              </li>
            ))}
          </ol>
        </>
      }
    />
  );
}
