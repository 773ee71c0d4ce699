"""Network and loss: torch and OpenCV agree, and the right cells are trained."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs torch (make test-training sets it up)")

from torch import Tensor  # noqa: E402

from recipes.fruits.average_checkpoints import average_states  # noqa: E402
from recipes.fruits.batches import to_input  # noqa: E402
from recipes.fruits.box_iou import ciou  # noqa: E402
from recipes.fruits.boxes import corners, iou  # noqa: E402
from recipes.fruits.checkpoint import start_from, start_run  # noqa: E402
from recipes.fruits.darknet_cfg import fill_template, parse_sections  # noqa: E402
from recipes.fruits.darknet_weights import (  # noqa: E402
    darknet_weights,
    load_darknet_weights,
    shift_objectness,
)
from recipes.fruits.decode import select_detections, split_map, to_rows  # noqa: E402
from recipes.fruits.export import MAX_BYTES, MAX_FLOP, write_model  # noqa: E402
from recipes.fruits.loss import detection_loss  # noqa: E402
from recipes.fruits.network import Network  # noqa: E402
from recipes.fruits.opencv_detector import load_exported  # noqa: E402
from recipes.fruits.settings import read_settings  # noqa: E402
from recipes.fruits.widen import widen  # noqa: E402

pytestmark = pytest.mark.training


@pytest.fixture(scope="module")
def cfg_text() -> str:
    settings = read_settings()
    return fill_template(settings.template, classes=4, anchors=settings.anchors, size=416)


@pytest.fixture
def network(cfg_text: str) -> Network:
    """Random weights, and batch norms with non-trivial statistics."""
    torch.manual_seed(4)
    network = start_run(cfg_text, rate=0.001, device=torch.device("cpu")).network
    for conv, norm in network.convolutions():
        if norm is None:
            torch.nn.init.normal_(conv.weight, std=0.3)
            torch.nn.init.normal_(conv.bias, mean=1.0)
        else:
            torch.nn.init.uniform_(norm.running_var, 0.5, 2.0)
            torch.nn.init.normal_(norm.running_mean, std=0.1)
            torch.nn.init.normal_(norm.bias, std=0.2)
    return network.eval()


def test_network_stays_within_the_size_and_cost_limits(network: Network) -> None:
    cost = network.cost()
    assert cost.weight_bytes <= MAX_BYTES
    assert cost.flop <= MAX_FLOP


def test_weights_are_read_as_they_were_written(network: Network, cfg_text: str) -> None:
    other = Network(cfg_text).eval()
    content = darknet_weights(network)
    load_darknet_weights(other, content)
    written = network.state_dict()
    assert all(
        torch.equal(value, written[name])
        for name, value in other.state_dict().items()
        if not name.endswith("num_batches_tracked")
    )
    with pytest.raises(ValueError, match="this network's has"):
        load_darknet_weights(other, content[:-4])


def test_a_widened_network_answers_as_the_narrow_one(network: Network, cfg_text: str) -> None:
    wider = re.sub(
        r"filters=(64|96|160)\b", lambda found: f"filters={int(found[1]) + 24}", cfg_text
    )
    wide = Network(wider)
    widen(network, wide)
    assert wide.cost().weight_bytes > network.cost().weight_bytes
    pictures = torch.rand(1, 3, 128, 128)
    with torch.no_grad():
        for before, after in zip(network(pictures), wide.eval()(pictures), strict=True):
            torch.testing.assert_close(after, before, rtol=1e-4, atol=1e-4)
    with pytest.raises(ValueError, match="cannot become"):
        widen(wide, network)


def test_training_begins_with_an_exported_detector(
    network: Network, cfg_text: str, tmp_path: Path
) -> None:
    """Export adds a shift to the objectness, which is taken back."""
    shifted = Network(cfg_text).eval()
    shifted.load_state_dict(network.state_dict())
    shift_objectness(shifted, 0.25)
    (tmp_path / "earlier.weights").write_bytes(darknet_weights(shifted))
    run = start_run(cfg_text, rate=0.001, device=torch.device("cpu"))
    start_from(run, tmp_path / "earlier.weights", shift=0.25)
    for begun in (run.network, run.average):
        ours = [conv.bias for conv, norm in begun.convolutions() if norm is None]
        theirs = [conv.bias for conv, norm in network.convolutions() if norm is None]
        for our_bias, their_bias in zip(ours, theirs, strict=True):
            assert torch.allclose(our_bias, their_bias, atol=1e-6)


def test_heads_are_read_from_the_configuration(network: Network) -> None:
    assert [head.stride for head in network.heads] == [32, 16]
    assert network.heads[0].anchors > network.heads[1].anchors
    maps = network(torch.zeros(2, 3, 416, 416))
    assert [tuple(m.shape) for m in maps] == [(2, 27, 13, 13), (2, 27, 26, 26)]


def test_opencv_computes_the_same_output(network: Network, cfg_text: str, tmp_path: Path) -> None:
    settings = read_settings()
    write_model(network, cfg_text, settings, tmp_path)
    detector = load_exported(tmp_path, settings.name, nms=0.45)
    rng = np.random.default_rng(3)
    for _ in range(3):
        picture = rng.integers(0, 255, (180, 240, 3), dtype=np.uint8)
        resized = torch.from_numpy(cv2.resize(picture, (416, 416))[None])
        with torch.no_grad():
            maps = network(to_input(resized, torch.device("cpu")))
        ours, theirs = to_rows(maps, network.heads)[0], detector.rows(picture)
        at_floor = (ours == 0) != (theirs == 0)  # a score at the floor may fall to either side
        assert (ours[:, 5:] > 0).mean() > 0.05
        assert at_floor.mean() < 0.01
        assert np.abs(ours - theirs)[~at_floor].max() < 2e-3


def test_unknown_sections_and_stray_lines_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\[gru\] is not supported"):
        Network("[net]\nwidth=416\n[gru]\nx=1\n")
    with pytest.raises(ValueError, match="line 2"):
        parse_sections("[net]\nnonsense\n")
    with pytest.raises(ValueError, match="does not begin with"):
        parse_sections("[convolutional]\n")


def test_ciou_is_one_for_equal_boxes_and_falls_with_distance() -> None:
    box = torch.tensor([[50.0, 50.0, 20.0, 30.0]])
    assert ciou(box, box).item() == pytest.approx(1, abs=1e-4)
    near, far = (ciou(box + torch.tensor([[d, 0.0, 0, 0]]), box).item() for d in (5.0, 60.0))
    assert 1 > near > 0 > far


def silent_maps() -> list[Tensor]:
    """Maps with low objectness everywhere."""
    maps = [torch.zeros(1, 27, side, side) for side in (13, 26)]
    for raw in maps:
        raw.view(1, 3, 9, *raw.shape[2:])[:, :, 4] = -12
    return [m.requires_grad_() for m in maps]


def test_loss_raises_objectness_only_at_the_fruit(network: Network) -> None:
    target = torch.tensor([[0, 2, 160.0, 160.0, 290.0, 280.0]])
    maps = silent_maps()
    detection_loss(maps, network.heads, target).total.backward()
    raised = [
        (head.stride, y, x)
        for raw_map, head in zip(maps, network.heads, strict=True)
        for y, x, _ in (split_map(raw_map.grad, head)[0, ..., 4] < -0.01).nonzero().tolist()
    ]
    assert raised
    assert all(abs((y + 0.5) * stride - 220) < 1.5 * stride for stride, y, _ in raised)
    assert all(abs((x + 0.5) * stride - 225) < 1.5 * stride for stride, _, x in raised)


def test_cell_keeps_objectness_only_while_it_repeats_the_primary_box(network: Network) -> None:
    """NMS removes a repeated box; a half wrong one would survive it."""
    target = torch.tensor([[0, 1, 62.0, 103.0, 202.0, 193.0]])
    maps = optimized_maps(network, target)
    cell = split_map(maps[1], network.heads[1])[0, 9, 8, 1:]  # the first anchor is too small
    assert cell[:, 4].min() > 1
    weaker = int(cell[:, 4].argmin())
    with torch.no_grad():
        cell[weaker, 2] += 0.5
    maps[1].grad = None
    detection_loss(maps, network.heads, target).total.backward()
    gradient = split_map(maps[1].grad, network.heads[1])[0, 9, 8, 1:, 4]
    assert gradient[weaker] > 0.02, "silenced"
    assert gradient[1 - weaker].abs() < 0.02


def optimized_maps(network: Network, target: Tensor) -> list[Tensor]:
    """Free maps optimized for the loss alone."""
    maps = [torch.zeros(1, 27, side, side, requires_grad=True) for side in (13, 26)]
    optimizer = torch.optim.Adam(maps, lr=0.2)
    for _ in range(150):
        optimizer.zero_grad()
        detection_loss(maps, network.heads, target).total.backward()
        optimizer.step()
    return maps


def test_no_cell_predicts_a_box_between_two_fruits(network: Network) -> None:
    """Two bananas side by side: free maps optimized for the loss box either one."""
    truth = [[60.0, 100.0, 200.0, 190.0], [68.0, 122.0, 208.0, 212.0]]
    target = torch.tensor([[0, 1, *box] for box in truth])
    rows = to_rows(optimized_maps(network, target), network.heads)[0]
    detections = select_detections(rows, width=416, height=416, confidence=0.5, nms=1.0)
    boxes = corners([detection.box for detection in detections])
    overlaps = [[iou(box, np.array(true_box)) for true_box in truth] for box in boxes]
    assert min(map(max, overlaps)) > 0.85
    assert np.max(overlaps, axis=0).min() > 0.9, "and neither is forgotten"


def test_ignored_region_adds_no_loss(network: Network) -> None:
    maps = [torch.zeros(1, 27, side, side) for side in (13, 26)]
    everywhere = torch.tensor([[0, -1, 0.0, 0.0, 416.0, 416.0]])
    assert detection_loss(maps, network.heads, everywhere).total.item() == 0
    nothing = torch.zeros(0, 6)
    assert detection_loss(maps, network.heads, nothing).total.item() > 0


def test_optimizing_for_one_target_finds_its_box(network: Network) -> None:
    """Free maps optimized for the loss yield the target."""
    target = torch.tensor([[0, 1, 60.0, 100.0, 200.0, 190.0]])
    rows = to_rows(optimized_maps(network, target), network.heads)[0]
    [detection] = select_detections(rows, width=416, height=416, confidence=0.5, nms=0.6)
    assert detection.label == 1
    assert detection.box == pytest.approx((60, 100, 140, 90), abs=4)


def test_average_lies_between_two_checkpoints(network: Network, cfg_text: str) -> None:
    """Checkpoints of different networks are refused."""
    early = {"cfg": cfg_text, "pictures": 5, "average": network.state_dict()}
    other_weights = {name: value + 1 for name, value in network.state_dict().items()}
    late = {"cfg": cfg_text, "pictures": 9, "average": other_weights}
    averaged = average_states(early, late, part=0.25)
    assert averaged["pictures"] == 9
    for name, value in network.state_dict().items():
        step = 0.25 if value.dtype.is_floating_point else 1
        assert torch.allclose(averaged["average"][name], value + step, atol=1e-5), name
    with pytest.raises(ValueError, match="different networks"):
        average_states(early, {**late, "cfg": "[net]"}, part=0.5)
    with pytest.raises(ValueError, match="allowed: 0"):
        average_states(early, late, part=2)
