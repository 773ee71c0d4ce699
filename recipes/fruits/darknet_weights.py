"""Weights in Darknet's file format: written from a network, and read into one.

A header, then per convolution: (bias, scale, mean, variance | bias), kernel.
"""

import struct

import numpy as np
import torch
from torch import Tensor

from recipes.fruits.network import Network

HEADER = "<iiiq"


def darknet_weights(network: Network, *, seen: int = 0) -> bytes:
    """The content of the weights file."""
    values = [
        tensor.detach().to("cpu", torch.float32).contiguous().numpy().astype("<f4").tobytes()
        for tensor in _in_file_order(network)
    ]
    return struct.pack(HEADER, 0, 2, 5, seen) + b"".join(values)


def load_darknet_weights(network: Network, content: bytes) -> None:
    """Fill a network with the content of a weights file; it must be of the same architecture."""
    expected = network.cost().weight_bytes
    if len(content) != expected:
        raise ValueError(
            f"the weights file has {len(content):,} bytes; this network's has {expected:,}: "
            "give the file that belongs to the configuration's template"
        )
    floats = np.frombuffer(content, "<f4", offset=struct.calcsize(HEADER))
    position = 0
    with torch.no_grad():
        for tensor in _in_file_order(network):
            values = floats[position : position + tensor.numel()].reshape(tuple(tensor.shape))
            tensor.copy_(torch.from_numpy(values.astype(np.float32)))
            position += tensor.numel()


def shift_objectness(network: Network, shift: float) -> None:
    """Raise (or lower) every objectness by `shift` logits."""
    outputs = [conv for conv, norm in network.convolutions() if norm is None]
    for conv, head in zip(outputs, network.heads, strict=True):
        assert conv.bias is not None
        with torch.no_grad():
            conv.bias.view(len(head.anchors), -1)[:, 4] += shift


def _in_file_order(network: Network) -> list[Tensor]:
    tensors: list[Tensor] = []
    for conv, norm in network.convolutions():
        if norm is None:
            assert conv.bias is not None
            tensors += [conv.bias, conv.weight]
        else:
            assert norm.running_mean is not None
            assert norm.running_var is not None
            tensors += [norm.bias, norm.weight, norm.running_mean, norm.running_var, conv.weight]
    return tensors
