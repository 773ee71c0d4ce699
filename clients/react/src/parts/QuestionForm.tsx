// What to do with the picture: the task, the model, and for a count the object and confidence.
import { Segmented, Select, Slider } from "antd";

import { nameOf, percent, useSpeech } from "../language/language";
import type { Model, Task } from "../server";

interface Props {
  task: Task;
  /** Null until the server has told them. */
  models: Model[] | null;
  model: Model | undefined;
  object: string | undefined;
  confidence: number;
  onTask: (task: Task) => void;
  onModel: (name: string) => void;
  onObject: (label: string | undefined) => void;
  onConfidence: (confidence: number) => void;
}

export function QuestionForm(props: Props) {
  const { texts, language } = useSpeech();
  const { task, models, model, object, confidence } = props;
  const offered = (models ?? []).map(({ name, on_disk: onDisk }) => ({
    value: name,
    label: onDisk ? name : `${name} (${texts.fetchedOnFirstUse})`,
  }));
  const labels = (model?.labels ?? []).map((label) => ({
    value: label,
    label: nameOf(label, model?.names, language),
  }));
  return (
    <div className="flex flex-col gap-4">
      <Segmented<Task>
        block
        size="large"
        aria-label={texts.task}
        value={task}
        onChange={props.onTask}
        options={[
          { value: "classify", label: texts.classify },
          { value: "count", label: texts.count },
        ]}
      />
      <label className="flex flex-col gap-1">
        {texts.model}
        <Select<string>
          aria-label={texts.model}
          value={model?.name ?? null}
          placeholder={models ? texts.noModels : "…"}
          onChange={props.onModel}
          options={offered}
        />
      </label>
      {task === "count" && (
        <>
          <label className="flex flex-col gap-1">
            {texts.object}
            <Select<string>
              aria-label={texts.object}
              value={object ?? ""}
              onChange={(label) => { props.onObject(label || undefined); }}
              options={[{ value: "", label: texts.everyObject }, ...labels]}
              showSearch={{ optionFilterProp: "label" }}
            />
          </label>
          <div>
            <div className="flex justify-between" aria-hidden>
              <span>{texts.confidence}</span>
              <span className="tabular-nums">{percent(confidence, language)}</span>
            </div>
            <Slider
              ariaLabelForHandle={texts.confidence}
              min={0.05}
              max={0.95}
              step={0.05}
              value={confidence}
              onChange={props.onConfidence}
              tooltip={{ open: false }}
            />
          </div>
        </>
      )}
    </div>
  );
}
