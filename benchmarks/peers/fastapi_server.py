"""A minimal FastAPI server around a runtime: what most people would write."""

from __future__ import annotations

import uvicorn
import yolo
from fastapi import FastAPI, Response, UploadFile


def create_app(told: yolo.Options) -> FastAPI:
    app, run = FastAPI(), yolo.network(told)

    @app.post("/predict")
    def predict(file: UploadFile) -> Response:
        image = yolo.decoded(file.file.read())
        found = yolo.found_in(image, run, told)
        return Response(yolo.drawn(image, found), media_type="image/jpeg")

    @app.post("/boxes")
    def boxes(file: UploadFile) -> Response:
        found = yolo.found_in(yolo.decoded(file.file.read()), run, told)
        return Response(yolo.as_json(found), media_type="application/json")

    return app


if __name__ == "__main__":
    told = yolo.options()
    uvicorn.run(create_app(told), port=told.port, log_level="warning")
