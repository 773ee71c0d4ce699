"""LitServe around the same model: its worker processes decode, predict and encode.

LitServe reads the annotations of the steps at run time, so they are no strings here.
"""

from typing import Any

import litserve
import yolo
from fastapi import Request, Response


class Picture(litserve.LitAPI):
    """LitServe's four steps; the answer is the picture with boxes."""

    def __init__(self, told: yolo.Options, path: str) -> None:
        super().__init__(api_path=path)
        self._told = told

    def setup(self, device: str) -> None:  # noqa: ARG002
        self._run = yolo.network(self._told)

    def decode_request(self, request: Request) -> Any:
        return yolo.decoded(request["file"].file.read())

    def predict(self, image: Any) -> Any:
        return image, yolo.found_in(image, self._run, self._told)

    def encode_response(self, output: Any) -> Response:
        return Response(yolo.drawn(*output), media_type="image/jpeg")


class Boxes(Picture):
    """The same, answered in JSON."""

    def encode_response(self, output: Any) -> Response:
        return Response(yolo.as_json(output[1]), media_type="application/json")


if __name__ == "__main__":
    told = yolo.options()
    server = litserve.LitServer(
        [Picture(told, "/predict"), Boxes(told, "/boxes")], accelerator="cpu", workers_per_device=2
    )
    server.run(host="127.0.0.1", port=told.port, generate_client_file=False, log_level="warning")
