"""Engine throughput relative to the processor's peak, and inference's share of a request."""

from __future__ import annotations

import threading
import time
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

import openvino
from rich.console import Console
from rich.table import Table

from benchmarks.machine import MatrixProducts
from benchmarks.models import BenchmarkModel
from benchmarks.pictures import request_pictures
from benchmarks.rounds import MeasuredServer, Plan, Progress
from benchmarks.servers import countlab_server, running_server
from countlab.imaging.picture import Pixels, read_picture
from countlab.inference.predictor import Predictor
from countlab.models.graph import graph_of

_ROUNDS, _MEASURE_S, _CLIENTS = 3, 1.5, 8
_PRECISIONS = {"openvino": "f32", "openvino-bf16": "bf16"}


@dataclass(frozen=True)
class Limit:
    """Result for one model and engine."""

    model: str
    weights: str
    engine: str
    gflop: float
    """Multiplications and additions in the convolutions of one picture, in thousand millions; the
    f32 engine needs fewer."""
    peak_gflops: float
    """Speed of large matrix products in this precision, in the same rounds."""
    alone_per_second: float
    """Pictures a second with one caller, including resizing and decoding."""
    crowd_per_second: float
    """The same with eight callers."""
    peak_share: float
    """Share of the peak with eight callers; above 100 % where the engine needs fewer operations."""
    inference_share: float
    """Share of a request's CPU time, returning an annotated JPEG, with eight clients."""


def measure(
    models: list[BenchmarkModel], engines: list[str], *, console: Console, progress: Progress
) -> list[dict[str, Any]]:
    limits = []
    for engine in engines:
        products = MatrixProducts(_PRECISIONS[engine])
        for model in models:
            progress(f"{model.name}, {engine} alone")
            limits.append(_measure_model(model, engine, products))
        console.print(f"\n[bold]{engine} alone")
        console.print(_table([limit for limit in limits if limit.engine == engine]))
    return [asdict(limit) for limit in limits]


def _measure_model(model: BenchmarkModel, name: str, products: MatrixProducts) -> Limit:
    """Measures in turns, so that all figures of a round are taken under the same conditions."""
    engine = Predictor(name, model.model, model.files)
    pixels = read_picture(request_pictures()[0], max_bytes=10**8, max_pixels=10**8).pixels
    _call_engine(engine, pixels, model, callers=_CLIENTS)  # warm
    peaks, single_rates, concurrent_rates, inference_shares = [], [], [], []
    with running_server(countlab_server(model, name)) as running:
        server = MeasuredServer(running, Plan(1, 1.0, clients=(_CLIENTS,), answers=("jpeg",)))
        for _ in range(_ROUNDS):
            peaks.append(products.gflops(_MEASURE_S))
            single_rates.append(_call_engine(engine, pixels, model, callers=1)[0])
            rate, cpu_ms = _call_engine(engine, pixels, model, callers=_CLIENTS)
            concurrent_rates.append(rate)
            inference_shares.append(cpu_ms / server.measure("jpeg", _CLIENTS, _MEASURE_S).cpu_ms)
    gflop = _gflop(model)
    return Limit(
        model=model.name,
        weights=model.weights,
        engine=name,
        gflop=gflop,
        peak_gflops=median(peaks),
        alone_per_second=median(single_rates),
        crowd_per_second=median(concurrent_rates),
        peak_share=median(
            rate * gflop / peak_gflops
            for rate, peak_gflops in zip(concurrent_rates, peaks, strict=True)
        ),
        inference_share=median(inference_shares),
    )


def _call_engine(
    engine: Predictor, pixels: Pixels, model: BenchmarkModel, *, callers: int
) -> tuple[float, float]:
    """Pictures a second, and CPU milliseconds per picture."""
    completed, deadline = [0] * callers, time.perf_counter() + _MEASURE_S

    def call(caller: int) -> None:
        while time.perf_counter() < deadline:
            engine.find(pixels, confidence=0.5, nms=model.model.nms)
            completed[caller] += 1

    threads = [threading.Thread(target=call, args=(index,)) for index in range(callers)]
    started, cpu = time.perf_counter(), time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed, cpu = time.perf_counter() - started, time.process_time() - cpu
    return sum(completed) / elapsed, cpu / sum(completed) * 1000


def _gflop(model: BenchmarkModel) -> float:
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
