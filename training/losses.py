"""What the network is trained against: class-weighted cross entropy that counts edges more, and two overlap losses."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from training.dataset import CLASSES

CLASS_WEIGHTS = (0.8, 1.6, 1.3, 1.0, 1.0, 1.3, 1.8, 1.4)  # small parts count more
EDGE_WEIGHT = 1.5  # added to the pixels beside an edge between two classes
EDGE_REACH = 5  # px of the window in which classes must differ


def loss(logits: Tensor, labels: Tensor, *, edges: bool) -> Tensor:
    """`logits` (N, 8, H, W) and `labels` (N, H, W) at one size. `edges`: only where labels have full resolution."""
    weights = torch.tensor(CLASS_WEIGHTS, device=logits.device)
    each = functional.cross_entropy(logits, labels, weight=weights, reduction="none")
    scale = weights[labels]
    if edges:
        more = 1 + EDGE_WEIGHT * near_edges(labels)
        each, scale = each * more, scale * more
    shares = logits.softmax(1)
    truth = functional.one_hot(labels, len(CLASSES)).permute(0, 3, 1, 2).to(shares.dtype)
    return each.sum() / scale.sum() + 0.5 * _dice(shares, truth) + 0.5 * _person_dice(shares, truth)


def near_edges(labels: Tensor) -> Tensor:
    """1 where another class lies within the window, else 0; (N, H, W) float."""
    numbers = labels[:, None].float()
    pad = EDGE_REACH // 2
    highest = functional.max_pool2d(numbers, EDGE_REACH, 1, pad)
    lowest = -functional.max_pool2d(-numbers, EDGE_REACH, 1, pad)
    return (highest != lowest)[:, 0].float()


def _dice(shares: Tensor, truth: Tensor) -> Tensor:
    """Over the batch, mean of the classes."""
    common, total = (shares * truth).sum((0, 2, 3)), shares.sum((0, 2, 3)) + truth.sum((0, 2, 3))
    return 1 - ((2 * common + 1) / (total + 1)).mean()


def _person_dice(shares: Tensor, truth: Tensor) -> Tensor:
    """Of the whole person, each photo for itself: a bad one cannot hide among good ones."""
    seen, real = 1 - shares[:, 0], 1 - truth[:, 0]
    common, total = (seen * real).sum((1, 2)), seen.sum((1, 2)) + real.sum((1, 2))
    return 1 - ((2 * common + 20) / (total + 20)).mean()
