"""OpenVINO, imported so that it reports nothing to its makers."""

from __future__ import annotations

import sys

import numpy as np

# Importing openvino reports to its makers, unless their library for it cannot be found.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
# Its converter of other frameworks' models, which is not used here, takes a third of the import.
_converter_is_loaded = "openvino.tools.ovc" in sys.modules
sys.modules.setdefault("openvino.tools.ovc", None)  # type: ignore[arg-type]
import openvino as openvino  # noqa: E402

if not _converter_is_loaded:
    del sys.modules["openvino.tools.ovc"]  # whoever wants it can still import it

# The first constant that becomes an array sets up what all later ones use. Two threads that did so
# at once, each opening a model, would wait for each other for ever.
_ = openvino.opset13.constant(np.zeros(1, np.float32)).data
