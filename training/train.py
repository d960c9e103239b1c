"""Train the parsing network: `python -m training.train DATA OUT [--start WEIGHTS] [--phases 128x192:24,...]`.

Seeded: the same phases, seed and machine give the same weights with one thread. Resumable: OUT/checkpoint.pt is
written after every epoch and taken up again, in the middle of a schedule too. Prints loss and speed of every epoch,
and the person IoU of the photos that are kept aside every few epochs.
"""

from __future__ import annotations

import argparse
import copy
import math
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from training.augment import BARE, sample
from training.dataset import CLASSES, DRESS, LOWER, UPPER, Photo, load
from training.losses import loss
from training.network import ParserNet, normalised

PHASES = "128x192:30,192x288:40,256x384:70"
FULL_HEIGHT = 384  # from here on the loss is taken at full resolution
RATE, DECAY, WARM_UP, CLIP, LAST_SHARE = 2e-3, 0.02, 150, 2.0, 0.015
EMA = 0.998
BARE_AGAIN = 2  # how often a sleeveless photo is seen in an epoch: the starting network took shoulders for cloth


@dataclass(frozen=True)
class Phase:
    width: int
    height: int
    epochs: int

    def cost(self, steps: int, batch: int) -> int:
        """Pixels: the learning rate follows them, so that a phase of large pictures counts for what it takes."""
        return self.epochs * steps * batch * self.width * self.height


class Samples(Dataset[tuple[Tensor, Tensor]]):
    """Sample i of epoch e is always the same."""

    def __init__(self, photos: list[Photo], phase: Phase, epoch: int, seed: int) -> None:
        self._photos, self._phase, self._epoch, self._seed = photos, phase, epoch, seed
        self._order = [i for i, photo in enumerate(photos) for _ in range(BARE_AGAIN if photo.bare > BARE else 1)]

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, item: int) -> tuple[Tensor, Tensor]:
        r = np.random.default_rng([self._seed, self._epoch, item])
        picture, labels = sample(self._photos, self._order[item], self._phase.height, self._phase.width, r)
        return torch.from_numpy(picture), torch.from_numpy(labels)


class Training:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.photos, self.aside = load(options.data, aside=False), load(options.data, aside=True)
        self.phases = [_phase(text) for text in options.phases.split(",")]
        self.net = ParserNet().to(self.device, memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.net).eval()
        self.optimizer = torch.optim.AdamW(_groups(self.net), lr=options.rate)
        self.epoch, self.step, self.pixels = 0, 0, 0
        self.steps = len(Samples(self.photos, self.phases[0], 0, 0)) // options.batch
        self.total = sum(phase.cost(self.steps, options.batch) for phase in self.phases)

    # --- files -----------------------------------------------------------------------------------------------------

    @property
    def checkpoint(self) -> Path:
        return Path(self.options.out) / "checkpoint.pt"

    def take_up(self) -> None:
        """The last checkpoint, else the starting weights, else chance."""
        if self.checkpoint.exists():
            state = torch.load(self.checkpoint, map_location=self.device)
            self.net.load_state_dict(state["net"])
            self.average.load_state_dict(state["ema"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.epoch, self.step, self.pixels = state["epoch"], state["step"], state["pixels"]
        elif self.options.start:
            state = torch.load(self.options.start, map_location=self.device)
            self.net.load_state_dict(state.get("net", state["ema"]))
            self.average.load_state_dict(state["ema"])

    def save(self) -> None:
        state = {
            "net": self.net.state_dict(),
            "ema": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "epoch": self.epoch,
            "step": self.step,
            "pixels": self.pixels,
        }
        temporary = self.checkpoint.with_suffix(".tmp")
        torch.save(state, temporary)
        temporary.replace(self.checkpoint)

    # --- epochs ----------------------------------------------------------------------------------------------------

    def run(self) -> None:
        self.take_up()
        first = 0
        for phase in self.phases:
            for _ in range(max(0, self.epoch - first), phase.epochs):
                self._one_epoch(phase)
                self.save()
                if self.epoch % self.options.look_every == 0:
                    self._look()
            first += phase.epochs
        self._look()

    def _one_epoch(self, phase: Phase) -> None:
        started, losses = time.time(), []
        self.net.train()
        for pictures, labels in self._loader(phase):
            losses.append(self._one_step(pictures.to(self.device), labels.to(self.device), phase))
        self.epoch += 1
        seconds = time.time() - started
        sys.stdout.write(
            f"epoch {self.epoch} {phase.width}x{phase.height} loss {np.mean(losses):.4f}"
            f" rate {self.rate():.5f} {seconds:.0f} s, {100 * self.pixels / self.total:.1f} % done\n"
        )
        sys.stdout.flush()

    def _loader(self, phase: Phase) -> DataLoader[tuple[Tensor, Tensor]]:
        order = torch.Generator().manual_seed(self.options.seed * 1000 + self.epoch)
        return DataLoader(
            Samples(self.photos, phase, self.epoch, self.options.seed),
            batch_size=self.options.batch,
            shuffle=True,
            drop_last=True,
            num_workers=self.options.loaders,
            generator=order,
            worker_init_fn=_one_thread,
        )

    def rate(self) -> float:
        done = self.pixels / self.total
        cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, done)))
        return float(self.options.rate) * min(1.0, self.step / WARM_UP) * (cosine * (1 - LAST_SHARE) + LAST_SHARE)

    def _one_step(self, pictures: Tensor, labels: Tensor, phase: Phase) -> float:
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate()
        with torch.autocast(self.device.type, dtype=torch.bfloat16):
            logits = self.net(normalised(pictures))
        full = phase.height >= FULL_HEIGHT
        logits = logits.float()
        if full:
            logits = functional.interpolate(logits, scale_factor=2, mode="bilinear", align_corners=False)
        truth = labels.long() if full else labels[:, 1::2, 1::2].long()
        value = loss(logits, truth, edges=full)
        self.optimizer.zero_grad(set_to_none=True)
        value.backward()
        nn.utils.clip_grad_norm_(self.net.parameters(), CLIP)
        self.optimizer.step()
        self.step += 1
        self.pixels += len(pictures) * phase.width * phase.height
        self._follow()
        return float(value.item())

    @torch.no_grad()
    def _follow(self) -> None:
        """The moving average of the weights is what will be shipped."""
        keep = min(EMA, (1 + self.step) / (20 + self.step)) if not self.options.start else EMA
        for mean, value in zip(self.average.state_dict().values(), self.net.state_dict().values(), strict=True):
            if mean.dtype.is_floating_point:
                mean.lerp_(value, 1 - keep)
            else:
                mean.copy_(value)

    # --- figures ---------------------------------------------------------------------------------------------------

    @torch.no_grad()
    def _look(self) -> None:
        """On photos that were never trained on: person IoU and the classes' IoU, one pass each, no edge refinement."""
        counts, persons = np.zeros((len(CLASSES), len(CLASSES)), np.int64), []
        for photo in self.aside:
            found = self._parsed(photo)
            counts += np.bincount(
                photo.labels.ravel().astype(np.int64) * len(CLASSES) + found.ravel(), minlength=len(CLASSES) ** 2
            ).reshape(counts.shape)
            persons.append(_overlap(found > 0, photo.labels > 0))
        classes = ", ".join(f"{name} {_iou(counts, [i]):.3f}" for i, name in enumerate(CLASSES))
        sys.stdout.write(
            f"  kept aside ({len(persons)}): person IoU median {np.median(persons):.4f},"
            f" p10 {np.percentile(persons, 10):.4f}; clothes {_iou(counts, [UPPER, LOWER, DRESS]):.3f},"
            f" skin and hair {_iou(counts, [1, 2]):.3f}; {classes}\n"
        )
        sys.stdout.flush()

    def _parsed(self, photo: Photo) -> np.ndarray:
        height, width = photo.labels.shape
        scale = min(256 / width, FULL_HEIGHT / height)
        new_width, new_height = round(width * scale), round(height * scale)
        left, top = (256 - new_width) // 2, (FULL_HEIGHT - new_height) // 2
        canvas = np.full((FULL_HEIGHT, 256, 3), 114, np.uint8)
        inner = (slice(top, top + new_height), slice(left, left + new_width))
        canvas[inner] = cv2.resize(photo.image, (new_width, new_height), interpolation=cv2.INTER_AREA)
        logits = self.average(normalised(torch.from_numpy(canvas[None]).to(self.device)))
        logits = functional.interpolate(logits.float(), scale_factor=2, mode="bilinear", align_corners=False)
        shares = logits[0].softmax(0).permute(1, 2, 0).cpu().numpy()[inner]
        larger = cv2.resize(np.ascontiguousarray(shares), (width, height), interpolation=cv2.INTER_LINEAR)
        return np.asarray(larger.argmax(axis=2))


def _overlap(found: np.ndarray, real: np.ndarray) -> float:
    return float(np.count_nonzero(found & real) / max(1, np.count_nonzero(found | real)))


def _iou(counts: np.ndarray, classes: list[int]) -> float:
    """Pixels of all photos pooled; several classes count as one."""
    common = counts[np.ix_(classes, classes)].sum()
    return float(common / max(1, counts[classes].sum() + counts[:, classes].sum() - common))


def _groups(net: nn.Module) -> list[dict[str, object]]:
    """Weight decay for kernels only."""
    kernels = [value for value in net.parameters() if value.ndim > 1]
    others = [value for value in net.parameters() if value.ndim <= 1]
    return [{"params": kernels, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}]


def _phase(text: str) -> Phase:
    size, _, epochs = text.partition(":")
    width, _, height = size.partition("x")
    return Phase(int(width), int(height), int(epochs))


def _one_thread(_: int) -> None:
    """A loader must not compete with the training for the cores."""
    torch.set_num_threads(1)
    cv2.setNumThreads(0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, help="folder with photos/, labels/ and labels.txt")
    parser.add_argument("out", type=Path, help="where the checkpoint is kept")
    parser.add_argument("--start", type=Path, help="weights to go on from")
    parser.add_argument("--phases", default=PHASES, help="WxH:epochs, ... (default: %(default)s)")
    parser.add_argument("--rate", type=float, default=RATE, help="highest learning rate (default: %(default)s)")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--loaders", type=int, default=2, help="processes that make samples")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--look-every", type=int, default=5, help="epochs between two looks at the photos kept aside")
    return parser.parse_args()


def main() -> int:
    options = _options()
    options.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    cv2.setNumThreads(0)
    Training(options).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
