"""The preview engine from end to end, on the sample people and garments."""

from __future__ import annotations

import threading
from functools import lru_cache

import cv2
import numpy as np
import pytest
from drawn_garments import png
from PIL import Image
from preview_samples import (
    CASES,
    FULL_LENGTH,
    PEOPLE,
    SAMPLES,
    Pixels,
    flat_grey,
    jpeg,
    person,
    photo,
    true_alpha,
    true_parts,
)

from shared.cpu import CpuGate
from shared.engines.base import Deadline, EngineResult, GarmentInput, GarmentType, TryOnInput
from shared.engines.preview import engine as engine_module
from shared.engines.preview.engine import PreviewEngine
from shared.errors import DeadlineExceededError, ImageRejectedError, JobCancelledError

TOPS, DRESSES = ("tshirt", "longsleeve"), ("dress", "dress_sleeved")
PAIRS = [(name, garment) for name in FULL_LENGTH for garment in (*TOPS, *DRESSES, "trousers")]
PAIRS += [("man_light_upper", garment) for garment in TOPS]
TRUE_UPPER, TRUE_LOWER = 3, 4
ENGINE = PreviewEngine(CpuGate(2))


def garment(name: str, kind: GarmentType = GarmentType.AUTO) -> GarmentInput:
    return GarmentInput((SAMPLES / "garment" / f"{name}.jpg").read_bytes(), kind)


def photo_file(name: str) -> bytes:
    return (SAMPLES / PEOPLE[name]["file"]).read_bytes()


@lru_cache(maxsize=32)
def worn(name: str, *garments: str) -> EngineResult:
    wanted = TryOnInput(photo_file(name), tuple(garment(each) for each in garments))
    return ENGINE.try_on(wanted, Deadline(60))


def pixels(result: EngineResult) -> np.ndarray:
    return np.asarray(result.image)


def lab(rgb: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(rgb.astype(np.float32)[None] / 255.0, cv2.COLOR_RGB2LAB)[0]


def torso(name: str) -> np.ndarray:
    """Pixels of the chest, well inside, where every top and dress lies."""
    joints = PEOPLE[name]["joints"]
    (x1, y1), (_, y2) = joints["right_shoulder"], joints["left_hip"]
    mask = np.zeros(photo(name).shape[:2], dtype=bool)
    width = joints["left_shoulder"][0] - x1
    mask[int(y1 + 0.25 * (y2 - y1)) : int(y1 + 0.7 * (y2 - y1)), int(x1 + 0.25 * width) : int(x1 + 0.75 * width)] = True
    return mask


@pytest.mark.parametrize(("name", "which"), PAIRS)
def test_every_pair_keeps_the_head_and_the_surroundings(name: str, which: str) -> None:
    result, before = worn(name, which), photo(name)
    after = pixels(result)
    assert after.shape == before.shape
    head = person(name).head
    assert np.array_equal(after[head], before[head])
    changed = np.abs(after.astype(int) - before).max(axis=2) > 6
    reach = round(0.2 * person(name).shoulder_width)
    near = cv2.dilate((true_alpha(name) > 0.02).astype(np.uint8), np.ones((2 * reach + 1,) * 2, dtype=np.uint8)) > 0
    skirt = cv2.dilate(near.astype(np.uint8), np.ones((1, 2 * reach + 1), dtype=np.uint8)) > 0
    assert float(changed[~(skirt if which in DRESSES else near)].mean()) <= 0.003


@pytest.mark.parametrize(("name", "which"), PAIRS)
def test_every_pair_covers_the_old_clothes(name: str, which: str) -> None:
    """Where the new garment is at least as long, what was worn is no longer seen."""
    before, after, parts = photo(name), pixels(worn(name, which)), true_parts(name)
    wanted = {"trousers": (TRUE_LOWER,)}.get(which, (TRUE_UPPER,))
    old = np.isin(parts, wanted) & (cv2.erode((parts > 0).astype(np.uint8), np.ones((5, 5))) > 0)
    changed = np.abs(after.astype(int) - before).max(axis=2) > 6
    alike = which == "trousers" or (name, which) == ("woman_light", "longsleeve")  # jeans on jeans, white on white
    assert float(changed[old].mean()) >= (0.75 if alike else 0.9)
    assert worn(name, which).checks["garments"][0]["old_clothes_covered"] >= 0.9


@pytest.mark.parametrize("which", [*TOPS, *DRESSES])
@pytest.mark.parametrize("name", FULL_LENGTH)
def test_the_torso_has_the_garments_colours(name: str, which: str) -> None:
    mask = torso(name)
    file = SAMPLES / "garment" / f"{which}.jpg"
    packshot = cv2.imread(str(file))[..., ::-1]
    alpha = cv2.imread(str(SAMPLES / "masks" / f"{which}_alpha.png"), cv2.IMREAD_GRAYSCALE)
    rows = slice(int(0.35 * alpha.shape[0]), int(0.55 * alpha.shape[0]))
    columns = slice(int(0.4 * alpha.shape[1]), int(0.6 * alpha.shape[1]))
    own = lab(packshot[rows, columns][alpha[rows, columns] > 250]).mean(axis=0)
    new, old = lab(pixels(worn(name, which))[mask]).mean(axis=0), lab(photo(name)[mask]).mean(axis=0)
    assert np.linalg.norm(new - own) < np.linalg.norm(new - old)
    assert np.hypot(*(new - own)[1:]) <= 8


@pytest.mark.parametrize("which", TOPS)
def test_most_of_a_top_lies_on_the_person(which: str) -> None:
    shares = [worn(name, which).checks["garments"][0]["inside_person"] for name in sorted(PEOPLE)]
    assert np.median(shares) >= 0.9


@pytest.mark.parametrize("name", FULL_LENGTH)
def test_sleeves_reach_where_the_joints_say(name: str) -> None:
    """The middle of the forearm is cloth under long sleeves and skin under short ones; hands stay in front."""
    joints = PEOPLE[name]["joints"]
    elbow, wrist = (np.array(joints[f"left_{what}"]) for what in ("elbow", "wrist"))
    x, y = np.rint(0.5 * (elbow + wrist)).astype(int)
    spot = np.s_[y - 6 : y + 7, x - 6 : x + 7]
    before = photo(name)[spot].astype(float)
    assert np.abs(pixels(worn(name, "longsleeve"))[spot] - before).mean() > 25
    assert np.abs(pixels(worn(name, "tshirt"))[spot] - before).mean() < 3
    hand = np.rint(wrist + 0.35 * (wrist - elbow)).astype(int)
    spot = np.s_[hand[1] - 5 : hand[1] + 6, hand[0] - 5 : hand[0] + 6]
    assert np.abs(pixels(worn(name, "longsleeve"))[spot] - photo(name)[spot].astype(float)).mean() < 6


def test_shirt_and_trousers_together() -> None:
    both, shirt = pixels(worn("woman_tan", "tshirt", "trousers")), pixels(worn("woman_tan", "tshirt"))
    chest, knee = torso("woman_tan"), PEOPLE["woman_tan"]["joints"]["left_knee"]
    assert np.abs(both[chest].astype(int) - shirt[chest]).mean() < 2
    spot = np.s_[int(knee[1]) - 8 : int(knee[1]) + 8, int(knee[0]) - 8 : int(knee[0]) + 8]
    assert np.abs(both[spot].astype(int) - photo("woman_tan")[spot]).mean() > 20
    kinds = [entry["kind"] for entry in worn("woman_tan", "tshirt", "trousers").checks["garments"]]
    assert kinds == ["top", "trousers"]


def test_the_answer_says_what_it_is() -> None:
    result = worn("woman_light", "tshirt")
    assert (result.engine, result.model, result.preview) == ("preview", "preview-opencv", True)
    assert result.warnings[0].code == "preview"
    assert ENGINE.ready() is None
    assert ENGINE.name == "preview"


def test_the_same_request_gives_the_same_bytes() -> None:
    wanted = TryOnInput(photo_file("man_dark"), (garment("dress"),))
    assert ENGINE.try_on(wanted, Deadline(60)).image.tobytes() == worn("man_dark", "dress").image.tobytes()


def test_a_coat_goes_over_what_is_worn() -> None:
    """Given first it is put on last, and the top under it stays where the coat's neckline is open."""
    coat = garment("longsleeve", GarmentType.OUTER)
    outfit = (coat, garment("trousers"), garment("tshirt"))
    result = ENGINE.try_on(TryOnInput(photo_file("woman_tan"), outfit), Deadline(60))
    assert [entry["kind"] for entry in result.checks["garments"]] == ["trousers", "top", "top"]
    chest = torso("woman_tan")
    colours = [pixels(each)[chest].mean(axis=0) for each in (result, worn("woman_tan", "longsleeve"))]
    assert np.abs(colours[0] - colours[1]).max() < 12


def below(name: str, upper: str, lower: str, share: float, half: float) -> np.ndarray:
    """A band of pixels at a share of the way between two rows of joints, on the person's right, in `photo` size."""
    joints, mask = PEOPLE[name]["joints"], np.zeros(photo(name).shape[:2], dtype=bool)
    (x1, y1), (x2, y2) = joints[f"right_{upper}"], joints[f"right_{lower}"]
    x, y = round(x1 + share * (x2 - x1)), round(y1 + share * (y2 - y1))
    mask[y - 12 : y + 13, round(x - half) : round(x + half) + 1] = True
    return mask


@pytest.mark.parametrize("name", FULL_LENGTH)
def test_long_sleeves_look_out_from_under_a_t_shirt(name: str) -> None:
    forearm = below(name, "elbow", "wrist", 0.4, 8)
    layered, alone = (pixels(worn(name, *each)) for each in (("longsleeve", "tshirt"), ("longsleeve",)))
    assert np.abs(layered[forearm].astype(float) - alone[forearm]).mean() < 8
    chest = torso(name)
    shirt = pixels(worn(name, "tshirt"))
    assert np.abs(np.median(layered[chest], axis=0) - np.median(shirt[chest], axis=0)).max() < 15


@pytest.mark.parametrize("outfit", [("dress", "trousers"), ("trousers", "dress")])
def test_trousers_look_out_from_under_a_dress(outfit: tuple[str, ...]) -> None:
    result = worn("woman_tan", *outfit)
    assert [entry["kind"] for entry in result.checks["garments"]] == ["trousers", "dress"]
    shin, hips = below("woman_tan", "knee", "ankle", 0.6, 8), below("woman_tan", "hip", "knee", 0.2, 8)
    for where, alone in ((shin, "trousers"), (hips, "dress")):
        expected = np.median(pixels(worn("woman_tan", alone))[where], axis=0)
        assert np.abs(np.median(pixels(result)[where], axis=0) - expected).max() < 12


def test_old_trousers_do_not_stay_under_a_dress_over_a_new_top() -> None:
    shin = below("woman_tan", "knee", "ankle", 0.3, 6)
    bare, layered = (
        np.median(pixels(worn("woman_tan", *each))[shin], axis=0) for each in (("dress",), ("tshirt", "dress"))
    )
    assert np.abs(bare - layered).max() < 12


def test_a_wide_coat_reaches_further_down_than_a_shirt() -> None:
    long_cut = np.asarray(Image.open(SAMPLES / "garment" / "longsleeve.jpg").convert("RGB"))
    data = jpeg(cv2.resize(long_cut, None, fx=1.0, fy=1.6, interpolation=cv2.INTER_CUBIC), quality=95)
    areas = []
    for kind in (GarmentType.UPPER, GarmentType.OUTER):
        wanted = TryOnInput(photo_file("woman_tan"), (GarmentInput(data, kind),))
        areas.append(ENGINE.try_on(wanted, Deadline(60)).checks["garments"][0]["garment_area"])
    assert areas[1] > 1.1 * areas[0]


def test_the_second_preview_needs_no_analysis(monkeypatch: pytest.MonkeyPatch) -> None:
    engine, calls = PreviewEngine(CpuGate(1)), []
    found = engine_module.find_person
    monkeypatch.setattr(engine_module, "find_person", lambda rgb: calls.append("person") or found(rgb))
    cut = engine_module.piece_of
    monkeypatch.setattr(engine_module, "piece_of", lambda wanted: calls.append("garment") or cut(wanted))
    wanted = TryOnInput(photo_file("woman_light"), (garment("tshirt"),))
    pictures = [engine.try_on(wanted, Deadline(60)).image.tobytes() for _ in range(2)]
    assert sorted(calls) == ["garment", "person"]
    assert pictures[0] == pictures[1] == worn("woman_light", "tshirt").image.tobytes()


@pytest.mark.parametrize("kind", [GarmentType.SHOES, GarmentType.ACCESSORY])
def test_of_an_outfit_they_are_left_out(kind: GarmentType) -> None:
    worn = (garment("tshirt", GarmentType.UPPER), garment("trousers", kind))
    result = ENGINE.try_on(TryOnInput(photo_file("man_dark"), worn), Deadline(60))
    assert len(result.checks["garments"]) == 1
    assert result.warnings[-1].code == "garment_left_out"


def test_a_picture_without_a_person_is_refused() -> None:
    with pytest.raises(ImageRejectedError) as refused:
        ENGINE.try_on(TryOnInput(jpeg(flat_grey()), (garment("tshirt"),)), Deadline(60))
    assert refused.value.reason == "no_person"


def mug() -> Pixels:
    picture = np.full((1200, 1000, 3), 240, dtype=np.uint8)
    cv2.ellipse(picture, (500, 625), (250, 275), 0, 0, 360, (150, 60, 40), -1)
    cv2.rectangle(picture, (740, 500), (850, 760), (150, 60, 40), 40)
    return picture


@pytest.mark.parametrize("transparent", [False, True])
def test_a_thing_that_is_no_garment_is_refused(transparent: bool) -> None:
    alpha = (mug()[..., 2] < 200).astype(np.float64) if transparent else None
    thing = GarmentInput(png(mug(), alpha))
    with pytest.raises(ImageRejectedError) as refused:
        ENGINE.try_on(TryOnInput(photo_file("man_dark"), (thing,)), Deadline(60))
    assert refused.value.reason == "garment_not_found"


def test_a_wish_that_the_picture_contradicts_is_followed_with_a_warning() -> None:
    wanted = TryOnInput(photo_file("woman_tan"), (garment("trousers", GarmentType.DRESS),))
    result = ENGINE.try_on(wanted, Deadline(60))
    assert "category_mismatch" in [notice.code for notice in result.warnings]


def test_a_cancelled_or_late_job_stops() -> None:
    wanted = TryOnInput(photo_file("man_dark"), (garment("tshirt"),))
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(JobCancelledError):
        ENGINE.try_on(wanted, Deadline(60, cancelled=cancelled))
    ticks = iter([0.0, 0.5, 0.9])
    with pytest.raises(DeadlineExceededError):
        ENGINE.try_on(wanted, Deadline(1.0, clock=lambda: next(ticks, 5.0)))


def test_large_photos_keep_their_frame_and_their_pixels() -> None:
    large = cv2.resize(photo("man_dark"), (1344, 2016), interpolation=cv2.INTER_CUBIC)
    data = jpeg(large, quality=97)
    before = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    after = pixels(ENGINE.try_on(TryOnInput(data, (garment("tshirt"),)), Deadline(60)))
    assert after.shape == before.shape
    assert np.array_equal(after[1500:], before[1500:])
    assert np.abs(after[600, 672].astype(int) - before[600, 672]).max() > 60


def test_an_aspect_ratio_pads() -> None:
    wanted = TryOnInput(photo_file("man_light_upper"), (garment("tshirt"),), aspect_ratio="1:1")
    after = pixels(ENGINE.try_on(wanted, Deadline(60)))
    assert after.shape[:2] == (1280, 1280)
    assert np.array_equal(after[:, 128:1152], pixels(worn("man_light_upper", "tshirt")))


@pytest.mark.skipif(not CASES.is_dir(), reason="the try-on cases are not part of the project")
@pytest.mark.parametrize("stem", ["p03_full_jeans", "p05_dark_man", "p07_longsleeve"])
def test_photos_of_real_people_are_dressed(stem: str) -> None:
    data = (CASES / "person" / f"{stem}.jpg").read_bytes()
    shirt = GarmentInput((CASES / "garment" / "t05_green_tee.jpg").read_bytes())
    result = ENGINE.try_on(TryOnInput(data, (shirt,)), Deadline(60))
    facts = result.checks["garments"][0]
    assert facts["kind"] == "top"
    assert facts["inside_person"] > 0.75
    assert facts["old_clothes_covered"] > 0.8
