"""The person of the sample photos against the renderer's exact masks and joints."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import cv2
import numpy as np
import pytest
from preview_samples import (
    CASES,
    FULL_LENGTH,
    PEOPLE,
    REPOSITORY,
    TRUE_HAIR,
    TRUE_SKIN,
    Pixels,
    body_height,
    overlap,
    person,
    photo,
    rgb_of,
    true_alpha,
    true_parts,
)

from shared.engines.preview.parsing import Part
from shared.engines.preview.person import Person, find_person
from shared.errors import ImageRejectedError

JOINTS = {
    f"{side}_{joint}" for side in ("left", "right") for joint in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
} | {"neck"}
everyone = pytest.mark.parametrize("name", PEOPLE)
full_length = pytest.mark.parametrize("name", FULL_LENGTH)


def errors(found: Person, name: str) -> dict[str, float]:
    """Distance of every true joint that was found, by the body's height."""
    truth = {joint: point for joint, point in PEOPLE[name]["joints"].items() if joint in JOINTS}
    return {
        joint: float(np.hypot(found.joints[joint][0] - x, found.joints[joint][1] - y)) / body_height(name)
        for joint, (x, y) in truth.items()
    }


@everyone
def test_outline(name: str) -> None:
    assert overlap(person(name).alpha > 0.5, true_alpha(name) > 0.5) >= 0.97


@everyone
def test_slits_between_arm_and_trunk_are_open(name: str) -> None:
    outside = cv2.erode((true_alpha(name) == 0).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    assert np.mean(person(name).alpha[outside] > 0.5) < 0.003


@everyone
def test_the_edge_is_soft_and_narrow(name: str) -> None:
    alpha = person(name).alpha
    soft = (alpha > 0.05) & (alpha < 0.95)
    inside = (alpha > 0.5).astype(np.uint8)
    edge = cv2.morphologyEx(inside, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    near = cv2.dilate(edge.astype(np.uint8), np.ones((17, 17), np.uint8)) > 0
    assert np.mean(soft[edge]) > 0.4
    assert not soft[~near].any()


@everyone
def test_hair_and_face_are_kept(name: str) -> None:
    found, truth = person(name), true_parts(name)
    assert np.mean(found.head[truth == TRUE_HAIR]) > 0.97
    x, y, size, _ = PEOPLE[name]["face_haar"][0]
    face = np.zeros(truth.shape, dtype=bool)
    face[y + size // 5 : y + size - size // 10, x + size // 5 : x + size - size // 5] = True
    assert np.mean(found.head[face]) > 0.97
    assert np.mean(found.face[face & (truth == TRUE_SKIN)]) > 0.85


@everyone
def test_the_neck_and_the_clothes_are_no_head(name: str) -> None:
    found, truth = person(name), true_parts(name)
    shoulder_y = round(PEOPLE[name]["joints"]["left_shoulder"][1])
    assert not found.head[shoulder_y:].any()
    assert np.mean(found.head[(truth > TRUE_HAIR)]) < 0.001


@everyone
def test_bare_arms(name: str) -> None:
    found, truth = person(name), true_parts(name)
    rows, columns = np.mgrid[: truth.shape[0], : truth.shape[1]]
    hips = PEOPLE[name]["joints"]["left_hip"][1]
    true_arms = (truth == TRUE_SKIN) & (rows > PEOPLE[name]["joints"]["left_shoulder"][1]) & (rows < 1.4 * hips)
    true_arms &= np.abs(columns - 512) > 100
    assert np.mean(found.arms[true_arms]) > 0.93
    assert np.mean(true_arms[found.arms]) > 0.9


@everyone
def test_joints(name: str) -> None:
    found = errors(person(name), name)
    assert np.median(list(found.values())) < 0.02
    assert max(found["left_shoulder"], found["right_shoulder"], found["neck"]) < 0.02
    assert max(found.values()) < 0.05


@everyone
def test_all_joints_have_a_place(name: str) -> None:
    assert set(person(name).joints) == JOINTS
    width = PEOPLE[name]["joints"]["left_shoulder"][0] - PEOPLE[name]["joints"]["right_shoulder"][0]
    assert person(name).shoulder_width == pytest.approx(width, rel=0.06)


@full_length
def test_full_length_shows_every_joint(name: str) -> None:
    assert person(name).joints_seen == JOINTS
    assert person(name).legs_visible
    assert not person(name).warnings


def test_an_upper_body_shows_no_legs() -> None:
    found = person("man_light_upper")
    assert not found.legs_visible
    assert {"left_shoulder", "right_elbow", "neck"} <= found.joints_seen
    assert not {"left_knee", "left_ankle"} & found.joints_seen


@everyone
def test_parts_lie_inside_the_outline(name: str) -> None:
    found = person(name)
    assert not found.parts[found.alpha == 0].any()
    assert found.parts[found.alpha == 1].all()
    clothes = np.isin(found.parts, [Part.UPPER, Part.LOWER, Part.DRESS, Part.SHOES, Part.OTHER])
    assert overlap(clothes, true_parts(name) > TRUE_HAIR) > 0.93


def test_the_mirror_image_gives_the_mirrored_joints() -> None:
    width = photo("woman_tan").shape[1]
    mirrored = find_person(np.ascontiguousarray(photo("woman_tan")[:, ::-1]))
    for joint, (x, y) in person("woman_tan").joints.items():
        other = joint.replace("left", "RIGHT").replace("right", "left").lower()
        assert np.hypot(width - 1 - mirrored.joints[other][0] - x, mirrored.joints[other][1] - y) < 25


@pytest.mark.parametrize("scale", [0.5, 1.3])
def test_another_size_gives_the_same_person(scale: float) -> None:
    size = round(1024 * scale), round(1536 * scale)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    found = find_person(np.asarray(cv2.resize(photo("man_dark"), size, interpolation=how), dtype=np.uint8))
    assert found.alpha.shape == found.head.shape == found.ground.distance.shape == (size[1], size[0])
    truth = cv2.resize(true_alpha("man_dark"), size, interpolation=cv2.INTER_AREA)
    assert overlap(found.alpha > 0.5, truth > 0.5) >= 0.97
    for joint, (x, y) in person("man_dark").joints.items():
        assert np.hypot(found.joints[joint][0] / scale - x, found.joints[joint][1] / scale - y) < 20


def test_a_distant_person_is_too_small() -> None:
    distant = cv2.resize(photo("woman_light"), (170, 256), interpolation=cv2.INTER_AREA)
    with pytest.raises(ImageRejectedError) as refusal:
        find_person(np.asarray(distant, dtype=np.uint8))
    assert refusal.value.reason == "person_too_small"


def test_a_person_squeezed_to_a_profile_is_warned_about() -> None:
    narrow = np.asarray(cv2.resize(photo("woman_light"), (640, 1536), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    assert [notice.code for notice in find_person(narrow).warnings] == ["turned"]


def digest(found: Person) -> str:
    joined = hashlib.sha256(found.alpha.tobytes() + found.parts.tobytes() + found.head.tobytes() + found.arms.tobytes())
    joined.update(repr(sorted(found.joints.items())).encode())
    return joined.hexdigest()


def test_the_same_bytes_in_a_fresh_process() -> None:
    script = (
        "import sys; sys.path[:0] = ['tests/unit/preview', '.']\n"
        "from preview_samples import person\nfrom test_person import digest\nprint(digest(person('woman_tan')))"
    )
    fresh = subprocess.run([sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert fresh.stdout.strip() == digest(person("woman_tan")) == digest(find_person(photo("woman_tan")))


@pytest.mark.skipif(not CASES.is_dir(), reason="the try-on cases are not on this machine")
def test_street_photos() -> None:
    overlaps = []
    for file in sorted((CASES / "street").glob("*.jpg"))[::3]:
        labels = cv2.imread(str(file.with_name(f"{file.stem}_labels.png")), cv2.IMREAD_GRAYSCALE)
        overlaps.append(overlap(find_person(rgb_of(file)).alpha > 0.5, labels > 0))
    assert np.median(overlaps) >= 0.93
    assert min(overlaps) >= 0.84


@pytest.mark.skipif(not CASES.is_dir(), reason="the try-on cases are not on this machine")
@pytest.mark.parametrize(
    ("file", "legs"),
    [("p01_tank_half", False), ("p03_full_jeans", True), ("p05_dark_man", False), ("p12_full_man", True)],
)
def test_studio_photos(file: str, legs: bool) -> None:
    found: Person = find_person(studio(file))
    assert found.legs_visible is legs
    left, right = found.joints["left_shoulder"], found.joints["right_shoulder"]
    assert left[0] > right[0]
    assert found.ground.is_plain


def studio(name: str) -> Pixels:
    return rgb_of(CASES / "person" / f"{name}.jpg")
