"""The Gemini image models that are known: what each accepts, what it costs, and which ids are dead.

An id that is not here is let through as configured: Google adds models faster than this table is edited. It then gets
the ten ratios that every model knows, no image size, and no price.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

DEFAULT_MODELS = ("gemini-nano-banana-2.1", "gemini-3-pro-image", "gemini-3.1-flash-lite-image")

# Google's price page as copied on this day; goes into every ledger row beside the cost that was computed with it.
PRICE_VERSION = "google-2026-10-09"

TEN_RATIOS = ("1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9")
FOURTEEN_RATIOS = (*TEN_RATIOS, "1:4", "4:1", "1:8", "8:1")


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars per million tokens. Thinking is billed as text output."""

    input: float
    text_output: float
    image_output: float


# Tokens, to reckon what a call may cost before it is made. Google's figure for a picture, sent or received at 1K; a
# prompt of ours with its labels has 300 to 500, thinking was seen at 80 to some hundred: rounded up.
PICTURE_TOKENS = 1120
PROMPT_TOKENS = 800
THINKING_TOKENS = 1000


@dataclass(frozen=True, slots=True)
class Model:
    """`sizes`: values of imageSize that may be sent; empty: sending any is answered with 400.

    `picture_tokens`: of one picture that comes back, by size, where they are not PICTURE_TOKENS (price page).
    """

    ratios: tuple[str, ...] = TEN_RATIOS
    sizes: frozenset[str] = frozenset()
    max_images: int = 14
    prices: Prices | None = None
    picture_tokens: Mapping[str | None, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tokens:
    """What one call used, as the provider counted. `None`: it did not say."""

    input: int | None = None
    text_output: int | None = None
    image_output: int | None = None
    thinking: int | None = None


NO_TOKENS = Tokens()


_ONE_TO_FOUR_K = frozenset({"1K", "2K", "4K"})

MODELS: dict[str, Model] = {
    "gemini-nano-banana-2.1": Model(
        FOURTEEN_RATIOS, _ONE_TO_FOUR_K, 14, Prices(1.50, 7.50, 30.0), {"2K": 1680, "4K": 3780}
    ),
    "gemini-3-pro-image": Model(TEN_RATIOS, _ONE_TO_FOUR_K, 14, Prices(2.0, 12.0, 120.0), {"4K": 2000}),
    "gemini-3.1-flash-lite-image": Model(TEN_RATIOS, frozenset(), 14, Prices(0.25, 1.50, 30.0)),
    "gemini-3.1-flash-image": Model(
        FOURTEEN_RATIOS, _ONE_TO_FOUR_K | {"512"}, 14, Prices(0.50, 3.0, 60.0), {"512": 750, "2K": 1680, "4K": 2520}
    ),
    # Only the price of a picture is on the copied pages; input and text are those of its launch in 2025.
    "gemini-2.5-flash-image": Model(TEN_RATIOS, frozenset(), 3, Prices(0.30, 2.50, 30.0), {None: 1290}),
}
_UNKNOWN = Model()

_RETIRED: dict[str, str] = {
    "gemini-1.5-pro": "cannot make pictures and was switched off",
    "gemini-1.5-flash": "cannot make pictures and was switched off",
    "gemini-2.5-flash-image-preview": "was shut down on 2025-10-31",
    "gemini-3.1-flash-image-preview": "was shut down on 2026-06-25",
    "gemini-3-pro-image-preview": "was shut down on 2026-06-25",
    "gemini-2.5-flash-image": "passed its shutdown date 2026-10-02 and may stop answering",
    "gemini-3.1-flash-image": "is deprecated since 2026-10-06 and may have been shut down on 2026-10-29",
}
_RETIRED_FAMILIES = {"imagen-4": "was shut down in summer 2026 and never took a person's photo"}


def model_facts(model: str) -> Model:
    return MODELS.get(model, _UNKNOWN)


def image_size(model: str, wanted: str) -> str | None:
    """`wanted` where the model may be told a size, else None: leave the field out."""
    return wanted if wanted in model_facts(model).sizes else None


def retirement_warning(model: str) -> str | None:
    """One sentence for the start-up log when the id is dead or dying; None for living and for unknown ids."""
    reason = _RETIRED.get(model) or next(
        (text for family, text in _RETIRED_FAMILIES.items() if model.startswith(family)), None
    )
    return f"The Gemini model {model} {reason}: use {DEFAULT_MODELS[0]}." if reason else None


def price(model: str, tokens: Tokens) -> float | None:
    """US dollars of one call. None when the model's prices are not known or the provider named no tokens at all."""
    prices = model_facts(model).prices
    if prices is None or tokens == NO_TOKENS:
        return None
    text = (tokens.text_output or 0) + (tokens.thinking or 0)
    millionths = (
        (tokens.input or 0) * prices.input
        + text * prices.text_output
        + (tokens.image_output or 0) * prices.image_output
    )
    return round(millionths / 1e6, 6)


def reserve(model: str, pictures: int, size: str | None = None) -> float:
    """US dollars that a call with so many pictures in it may cost: what a budget has to hold ready for it.

    An estimate from above, not a limit that the provider knows. A model without prices counts as the dearest known one.
    """
    facts = model_facts(model)
    if facts.prices is None:
        return max(reserve(known, pictures, size) for known in MODELS)
    tokens = Tokens(
        input=PROMPT_TOKENS + pictures * PICTURE_TOKENS,
        image_output=facts.picture_tokens.get(size, PICTURE_TOKENS),
        thinking=THINKING_TOKENS,
    )
    return price(model, tokens) or 0.0
