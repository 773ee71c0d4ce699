"""OpenVINO as it is imported here: what it does at its first use, it may do in any thread."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from countlab.engines.openvino.library import openvino

_FOUR_THREADS = """
import os, sys, threading
from countlab.engines.openvino.library import openvino
core, barrier = openvino.Core(), threading.Barrier(4)
networks = [core.read_model(sys.argv[1]) for _ in range(4)]
constants = [
    next(node for node in network.get_ops() if node.get_type_name() == "Constant")
    for network in networks
]
sys.setswitchinterval(1e-6)
def read(constant):
    barrier.wait()
    constant.data
threads = [threading.Thread(target=read, args=(constant,)) for constant in constants]
for thread in threads: thread.start()
for thread in threads: thread.join()
print("read", flush=True)
os._exit(0)
"""


_SHARES = """
from countlab.system.cpu import cores, use_cores
if {shares}: use_cores(cores())
from countlab.inference.pipeline import Pipeline
from countlab.options import PredictOptions
engine = Pipeline().open(PredictOptions()).predictor._engine
lone, many = engine._lone.get(), engine._compile(engine._prepare(engine._read()), streams=1).get()
for request in (lone, many):
    print(request.get_compiled_model().get_property("ENABLE_CPU_PINNING"), end=" ")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no thread can be tied")
@pytest.mark.parametrize(("shares", "tied"), [(True, "False False"), (False, "True True")])
def test_threads_are_tied_to_cores_only_where_the_machine_is_not_shared(
    shares: bool, tied: str
) -> None:
    command = [sys.executable, "-c", _SHARES.format(shares=shares)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.stdout.split() == tied.split(), done.stderr


def test_threads_that_open_the_first_models_do_not_wait_for_each_other(tmp_path: Path) -> None:
    ops = openvino.opset13
    given = ops.parameter([1, 3], openvino.Type.f32)
    network = openvino.Model([ops.add(given, np.ones((1, 3), np.float32))], [given])
    openvino.save_model(network, tmp_path / "added.xml", compress_to_fp16=False)
    command = [sys.executable, "-c", _FOUR_THREADS, str(tmp_path / "added.xml")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "read\n", done.stderr
