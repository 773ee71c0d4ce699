"""A classic classifier service: Flask, Pillow and a global ONNX Runtime session.

Independent of countlab, as courses and blogs write it. `--server waitress` puts the usual
production server in front instead of Flask's own.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from flask import Flask, jsonify, request  # type: ignore[import-not-found]
from PIL import Image


def create_app(options: argparse.Namespace) -> Flask:
    app = Flask(__name__)
    labels = Path(options.labels).read_text(encoding="utf-8").split("\n")[:-1]
    session = onnxruntime.InferenceSession(options.graph, providers=["CPUExecutionProvider"])
    _, height, width, _ = session.get_inputs()[0].shape

    @app.post(options.path)
    def predict() -> Any:
        file = request.files.get("file")
        if file is None:
            return jsonify({"error": "no file"}), 400
        image = Image.open(file.stream).convert("RGB").resize((width, height))
        (logits,) = session.run(["logits"], {"picture": np.asarray(image)[None]})
        raised = np.exp(logits[0] - logits[0].max())
        probabilities = [float(value) for value in raised / raised.sum()]
        best = int(np.argmax(probabilities))
        every = dict(zip(labels, probabilities, strict=True))
        answer = {"class": labels[best], "probability": probabilities[best]}
        return jsonify({**answer, "probabilities": every})

    return app


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("--graph", "--labels", "--path"):
        parser.add_argument(name, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--server", choices=("flask", "waitress"), default="flask")
    options = parser.parse_args()
    app = create_app(options)
    if options.server == "waitress":
        from waitress import serve  # type: ignore[import-untyped]

        serve(app, host="127.0.0.1", port=options.port, threads=8)
    else:
        app.run(host="127.0.0.1", port=options.port)


if __name__ == "__main__":
    main()
