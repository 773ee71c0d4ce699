"""A lab as the whole service: `/` and `/predict` answer as that lab's own clients expect."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response, UploadFile
from fastapi.responses import JSONResponse

from countlab.models.entry import Model
from countlab.models.lab_answer import LabAnswer
from countlab.server.middleware.form import FormRoute
from countlab.server.parameters import LabDependency, OptionsOfAll
from countlab.server.responses import single_response
from countlab.server.routes.front_page import front_page, wants_html


def lab_routes(model: Model) -> APIRouter:
    """Routes that stand before the usual ones; all others stay as they are."""
    router = APIRouter(tags=["lab"], route_class=FormRoute)
    names = model.answer or LabAnswer()

    @router.get("/", summary="A greeting", response_model=dict[str, str])
    def greet_as_the_lab(request: Request) -> Response:
        """A browser gets a small page with the ways on."""
        greeting = names.greeting or model.title
        if wants_html(request):
            return front_page(request, example="/predict", greeting=greeting)
        content = {"message": greeting, "model": model.name, "docs": "/docs"}
        return JSONResponse(content, headers={"Vary": "Accept, Accept-Language"})

    @router.post("/predict/", include_in_schema=False)
    @router.post("/predict", summary="The class of a picture")
    def predict_as_the_lab(
        request: Request, lab: LabDependency, file: UploadFile, options: OptionsOfAll
    ) -> Response:
        """The answer under the names of this lab, beside the usual ones."""
        prediction = lab.predict(file.file.read(), options)
        return single_response(request, prediction)

    return router
