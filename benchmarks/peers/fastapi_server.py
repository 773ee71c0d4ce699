"""A minimal FastAPI server around a runtime."""

from __future__ import annotations

import uvicorn
import yolo
from fastapi import FastAPI, Response, UploadFile


def create_app(options: yolo.Options) -> FastAPI:
    app, network = FastAPI(), yolo.load_network(options)

    @app.post("/predict")
    def predict(file: UploadFile) -> Response:
        image = yolo.decode(file.file.read())
        findings = yolo.detect(image, network, options)
        return Response(yolo.annotated_jpeg(image, findings), media_type="image/jpeg")

    @app.post("/boxes")
    def boxes(file: UploadFile) -> Response:
        findings = yolo.detect(yolo.decode(file.file.read()), network, options)
        return Response(yolo.to_json(findings), media_type="application/json")

    return app


if __name__ == "__main__":
    options = yolo.parse_options()
    uvicorn.run(create_app(options), port=options.port, log_level="warning")
