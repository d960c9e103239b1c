"""What a gallery reads and writes: pictures in, a folder with a page, full pictures, thumbnails and strips out."""

from __future__ import annotations

import io
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from shared.cpu import CpuGate
from shared.engines.preview.cut_out import flatten_on_plain
from shared.errors import BecauseFutureError
from shared.image_encoding import encode_jpeg, encode_png, encode_result
from shared.image_formats import EXTENSIONS, ImageLimits
from shared.image_processing import prepare_photo

STRIP_HEIGHT = 480
_GAP = 12
_GROUND = (255, 255, 255)
_CARD, _INK = (238, 238, 240), (60, 60, 70)
_STRIP_QUALITY = 84
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Refusal:
    """`reason`: what a client can tell apart, `message`: what a person reads."""

    reason: str
    message: str

    @classmethod
    def of(cls, error: BecauseFutureError) -> Refusal:
        return cls(str(error.details.get("reason") or error.error_code), error.message)


@dataclass(frozen=True, slots=True)
class Picture:
    """An input, as a client's upload becomes one. `label` is unique and safe in file names."""

    name: str
    label: str
    data: bytes = field(repr=False)
    refusal: Refusal | None = None

    @property
    def thumbnail(self) -> str:
        return f"thumbnails/{self.label}.png"


@dataclass(frozen=True, slots=True)
class Outfit:
    name: str
    garments: tuple[Picture, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """One try-on. `facts`: engine, model, preview, warnings, checks; `picture`, `thumbnail`: relative to the page."""

    person: str
    outfit: str
    seconds: float
    facts: Mapping[str, Any] = field(default_factory=dict)
    refusal: Refusal | None = None
    picture: str | None = None
    thumbnail: str | None = None


def pictures_in(folder: Path) -> list[Path]:
    """By name; masks and labels (`*_labels.png`, `*_alpha.png`, `*_parts.png`) are left out."""
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    return [
        file
        for file in files
        if file.suffix.lower().lstrip(".") in EXTENSIONS and not file.stem.endswith(("_labels", "_alpha", "_parts"))
    ]


def read_picture(file: Path, name: str, label: str, gate: CpuGate, *, flat: bool) -> Picture:
    """`flat`: a cut-out is put on a plain ground, as for every try-on."""
    try:
        found = prepare_photo(file.read_bytes(), ImageLimits(), gate)
    except BecauseFutureError as error:
        return Picture(name, label, b"", Refusal.of(error))
    data = encode_jpeg(flatten_on_plain(_opened(found.data))) if flat and found.has_alpha else found.data
    return Picture(name, label, data)


class GalleryFiles:
    def __init__(self, folder: Path, *, strips: bool, thumbnail_width: int) -> None:
        self._folder = folder
        self._strips = strips
        self._width = thumbnail_width
        for name in ("pictures", "thumbnails", *(("strips",) if strips else ())):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def keep_inputs(self, pictures: Iterable[Picture]) -> None:
        for picture in pictures:
            if picture.refusal is None:
                small = _narrowed(_opened(picture.data), self._width)
                (self._folder / picture.thumbnail).write_bytes(encode_png(small))

    def keep_result(self, cell: Cell, image: Image.Image, person: Picture, outfit: Outfit) -> Cell:
        label = f"{person.label}-{'+'.join(item.label for item in outfit.garments)}"
        kept = replace(cell, picture=f"pictures/{label}.jpg", thumbnail=f"thumbnails/{label}.jpg")
        (self._folder / f"pictures/{label}.jpg").write_bytes(encode_result(image, cell.facts))
        small = _narrowed(image, self._width)
        (self._folder / f"thumbnails/{label}.jpg").write_bytes(encode_jpeg(small))
        self._keep_strip(cell, image, person, outfit)
        return kept

    def keep_refusal(self, cell: Cell, person: Picture, outfit: Outfit) -> Cell:
        self._keep_strip(cell, None, person, outfit)
        return cell

    def write_page(self, html: str) -> None:
        """In one step: a browser that reloads never gets half of it."""
        beside = self._folder / "index.html.new"
        beside.write_text(html, encoding="utf-8")
        beside.replace(self._folder / "index.html")

    def _keep_strip(self, cell: Cell, result: Image.Image | None, person: Picture, outfit: Outfit) -> None:
        if not self._strips:
            return
        inputs = [_opened(item.data) for item in (person, *outfit.garments)]
        last = result or _card(cell.refusal.message if cell.refusal else "", inputs[0].size)
        name = _UNSAFE.sub("_", f"{cell.person}-{cell.outfit}")
        data = encode_jpeg(strip([*inputs, last]), _STRIP_QUALITY)
        (self._folder / "strips" / f"{name}.jpg").write_bytes(data)


def strip(images: Sequence[Image.Image], height: int = STRIP_HEIGHT) -> Image.Image:
    """Side by side, all of one height, on white."""
    scaled = [
        flatten_on_plain(image).resize((max(1, round(image.width * height / image.height)), height)) for image in images
    ]
    canvas = Image.new("RGB", (sum(image.width for image in scaled) + _GAP * (len(scaled) - 1), height), _GROUND)
    left = 0
    for image in scaled:
        canvas.paste(image, (left, 0))
        left += image.width + _GAP
    return canvas


def _card(sentence: str, size: tuple[int, int]) -> Image.Image:
    """Where there is no result: the words that the client gets instead."""
    width, height = round(size[0] * STRIP_HEIGHT / size[1]), STRIP_HEIGHT
    card = Image.new("RGB", (width, height), _CARD)
    letter = max(12, width // 18)
    text = "Refused:\n\n" + textwrap.fill(sentence, width=max(10, round(width / letter / 0.58)))
    font = ImageFont.load_default(size=letter)
    ImageDraw.Draw(card).multiline_text((letter, height // 4), text, fill=_INK, font=font, spacing=letter // 2)
    return card


def _opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data), formats=["JPEG", "PNG"])


def _narrowed(image: Image.Image, width: int) -> Image.Image:
    if image.width <= width:
        return image
    size = (width, max(1, round(image.height * width / image.width)))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
