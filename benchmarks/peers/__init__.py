"""Alternative servers around the same model, as people would write or install them.

They run in an environment of their own, `.venv-peers`, without countlab. Each is written as its
documentation recommends, with the thread settings measured to be best for it.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from benchmarks.models import BenchmarkModel
from benchmarks.servers import ROOT, ServerSpec
from countlab.models.graph import graph_of

_HERE = Path(__file__).parent
_PYTHON = ROOT / ".venv-peers" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
_SERVERS = {
    "ONNX Runtime, FastAPI": ("fastapi_server.py", "onnxruntime"),
    "ONNX Runtime, LitServe": ("litserve_server.py", "onnxruntime"),
    "OpenVINO latency, FastAPI": ("fastapi_server.py", "openvino-latency"),
    "OpenVINO throughput, FastAPI": ("fastapi_server.py", "openvino-throughput"),
    "OpenVINO, LitServe": ("litserve_server.py", "openvino-latency"),
}


def flask_servers(model: BenchmarkModel) -> list[ServerSpec]:
    """Classic classifier services around a lab's own graph; none if they are not installed."""
    if not _PYTHON.is_file():
        return []
    command = [str(_PYTHON), str(_HERE / "flask_server.py"), "--port", "{port}"]
    command += ["--graph", str(model.files["graph"].resolve()), "--path", "/predict"]
    command += ["--labels", str(model.model.labels_file.resolve())]
    return [
        ServerSpec(
            name=name,
            command=(*command, "--server", server),
            picture_path="/predict",
            json_path="/predict",
            environment={"PYTHONPATH": ""},
        )
        for name, server in (("Flask", "flask"), ("Flask, waitress", "waitress"))
    ]


def peer_servers(model: BenchmarkModel, results: Path) -> list[ServerSpec]:
    """The peers, serving the model's own graph; none if their environment is not installed."""
    if not _PYTHON.is_file():
        return []
    graph = results / "home" / f"{model.name}.onnx"
    source = graph_of(model.model, model.files)
    if isinstance(source, bytes):
        graph.write_bytes(source)
    else:
        shutil.copyfile(source, graph)
    common = ["--port", "{port}", "--graph", str(graph.resolve())]
    common += ["--labels", str(model.model.labels_file), "--nms", str(model.model.nms)]
    return [
        ServerSpec(
            name=name,
            command=(str(_PYTHON), str(_HERE / script), "--runtime", runtime, *common),
            picture_path="/predict",
            json_path="/boxes",
            environment={"PYTHONPATH": ""},
        )
        for name, (script, runtime) in _SERVERS.items()
    ]
