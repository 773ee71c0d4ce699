// What went wrong and what to do, in the person's language.
import { Alert, Button } from "antd";

import type { Failure } from "../failures";
import { useSpeech } from "../language/language";
import type { Texts } from "../language/english";

interface Props {
  failure: Failure;
  onRetry?: (() => void) | undefined;
}

export function FailureAlert({ failure, onRetry }: Props) {
  const { texts } = useSpeech();
  const [detail, fix] = sentences(failure, texts);
  const description = fix && (
    <>
      <p>{fix}</p>
      {onRetry && <Button className="mt-3" onClick={onRetry}>{texts.tryAgain}</Button>}
    </>
  );
  return <Alert type="error" showIcon title={detail} description={description} className="wrap-anywhere" />;
}

function sentences(failure: Failure, texts: Texts): [string, string?] {
  switch (failure.kind) {
    case "away":
      return [texts.away, texts.awayFix];
    case "key":
      return [texts.key, texts.keyFix];
    case "file":
      return [texts.wrongFile];
    case "problem":
      return [failure.detail, failure.fix];
  }
}
