"""Networks by name, as plain values: which blocks, how wide. Knows nothing of torch.

A network is a row of blocks. Inside each block lies one row of hidden channels, which is what
pruning thins out; a pruned network is therefore just another architecture.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

from countlab.errors import CountlabError, closest

Kind = Literal["stem", "lenet", "residual", "mobile"]
Pooling = Literal["mean", "peak"]


@dataclass(frozen=True)
class Block:
    """`hidden` channels between its two (or three) convolutions; a stem has none."""

    kind: Kind
    channels_in: int
    hidden: int
    channels_out: int
    stride: int = 1


@dataclass(frozen=True)
class Architecture:
    """All that is needed to build a network anew."""

    name: str
    blocks: tuple[Block, ...]
    classes: int
    grey: bool = False
    """The picture is turned grey in the graph, one channel in."""
    dropout: float = 0.0
    drop_path: float = 0.0
    """How often a residual block is skipped while training, rising from 0 to this."""
    flip_average: bool = False
    """The graph looks at the picture and at its mirror image and takes the mean."""
    norm: bool = True
    """Batch norm after every convolution; without it, a bias in each."""
    pooling: Pooling = "mean"
    """What becomes of the class maps: the mean of all places, or of the few that say most."""

    @property
    def features(self) -> int:
        return self.blocks[-1].channels_out

    def as_json(self) -> dict[str, Any]:
        values = asdict(self)
        values["blocks"] = [list(asdict(block).values()) for block in self.blocks]
        return values


def architecture_from_json(values: Mapping[str, Any]) -> Architecture:
    """The inverse of `as_json`."""
    blocks = tuple(Block(*block) for block in values["blocks"])
    return Architecture(**{**values, "blocks": blocks})


_DEFAULT_WIDTHS: dict[str, tuple[int, ...]] = {
    "lenet": (16, 64, 128),
    "resnet": (32, 64, 128),
    "resnet-regularised": (32, 64, 128, 192),
    "mobile": (24, 32, 64, 128),
}
NAMES = tuple(_DEFAULT_WIDTHS)


def named(
    name: str,
    *,
    classes: int,
    widths: Sequence[int] = (),
    depths: Sequence[int] = (),
    stem_stride: int = 1,
    grey: bool = False,
    dropout: float | None = None,
    drop_path: float | None = None,
    flip_average: bool = False,
    norm: bool = True,
    pooling: Pooling = "mean",
    strides: Sequence[int] = (),
) -> Architecture:
    """A network by its name; widths are the channels of each stage, depths the blocks in it.

    A stage halves its map where its stride is 2, which is the default, and keeps it where it is 1:
    small things stay several cells wide.
    """
    if pooling not in get_args(Pooling):
        reason = f"pooling “{pooling}”; known: {', '.join(get_args(Pooling))}"
        raise CountlabError("bad_lab_file", file="lab.toml", reason=reason)
    if name not in _DEFAULT_WIDTHS:
        known = sorted(NAMES, key=lambda other: (other != closest(name, NAMES), other))
        raise CountlabError("unknown_network", arrived=name, known=known)
    stages = tuple(widths) or _DEFAULT_WIDTHS[name]
    repeats = tuple(depths) or (1,) * (len(stages) - 1)
    halvings = tuple(strides) or (2,) * len(repeats)
    if len(halvings) != len(repeats) or not set(halvings) <= {1, 2}:
        reason = f"strides {list(halvings)}: 1 or 2 for each of the {len(repeats)} stages"
        raise CountlabError("bad_lab_file", file="lab.toml", reason=reason)
    if name == "lenet":
        blocks = _lenet(stages, 1 if grey else 3)
    else:
        kind: Kind = "mobile" if name == "mobile" else "residual"
        blocks = _stages(kind, stages, repeats, stem_stride, 1 if grey else 3, halvings)
    regular = name == "resnet-regularised"
    return Architecture(
        name=name,
        blocks=blocks,
        classes=classes,
        grey=grey,
        dropout=(0.2 if regular else 0.0) if dropout is None else dropout,
        drop_path=(0.1 if regular else 0.0) if drop_path is None else drop_path,
        flip_average=flip_average,
        norm=norm,
        pooling=pooling,
    )


def _lenet(widths: Sequence[int], channels: int) -> tuple[Block, ...]:
    """LeCun's two 5×5 convolutions with pooling; an average stands where dense layers stood."""
    first, second, last = widths
    return (
        Block("lenet", channels, first, second),
        Block("residual", second, last, last),
    )


def _stages(
    kind: Kind,
    widths: Sequence[int],
    repeats: Sequence[int],
    stem_stride: int,
    channels: int,
    strides: Sequence[int],
) -> tuple[Block, ...]:
    """A stem, then stages of blocks; the first block of each has the stage's stride."""
    blocks = [Block("stem", channels, 0, widths[0], stem_stride)]
    before = widths[0]
    for width, number, stride in zip(widths[1:], repeats, strides, strict=True):
        for at in range(number):
            hidden = before * 4 if kind == "mobile" else width
            blocks.append(Block(kind, before, hidden, width, stride if at == 0 else 1))
            before = width
    return tuple(blocks)


def thinner(architecture: Architecture, hidden: Sequence[int]) -> Architecture:
    """The same network with other numbers of hidden channels, block by block."""
    blocks = tuple(
        replace(block, hidden=number)
        for block, number in zip(architecture.blocks, hidden, strict=True)
    )
    return replace(architecture, blocks=blocks)
