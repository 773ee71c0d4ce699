"""A LitServe server around the same model: its worker processes decode, predict and encode.

LitServe inspects annotations at run time, so they must not be strings here.
"""

from typing import Any

import litserve
import yolo
from fastapi import Request, Response


class Picture(litserve.LitAPI):
    """LitServe's four steps; the response is the annotated picture."""

    def __init__(self, options: yolo.Options, path: str) -> None:
        super().__init__(api_path=path)
        self._options = options

    def setup(self, device: str) -> None:  # noqa: ARG002
        self._network = yolo.load_network(self._options)

    def decode_request(self, request: Request) -> Any:
        return yolo.decode(request["file"].file.read())

    def predict(self, image: Any) -> Any:
        return image, yolo.detect(image, self._network, self._options)

    def encode_response(self, output: Any) -> Response:
        return Response(yolo.annotated_jpeg(*output), media_type="image/jpeg")


class Boxes(Picture):
    """The same, returning JSON."""

    def encode_response(self, output: Any) -> Response:
        return Response(yolo.to_json(output[1]), media_type="application/json")


if __name__ == "__main__":
    options = yolo.parse_options()
    server = litserve.LitServer(
        [Picture(options, "/predict"), Boxes(options, "/boxes")],
        accelerator="cpu",
        workers_per_device=2,
    )
    server.run(host="127.0.0.1", port=options.port, generate_client_file=False, log_level="warning")
