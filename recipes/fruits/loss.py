"""How wrong the network's maps are: boxes by CIoU, objectness and labels by cross-entropy.

Owns which cells answer for which fruit. Regions marked as ignored cost nothing.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor
from torch.nn import functional

from recipes.fruits.decode import boxes_of, split_map
from recipes.fruits.network import Head

REACH = 4.0  # an anchor answers for boxes up to this many times its width or height
SOFTNESS = 0.5  # how much of its box's IoU a cell that is to be sure must admit
SAME = 0.8  # IoU from which a box repeats the one that speaks; two such share 0.6 or more
FAIR = 0.6  # a fruit that no cell boxes this well yet is not so strict
FIT = 4.0  # how much more a good box than a sure one makes a cell speak for its fruit
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
    """Cells that may answer for a fruit, an entry each: which cell of all heads', which fruit,
    the box it gives now, how well that fits, and how far it is from the fruit's middle."""

    cell: Tensor
    fruit: Tensor
    box: Tensor
    overlap: Tensor
    off: Tensor

    def only(self, kept: Tensor) -> "Claims":
        return Claims(*(getattr(self, one.name)[kept] for one in fields(self)))


def detection_loss(maps: Sequence[Tensor], heads: Sequence[Head], targets: Tensor) -> Parts:
    """`targets` has rows of picture, label, x1, y1, x2, y2 in input pixels; label -1 = ignored."""
    ignored = targets[targets[:, 1] < 0]
    counted = targets[targets[:, 1] >= 0]
    views = [split_map(raw, head) for raw, head in zip(maps, heads, strict=True)]
    said = torch.cat([view.flatten(0, 3) for view in views])
    asked = torch.cat(
        [_asked(ignored, head, v.shape[:4]).flatten() for v, head in zip(views, heads, strict=True)]
    )
    wanted = torch.zeros_like(asked)
    claims = _settled(_claims(views, heads, counted), fruits=len(counted))
    weight = _weights(counted, pictures=maps[0].shape[0])[claims.fruit]
    sure = _sure(claims, said[claims.cell, 4], fruits=len(counted))
    asked[claims.cell] = weight
    wanted[claims.cell] = sure * (1 - SOFTNESS * (1 - claims.overlap.detach().clamp(0, 1)))
    cost = functional.binary_cross_entropy_with_logits(said[:, 4], wanted, reduction="none")
    objects = (cost * asked).sum() / (weight * sure).sum().clamp(min=1.0)
    hot = functional.one_hot(counted[claims.fruit, 1].long(), heads[0].classes).float()
    wrong = functional.binary_cross_entropy_with_logits(
        said[claims.cell, 5:], hot, reduction="none"
    )
    scale = 1.0 / weight.sum().clamp(min=1.0)
    box = (weight * (1 - claims.overlap)).sum() * scale
    label = (weight * wrong.sum(1)).sum() * scale
    total = BOX_WEIGHT * box + OBJECT_WEIGHT * objects + LABEL_WEIGHT * label
    return Parts(total, box.detach(), objects.detach(), label.detach())


def _claims(views: Sequence[Tensor], heads: Sequence[Head], counted: Tensor) -> Claims:
    parts, before = [], 0
    for view, head, reach in zip(views, heads, _reached(counted, heads), strict=True):
        pictures, tall, wide, anchors = view.shape[:4]
        picture, y, x, anchor, fruit = _cells(counted, head, reach, tall, wide)
        goal = _centred(counted[fruit, 2:])
        guess = boxes_of(view, head)[picture, y, x, anchor]
        middle = torch.stack([x, y], 1) + 0.5
        off = (goal[:, :2] / head.stride - middle).square().sum(1)
        cell = before + ((picture * tall + y) * wide + x) * anchors + anchor
        parts.append(Claims(cell, fruit, guess, ciou(guess, goal), off))
        before += pictures * tall * wide * anchors
    return Claims(*(torch.cat([getattr(p, f.name) for p in parts]) for f in fields(Claims)))


def _settled(claims: Claims, *, fruits: int) -> Claims:
    """Each cell left with one fruit: the one whose middle is nearest, by the fruit's own measure.

    A cell that learns the boxes of two fruits boxes what lies between them. Distances are taken
    beyond that of the fruit's nearest cell, so that of two fruits in one place neither loses all.
    """
    nearest = claims.off.new_full((fruits,), math.inf)
    nearest = nearest.scatter_reduce(0, claims.fruit, claims.off, "amin")
    beyond = claims.off - nearest[claims.fruit] + 0.01 * claims.off
    return claims.only(_first(-beyond, claims.cell))


def _sure(claims: Claims, objectness: Tensor, *, fruits: int) -> Tensor:
    """Which cells should be sure: the one that speaks for its fruit, and those that repeat its box.

    All others learn to be silent. So the NMS is left with one box a fruit though it lets boxes
    overlap by much, as those of bananas in a bunch do.
    """
    if not len(claims.cell):
        return torch.zeros(0, dtype=torch.bool, device=objectness.device)
    fit = claims.overlap.detach().clamp(min=0) + 0.01
    speaks = _first(fit**FIT * objectness.detach().sigmoid().sqrt(), claims.fruit)
    speaker = torch.zeros(fruits, dtype=torch.long, device=objectness.device)
    speaker[claims.fruit[speaks]] = speaks.nonzero()[:, 0]
    boxes, its = claims.box.detach(), speaker[claims.fruit]
    return _iou(boxes, boxes[its]) > SAME * (fit[its] / FAIR).clamp(max=1)


def _first(rank: Tensor, group: Tensor) -> Tensor:
    """Whether each entry is the one of highest rank in its group."""
    order = rank.argsort(stable=True)
    place = torch.empty_like(order)
    place[order] = torch.arange(len(order), device=order.device)
    groups = int(group.max()) + 1 if len(group) else 0
    top = place.new_full((groups,), -1).scatter_reduce(0, group, place, "amax")
    return top[group] == place


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
    iou = _iou(guess, goal)
    outer_low = torch.minimum(guess[:, :2] - guess[:, 2:] / 2, goal[:, :2] - goal[:, 2:] / 2)
    outer_high = torch.maximum(guess[:, :2] + guess[:, 2:] / 2, goal[:, :2] + goal[:, 2:] / 2)
    diagonal = ((outer_high - outer_low) ** 2).sum(1) + 1e-7
    distance = ((guess[:, :2] - goal[:, :2]) ** 2).sum(1) / diagonal
    lean = torch.atan(goal[:, 2] / goal[:, 3]) - torch.atan(guess[:, 2] / (guess[:, 3] + 1e-7))
    shape = 4 / math.pi**2 * lean**2
    with torch.no_grad():
        trade = shape / (1 - iou + shape + 1e-7)
    return iou - distance - trade * shape


def _iou(some: Tensor, others: Tensor) -> Tensor:
    """Overlap of boxes given as centre and size, pair by pair."""
    low = torch.maximum(some[:, :2] - some[:, 2:] / 2, others[:, :2] - others[:, 2:] / 2)
    high = torch.minimum(some[:, :2] + some[:, 2:] / 2, others[:, :2] + others[:, 2:] / 2)
    shared = (high - low).clamp(min=0).prod(1)
    return shared / (some[:, 2:].prod(1) + others[:, 2:].prod(1) - shared + 1e-7)
