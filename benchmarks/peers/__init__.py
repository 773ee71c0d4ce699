"""Servers that people would write or install instead, around the same model.

They run in an environment of their own, `.venv-peers`, which has no countlab; each is written as
its makers advise, with the threads that were measured to be best for it here.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from benchmarks.models import Measured
from benchmarks.servers import ROOT, Contestant
from countlab.engines.openvino.engine import graph_of

_HERE = Path(__file__).parent
_PYTHON = ROOT / ".venv-peers" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
_SERVERS = {
    "ONNX Runtime, FastAPI": ("fastapi_server.py", "onnxruntime"),
    "ONNX Runtime, LitServe": ("litserve_server.py", "onnxruntime"),
    "OpenVINO latency, FastAPI": ("fastapi_server.py", "openvino-latency"),
    "OpenVINO throughput, FastAPI": ("fastapi_server.py", "openvino-throughput"),
    "OpenVINO, LitServe": ("litserve_server.py", "openvino-latency"),
}


def contestants(measured: Measured, results: Path) -> list[Contestant]:
    """The peers, around the model's own graph; none where their environment is not made."""
    if not _PYTHON.is_file():
        return []
    graph = results / "home" / f"{measured.name}.onnx"
    made = graph_of(measured.model, measured.files)
    if isinstance(made, bytes):
        graph.write_bytes(made)
    else:
        shutil.copyfile(made, graph)
    common = ["--port", "{port}", "--graph", str(graph.resolve())]
    common += ["--labels", str(measured.model.labels_file), "--nms", str(measured.model.nms)]
    return [
        Contestant(
            name=name,
            command=(str(_PYTHON), str(_HERE / script), "--runtime", runtime, *common),
            picture_path="/predict",
            json_path="/boxes",
            environment={"PYTHONPATH": ""},
        )
        for name, (script, runtime) in _SERVERS.items()
    ]
