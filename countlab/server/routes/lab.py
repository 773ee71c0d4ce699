"""A lab as the whole service: `/` and `/predict` answer as that lab's own clients expect."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, UploadFile

from countlab.inference.prediction import Prediction
from countlab.models.entry import Model
from countlab.models.lab_answer import LabAnswer
from countlab.server.middleware.form import FormRoute
from countlab.server.parameters import LabDependency, OptionsOfAll
from countlab.server.responses import count_answer


def lab_routes(model: Model) -> APIRouter:
    """Routes that stand before the usual ones; all others stay as they are."""
    router = APIRouter(tags=["lab"], route_class=FormRoute)
    names = model.answer or LabAnswer()

    @router.get("/", summary="A greeting")
    def greet_as_the_lab() -> dict[str, str]:
        return {"message": names.greeting or model.title, "model": model.name, "docs": "/docs"}

    @router.post("/predict/", include_in_schema=False)
    @router.post("/predict", summary="The class of a picture")
    def predict_as_the_lab(
        request: Request, lab: LabDependency, file: UploadFile, options: OptionsOfAll
    ) -> dict[str, Any]:
        """The answer under the names of this lab, beside the usual ones."""
        prediction = lab.predict(file.file.read(), options)
        return {**count_answer(request, prediction), **lab_members(prediction, names)}

    return router


def lab_members(prediction: Prediction, names: LabAnswer) -> dict[str, Any]:
    """Class and probabilities as the lab calls them."""
    probabilities = prediction.probabilities
    if not probabilities:  # another model was asked for, which detects
        return {}
    label, probability = next(iter(probabilities.items()))
    by_label = probabilities
    in_order = [probabilities[each] for each in prediction.model.labels]
    return {
        names.class_name: int(label) if names.class_as == "number" else label,
        names.probability: probability,
        names.probabilities: in_order if names.probabilities_as == "list" else by_label,
    }
