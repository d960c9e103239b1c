"""Garments photographed on somebody: cut out where that can be done well, else refused."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from drawn_garments import OUTLINES, Pixels, drawn, png
from preview_samples import PEOPLE, SAMPLES, jpeg, overlap, photo, true_parts

from shared.cpu import CpuGate
from shared.engines.base import Deadline, GarmentInput, GarmentType, TryOnInput
from shared.engines.preview.engine import PreviewEngine
from shared.engines.preview.keypoints import Kind
from shared.engines.preview.on_model import look_at, shows_wearer, worn_garment
from shared.engines.preview.pieces import piece_of
from shared.errors import ImageRejectedError

TRUE_UPPER, TRUE_LOWER = 3, 4
UPPER, LOWER = GarmentType.UPPER, GarmentType.LOWER


def worn_by(name: str, kind: GarmentType) -> GarmentInput:
    return GarmentInput((SAMPLES / PEOPLE[name]["file"]).read_bytes(), kind)


def seen_on(rgb: Pixels) -> bool:
    return shows_wearer(rgb, look_at(rgb))


@pytest.mark.parametrize("name", sorted(PEOPLE))
def test_a_wearer_is_seen(name: str) -> None:
    assert seen_on(photo(name))


@pytest.mark.parametrize("name", ["woman_light", "woman_tan", "man_dark"])
def test_a_wearer_without_a_head_is_seen(name: str) -> None:
    assert seen_on(photo(name)[330:])


@pytest.mark.parametrize("name", [*sorted(OUTLINES)])
def test_a_garment_alone_has_no_wearer(name: str) -> None:
    assert not seen_on(drawn(name).rgb)


@pytest.mark.parametrize(
    ("name", "kind", "label"),
    [("woman_light", UPPER, TRUE_UPPER), ("woman_light", LOWER, TRUE_LOWER), ("man_dark", LOWER, TRUE_LOWER)],
)
def test_the_cut_out_is_what_is_worn(name: str, kind: GarmentType, label: int) -> None:
    garment, found = worn_garment(photo(name), kind)
    assert found is kind
    assert overlap(garment.alpha > 0.5, true_parts(name) == label) > 0.87  # it is cut a little inside
    beside = (garment.alpha > 0.5) & (true_parts(name) != label)
    assert beside.mean() < 0.002


@pytest.mark.parametrize(("kind", "read_as"), [(UPPER, Kind.TOP), (LOWER, Kind.TROUSERS)])
def test_it_is_placed_on_somebody_else(kind: GarmentType, read_as: Kind) -> None:
    assert piece_of(worn_by("woman_tan", kind)).kind is read_as
    wanted = TryOnInput((SAMPLES / PEOPLE["man_dark"]["file"]).read_bytes(), (worn_by("woman_tan", kind),))
    facts = PreviewEngine(CpuGate(1)).try_on(wanted, Deadline(60)).checks["garments"][0]
    assert facts["inside_person"] > 0.9
    assert facts["old_clothes_covered"] > 0.9


def cut_at_the_hem() -> bytes:
    return (SAMPLES / PEOPLE["man_light_upper"]["file"]).read_bytes()


def before_a_street() -> bytes:
    rgb = photo("woman_tan").copy()
    noise = np.random.default_rng(5).integers(0, 256, (48, 32, 3), dtype=np.uint8)
    street = cv2.resize(noise, (1024, 1536), interpolation=cv2.INTER_NEAREST)
    rgb[true_parts("woman_tan") == 0] = street[true_parts("woman_tan") == 0]
    return jpeg(rgb)


@pytest.mark.parametrize("picture", [cut_at_the_hem, before_a_street])
def test_the_rest_is_refused(picture: object) -> None:
    data = picture()  # type: ignore[operator]
    with pytest.raises(ImageRejectedError) as refused:
        piece_of(GarmentInput(data, UPPER))
    assert refused.value.reason in ("garment_on_model", "garment_background")


def test_top_or_trousers_must_be_said() -> None:
    with pytest.raises(ImageRejectedError) as refused:
        piece_of(worn_by("woman_tan", GarmentType.AUTO))
    assert refused.value.reason == "garment_on_model"


def test_a_picture_with_alpha_is_taken_as_cut_out() -> None:
    picture = drawn("tshirt")
    assert piece_of(GarmentInput(png(picture.rgb, picture.alpha))).kind is Kind.TOP
