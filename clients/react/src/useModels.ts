// The server's models, asked for when the page opens and when the person tries again.
import { useCallback, useEffect, useState } from "react";

import { failureOf, type Failure } from "./failures";
import { fetchModels, type Models } from "./server";

export interface Offer {
  models: Models | null;
  failure: Failure | null;
  refresh: () => void;
}

export function useModels(language: string): Offer {
  const [attempt, setAttempt] = useState(0);
  const [models, setModels] = useState<Models | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);

  useEffect(() => {
    let current = true;
    fetchModels(language).then(
      (found) => {
        if (!current) return;
        setModels(found);
        setFailure(null);
      },
      (error: unknown) => {
        if (current) setFailure(failureOf(error));
      },
    );
    return () => {
      current = false;
    };
  }, [language, attempt]);

  const refresh = useCallback(() => { setAttempt((number) => number + 1); }, []);
  return { models, failure, refresh };
}
