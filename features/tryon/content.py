"""What a try-on's picture is made of, as one short key: equal keys, equal pictures."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from shared.engines.prompts import DETAIL_NAMES

SEEN_OPTIONS = ("quality", "aspect_ratio", "background")
"""Those that change the picture. Others say how long it is kept, or who may make it."""


@dataclass(frozen=True)
class Worn:
    """One garment: its picture, how it is worn, and the words about it that reach a prompt."""

    picture: bytes
    garment_type: str
    details: Mapping[str, str] = field(default_factory=dict)

    def parts(self) -> list[Any]:
        words = {name: self.details[name] for name in DETAIL_NAMES if self.details.get(name)}
        return [digest(self.picture), self.garment_type, words]


def content_key(version: str, person: str, garments: Sequence[Worn], options: Mapping[str, Any]) -> str:
    """`version`: of the engine. `person`: the photo's digest. The garments' order counts: they are put on in it."""
    parts = {
        "version": version,
        "person": person,
        "garments": [garment.parts() for garment in garments],
        "options": {name: options.get(name) for name in SEEN_OPTIONS},
    }
    return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
