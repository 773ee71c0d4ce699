// A picture, a question about it, and the answer beside it.
import { Button, Spin } from "antd";
import { useCallback, useState } from "react";

import { colorOf } from "./colors";
import { nameOf, useSpeech } from "./language/language";
import { ClassAlert } from "./parts/ClassAlert";
import { CountAlert } from "./parts/CountAlert";
import { FailureAlert } from "./parts/FailureAlert";
import { PictureDrop } from "./parts/PictureDrop";
import { PicturePreview } from "./parts/PicturePreview";
import { QuestionForm } from "./parts/QuestionForm";
import { WarningList } from "./parts/WarningList";
import type { Model, Models, Task } from "./server";
import { useAnswer } from "./useAnswer";
import { useModels } from "./useModels";

export function Workbench() {
  const { texts, language } = useSpeech();
  const { models, failure, refresh } = useModels(language);
  const { state, send, fail, reset } = useAnswer();
  const [picture, setPicture] = useState<File | null>(null);
  const [chosenTask, setTask] = useState<Task | null>(null);
  const [names, setNames] = useState<Partial<Record<Task, string>>>({});
  const [object, setObject] = useState<string>();
  const [confidence, setConfidence] = useState(0.5);

  const task = chosenTask ?? firstTask(models);
  const model = modelFor(task, models, names[task]);
  const asking = state.phase === "asking";
  const answer = state.phase === "answered" ? state.answer : null;
  const labels = model?.labels ?? [];
  const say = (label: string) => nameOf(label, model?.names, language);
  const color = (label: string) => colorOf(label, labels);

  /** What was asked has changed, so the answer beside it no longer belongs to it. */
  function change<Value>(set: (value: Value) => void) {
    return (value: Value) => {
      reset();
      set(value);
    };
  }
  const changeModel = (name: string) => {
    reset();
    setObject(undefined);
    setNames({ ...names, [task]: name });
  };
  const start = () => {
    if (picture && model) void send({ task, picture, model: model.name, object, confidence }, language);
  };
  const clear = () => {
    reset();
    setPicture(null);
  };
  const refuse = useCallback(() => { fail({ kind: "file" }); }, [fail]);
  const ready = task === "classify" ? texts.classifyImage : texts.countObjects;
  const busy = task === "classify" ? texts.classifying : texts.counting;

  return (
    <main className="mx-auto grid max-w-6xl gap-6 px-4 py-6 md:grid-cols-[minmax(0,1fr)_22rem]">
      <section aria-busy={asking}>
        <Spin spinning={asking} description={busy}>
          {picture ? (
            <PicturePreview picture={picture} answer={answer} nameOf={say} colorOf={color} />
          ) : (
            <PictureDrop onPicture={change(setPicture)} onWrongFile={refuse} />
          )}
        </Spin>
      </section>
      <section className="flex flex-col gap-5">
        <QuestionForm
          task={task}
          models={models?.[task] ?? null}
          model={model}
          object={object}
          confidence={confidence}
          onTask={change(setTask)}
          onModel={changeModel}
          onObject={change(setObject)}
          onConfidence={change(setConfidence)}
        />
        <div className="flex gap-3">
          <Button
            type="primary"
            size="large"
            className="grow"
            loading={asking}
            disabled={!picture || !model}
            onClick={start}
          >
            {asking ? busy : ready}
          </Button>
          <Button size="large" disabled={!picture && state.phase === "idle"} onClick={clear}>
            {texts.reset}
          </Button>
        </div>
        <div aria-live="polite" className="flex flex-col gap-4">
          {failure && <FailureAlert failure={failure} onRetry={refresh} />}
          {state.phase === "failed" && (
            <FailureAlert failure={state.failure} onRetry={picture ? start : undefined} />
          )}
          {answer && task === "classify" && <ClassAlert answer={answer} nameOf={say} />}
          {answer && task === "count" && <CountAlert answer={answer} nameOf={say} colorOf={color} />}
          {answer && <WarningList warnings={answer.warnings} />}
        </div>
      </section>
    </main>
  );
}

/** What the server's own model does. */
function firstTask(models: Models | null): Task {
  return models?.count.some(({ name }) => name === models.default) ? "count" : "classify";
}

function modelFor(task: Task, models: Models | null, name: string | undefined): Model | undefined {
  const offered = models?.[task] ?? [];
  return (
    offered.find((model) => model.name === name) ??
    offered.find((model) => model.name === models?.default) ??
    offered[0]
  );
}
