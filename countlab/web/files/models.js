// The models of the server, from one request that all tabs share.

import { get } from "./api.js";

let loading = null;

document.addEventListener("key", () => { loading = null; }, { capture: true });

// `default` is the server's own model; `models` maps each name to its entry in /models.
export function loadModels() {
  loading ??= fetchModels().catch((problem) => {
    loading = null;
    throw problem;
  });
  return loading;
}

async function fetchModels() {
  const { models, default: defaultModel } = await get("models");
  return { models: new Map(models.map((model) => [model.name, model])), default: defaultModel };
}

export const classifies = (model) => model?.task === "classify";
