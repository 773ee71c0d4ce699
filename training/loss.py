"""How wrong the network's maps are: boxes by CIoU, objectness and labels by cross-entropy.

Owns which cells answer for which fruit. Regions marked as ignored cost nothing.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor
from torch.nn import functional

from training.decode import boxes_of, split_map
from training.network import Head

REACH = 4.0  # an anchor answers for boxes up to this many times its width or height
SOFTNESS = 0.5  # how much of its best box's IoU a fruit's surest cell must admit
SHARPNESS = 3.0  # how fast a cell with a poorer box than the best one must be less sure
BOX_WEIGHT, OBJECT_WEIGHT, LABEL_WEIGHT = 4.0, 1.0, 1.0


@dataclass(frozen=True)
class Parts:
    """The loss and what it is made of."""

    total: Tensor
    box: Tensor
    object: Tensor
    label: Tensor


@dataclass(frozen=True)
class Claims:
    """Cells of one head that answer for a fruit, each an entry: where, for which, how well."""

    picture: Tensor
    y: Tensor
    x: Tensor
    anchor: Tensor
    number: Tensor
    overlap: Tensor

    def only(self, kept: Tensor) -> "Claims":
        return Claims(*(getattr(self, one.name)[kept] for one in fields(self)))


def detection_loss(maps: Sequence[Tensor], heads: Sequence[Head], targets: Tensor) -> Parts:
    """`targets` has rows of picture, label, x1, y1, x2, y2 in input pixels; label -1 = ignored."""
    ignored = targets[targets[:, 1] < 0]
    counted = targets[targets[:, 1] >= 0]
    weights = _weights(counted, pictures=maps[0].shape[0])
    box = maps[0].new_zeros((), dtype=torch.float32)
    label, objects, answering = box.clone(), box.clone(), box.clone()
    views = [split_map(raw, head) for raw, head in zip(maps, heads, strict=True)]
    claims = [
        _claims(parts, head, counted, reach)
        for parts, head, reach in zip(views, heads, _reached(counted, heads), strict=True)
    ]
    best = _best(claims, fruits=len(counted))
    for parts, head, claimed in zip(views, heads, claims, strict=True):
        wanted = torch.zeros_like(parts[..., 4])
        asked = _asked(ignored, head, wanted.shape)
        if len(claimed.number):
            at, part = _settled(claimed, best, wanted.shape)
            cell = at.picture, at.y, at.x, at.anchor
            goal, weight = counted[at.number], weights[at.number]
            answering = answering + weight.sum()
            box = box + (weight * (1 - at.overlap)).sum()
            sure = 1 - SOFTNESS * (1 - best[at.number])
            wanted[cell] = part**SHARPNESS * sure
            asked[cell] = weight
            hot = functional.one_hot(goal[:, 1].long(), head.classes).float()
            said = parts[cell][:, 5:]
            wrong = functional.binary_cross_entropy_with_logits(said, hot, reduction="none")
            label = label + (weight * wrong.sum(1)).sum()
        cost = functional.binary_cross_entropy_with_logits(parts[..., 4], wanted, reduction="none")
        objects = objects + (cost * asked).sum()
    scale = 1.0 / answering.clamp(min=1.0)
    box, objects, label = box * scale, objects * scale, label * scale
    total = BOX_WEIGHT * box + OBJECT_WEIGHT * objects + LABEL_WEIGHT * label
    return Parts(total, box.detach(), objects.detach(), label.detach())


def _claims(parts: Tensor, head: Head, counted: Tensor, reach: Tensor) -> Claims:
    picture, y, x, anchor, number = _cells(counted, head, reach, parts.shape[1], parts.shape[2])
    guess = boxes_of(parts, head)[picture, y, x, anchor]
    return Claims(picture, y, x, anchor, number, ciou(guess, _centred(counted[number, 2:])))


def _best(claims: Sequence[Claims], *, fruits: int) -> Tensor:
    """How well each fruit's best cell boxes it now, over all heads."""
    number = torch.cat([one.number for one in claims])
    overlap = torch.cat([one.overlap.detach() for one in claims])
    best = overlap.new_full((fruits,), 0.01)
    return best.scatter_reduce(0, number, overlap, "amax").clamp(max=1)


def _settled(claimed: Claims, best: Tensor, shape: torch.Size) -> tuple[Claims, Tensor]:
    """Each cell left with one fruit, and how near its box comes to that fruit's best, 0 to 1.

    Where fruits overlap, a cell that learns the boxes of two boxes what lies between them. It goes
    to the one that it already boxes best, measured against that fruit's other cells, so that none
    loses all.
    """
    overlap = claimed.overlap.detach().clamp(min=0)
    part = overlap / best[claimed.number]
    cell = ((claimed.picture * shape[1] + claimed.y) * shape[2] + claimed.x) * shape[3]
    cell = cell + claimed.anchor
    order = (part + 0.01 * overlap).argsort(stable=True)
    owner = torch.empty(shape.numel(), dtype=torch.long, device=cell.device)
    rank = torch.empty_like(order)
    rank[order] = torch.arange(len(order), device=cell.device)
    owner.fill_(-1).scatter_reduce_(0, cell, rank, "amax")
    kept = owner[cell] == rank
    return claimed.only(kept), part[kept].clamp(max=1)


def _weights(counted: Tensor, *, pictures: int) -> Tensor:
    """What each fruit's cells weigh: a crate of thirty must not outshout a single apple."""
    number = torch.bincount(counted[:, 0].long(), minlength=pictures)
    return number[counted[:, 0].long()].float().rsqrt()


def _centred(corners: Tensor) -> Tensor:
    return torch.cat(
        [(corners[:, :2] + corners[:, 2:]) / 2, (corners[:, 2:] - corners[:, :2]).clamp(min=1)], 1
    )


def _reached(counted: Tensor, heads: Sequence[Head]) -> list[Tensor]:
    """Per head, which anchors (columns) answer for which fruit (rows); at least one does."""
    size = (counted[:, 4:6] - counted[:, 2:4]).clamp(min=1)
    anchors = torch.tensor([a for head in heads for a in head.anchors], device=counted.device)
    ratio = size[:, None] / anchors[None]
    worst = torch.maximum(ratio, 1 / ratio).amax(dim=2)
    reach = worst < REACH
    if len(counted):
        reach[torch.arange(len(counted)), worst.argmin(dim=1)] = True
    return list(reach.split([len(head.anchors) for head in heads], dim=1))


def _cells(
    counted: Tensor, head: Head, reach: Tensor, side_y: int, side_x: int
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """The cells that answer: the one with the fruit's middle and its two nearest neighbours."""
    number, anchor = reach.nonzero(as_tuple=True)
    centre = _centred(counted[:, 2:])[:, :2][number] / head.stride
    own = centre.floor()
    part = centre - own
    across = torch.where(part[:, 0] < 0.5, -1.0, 1.0)
    down = torch.where(part[:, 1] < 0.5, -1.0, 1.0)
    zero = torch.zeros_like(across)
    steps = torch.stack(
        [torch.stack([zero, across, zero], 1), torch.stack([zero, zero, down], 1)], 2
    )
    cells = (own[:, None] + steps).reshape(-1, 2).long()
    number, anchor = number.repeat_interleave(3), anchor.repeat_interleave(3)
    inside = (cells >= 0).all(1) & (cells[:, 0] < side_x) & (cells[:, 1] < side_y)
    picture = counted[number, 0].long()
    return picture[inside], cells[inside, 1], cells[inside, 0], anchor[inside], number[inside]


def _asked(ignored: Tensor, head: Head, shape: torch.Size) -> Tensor:
    """1 where objectness is asked for, 0 in ignored regions."""
    asked = torch.ones(shape, device=ignored.device)
    for picture, _, x1, y1, x2, y2 in ignored.tolist():
        rows = slice(int(y1 / head.stride), math.ceil(y2 / head.stride))
        columns = slice(int(x1 / head.stride), math.ceil(x2 / head.stride))
        asked[int(picture), rows, columns] = 0
    return asked


def ciou(guess: Tensor, goal: Tensor) -> Tensor:
    """Complete IoU of boxes given as centre and size."""
    low = torch.maximum(guess[:, :2] - guess[:, 2:] / 2, goal[:, :2] - goal[:, 2:] / 2)
    high = torch.minimum(guess[:, :2] + guess[:, 2:] / 2, goal[:, :2] + goal[:, 2:] / 2)
    shared = (high - low).clamp(min=0).prod(1)
    union = guess[:, 2:].prod(1) + goal[:, 2:].prod(1) - shared + 1e-7
    iou = shared / union
    outer_low = torch.minimum(guess[:, :2] - guess[:, 2:] / 2, goal[:, :2] - goal[:, 2:] / 2)
    outer_high = torch.maximum(guess[:, :2] + guess[:, 2:] / 2, goal[:, :2] + goal[:, 2:] / 2)
    diagonal = ((outer_high - outer_low) ** 2).sum(1) + 1e-7
    distance = ((guess[:, :2] - goal[:, :2]) ** 2).sum(1) / diagonal
    lean = torch.atan(goal[:, 2] / goal[:, 3]) - torch.atan(guess[:, 2] / (guess[:, 3] + 1e-7))
    shape = 4 / math.pi**2 * lean**2
    with torch.no_grad():
        trade = shape / (1 - iou + shape + 1e-7)
    return iou - distance - trade * shape
