"""Writes a trained detector as Darknet files, with the entry the product's catalog reads.

    python -m recipes.fruits.export

Owns the file layout and what a detector may cost.
"""

import argparse
import hashlib
import struct
from collections.abc import Sequence
from pathlib import Path

import torch

from recipes.fruits.checkpoint import trained_average
from recipes.fruits.network import Network
from recipes.fruits.settings import DEFAULT, Settings, read_settings

MOST_BYTES, MOST_FLOP = 6_000_000, 1_500_000_000


def darknet_weights(network: Network, *, seen: int = 0) -> bytes:
    """Header, then per convolution: (bias, scale, mean, variance | bias), kernel."""
    parts = [struct.pack("<iiiq", 0, 2, 5, seen)]
    for conv, norm in network.convolutions():
        if norm is None:
            assert conv.bias is not None
            tensors = [conv.bias, conv.weight]
        else:
            assert norm.running_mean is not None
            assert norm.running_var is not None
            tensors = [norm.bias, norm.weight, norm.running_mean, norm.running_var, conv.weight]
        for tensor in tensors:
            flat = tensor.detach().to("cpu", torch.float32).contiguous().numpy()
            parts.append(flat.astype("<f4").tobytes())
    return b"".join(parts)


def shift_scores(network: Network, shift: float) -> None:
    """Make every objectness surer (or less sure) by `shift` logits."""
    outputs = [conv for conv, norm in network.convolutions() if norm is None]
    for conv, head in zip(outputs, network.heads, strict=True):
        assert conv.bias is not None
        with torch.no_grad():
            conv.bias.view(len(head.anchors), -1)[:, 4] += shift


def write_model(network: Network, cfg_text: str, settings: Settings, to: Path) -> None:
    """cfg, weights, names and model.toml, after checking what they may cost."""
    cost = network.cost()
    if cost.weight_bytes > MOST_BYTES or cost.flop > MOST_FLOP:
        raise ValueError(
            f"the network weighs {cost.weight_bytes:,} bytes and costs {cost.flop:,} flop; "
            f"at most {MOST_BYTES:,} and {MOST_FLOP:,} are allowed: narrow {settings.template}"
        )
    to.mkdir(parents=True, exist_ok=True)
    weights = darknet_weights(network)
    if len(weights) != cost.weight_bytes:
        raise AssertionError(f"{len(weights)} bytes written, {cost.weight_bytes} expected")
    contents = {
        "config": (f"{settings.name}.cfg", cfg_text.encode()),
        "weights": (f"{settings.name}.weights", weights),
        "names": (f"{settings.name}.names", "".join(f"{x}\n" for x in settings.labels).encode()),
    }
    lines = [
        f'name = "{settings.name}"',
        'task = "detect"',
        f'title = "{settings.title}"',
        f"input = [{settings.size}, {settings.size}]",
        f'labels = "{settings.name}.names"',
        f"nms = {settings.nms:g}",
        f'licence = "{settings.licence}"',
        "",
        "[files]",
    ]
    for role, (name, content) in contents.items():
        (to / name).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        lines.append(f'{role} = {{ name = "{name}", bytes = {len(content)}, sha256 = "{digest}" }}')
    (to / "model.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=DEFAULT)
    parser.add_argument("--to", type=Path, help="another folder than the file's")
    said = parser.parse_args(argv)
    settings = read_settings(said.config)
    network, cfg_text = trained_average(settings.work / f"{settings.name}.pt")
    shift_scores(network, settings.shift)
    to = said.to or settings.to
    write_model(network, cfg_text, settings, to)
    cost = network.cost()
    print(f"{to}: {cost.weight_bytes:,} bytes, {cost.flop / 1e9:.2f} GFLOP a picture")


if __name__ == "__main__":
    main()
