"""Fabric and care as shops write them: "Outer fabric: 97% cotton, 3% elastane. Lining: 100% polyester"."""

from __future__ import annotations

import re
from typing import Any

MOST = 24
_SHARE = re.compile(r"(\d{1,3}(?:[.,]\d{1,2})?)\s?%\s?([^\W\d_][^\d%,;:./()|\n]{1,40})")
_NAME_FIRST = re.compile(r"([^\W\d_][^\W\d_]{2,24}(?:\s[^\W\d_]{2,20})?)\s?[:(]?\s?(\d{1,3}(?:[.,]\d{1,2})?)\s?%")
_PART = re.compile(r"([^\W\d_][^\d%:;.,|\n]{1,40}?)\s{0,3}:\s{0,3}$")
_NOISE = re.compile(
    r"\b(?:off|discount|sale|rabatt|réduction|more|less|of|recycled content|in|on|from|aus|de|di)\b.*$", re.IGNORECASE
)


def fabric_of(text: str | None, part: str | None = None) -> list[dict[str, Any]]:
    """{name, percentage, part?} of each share that the text tells; nothing is guessed for the rest."""
    if not text or "%" not in text:
        return []
    text = text[:1_000]
    found = _shares(text, part)
    return found or [_entry(name, share, part) for name, share in _NAME_FIRST.findall(text)[:MOST] if _share(share)]


def _shares(text: str, part: str | None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    end = 0
    for match in list(_SHARE.finditer(text))[:MOST]:
        heading = _PART.search(text[end : match.start()][-60:])
        part = heading.group(1).strip() if heading else part
        end = match.end()
        name = _NOISE.sub("", match.group(2)).strip(" -–·")
        if name and _share(match.group(1)):
            found.append(_entry(name, match.group(1), part))
    return found


def _share(text: str) -> float | None:
    value = float(text.replace(",", "."))
    return value if 0 < value <= 100 else None


def _entry(name: str, share: str, part: str | None) -> dict[str, Any]:
    value = float(share.replace(",", "."))
    entry: dict[str, Any] = {"name": name.strip(), "percentage": int(value) if value.is_integer() else value}
    return {**entry, "part": part} if part else entry


def material_text(fabric: list[dict[str, Any]]) -> str | None:
    """The shares in one line, as people write them."""
    lines: dict[str, list[str]] = {}
    for each in fabric:
        lines.setdefault(each.get("part") or "", []).append(f"{each['percentage']}% {each['name']}")
    return "; ".join((f"{part}: " if part else "") + ", ".join(shares) for part, shares in lines.items()) or None


def care_list(text: str | None) -> list[str]:
    """Care instructions written in one line, apart."""
    pieces = re.split(r"[,;•|\n]|\.\s", text[:1_000]) if text else []
    return [piece.strip(" .-") for piece in pieces if 2 < len(piece.strip(" .-")) <= 120][:20]
