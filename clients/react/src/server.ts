// The questions that the page asks a countlab server, through the generated client.
import { countObjects, models, predictSingle, type CountJson, type ModelJson } from "./client";
import { client } from "./client/client.gen";

export type Answer = CountJson;
export type Model = ModelJson;
export type Task = "classify" | "count";

export interface Models {
  default: string;
  classify: Model[];
  count: Model[];
}

export interface Question {
  task: Task;
  picture: File;
  model: string;
  /** Only for counting: a label, or all of them. */
  object?: string;
  confidence?: number;
}

client.setConfig({ baseURL: "/api" });

export async function fetchModels(language: string): Promise<Models> {
  const { data } = await models({
    throwOnError: true,
    headers: { "Accept-Language": language },
    timeout: 15_000,
  });
  if (!Array.isArray(data.models)) throw new TypeError("no list of models");
  return {
    default: data.default,
    classify: data.models.filter((model) => model.task === "classify"),
    count: data.models.filter((model) => model.task === "detect"),
  };
}

export async function ask(
  question: Question,
  language: string,
  signal: AbortSignal,
): Promise<Answer> {
  const { task, picture, model, object, confidence } = question;
  const options = {
    throwOnError: true as const,
    body: { file: picture },
    headers: { Accept: "application/json", "Accept-Language": language },
    signal,
    timeout: 90_000,
  };
  const { data } =
    task === "classify"
      ? await predictSingle({ ...options, query: { model } })
      : await countObjects({ ...options, query: { model, object, confidence } });
  if (!Array.isArray(data.findings)) throw new TypeError("no answer of a countlab server");
  return data;
}
