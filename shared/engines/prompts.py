"""The words that go to a picture model: text lines and slots for pictures, in the order they are sent.

The sentences are data, in prompts.toml. Words about a garment come from shops and clients. They are cleaned, capped and
put between double quotes as product data; nothing from outside ever stands in a prompt as a sentence of ours.
"""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from shared.engines.base import GarmentInput, GarmentType

WORDING_FILE = Path(__file__).with_name("prompts.toml")
MAX_DETAIL_LENGTH = 200
DETAIL_NAMES = ("brand", "category", "color", "style", "material")


class Style(StrEnum):
    """Which wording. `SHORT` after an answer without a picture, `NEUTRAL` after a content refusal, `FRESH` after the
    photo came back as it was sent (new wording, and the pictures in another order), `EXACT` after a picture that did
    not keep the person or the frame."""

    FULL = "full"
    SHORT = "short"
    NEUTRAL = "neutral"
    FRESH = "fresh"
    EXACT = "exact"


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a picture goes. `garment`: its index; None: the person."""

    garment: int | None = None


Prompt = tuple[str | Slot, ...]


@dataclass(frozen=True, slots=True)
class StyleWording:
    """`details`: whether words of shops go along. `person_first`: the person's picture before the garments'."""

    lines: tuple[str, ...]
    details: bool = True
    person_first: bool = False


@dataclass(frozen=True, slots=True)
class Wording:
    """All sentences. `version` is part of what makes two results comparable. `worn`: layer and wish of each type."""

    version: str
    system: str
    labels: Mapping[str, str]
    notes: Mapping[str, str]
    styles: Mapping[Style, StyleWording]
    worn: Mapping[GarmentType, Mapping[str, str]]


@cache
def wording() -> Wording:
    """Read once per process."""
    return read_wording(WORDING_FILE.read_text(encoding="utf-8"))


def read_wording(text: str) -> Wording:
    """Raises ValueError for what is no TOML or names no style, KeyError or TypeError for too little or too much."""
    found = tomllib.loads(text)
    return Wording(
        version=found["version"],
        system=found["system"],
        labels=found["labels"],
        notes=found["notes"],
        styles={Style(name): _style(table) for name, table in found["styles"].items()},
        worn={GarmentType(name): table for name, table in found["worn"].items()},
    )


def _style(table: Mapping[str, Any]) -> StyleWording:
    return StyleWording(**{**table, "lines": tuple(table["lines"])})


# Everything that could close our quotes, open others or look like markup becomes a blank.
_NEUTRALISED = frozenset('"“”„«»‟″‶`´<>{}[]\\|')


def build_prompt(
    garments: Sequence[GarmentInput], style: Style = Style.FULL, *, padded: bool = False, fill_frame: bool = False
) -> Prompt:
    """Pictures first, the person last (the last picture wins the frame), then the wish; `FRESH` puts the person first.

    `padded`: the photo has plain margins that are cut off later. `fill_frame`: they stay, so the model shall fill them.
    """
    words = wording()
    person_first = words.styles[style].person_first
    person = 1 if person_first else len(garments) + 1
    numbers = [index + 2 if person_first else index + 1 for index in range(len(garments))]
    pictures: list[str | Slot] = []
    for index, garment in enumerate(garments):
        pictures += [_garment_label(words, numbers[index], garment, style), Slot(index)]
    who: list[str | Slot] = [words.labels["person"].format(person=person), Slot()]
    ordered = who + pictures if person_first else pictures + who
    notes = [*_on_model(garments), *_margins(padded, fill_frame)]
    lines = [*words.styles[style].lines, *(words.notes[name] for name in notes)]
    return (*ordered, " ".join(lines).format(**_numbered(words, person, numbers, garments)))


def clean_detail(text: str) -> str:
    """One harmless line: no control or invisible characters, no quotes or brackets, at most 200 characters."""
    folded = unicodedata.normalize("NFKC", text[: MAX_DETAIL_LENGTH * 4])
    kept = "".join(" " if _is_unsafe(char) else char for char in folded).replace("'", "’")
    return " ".join(kept.split())[:MAX_DETAIL_LENGTH].rstrip()


def _is_unsafe(char: str) -> bool:
    return char in _NEUTRALISED or unicodedata.category(char)[0] in "CZ"


def _garment_label(words: Wording, number: int, garment: GarmentInput, style: Style) -> str:
    data = _quoted(garment.details) if words.styles[style].details else ""
    label = words.labels["garment_with_data" if data else "garment"]
    return label.format(number=number, layer=words.worn[garment.garment_type]["layer"], data=data)


def _quoted(details: Mapping[str, str]) -> str:
    cleaned = ((name, clean_detail(details.get(name) or "")) for name in DETAIL_NAMES)
    return ", ".join(f'{name} "{text}"' for name, text in cleaned if text)


def _numbered(
    words: Wording, person: int, numbers: Sequence[int], garments: Sequence[GarmentInput]
) -> dict[str, str | int]:
    """What the sentences name by numbers of pictures."""
    return {
        "person": person,
        "sources": _join(f"image {number}" for number in numbers),
        "models": _join(f"image {number}" for number, item in zip(numbers, garments, strict=True) if item.on_model),
        "outfit": _join(
            words.labels["outfit"].format(number=number, worn=words.worn[garment.garment_type]["worn"])
            for number, garment in zip(numbers, garments, strict=True)
        ),
    }


def _join(words: Iterable[str]) -> str:
    *head, last = list(words) or [""]
    return f"{', '.join(head)} and {last}" if head else last


def _on_model(garments: Sequence[GarmentInput]) -> list[str]:
    return ["on_model"] if any(garment.on_model for garment in garments) else []


def _margins(padded: bool, fill_frame: bool) -> list[str]:
    if fill_frame:
        return ["fill_margins"]
    return ["keep_margins"] if padded else []
