"""Variant titles like "us9.5 / Grey / 4e": which part is the size, which the colour."""

from __future__ import annotations

import re
from collections.abc import Sequence

from features.garments.extractors.sizes import is_size

SIZE_NAMES = re.compile(
    r"^(?:.*\b)?(?:sizes?|größen?|groesse|taille|pointure|talla|talle|taglia|misura|tamanho|tam|maat"
    r"|størrelse|storlek|koko|rozmiar|velikost|veľkosť|"
    r"méret|mărime|beden|izmērs|dydis|suurus|размер|サイズ|尺码|사이즈)\b",
    re.IGNORECASE,
)
COLOR_NAMES = re.compile(
    r"\b(?:colou?rs?|colou?rway|farbe|couleur|coloris|teinte|cor|colore|kleur|farve|färg|farge|väri|kolor"
    r"|barva|farba|szín|culoare|renk|krāsa|spalva|"
    r"värv|цвет|カラー|颜色|색상)\b",
    re.IGNORECASE,
)


def split_options(titles: Sequence[str], names: Sequence[str] = ()) -> list[tuple[str | None, str | None]]:
    """(size, color) of each title. Without option names the part that is a size in most titles is the size."""
    rows = [[part.strip() for part in title.split(" / ")] for title in titles]
    width = max((len(row) for row in rows), default=0)
    rows = [row if len(row) == width else [""] * width for row in rows]
    size_at, color_at = _named(names, width) or _guessed(rows, width)
    return [(_part(row, size_at), _part(row, color_at)) for row in rows]


def _part(row: list[str], position: int | None) -> str | None:
    value = row[position] if position is not None else None
    return None if value in {None, "", "Default Title"} else value


def _named(names: Sequence[str], width: int) -> tuple[int | None, int | None] | None:
    if len(names) != width or not names:
        return None
    size = next((place for place, name in enumerate(names) if SIZE_NAMES.search(name)), None)
    color = next((place for place, name in enumerate(names) if COLOR_NAMES.search(name)), None)
    return None if size is None and color is None else (size, color)


def _guessed(rows: list[list[str]], width: int) -> tuple[int | None, int | None]:
    """A colour is only guessed beside a size: alone it may be anything."""
    whole = [row for row in rows if any(row)]
    shares = [sum(is_size(row[place]) for row in whole) / len(whole) for place in range(width)] if whole else []
    size = max(range(len(shares)), key=lambda place: (shares[place], -place), default=None)
    if size is None or shares[size] < 0.6:
        return None, None
    return size, next((place for place in range(width) if place != size and shares[place] < 0.2), None)
