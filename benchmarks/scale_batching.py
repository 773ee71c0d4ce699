"""Whether it pays to look at several pictures in one pass: processor time a picture by batch."""

from __future__ import annotations

import argparse
import statistics
import time
from typing import Any

import numpy as np

from countlab.engines.openvino.library import openvino
from countlab.models.catalog import read_catalog
from countlab.models.graph import graph_of
from countlab.models.store import Store
from countlab.settings import Settings

_SIZES = (1, 2, 4, 8)


def batching(arguments: argparse.Namespace) -> dict[str, Any]:
    """The network alone, on one thread, as a replica with one processor runs it.

    Without its last steps, which make rows of its maps: they are written for one picture.
    """
    settings = Settings.from_environment()
    model = read_catalog(settings.models_folder).find(arguments.model)
    core = openvino.Core()
    passes = {}
    for size in _SIZES:
        network = _without_end(core.read_model(graph_of(model, Store().files(model))))
        shape = [int(side.get_length()) for side in list(network.inputs[0].get_partial_shape())[1:]]
        network.reshape([size, *shape])
        properties = {
            "INFERENCE_PRECISION_HINT": "f32",
            "NUM_STREAMS": "1",
            "INFERENCE_NUM_THREADS": "1",
        }
        request = core.compile_model(network, "CPU", properties).create_infer_request()
        passes[size] = (request, np.random.default_rng(0).random((size, *shape), np.float32))
    measured: dict[int, list[float]] = {size: [] for size in _SIZES}
    for _ in range(arguments.rounds):
        for size, (request, pictures) in passes.items():
            started = time.process_time()
            for _ in range(max(1, 16 // size)):
                request.infer([pictures], share_inputs=True, share_outputs=True)
            spent = time.process_time() - started
            measured[size].append(1000 * spent / (size * max(1, 16 // size)))
    return {
        "cpu_ms_a_picture": {
            size: round(statistics.median(times[1:]), 2) for size, times in measured.items()
        }
    }


def _without_end(network: openvino.Model) -> openvino.Model:
    ends = [
        node.input_value(0).get_node().input_value(0)
        for node in network.get_ordered_ops()
        if node.get_type_name() == "Reshape"
        and node.input_value(0).get_node().get_type_name() == "Transpose"
    ]
    return openvino.Model(ends, network.get_parameters())
