// One question at a time: who asks anew or resets lets go of the one before.
import { useCallback, useEffect, useRef, useState } from "react";

import { failureOf, type Failure } from "./failures";
import { ask, type Answer, type Question } from "./server";

export type State =
  | { phase: "idle" }
  | { phase: "asking" }
  | { phase: "answered"; answer: Answer }
  | { phase: "failed"; failure: Failure };

export interface Asking {
  state: State;
  send: (question: Question, language: string) => Promise<void>;
  fail: (failure: Failure) => void;
  reset: () => void;
}

export function useAnswer(): Asking {
  const [state, setState] = useState<State>({ phase: "idle" });
  const request = useRef<AbortController | null>(null);

  const finish = useCallback((next: State) => {
    request.current?.abort();
    request.current = null;
    setState(next);
  }, []);

  const send = useCallback(
    async (question: Question, language: string) => {
      finish({ phase: "asking" });
      const mine = new AbortController();
      request.current = mine;
      let next: State;
      try {
        next = { phase: "answered", answer: await ask(question, language, mine.signal) };
      } catch (error) {
        next = { phase: "failed", failure: failureOf(error) };
      }
      if (!mine.signal.aborted) setState(next);
    },
    [finish],
  );
  const fail = useCallback((failure: Failure) => { finish({ phase: "failed", failure }); }, [finish]);
  const reset = useCallback(() => { finish({ phase: "idle" }); }, [finish]);

  useEffect(() => () => request.current?.abort(), []);
  return { state, send, fail, reset };
}
