"""The garment's cut-out: exact outlines, refusals, warnings."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn_garments import OUTLINES, draw, drawn, png
from PIL import Image
from preview_samples import CASES, SAMPLES, overlap, photo

from shared.engines.preview.garment import cut_out_garment, packshot_alpha, spread_colours
from shared.errors import ImageRejectedError

GARMENTS = ("tshirt", "longsleeve", "trousers", "dress", "dress_sleeved")


def exact_mask(name: str, shape: tuple[int, int]) -> np.ndarray:
    with Image.open(SAMPLES / "masks" / f"{name}_alpha.png") as picture:
        alpha = np.asarray(picture.convert("L"))
    return cv2.resize(alpha, shape[::-1], interpolation=cv2.INTER_AREA) > 127


@pytest.mark.parametrize("name", GARMENTS)
def test_samples_are_cut_out_exactly(name: str) -> None:
    garment = cut_out_garment((SAMPLES / "garment" / f"{name}.jpg").read_bytes())
    mask = garment.alpha > 0.5
    assert overlap(mask, exact_mask(name, mask.shape)) >= 0.98
    assert garment.warnings == ()


@pytest.mark.parametrize("name", sorted(OUTLINES))
def test_drawn_outlines_are_met(name: str) -> None:
    picture = drawn(name)
    garment = cut_out_garment(png(picture.rgb))
    assert overlap(garment.alpha > 0.5, picture.alpha > 0.5) >= 0.985


def test_the_outline_is_soft_and_the_inside_is_not() -> None:
    picture = drawn("tshirt")
    alpha = cut_out_garment(png(picture.rgb)).alpha
    inside = cv2.distanceTransform((picture.alpha > 0.5).astype(np.uint8), cv2.DIST_L2, 3)
    assert np.all(alpha[inside > 12] == 1.0)
    assert np.count_nonzero((alpha > 0.05) & (alpha < 0.95)) > 500


def test_colours_at_the_rim_hold_nothing_of_the_ground() -> None:
    picture = drawn("tshirt")
    garment = cut_out_garment(png(picture.rgb))
    rim = (garment.alpha > 0.05) & (garment.alpha < 0.6)
    away = np.abs(garment.rgb[rim].astype(int) - np.array([190, 40, 60])).max(axis=1)
    assert np.quantile(away, 0.95) < 20


def test_a_pale_garment_is_found_with_a_warning() -> None:
    picture = draw(OUTLINES["tshirt"], (241, 240, 236), (252, 252, 252))
    garment = cut_out_garment(png(picture.rgb))
    assert [notice.code for notice in garment.warnings] == ["garment_low_contrast"]
    assert overlap(garment.alpha > 0.5, picture.alpha > 0.5) > 0.9


def test_real_alpha_is_taken_as_it_is() -> None:
    picture = drawn("dress", ground=(0, 90, 0))
    garment = cut_out_garment(png(picture.rgb, picture.alpha))
    assert float(np.abs(garment.alpha - picture.alpha).max()) < 0.01
    assert garment.contrast == 100.0


def test_an_opaque_alpha_channel_does_not_count() -> None:
    picture = drawn("dress")
    garment = cut_out_garment(png(picture.rgb, np.ones_like(picture.alpha)))
    assert overlap(garment.alpha > 0.5, picture.alpha > 0.5) >= 0.98


def test_a_contact_shadow_is_left_behind() -> None:
    picture = drawn("tshirt")
    fallen = np.roll(np.roll(picture.alpha, 14, axis=0), 6, axis=1)
    shade = cv2.GaussianBlur(fallen, (0, 0), 9) * (1 - picture.alpha) * 26
    rgb = np.clip(picture.rgb - shade[..., None], 0, 255).astype(np.uint8)
    assert overlap(cut_out_garment(png(rgb)).alpha > 0.5, picture.alpha > 0.5) > 0.96


def busy() -> bytes:
    rng = np.random.default_rng(3)
    return png(
        cv2.resize(rng.integers(0, 256, (40, 30, 3), dtype=np.uint8), (600, 800), interpolation=cv2.INTER_NEAREST)
    )


def scattered() -> bytes:
    picture = np.full((800, 600, 3), 248, dtype=np.uint8)
    for y in range(60, 760, 140):
        for x in range(60, 560, 130):
            cv2.rectangle(picture, (x, y), (x + 70, y + 80), (60, 90, 160), -1)
    return png(picture)


def empty() -> bytes:
    return png(np.full((800, 600, 3), 240, dtype=np.uint8))


@pytest.mark.parametrize(
    ("data", "reason"),
    [(busy(), "garment_background"), (scattered(), "garment_not_found"), (empty(), "garment_not_found")],
    ids=["busy", "scattered", "empty"],
)
def test_refusals(data: bytes, reason: str) -> None:
    with pytest.raises(ImageRejectedError) as refused:
        cut_out_garment(data)
    assert refused.value.reason == reason


def test_packshot_alpha_has_the_pictures_size_or_says_no() -> None:
    picture = drawn("dress")
    large = cv2.resize(picture.rgb, (1600, 2000), interpolation=cv2.INTER_CUBIC)
    alpha = packshot_alpha(np.ascontiguousarray(large[..., ::-1]))
    assert alpha is not None
    assert alpha.shape == (2000, 1600)
    exact = cv2.resize(picture.alpha, (1600, 2000)) > 0.5
    assert overlap(alpha > 0.5, exact) > 0.98
    assert packshot_alpha(np.full((400, 300, 3), 200, dtype=np.uint8)) is None


def test_spread_colours_keeps_the_core_and_fills_the_rim() -> None:
    rgb = np.full((60, 60, 3), 255, dtype=np.uint8)
    core = np.zeros((60, 60), dtype=bool)
    core[20:40, 20:40] = True
    rgb[core] = (10, 200, 30)
    spread = spread_colours(rgb, core)
    assert np.array_equal(spread[core], rgb[core])
    assert np.abs(spread[30, 45].astype(int) - np.array([10, 200, 30])).max() <= 2


def test_a_photo_of_a_person_before_a_wall_is_one_thing_too() -> None:
    alpha = packshot_alpha(np.ascontiguousarray(photo("woman_tan")[..., ::-1]))
    assert alpha is None or 0.05 < float((alpha > 0.5).mean()) < 0.6


@pytest.mark.skipif(not CASES.is_dir(), reason="the try-on cases are not part of the project")
@pytest.mark.parametrize(
    "file", sorted((CASES / "garment").glob("*.jpg")) or [Path("none")], ids=lambda file: file.stem
)
def test_shop_pictures_are_cut_out_or_refused(file: Path) -> None:
    if file.stem == "t08_white_on_white":
        with pytest.raises(ImageRejectedError, match="No single garment"):
            cut_out_garment(file.read_bytes())
        return
    mask = cut_out_garment(file.read_bytes()).alpha > 0.5
    assert 0.1 < float(mask.mean()) < 0.5
    assert not mask[0].any()
    assert not mask[:, 0].any()
