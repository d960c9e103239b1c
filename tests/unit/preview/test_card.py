"""When nothing can be placed: person and garment side by side, with the reason."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from drawn_garments import drawn, png
from preview_samples import SAMPLES, jpeg, photo

from shared.cpu import CpuGate
from shared.engines.base import Deadline, EngineResult, GarmentInput, GarmentType, TryOnInput
from shared.engines.preview.card import side_by_side
from shared.engines.preview.engine import PreviewEngine
from shared.errors import REJECTION_MESSAGES, ImageRejectedError

ENGINE = PreviewEngine(CpuGate(2))


def garment(name: str, kind: GarmentType = GarmentType.AUTO) -> GarmentInput:
    return GarmentInput((SAMPLES / "garment" / f"{name}.jpg").read_bytes(), kind)


def tried(person: bytes, *garments: GarmentInput) -> EngineResult:
    return ENGINE.try_on(TryOnInput(person, garments), Deadline(60))


def upper_body() -> bytes:
    return jpeg(photo("man_light_upper"))


def turned() -> bytes:
    return jpeg(np.asarray(cv2.resize(photo("woman_light"), (640, 1536), interpolation=cv2.INTER_AREA)))


@pytest.mark.parametrize(
    ("person", "wanted", "reason"),
    [
        (upper_body, garment("trousers"), "person_cropped"),
        (upper_body, garment("dress"), "person_cropped"),
        (upper_body, garment("dress_sleeved"), "person_cropped"),
        (upper_body, garment("tshirt", GarmentType.SHOES), "garment_unsupported"),
        (upper_body, garment("tshirt", GarmentType.ACCESSORY), "garment_unsupported"),
        (turned, garment("tshirt"), "turned"),
    ],
)
def test_the_first_warning_says_why(person: object, wanted: GarmentInput, reason: str) -> None:
    data = person()  # type: ignore[operator]
    result = tried(data, wanted)
    assert result.preview
    assert [notice.code for notice in result.warnings] == [reason, "card"]
    assert result.warnings[0].message == REJECTION_MESSAGES[reason]
    assert result.checks["card"] == reason
    with_height = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).shape
    assert result.image.size == (with_height[1], with_height[0])


def test_person_and_garment_are_both_on_it() -> None:
    picture = np.asarray(tried(upper_body(), garment("dress")).image).astype(int)
    height, width = picture.shape[:2]
    lab = cv2.cvtColor(picture.astype(np.float32) / 255.0, cv2.COLOR_RGB2LAB)
    dress = lab[height // 4 : height // 2, int(0.7 * width) : int(0.9 * width)].reshape(-1, 3)
    assert np.median(dress[:, 1]) < -8  # petrol
    shirt = picture[int(0.5 * height), int(0.3 * width)]
    assert np.abs(shirt - photo("man_light_upper")[700, 512]).max() < 40
    assert (picture[:10, :10] == picture[0, 0]).all()  # nothing of the photo's background


def test_of_an_outfit_what_can_be_placed_is_placed() -> None:
    result = tried(upper_body(), garment("tshirt"), garment("trousers"))
    assert [entry["kind"] for entry in result.checks["garments"]] == ["top"]
    assert [notice.code for notice in result.warnings] == ["preview", "person_cropped"]


def test_a_thing_that_cannot_be_cut_out_is_shown_as_it_is() -> None:
    noise = np.random.default_rng(3).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    result = tried(upper_body(), GarmentInput(jpeg(noise), GarmentType.SHOES))
    picture = np.asarray(result.image)
    right = picture[:, int(0.65 * picture.shape[1]) :]
    assert right.std() > 20


@pytest.mark.parametrize("reason", ["no_person", "garment_background"])
def test_pictures_that_cannot_be_used_are_still_refused(reason: str) -> None:
    grey = jpeg(np.full((640, 480, 3), 128, dtype=np.uint8))
    busy = jpeg(np.random.default_rng(3).integers(0, 256, (600, 480, 3), dtype=np.uint8))
    pair = (grey, garment("tshirt")) if reason == "no_person" else (upper_body(), GarmentInput(busy))
    with pytest.raises(ImageRejectedError) as refused:
        tried(*pair)
    assert refused.value.reason == reason


def test_everything_keeps_its_proportions_and_nothing_is_cropped() -> None:
    red, blue = np.full((400, 100, 3), (255, 0, 0), np.uint8), np.full((100, 300, 3), (0, 0, 255), np.uint8)
    whole = [np.ones(rgb.shape[:2], dtype=np.float32) for rgb in (red, blue)]
    card = side_by_side((red, whole[0]), [(blue, whole[1])], (600, 800), "Because.")
    assert card.shape == (800, 600, 3)
    for channel, ratio in ((0, 4.0), (2, 1 / 3)):
        pure = (card[..., channel] > 250) & (card.sum(axis=2) < 300)
        rows, columns = np.flatnonzero(pure.any(axis=1)), np.flatnonzero(pure.any(axis=0))
        assert (rows[-1] - rows[0] + 1) / (columns[-1] - columns[0] + 1) == pytest.approx(ratio, rel=0.03)
    foot = card[round(0.88 * 800) :]
    assert (foot.max(axis=2) < 110).any()  # letters


@pytest.mark.parametrize("size", [(64, 64), (3000, 200), (120, 2000)])
def test_any_frame_will_do(size: tuple[int, int]) -> None:
    picture = drawn("tshirt")
    cut = picture.rgb, picture.alpha.astype(np.float32)
    card = side_by_side(cut, [cut, cut, cut], size, REJECTION_MESSAGES["person_cropped"])
    assert card.shape == (size[1], size[0], 3)
    assert png(card)
