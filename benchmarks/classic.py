"""The classic lab's server, rebuilt as it is known, so that it can be measured beside countlab.

The real cvlib with its one global network, the annotated picture written to `images_uploaded/`
and streamed from there as an open file, which goes line by line. Only what made its answers
wrong is mended: a lock around the network. `--whole` mends the streaming too. The lab had no
answer in JSON; `/boxes` gives one, so that its boxes can be compared.
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


def create_app(name: str, nms: float, uploads: Path, *, whole: bool) -> FastAPI:
    cvlib = _cvlib(Path.cwd())
    app = FastAPI(title="The classic lab")
    network = threading.Lock()

    def detect(image: Any) -> Any:
        with network:
            return cvlib.detect_common_objects(image, confidence=0.5, nms_thresh=nms, model=name)

    @app.post("/predict")
    def predict(file: UploadFile) -> Response:
        image = _decoded(file)
        drawn = cvlib.draw_bbox(image, *detect(image))
        path = uploads / Path(file.filename or "picture.jpg").name
        cv2.imwrite(str(path), drawn)
        if whole:
            return Response(path.read_bytes(), media_type="image/jpeg")
        return StreamingResponse(path.open("rb"), media_type="image/jpeg")

    @app.post("/boxes")
    def boxes(file: UploadFile) -> dict[str, Any]:
        image = _decoded(file)
        height, width = image.shape[:2]
        return {
            "findings": [
                {"label": label, "confidence": score, "box": _inside(box, width, height)}
                for box, label, score in zip(*detect(image), strict=True)
            ]
        }

    return app


def _decoded(file: UploadFile) -> Any:
    return cv2.imdecode(np.asarray(bytearray(file.file.read()), np.uint8), cv2.IMREAD_COLOR)


def _inside(box: list[int], width: int, height: int) -> list[int]:
    """What cvlib lets stick out of the picture is cut off, as the other servers do."""
    return [max(0, min(at, most)) for at, most in zip(box, 2 * (width, height), strict=True)]


def _cvlib(folder: Path) -> Any:
    """cvlib's object detection without its other rooms, with the model's files from `folder`."""
    spec = find_spec("cvlib")
    assert spec is not None
    package = ModuleType("cvlib")
    package.__path__ = list(spec.submodule_search_locations or ())
    sys.modules["cvlib"] = package
    import cvlib.object_detection

    cvlib.object_detection.dest_dir = f"{folder}/"
    return cvlib.object_detection


def main() -> None:
    """Serves in the current folder, where cvlib finds the files by the names that it knows."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--port", type=int, required=True)
    asked.add_argument("--model", default="yolov3-tiny")
    asked.add_argument("--nms", type=float, default=0.3)
    asked.add_argument("--whole", action="store_true")
    said = asked.parse_args()
    uploads = Path("images_uploaded")
    uploads.mkdir(exist_ok=True)
    app = create_app(said.model, said.nms, uploads, whole=said.whole)
    # As `pip install uvicorn` brings it; nest_asyncio, which the lab needs, takes no other loop.
    uvicorn.run(app, port=said.port, log_level="warning", loop="asyncio", http="h11")


if __name__ == "__main__":
    main()
