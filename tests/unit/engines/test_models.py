from __future__ import annotations

import pytest

from shared.engines.models import (
    DEFAULT_MODELS,
    MODELS,
    Tokens,
    image_size,
    model_facts,
    price,
    reserve,
    retirement_warning,
)

ONE_TRY_ON = Tokens(input=3500, text_output=0, image_output=1120, thinking=80)


@pytest.mark.parametrize(
    ("model", "tokens", "dollars"),
    [
        ("gemini-nano-banana-2.1", Tokens(image_output=1120), 0.0336),
        ("gemini-nano-banana-2.1", Tokens(image_output=1680), 0.0504),
        ("gemini-3-pro-image", Tokens(image_output=1120), 0.1344),
        ("gemini-3.1-flash-lite-image", Tokens(image_output=1120), 0.0336),
        ("gemini-3.1-flash-image", Tokens(image_output=1120), 0.0672),
        ("gemini-2.5-flash-image", Tokens(image_output=1290), 0.0387),
        ("gemini-nano-banana-2.1", Tokens(input=1_000_000), 1.5),
        ("gemini-nano-banana-2.1", Tokens(thinking=1_000_000), 7.5),
        ("gemini-nano-banana-2.1", ONE_TRY_ON, 0.03945),
    ],
)
def test_price_of_a_call(model: str, tokens: Tokens, dollars: float) -> None:
    assert price(model, tokens) == pytest.approx(dollars, abs=1e-6)


def test_no_price_is_made_up() -> None:
    assert price("gemini-of-the-future", ONE_TRY_ON) is None
    assert price(DEFAULT_MODELS[0], Tokens()) is None


@pytest.mark.parametrize(
    "model",
    [
        *("gemini-1.5-pro", "gemini-2.5-flash-image", "gemini-2.5-flash-image-preview", "gemini-3-pro-image-preview"),
        *("gemini-3.1-flash-image", "gemini-3.1-flash-image-preview", "imagen-4.0-generate-001"),
    ],
)
def test_dead_and_dying_models_are_named_with_the_way_out(model: str) -> None:
    warning = retirement_warning(model)
    assert warning is not None and model in warning and DEFAULT_MODELS[0] in warning


@pytest.mark.parametrize("model", [*DEFAULT_MODELS, "gemini-of-the-future"])
def test_living_and_unknown_models_raise_no_warning(model: str) -> None:
    assert retirement_warning(model) is None


def test_defaults_are_known_models() -> None:
    assert set(DEFAULT_MODELS) <= set(MODELS)


@pytest.mark.parametrize(
    ("model", "wanted", "size"),
    [
        ("gemini-nano-banana-2.1", "2K", "2K"),
        ("gemini-nano-banana-2.1", "512", None),
        ("gemini-3.1-flash-lite-image", "1K", None),
        ("gemini-of-the-future", "1K", None),
    ],
)
def test_which_sizes_may_be_sent(model: str, wanted: str, size: str | None) -> None:
    assert image_size(model, wanted) == size


def test_unknown_models_get_the_ratios_that_all_know() -> None:
    assert set(model_facts("gemini-of-the-future").ratios) == set.intersection(
        *(set(m.ratios) for m in MODELS.values())
    )


@pytest.mark.parametrize(
    ("model", "size", "picture"),
    [
        ("gemini-nano-banana-2.1", "1K", 0.0336),
        ("gemini-nano-banana-2.1", "2K", 0.0504),
        ("gemini-nano-banana-2.1", "4K", 0.1134),
        ("gemini-3-pro-image", "2K", 0.1344),
        ("gemini-3-pro-image", "4K", 0.24),
        ("gemini-3.1-flash-lite-image", None, 0.0336),
        ("gemini-3.1-flash-image", "512", 0.045),
        ("gemini-2.5-flash-image", None, 0.0387),
    ],
)
def test_a_call_is_reserved_at_its_picture_and_something_more(model: str, size: str | None, picture: float) -> None:
    """The prices of pictures are those of Google's page; input, prompt and thinking add to them."""
    assert picture < reserve(model, 3, size) < picture + 0.03


def test_a_usual_try_on_costs_less_than_was_reserved() -> None:
    cost = price(DEFAULT_MODELS[0], ONE_TRY_ON)
    assert cost is not None and cost < reserve(DEFAULT_MODELS[0], 3, "1K") < 1.4 * cost


def test_more_pictures_reserve_more_and_unknown_models_as_much_as_the_dearest() -> None:
    assert reserve(DEFAULT_MODELS[0], 4) - reserve(DEFAULT_MODELS[0], 3) == pytest.approx(1120 * 1.5e-6)
    assert reserve("gemini-of-the-future", 2) == max(reserve(model, 2) for model in MODELS)
