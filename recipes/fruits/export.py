"""Export of a trained detector: Darknet files and the model.toml that the package's catalog reads.

    python -m recipes.fruits.export

Also enforces the limits on size and computing cost.
"""

import argparse
import hashlib
from collections.abc import Sequence
from pathlib import Path

from recipes.fruits.checkpoint import load_average
from recipes.fruits.darknet_weights import darknet_weights, shift_objectness
from recipes.fruits.network import Network
from recipes.fruits.settings import DEFAULT_CONFIG, Settings, read_settings

MAX_BYTES, MAX_FLOP = 12_000_000, 3_500_000_000


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
    lines += _kept_names(folder / "model.toml")
    (folder / "model.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _kept_names(entry: Path) -> list[str]:
    """The labels' names in other languages, which people add to model.toml by hand."""
    lines = entry.read_text(encoding="utf-8").splitlines() if entry.exists() else []
    starts = [index for index, line in enumerate(lines) if line.startswith("[names.")]
    return ["", *lines[starts[0] :]] if starts else []


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
