"""Background removal: what comes out, what is kept, what is refused, what is advised."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from PIL import Image
from preview_samples import NEGATIVES, PEOPLE, SAMPLES, Pixels, jpeg, overlap, photo, true_alpha

from shared.engines.base import CutOut
from shared.engines.preview.checkerboard import has_checkerboard
from shared.engines.preview.cut_out import LocalCutOut, flatten_on_plain
from shared.engines.preview.garment import packshot_alpha
from shared.errors import REJECTION_MESSAGES, ImageRejectedError

cutter: CutOut = LocalCutOut()


def file_of(name: str) -> bytes:
    return (SAMPLES / PEOPLE[name]["file"]).read_bytes()


def codes(photo_bytes: bytes) -> list[str]:
    return [notice.code for notice in cutter.advise(photo_bytes)]


@pytest.mark.parametrize("name", ["woman_light", "man_light_upper"])
def test_a_person_is_freed(name: str) -> None:
    image = cutter.cut_out(file_of(name)).image
    assert image.mode == "RGBA"
    assert image.size == (photo(name).shape[1], photo(name).shape[0])
    alpha = np.asarray(image)[..., 3]
    assert not alpha[[0, 0, -1, -1], [0, -1, 0, -1]].any()
    assert overlap(alpha > 127, true_alpha(name) > 0.5) > 0.97
    assert np.count_nonzero((alpha > 12) & (alpha < 243)) > 2000


def test_no_fringe_of_the_old_wall() -> None:
    """On a dark ground, the edge of dark clothes must not shine: the wall was light."""
    image = cutter.cut_out(file_of("woman_tan")).image
    on_dark = np.asarray(flatten_on_plain(image, (20, 20, 20))).astype(float).mean(axis=2)
    legs = slice(850, 1300)
    alpha = np.asarray(image)[legs, :, 3]
    near = cv2.dilate(((alpha > 12) & (alpha < 243)).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    assert np.percentile(on_dark[legs][near], 98) < 110  # leggings about 60, wall about 205


def test_real_alpha_is_kept() -> None:
    pixels = np.dstack([photo("woman_tan"), np.round(true_alpha("woman_tan") * 255).astype(np.uint8)])
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    kept = np.asarray(cutter.cut_out(file.getvalue()).image)
    assert (kept[..., 3] == pixels[..., 3]).all()
    assert (kept[pixels[..., 3] > 0] == pixels[pixels[..., 3] > 0]).all()
    assert codes(file.getvalue()) == []


def test_opaque_alpha_is_no_cut_out() -> None:
    opaque = Image.fromarray(np.dstack([photo("woman_tan"), np.full(photo("woman_tan").shape[:2], 255, np.uint8)]))
    file = io.BytesIO()
    opaque.save(file, "PNG")
    assert np.asarray(cutter.cut_out(file.getvalue()).image)[0, 0, 3] == 0


@pytest.mark.parametrize("name", ["flat_grey", "screenshot", "drawn_shirt"])
def test_without_a_person_it_is_refused(name: str) -> None:
    with pytest.raises(ImageRejectedError) as refusal:
        cutter.cut_out(jpeg(NEGATIVES[name]()))
    assert refusal.value.reason == "no_person"


def drawn_packshot(bgr: Pixels) -> np.ndarray | None:
    red = bgr[..., 2].astype(int) - bgr[..., 1]
    return (red > 40).astype(np.float32) if (red > 40).mean() > 0.05 else None


def test_one_thing_on_plain_ground_is_freed() -> None:
    shirt = NEGATIVES["drawn_shirt"]()
    result = LocalCutOut(drawn_packshot).cut_out(jpeg(shirt))
    alpha = np.asarray(result.image)[..., 3]
    assert alpha[300, 280] == 255
    assert not alpha[[0, 0, -1, -1], [0, -1, 0, -1]].any()
    assert [notice.code for notice in result.warnings] == ["no_person"]


def test_a_packshot_that_finds_nothing_is_refused() -> None:
    with pytest.raises(ImageRejectedError) as refusal:
        LocalCutOut(drawn_packshot).cut_out(jpeg(NEGATIVES["flat_grey"]()))
    assert refusal.value.reason == "no_person"


def test_nothing_left_is_refused() -> None:
    file = io.BytesIO()
    Image.new("RGBA", (300, 400), (0, 0, 0, 0)).save(file, "PNG")
    with pytest.raises(ImageRejectedError) as refusal:
        cutter.cut_out(file.getvalue())
    assert refusal.value.reason == "no_person"


def test_somebody_upside_down_is_no_packshot() -> None:
    with pytest.raises(ImageRejectedError) as refusal:
        LocalCutOut(packshot_alpha).cut_out(jpeg(np.ascontiguousarray(np.rot90(photo("woman_light"), 2))))
    assert refusal.value.reason == "upside_down"


def test_advice_for_good_and_bad_photos() -> None:
    assert codes(file_of("man_dark")) == []
    assert codes(file_of("man_light_upper")) == ["person_cropped"]
    assert codes(jpeg(NEGATIVES["noise"]())) == ["no_person"]
    assert codes(jpeg((photo("woman_tan") * 0.07).astype(np.uint8))) == ["too_dark"]
    assert codes(jpeg(np.ascontiguousarray(np.rot90(photo("woman_tan"), 2)))) == ["upside_down"]
    two = np.hstack([photo("woman_light")[:, 250:774], photo("man_dark")[:, 230:794]])
    assert codes(jpeg(two)) == ["several_people"]
    distant = np.asarray(cv2.resize(photo("man_dark"), (160, 240), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    assert codes(jpeg(distant)) == ["person_too_small"]


def test_advice_speaks_the_known_words() -> None:
    (notice,) = cutter.advise(file_of("man_light_upper"))
    assert notice.message == REJECTION_MESSAGES["person_cropped"]


def board(height: int, width: int, cell: int, tones: tuple[int, int] = (255, 204)) -> Pixels:
    y, x = np.mgrid[0:height, 0:width] // cell
    grey = np.where((x + y) % 2 == 0, tones[0], tones[1]).astype(np.uint8)
    return np.dstack([grey, grey, grey])


@pytest.mark.parametrize("cell", [8, 10, 16, 24])
def test_a_painted_checkerboard_is_noticed(cell: int) -> None:
    alpha = true_alpha("woman_tan")[..., None]
    painted = (photo("woman_tan") * alpha + board(1536, 1024, cell) * (1 - alpha)).astype(np.uint8)
    assert has_checkerboard(painted)
    saved = np.asarray(Image.open(io.BytesIO(jpeg(painted, quality=80))))
    assert has_checkerboard(saved)


def test_the_checkerboard_is_advice() -> None:
    alpha = true_alpha("woman_tan")[..., None]
    painted = (photo("woman_tan") * alpha + board(1536, 1024, 16, (255, 239)) * (1 - alpha)).astype(np.uint8)
    assert "checkerboard" in codes(jpeg(painted))


def test_walls_stripes_and_noise_are_no_checkerboard() -> None:
    stripes = board(400, 400, 16)
    stripes[:] = stripes[:1]
    pictures = [photo("woman_tan"), stripes, NEGATIVES["noise"](), NEGATIVES["screenshot"](), NEGATIVES["flat_grey"]()]
    assert [has_checkerboard(picture) for picture in pictures] == [False] * len(pictures)


def test_flattening_mixes_by_alpha() -> None:
    image = Image.new("RGBA", (2, 1), (0, 0, 0, 0))
    image.putpixel((1, 0), (100, 0, 0, 128))
    flat = flatten_on_plain(image)
    assert flat.mode == "RGB"
    assert flat.getpixel((0, 0)) == (242, 242, 242)
    red, green, _ = flat.getpixel((1, 0))  # type: ignore[misc]
    assert abs(red - 171) <= 1
    assert abs(green - 121) <= 1
