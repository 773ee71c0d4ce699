"""Views of pictures: turned, cut, coloured and blended as `lab.toml` says, a whole batch at once.

Everything random comes from torch's own generator, which the training loop seeds anew for every
step: a step is the same whether or not the run was interrupted before it.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch.nn import functional

from countlab.training.lab_sections import Augment

_GREY = (0.299, 0.587, 0.114)


def as_floats(pictures: Any) -> Any:
    """Bytes, rows first, to numbers from 0 to 1, channels first."""
    return pictures.permute(0, 3, 1, 2).float() / 255


def views(pictures: Any, augment: Augment, size: tuple[int, int]) -> Any:
    """`pictures` are bytes (N, height, width, channels); floats (N, channels, *size) come out."""
    x = as_floats(pictures)
    x = _thickened(x, augment.thickness)
    grid = functional.affine_grid(
        _transforms(len(x), augment), [len(x), x.shape[1], size[1], size[0]], align_corners=False
    )
    x = functional.grid_sample(x, grid, padding_mode=augment.padding, align_corners=False)
    x = _coarsened(x, augment.low_resolution)
    x = _coloured(x, augment)
    x = _blurred(x, augment.blur)
    if augment.noise:
        x = x + torch.randn_like(x) * augment.noise * torch.rand(len(x), 1, 1, 1)
    return _erased(x.clamp(0, 1), augment.erase)


def blended(x: Any, targets: Any, augment: Augment) -> tuple[Any, Any]:
    """Mixup or cutmix; `targets` hold a probability for each class."""
    if torch.rand(()).item() < augment.cutmix:
        return _cut_and_laid(x, targets)
    if not augment.mixup:
        return x, targets
    share = torch.distributions.Beta(augment.mixup, augment.mixup).sample((len(x),))
    share = torch.maximum(share, 1 - share)
    others = torch.randperm(len(x))
    wide = share[:, None, None, None]
    return (
        x * wide + x[others] * (1 - wide),
        targets * share[:, None] + targets[others] * (1 - share[:, None]),
    )


def _cut_and_laid(x: Any, targets: Any) -> tuple[Any, Any]:
    height, width = x.shape[2:]
    side = math.sqrt(torch.rand(()).item())
    high, wide = int(height * side), int(width * side)
    top = int(torch.randint(0, height - high + 1, ()).item())
    left = int(torch.randint(0, width - wide + 1, ()).item())
    others = torch.randperm(len(x))
    mixed = x.clone()
    rows, columns = slice(top, top + high), slice(left, left + wide)
    mixed[:, :, rows, columns] = x[others][:, :, rows, columns]
    share = 1 - high * wide / (height * width)
    return mixed, targets * share + targets[others] * (1 - share)


def _between(number: int, low: float, high: float) -> Any:
    return torch.rand(number) * (high - low) + low


def _transforms(number: int, augment: Augment) -> Any:
    """Where each view looks: part of the picture, its shape, turned, slanted, mirrored."""
    area = _between(number, *augment.crop)
    shape = torch.exp(_between(number, -1, 1) * math.log(augment.aspect) / 2)
    wide, high = area.sqrt() * shape, area.sqrt() / shape
    angle = _between(number, -1, 1) * math.radians(augment.turn)
    slant = _between(number, -1, 1) * augment.shear
    mirror = torch.ones(number)
    if augment.flip:
        mirror = (torch.rand(number) < 0.5).float() * 2 - 1
    room_x, room_y = ((1 - side).clamp(min=0) + augment.shift for side in (wide, high))
    theta = torch.zeros(number, 2, 3)
    theta[:, 0, 0] = torch.cos(angle) * wide * mirror
    theta[:, 0, 1] = (slant - torch.sin(angle)) * high
    theta[:, 1, 0] = torch.sin(angle) * wide * mirror
    theta[:, 1, 1] = torch.cos(angle) * high
    theta[:, 0, 2] = _between(number, -1, 1) * room_x
    theta[:, 1, 2] = _between(number, -1, 1) * room_y
    return theta


def _coloured(x: Any, augment: Augment) -> Any:
    """Brightness, contrast, saturation and hue as one matrix for each picture."""
    number, channels = x.shape[:2]
    if not (augment.brightness or augment.contrast or augment.saturation or augment.hue):
        return x
    gain = 1 + _between(number, -1, 1) * augment.brightness
    contrast = 1 + _between(number, -1, 1) * augment.contrast
    middle = x.mean((1, 2, 3)) * gain
    matrix = torch.eye(channels).repeat(number, 1, 1)
    if channels == 3:
        matrix = torch.bmm(_hue(number, augment.hue), _saturation(number, augment))
    matrix = matrix * (gain * contrast)[:, None, None]
    x = torch.einsum("nij,njhw->nihw", matrix, x)
    return x + (middle * (1 - contrast))[:, None, None, None]


def _saturation(number: int, augment: Augment) -> Any:
    strength = 1 + _between(number, -1, 1) * augment.saturation
    strength = torch.where(torch.rand(number) < augment.grey, torch.zeros(number), strength)
    grey = torch.tensor(_GREY).repeat(3, 1)
    wide = strength[:, None, None]
    return torch.eye(3) * wide + grey * (1 - wide)


def _hue(number: int, most: float) -> Any:
    """A turn about the grey axis of the colour cube (Rodrigues' formula)."""
    angle = _between(number, -1, 1) * most * 2 * math.pi
    axis = 1 / math.sqrt(3)
    cross = torch.tensor([[0, -axis, axis], [axis, 0, -axis], [-axis, axis, 0]])
    sine, cosine = torch.sin(angle)[:, None, None], torch.cos(angle)[:, None, None]
    return torch.eye(3) + sine * cross + (1 - cosine) * (cross @ cross)


def _some(x: Any, share: float, changed: Any) -> Any:
    """For so large a share of the batch the changed picture."""
    chosen = torch.rand(len(x), 1, 1, 1) < share
    return torch.where(chosen, changed, x)


def _blurred(x: Any, share: float) -> Any:
    if not share:
        return x
    channels = x.shape[1]
    row = torch.tensor([1.0, 4, 6, 4, 1]) / 16
    kernel = (row[:, None] * row).expand(channels, 1, 5, 5)
    padded = functional.pad(x, (2, 2, 2, 2), mode="replicate")
    return _some(x, share, functional.conv2d(padded, kernel, groups=channels))


def _coarsened(x: Any, share: float) -> Any:
    """As a picture of few pixels looks when it is enlarged."""
    if not share:
        return x
    side = int(torch.randint(7, 15, ()).item())
    small = functional.interpolate(x, size=(side, side), mode="area")
    large = functional.interpolate(small, size=x.shape[2:], mode="bilinear", align_corners=False)
    return _some(x, share, large)


def _thickened(x: Any, share: float) -> Any:
    """A thicker stroke for half of the share, a thinner one for the other half."""
    if not share:
        return x
    thick = functional.max_pool2d(x, 3, 1, 1)
    thin = -functional.max_pool2d(-x, 2, 1, 1)[:, :, : x.shape[2], : x.shape[3]]
    return _some(x, share, _some(thick, 0.4, thin))


def _erased(x: Any, share: float) -> Any:
    """A grey rectangle over part of some pictures, the same place for all of them."""
    if not share:
        return x
    height, width = x.shape[2:]
    high = int(height * (0.15 + 0.3 * torch.rand(()).item()))
    wide = int(width * (0.15 + 0.3 * torch.rand(()).item()))
    top = int(torch.randint(0, height - high + 1, ()).item())
    left = int(torch.randint(0, width - wide + 1, ()).item())
    covered = x.clone()
    covered[:, :, top : top + high, left : left + wide] = 0.5
    return _some(x, share, covered)
