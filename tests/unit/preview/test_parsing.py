"""The shipped network: right values, right frame, the same from every thread."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from preview_samples import PEOPLE, TRUE_HAIR, TRUE_SKIN, Pixels, overlap, photo, true_alpha, true_parts

from shared.engines.preview.bare_skin import with_bare_skin
from shared.engines.preview.parsing import MODEL_FILE, Part, PartParser, shared_parser


def bgr(name: str, width: int = 0) -> Pixels:
    picture = np.ascontiguousarray(photo(name)[..., ::-1])
    if width:
        height = round(picture.shape[0] * width / picture.shape[1])
        picture = np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return picture


def test_the_file_is_the_one_of_the_model_card() -> None:
    digest = hashlib.sha256(MODEL_FILE.read_bytes()).hexdigest()
    assert digest in MODEL_FILE.with_name("MODEL_CARD.md").read_text()


@pytest.mark.parametrize("name", PEOPLE)
def test_probabilities_of_the_samples(name: str) -> None:
    probabilities = shared_parser()(bgr(name))
    assert probabilities.shape == (*photo(name).shape[:2], 8)
    assert probabilities.dtype == np.float32
    assert np.abs(probabilities.sum(axis=2) - 1).max() < 1e-3
    found, truth = probabilities.argmax(axis=2), true_parts(name)
    assert overlap(found > 0, true_alpha(name) > 0.5) > 0.88
    assert np.mean(found[truth == TRUE_HAIR] == Part.HAIR) > 0.7
    assert np.mean(found[truth == TRUE_SKIN] == Part.SKIN) > 0.8


@pytest.mark.parametrize("shape", [(600, 300), (300, 600), (400, 400)])
def test_every_frame_is_letterboxed_back(shape: tuple[int, int]) -> None:
    """The person stays where it is, whatever the frame's proportions."""
    canvas = np.full((*shape, 3), 205, dtype=np.uint8)
    small = cv2.resize(bgr("woman_tan"), (160, 240), interpolation=cv2.INTER_AREA)
    top, left = (shape[0] - 240) // 2, (shape[1] - 160) // 2
    canvas[top : top + 240, left : left + 160] = small
    truth = np.zeros(shape, dtype=bool)
    truth[top : top + 240, left : left + 160] = (
        cv2.resize(true_alpha("woman_tan"), (160, 240), interpolation=cv2.INTER_AREA) > 0.5
    )
    assert overlap(shared_parser().focused(canvas)[..., 0] < 0.5, truth) > 0.8


def test_with_flip_the_mirror_image_gives_the_mirror_answer() -> None:
    picture = bgr("woman_light", 256)
    mirrored = shared_parser()(np.ascontiguousarray(picture[:, ::-1]))
    assert np.abs(mirrored[:, ::-1] - shared_parser()(picture)).max() < 0.02


def test_threads_do_not_mix_their_pictures() -> None:
    parser = PartParser()
    pictures = [bgr(name, 256) for name in PEOPLE] * 3
    alone = [parser(picture, flip=False).tobytes() for picture in pictures]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda picture: parser(picture, flip=False).tobytes(), pictures))
    assert together == alone


SKIN, WHITE, BEIGE = (110, 140, 190), (245, 245, 245), (112, 142, 186)


def bust(cloth: tuple[int, int, int]) -> tuple[Pixels, Pixels, np.ndarray]:
    """Head, arm and a top with a bare shoulder that the network called cloth."""
    picture = np.full((400, 300, 3), 60, dtype=np.uint8)
    parts = np.zeros((400, 300), dtype=np.uint8)
    for rows, columns, colour, part in (
        (slice(20, 90), slice(120, 180), SKIN, Part.SKIN),
        (slice(110, 350), slice(90, 210), cloth, Part.UPPER),
        (slice(128, 150), slice(60, 90), SKIN, Part.UPPER),
        (slice(150, 330), slice(60, 90), SKIN, Part.SKIN),
    ):
        picture[rows, columns] = colour
        parts[rows, columns] = part
    face = np.zeros((400, 300), dtype=bool)
    face[30:80, 130:170] = True
    return picture, parts, face


def test_a_bare_shoulder_becomes_skin() -> None:
    found = with_bare_skin(*bust(WHITE))
    assert np.mean(found[130:148, 64:86] == Part.SKIN) > 0.9
    assert (found[160:340, 95:205] == Part.UPPER).all()


def test_a_skin_coloured_top_stays_a_top() -> None:
    found = with_bare_skin(*bust(BEIGE))
    assert (found[160:340, 95:205] == Part.UPPER).all()


def test_without_a_face_nothing_is_changed() -> None:
    picture, parts, _ = bust(WHITE)
    assert (with_bare_skin(picture, parts, np.zeros(parts.shape, dtype=bool)) == parts).all()
