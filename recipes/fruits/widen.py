"""Weights of a wider network that finds what a narrower one finds: to train on from there.

    python -m recipes.fruits.widen narrow.cfg narrow.weights --out start.weights
    python -m recipes.fruits.train --start start.weights

Both networks have the same layers; the configuration's template has more filters in some. What is
added to a layer begins at random, and nothing listens to it yet: so every answer stays as it was,
and training decides what the new filters are for.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from recipes.fruits.darknet_cfg import fill_template
from recipes.fruits.darknet_weights import darknet_weights, load_darknet_weights
from recipes.fruits.network import Network
from recipes.fruits.settings import DEFAULT_CONFIG, read_settings


def widen(narrow: Network, wide: Network) -> None:
    """Fills `wide`, as it was made at random, so that it answers as `narrow` does."""
    if narrow.kinds != wide.kinds or narrow.sources != wide.sources:
        raise ValueError("the two networks differ in more than filters; give the same layers")
    places: list[Tensor] = []
    """For each layer, where the narrow one's channels are in the wide one's."""
    widths: list[int] = []
    before, width = torch.arange(3), 3
    for index, kind in enumerate(narrow.kinds):
        if kind == "convolutional":
            old, new = narrow.layers[index], wide.layers[index]
            assert isinstance(old, nn.Sequential)
            assert isinstance(new, nn.Sequential)
            _fill(old, new, before)
            before, width = torch.arange(old[0].out_channels), new[0].out_channels
        elif kind == "route":
            found, width = [], 0
            for source in narrow.sources[index]:
                found.append(places[source] + width)
                width += widths[source]
            before = torch.cat(found)
        places.append(before)
        widths.append(width)


def _fill(old: nn.Sequential, new: nn.Sequential, inputs: Tensor) -> None:
    kept = old[0].out_channels
    if kept > new[0].out_channels or old[0].kernel_size != new[0].kernel_size:
        raise ValueError(
            f"a layer of {kept} filters cannot become one of {new[0].out_channels}; "
            "give it at least as many, of the same size"
        )
    with torch.no_grad():
        kernel = new[0].weight
        kernel[:kept] = 0
        kernel[:kept, inputs] = old[0].weight
        if old[0].bias is not None:
            new[0].bias[:kept] = old[0].bias
        else:
            for name, values in old[1].state_dict().items():
                if values.ndim:
                    new[1].state_dict()[name][:kept] = values


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cfg", type=Path, help="of the narrow network")
    parser.add_argument("weights", type=Path)
    parser.add_argument("--config", type=Path, default=DEFAULT_CONFIG)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args(argv)
    settings = read_settings(arguments.config)
    torch.manual_seed(1)
    narrow = Network(arguments.cfg.read_text(encoding="utf-8"))
    load_darknet_weights(narrow, arguments.weights.read_bytes())
    wide = Network(
        fill_template(
            settings.template,
            classes=len(settings.labels),
            anchors=settings.anchors,
            size=settings.size,
        )
    )
    widen(narrow, wide)
    arguments.out.write_bytes(darknet_weights(wide))
    cost = wide.cost()
    print(f"{arguments.out}: {cost.weight_bytes:,} bytes, {cost.flop / 1e9:.2f} GFLOP a picture")


if __name__ == "__main__":
    main()
