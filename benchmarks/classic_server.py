"""The classic lab's server, reconstructed so that it can be measured beside countlab.

The real cvlib with its one global network; the annotated picture is written to `images_uploaded/`
and streamed from there as an open file, which yields line by line. Only the missing lock around the
network, which made its answers wrong, is added; `--whole` fixes the streaming too. The lab had no
JSON response; `/boxes` adds one, so that its boxes can be compared.
"""

from __future__ import annotations

import argparse
import sys
import threading
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import uvicorn
from fastapi import FastAPI, Response, UploadFile
from fastapi.responses import StreamingResponse


def create_app(name: str, nms: float, uploads: Path, *, buffered: bool) -> FastAPI:
    cvlib = _load_cvlib(Path.cwd())
    app = FastAPI(title="The classic lab")
    network = threading.Lock()

    def detect(image: Any) -> Any:
        with network:
            return cvlib.detect_common_objects(image, confidence=0.5, nms_thresh=nms, model=name)

    @app.post("/predict")
    def predict(file: UploadFile) -> Response:
        image = _decode(file)
        annotated = cvlib.draw_bbox(image, *detect(image))
        path = uploads / Path(file.filename or "picture.jpg").name
        cv2.imwrite(str(path), annotated)
        if buffered:
            return Response(path.read_bytes(), media_type="image/jpeg")
        return StreamingResponse(path.open("rb"), media_type="image/jpeg")

    @app.post("/boxes")
    def boxes(file: UploadFile) -> dict[str, Any]:
        image = _decode(file)
        height, width = image.shape[:2]
        return {
            "findings": [
                {"label": label, "confidence": score, "box": _clip(box, width, height)}
                for box, label, score in zip(*detect(image), strict=True)
            ]
        }

    return app


def _decode(file: UploadFile) -> Any:
    return cv2.imdecode(np.asarray(bytearray(file.file.read()), np.uint8), cv2.IMREAD_COLOR)


def _clip(box: list[int], width: int, height: int) -> list[int]:
    """The box clipped to the picture, as the other servers do (cvlib does not)."""
    return [
        max(0, min(coordinate, limit))
        for coordinate, limit in zip(box, 2 * (width, height), strict=True)
    ]


def _load_cvlib(folder: Path) -> Any:
    """cvlib's object detection without its other modules, with the model's files from `folder`."""
    spec = find_spec("cvlib")
    assert spec is not None
    package = ModuleType("cvlib")
    package.__path__ = list(spec.submodule_search_locations or ())
    sys.modules["cvlib"] = package
    import cvlib.object_detection

    cvlib.object_detection.dest_dir = f"{folder}/"
    return cvlib.object_detection


def main() -> None:
    """Serve in the current folder, where cvlib finds the files under its own names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--model", default="yolov3-tiny")
    parser.add_argument("--nms", type=float, default=0.3)
    parser.add_argument("--whole", action="store_true")
    arguments = parser.parse_args()
    uploads = Path("images_uploaded")
    uploads.mkdir(exist_ok=True)
    app = create_app(arguments.model, arguments.nms, uploads, buffered=arguments.whole)
    # As plain `pip install uvicorn` runs; nest_asyncio, which the lab needs, needs this loop.
    uvicorn.run(app, port=arguments.port, log_level="warning", loop="asyncio", http="h11")


if __name__ == "__main__":
    main()
