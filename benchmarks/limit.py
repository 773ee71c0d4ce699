"""The engine alone against the limit: how near inference is to what the machine can multiply,
and how much of a request is inference at all.
"""

from __future__ import annotations

import threading
import time
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

import openvino
from rich.console import Console
from rich.table import Table

from benchmarks.machine import LargeProducts
from benchmarks.models import Measured
from benchmarks.pictures import sent_pictures
from benchmarks.rounds import Asked, Plan, Tell
from benchmarks.servers import countlab, started
from countlab.engines import Engine, open_engine
from countlab.engines.openvino.engine import graph_of
from countlab.imaging.picture import Pixels, read_picture

_ROUNDS, _STRETCH_S, _CLIENTS = 3, 1.5, 8
_PRECISIONS = {"openvino": "f32", "openvino-bf16": "bf16"}


@dataclass(frozen=True)
class Limit:
    model: str
    weights: str
    engine: str
    gflop: float
    """Multiplications and additions that the convolutions of one picture are written with, in
    thousand millions; in f32 the engine makes do with fewer."""
    peak_gflops: float
    """What large matrix products reach here in this precision, in the same rounds."""
    alone_per_second: float
    """Pictures a second when one caller asks the engine, resizing and reading rows included."""
    crowd_per_second: float
    """The same with eight callers."""
    peak_share: float
    """Of those products' speed, with eight callers; beyond 100 % where it makes do with fewer."""
    inference_share: float
    """Of a request's CPU time, annotated JPEG out, eight clients."""


def measure(
    models: list[Measured], engines: list[str], *, console: Console, tell: Tell
) -> list[dict[str, Any]]:
    done = []
    for engine in engines:
        products = LargeProducts(_PRECISIONS[engine])
        for model in models:
            tell(f"{model.name}, {engine} alone")
            done.append(_one(model, engine, products))
        console.print(f"\n[bold]{engine} alone")
        console.print(_table([limit for limit in done if limit.engine == engine]))
    return [asdict(limit) for limit in done]


def _one(model: Measured, name: str, products: LargeProducts) -> Limit:
    """Takes turns, so that all figures of a round see the same machine."""
    engine = open_engine(name, model.model, model.files)
    pixels = read_picture(sent_pictures()[0], max_bytes=10**8, max_pixels=10**8).pixels
    _calls(engine, pixels, model, callers=_CLIENTS)  # warm
    peak, alone, crowd, shares = [], [], [], []
    with started(countlab(model, name)) as running:
        server = Asked(running, Plan(1, 1.0, clients=(_CLIENTS,), answers=("jpeg",)))
        for _ in range(_ROUNDS):
            peak.append(products.gflops(_STRETCH_S))
            alone.append(_calls(engine, pixels, model, callers=1)[0])
            rate, cpu_ms = _calls(engine, pixels, model, callers=_CLIENTS)
            crowd.append(rate)
            shares.append(cpu_ms / server.stretch("jpeg", _CLIENTS, _STRETCH_S).cpu_ms)
    gflop = _gflop(model)
    return Limit(
        model=model.name,
        weights=model.weights,
        engine=name,
        gflop=gflop,
        peak_gflops=median(peak),
        alone_per_second=median(alone),
        crowd_per_second=median(crowd),
        peak_share=median(rate * gflop / most for rate, most in zip(crowd, peak, strict=True)),
        inference_share=median(shares),
    )


def _calls(engine: Engine, pixels: Pixels, model: Measured, *, callers: int) -> tuple[float, float]:
    """Pictures a second, and CPU milliseconds for each."""
    done, until = [0] * callers, time.perf_counter() + _STRETCH_S

    def call(caller: int) -> None:
        while time.perf_counter() < until:
            engine.find(pixels, confidence=0.5, nms=model.model.nms)
            done[caller] += 1

    threads = [threading.Thread(target=call, args=(n,)) for n in range(callers)]
    begun, cpu = time.perf_counter(), time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spent, cpu = time.perf_counter() - begun, time.process_time() - cpu
    return sum(done) / spent, cpu / sum(done) * 1000


def _gflop(model: Measured) -> float:
    graph = graph_of(model.model, model.files)
    total = 0
    for node in openvino.Core().read_model(graph).get_ops():
        if node.get_type_name() in ("Convolution", "GroupConvolution"):
            kernel, outputs = node.input(1).get_shape(), node.output(0).get_shape()
            per_output = 1
            for length in kernel[-3:]:  # input channels of a group, height, width
                per_output *= length
            height, width = outputs[2:]
            total += 2 * per_output * outputs[1] * height * width
    return total / 1e9


def _table(limits: list[Limit]) -> Table:
    columns = (
        "GFLOP",
        "peak GFLOP/s",
        "1 caller/s",
        "8 callers/s",
        "of the peak",
        "of a request's CPU",
    )
    table = Table("model", *columns, box=None, pad_edge=False)
    for limit in limits:
        table.add_row(
            f"{limit.model} ({limit.weights})",
            f"{limit.gflop:.1f}",
            f"{limit.peak_gflops:.0f}",
            f"{limit.alone_per_second:.1f}",
            f"{limit.crowd_per_second:.1f}",
            f"{limit.peak_share:.0%}",
            f"{limit.inference_share:.0%}",
        )
    return table
