"""YOLO inference shared by all peers: decoding, detection and drawing with numpy and OpenCV.

Independent of countlab, as people would write it.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Network = Callable[[Array], Array]

_CONFIDENCE, _SIZE, _CORES = 0.5, (416, 416), os.cpu_count() or 1


@dataclass(frozen=True)
class Options:
    """Command line of a peer."""

    runtime: str
    port: int
    graph: str
    labels: list[str]
    nms: float


def parse_options() -> Options:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runtime", choices=[*_RUNTIMES], required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--graph", required=True)
    parser.add_argument("--labels", required=True)
    parser.add_argument("--nms", type=float, required=True)
    arguments = parser.parse_args()
    labels = Path(arguments.labels).read_text().split("\n")
    return Options(arguments.runtime, arguments.port, arguments.graph, labels, arguments.nms)


def load_network(options: Options) -> Network:
    """A function from input to rows, safe to call from many threads."""
    return _RUNTIMES[options.runtime](options.graph)


def _onnxruntime(graph: str) -> Network:
    import onnxruntime

    config = onnxruntime.SessionOptions()
    config.intra_op_num_threads = _CORES
    # Spinning idle threads took a third of the server's CPU time and made nothing faster.
    config.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(graph, config, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda blob: np.asarray(session.run(None, {name: blob})[0][0])


def _openvino(graph: str, *, hint: str) -> Network:
    import openvino

    config = {"PERFORMANCE_HINT": hint, "INFERENCE_PRECISION_HINT": "f32"}
    compiled = openvino.Core().compile_model(graph, "CPU", config)

    def run(blob: Array) -> Array:
        return np.asarray(compiled.create_infer_request().infer([blob])[0][0])

    return run


_RUNTIMES: dict[str, Callable[[str], Network]] = {
    "onnxruntime": _onnxruntime,
    "openvino-latency": partial(_openvino, hint="LATENCY"),
    "openvino-throughput": partial(_openvino, hint="THROUGHPUT"),
}


def decode(data: bytes) -> Array:
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None, "not a picture"
    return image


def detect(image: Array, network: Network, options: Options) -> list[dict[str, Any]]:
    """Boxes at confidence 0.5 after NMS across labels, vectorized over all rows."""
    rows = network(cv2.dnn.blobFromImage(image, 0.00392, _SIZE, swapRB=True))
    rows = rows[rows[:, 4] > _CONFIDENCE]
    best = rows[:, 5:].argmax(axis=1)
    scores = rows[np.arange(len(rows)), best + 5]
    confident = scores > _CONFIDENCE
    rows, best, scores = rows[confident], best[confident], scores[confident]
    height, width = image.shape[:2]
    boxes = (rows[:, :4] * [width, height, width, height]).astype(int).astype(float)
    boxes[:, :2] -= boxes[:, 2:] / 2
    kept = cv2.dnn.NMSBoxes(boxes.tolist(), scores.tolist(), _CONFIDENCE, options.nms)
    corners = np.hstack([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]])
    corners = corners.astype(int).clip(0, [width, height, width, height])
    return [
        {
            "label": options.labels[best[index]],
            "confidence": float(scores[index]),
            "box": corners[index].tolist(),
        }
        for index in kept
    ]


def annotated_jpeg(image: Array, findings: list[dict[str, Any]]) -> bytes:
    for finding in findings:
        left, top, right, bottom = finding["box"]
        text = f"{finding['label']} {finding['confidence']:.0%}"
        cv2.rectangle(image, (left, top), (right, bottom), (0, 160, 0), 3)
        cv2.putText(image, text, (left, top - 6), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (0, 160, 0), 2)
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()


def to_json(findings: list[dict[str, Any]]) -> str:
    return json.dumps({"count": len(findings), "findings": findings})
