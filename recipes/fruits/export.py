"""Export of a trained detector: Darknet files and the model.toml that the package's catalog reads.

    python -m recipes.fruits.export

Also enforces the limits on size and computing cost.
"""

import argparse
import hashlib
import struct
from collections.abc import Sequence
from pathlib import Path

import torch

from recipes.fruits.checkpoint import load_average
from recipes.fruits.network import Network
from recipes.fruits.settings import DEFAULT_CONFIG, Settings, read_settings

MAX_BYTES, MAX_FLOP = 6_000_000, 1_500_000_000


def darknet_weights(network: Network, *, seen: int = 0) -> bytes:
    """Header, then per convolution: (bias, scale, mean, variance | bias), kernel."""
    chunks = [struct.pack("<iiiq", 0, 2, 5, seen)]
    for conv, norm in network.convolutions():
        if norm is None:
            assert conv.bias is not None
            tensors = [conv.bias, conv.weight]
        else:
            assert norm.running_mean is not None
            assert norm.running_var is not None
            tensors = [norm.bias, norm.weight, norm.running_mean, norm.running_var, conv.weight]
        for tensor in tensors:
            values = tensor.detach().to("cpu", torch.float32).contiguous().numpy()
            chunks.append(values.astype("<f4").tobytes())
    return b"".join(chunks)


def shift_objectness(network: Network, shift: float) -> None:
    """Raise (or lower) every objectness by `shift` logits."""
    outputs = [conv for conv, norm in network.convolutions() if norm is None]
    for conv, head in zip(outputs, network.heads, strict=True):
        assert conv.bias is not None
        with torch.no_grad():
            conv.bias.view(len(head.anchors), -1)[:, 4] += shift


def write_model(network: Network, cfg_text: str, settings: Settings, folder: Path) -> None:
    """Write cfg, weights, names and model.toml, after checking the cost limits."""
    cost = network.cost()
    if cost.weight_bytes > MAX_BYTES or cost.flop > MAX_FLOP:
        raise ValueError(
            f"the network weighs {cost.weight_bytes:,} bytes and costs {cost.flop:,} flop; "
            f"at most {MAX_BYTES:,} and {MAX_FLOP:,} are allowed: narrow {settings.template}"
        )
    folder.mkdir(parents=True, exist_ok=True)
    weights = darknet_weights(network)
    if len(weights) != cost.weight_bytes:
        raise AssertionError(f"{len(weights)} bytes written, {cost.weight_bytes} expected")
    contents = {
        "config": (f"{settings.name}.cfg", cfg_text.encode()),
        "weights": (f"{settings.name}.weights", weights),
        "names": (
            f"{settings.name}.names",
            "".join(f"{label}\n" for label in settings.labels).encode(),
        ),
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
        (folder / name).write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        lines.append(f'{role} = {{ name = "{name}", bytes = {len(content)}, sha256 = "{digest}" }}')
    (folder / "model.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG)
    parser.add_argument("--to", type=Path, help="another folder than the file's")
    arguments = parser.parse_args(argv)
    settings = read_settings(arguments.config)
    network, cfg_text = load_average(settings.work / f"{settings.name}.pt")
    shift_objectness(network, settings.shift)
    folder = arguments.to or settings.to
    write_model(network, cfg_text, settings, folder)
    cost = network.cost()
    print(f"{folder}: {cost.weight_bytes:,} bytes, {cost.flop / 1e9:.2f} GFLOP a picture")


if __name__ == "__main__":
    main()
