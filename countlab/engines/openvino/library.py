"""OpenVINO, imported so that it reports nothing to its makers."""

from __future__ import annotations

import sys

# Importing openvino reports to its makers, unless their library for it cannot be found.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
import openvino as openvino  # noqa: E402
