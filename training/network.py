"""The network: a small residual encoder with global context and an add-skip decoder, logits at half resolution.

Plain 3x3 convolutions on purpose: they train and run faster on a CPU than depthwise ones of a quarter of the
multiplications (measured in OpenCV's dnn: 19 against 29 ms).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.dataset import CLASSES

ENCODER_WIDTHS = (24, 40, 80, 144, 192)  # at 1/2 .. 1/32 of the input
DECODER_WIDTHS = (80, 48, 32, 16)  # at 1/16 .. 1/2

# Attribute names are those of the stored weights.


def _conv(
    inward: int, outward: int, size: int = 3, stride: int = 1, groups: int = 1, *, relu: bool = True
) -> nn.Module:
    layers: list[nn.Module] = [
        nn.Conv2d(inward, outward, size, stride, size // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outward),
    ]
    return nn.Sequential(*layers, nn.ReLU(inplace=True)) if relu else nn.Sequential(*layers)


class Residual(nn.Module):
    def __init__(self, inward: int, outward: int, stride: int = 1) -> None:
        super().__init__()
        self.a = _conv(inward, outward, stride=stride)
        self.b = _conv(outward, outward, relu=False)
        same = stride == 1 and inward == outward
        self.k = nn.Identity() if same else _conv(inward, outward, 1, stride, relu=False)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.b(self.a(x)) + self.k(x))


class Widened(nn.Module):
    """A depthwise 5x5 between two 1x1: sees far for little."""

    def __init__(self, width: int) -> None:
        super().__init__()
        hidden = 2 * width
        self.f = nn.Sequential(
            _conv(width, hidden, 1), _conv(hidden, hidden, 5, groups=hidden), _conv(hidden, width, 1, relu=False)
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.f(x)


class Context(nn.Module):
    """What the whole picture looks like, added everywhere."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.a = nn.Conv2d(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x + functional.relu(self.a(x.mean((2, 3), keepdim=True)))


class Up(nn.Module):
    def __init__(self, inward: int, skip: int, outward: int) -> None:
        super().__init__()
        self.l, self.s, self.b = _conv(inward, outward, 1), _conv(skip, outward, 1), _conv(outward, outward)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        larger = functional.interpolate(self.l(x), scale_factor=2, mode="bilinear", align_corners=False)
        return self.b(larger + self.s(skip))


class ParserNet(nn.Module):
    """(N, 3, H, W) normalised BGR -> (N, 8, H/2, W/2) logits. H and W are multiples of 32."""

    def __init__(self) -> None:
        super().__init__()
        w, d = ENCODER_WIDTHS, DECODER_WIDTHS
        self.stem = _conv(3, w[0], stride=2)
        self.e1 = nn.Sequential(Residual(w[0], w[1], 2))
        self.e2 = nn.Sequential(Residual(w[1], w[2], 2), Residual(w[2], w[2]))
        self.e3 = nn.Sequential(Residual(w[2], w[3], 2), Residual(w[3], w[3]))
        self.e4 = nn.Sequential(Residual(w[3], w[4], 2), Widened(w[4]))
        self.ctx = Context(w[4])
        self.u3, self.u2 = Up(w[4], w[3], d[0]), Up(d[0], w[2], d[1])
        self.u1, self.u0 = Up(d[1], w[1], d[2]), Up(d[2], w[0], d[3])
        self.out = nn.Conv2d(d[3], len(CLASSES), 1)

    def forward(self, x: Tensor) -> Tensor:
        half = self.stem(x)
        quarter = self.e1(half)
        eighth = self.e2(quarter)
        sixteenth = self.e3(eighth)
        deepest = self.ctx(self.e4(sixteenth))
        y = self.u2(self.u3(deepest, sixteenth), eighth)
        return self.out(self.u0(self.u1(y, quarter), half))


def normalised(pictures: Tensor) -> Tensor:
    """(N, H, W, 3) uint8 BGR -> what the network takes; the same as the run time's blob."""
    mean = torch.tensor([104.0, 112.0, 120.0], device=pictures.device).view(1, 3, 1, 1)
    planes = (pictures.permute(0, 3, 1, 2).float() - mean) / 64.0
    return planes.contiguous(memory_format=torch.channels_last)
