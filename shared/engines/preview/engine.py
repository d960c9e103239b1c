"""The preview engine: a quick try-on made on this server with OpenCV, without any provider and without a network."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from functools import cache
from operator import attrgetter
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pictures

from shared.cpu import CpuGate
from shared.engines.base import Deadline, EngineResult, GarmentInput, Notice, TryOnInput
from shared.engines.preview.card import Cut, side_by_side
from shared.engines.preview.dressing import NEEDS_LEGS, UNSUPPORTED, Worn, dress_person
from shared.engines.preview.frame import padded_to
from shared.engines.preview.outline import clean_edges
from shared.engines.preview.parsing import MODEL_FILE
from shared.engines.preview.person import Person, find_person
from shared.engines.preview.pieces import Piece, loose_cut, piece_of
from shared.engines.preview.recent import Recent
from shared.engines.preview.scene import Scene, Studied, scene_of, studied
from shared.errors import REJECTION_MESSAGES
from shared.image_formats import typed_decoder_errors

MODEL = "preview-opencv"
WORKING_SIDE = 1536  # px of the longer side: larger photos are dressed at this size and scaled back
PREVIEW_NOTICE = Notice("preview", "Quick preview made on this server without AI. Fit and fabric are approximate.")
LEFT_OUT = Notice("garment_left_out", "The preview cannot show shoes and accessories: they were left out.")

CARD_NOTICE = Notice("card", "The garment could not be put on this photo: both are shown side by side.")
PEOPLE_BYTES, PIECES_BYTES = 64 << 20, 32 << 20  # about six analysed photos of 1024 px, and five garments

Image = NDArray[np.uint8]


class PreviewEngine:
    """An ImageEngine. Thread-safe: keeps the read-only network and what it learned of the last pictures."""

    name = "preview"

    def __init__(self, gate: CpuGate) -> None:
        self._gate = gate
        self._people: Recent[Studied] = Recent(PEOPLE_BYTES, attrgetter("size_bytes"))
        self._pieces: Recent[Piece] = Recent(PIECES_BYTES, attrgetter("size_bytes"))

    @property
    def version(self) -> str:
        return _version()

    def ready(self) -> str | None:
        """None, or what is missing."""
        return None if MODEL_FILE.is_file() else "The preview engine's model file parser.onnx is missing."

    def try_on(self, wanted: TryOnInput, deadline: Deadline) -> EngineResult:
        """Dress the person in every garment; coats come last, shoes and accessories are left out with a warning.

        When nothing of it can be placed on this photo, the answer is a card that shows both next to each other, and its
        first warning says why (garment_unsupported, person_cropped, turned).
        Raises ImageRejectedError (pictures that cannot be used), DeadlineExceededError, JobCancelledError.
        """
        deadline.check()
        with self._gate.background():
            return self._try_on(wanted, deadline)

    def _try_on(self, wanted: TryOnInput, deadline: Deadline) -> EngineResult:
        known = [item for item in wanted.garments if item.garment_type not in UNSUPPORTED]
        pieces = [self._piece(item, deadline) for item in known]
        photo = _read(wanted.person)
        found = self._people.get(_digest(wanted.person), lambda: studied(find_person(working_copy(photo))))
        deadline.check()
        worn = [piece for piece in pieces if found.person.legs_visible or piece.kind not in NEEDS_LEGS]
        refusal = _refusal(found.person, pieces, worn)
        if refusal:
            cuts = [(piece.garment.rgb, piece.garment.alpha) for piece in pieces]
            cuts += [loose_cut(item) for item in wanted.garments if item.garment_type in UNSUPPORTED]
            return _card(wanted, photo, found.person, cuts, refusal)
        done = _dressed(wanted, photo, found, worn, deadline)
        left_out = [LEFT_OUT] if len(known) < len(wanted.garments) else []
        left_out += [_notice("person_cropped")] if len(worn) < len(pieces) else []
        return replace(done, warnings=(*done.warnings, *left_out))

    def _piece(self, garment: GarmentInput, deadline: Deadline) -> Piece:
        deadline.check()
        return self._pieces.get((_digest(garment.image), garment.garment_type), lambda: piece_of(garment))


@cache
def _version() -> str:
    """A digest of the code and the network that stand in this folder, and of the library that they use."""
    digest = hashlib.sha256(cv2.__version__.encode())
    for path in sorted(Path(__file__).parent.iterdir()):
        if path.suffix in (".py", ".onnx"):
            digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _refusal(person: Person, pieces: list[Piece], worn: list[Piece]) -> str | None:
    """Why nothing can be placed (a key of REJECTION_MESSAGES), or None."""
    if not pieces:
        return "garment_unsupported"
    if any(notice.code == "turned" for notice in person.warnings):
        return "turned"
    return None if worn else "person_cropped"


def _dressed(wanted: TryOnInput, photo: Image, found: Studied, pieces: list[Piece], deadline: Deadline) -> EngineResult:
    before = scene_of(found)
    worn = dress_person(before, found.person, pieces, deadline)
    picture = result_in_frame(photo, before, worn[-1].scene)
    image = padded_to(picture, wanted.aspect_ratio, before.ground is not None)
    return _result(image, _warnings(found.person, worn), _checks(found.person, worn))


def _card(wanted: TryOnInput, photo: Image, person: Person, garments: list[Cut], refusal: str) -> EngineResult:
    bgr = np.ascontiguousarray(person.rgb[..., ::-1])
    cut = np.ascontiguousarray(clean_edges(bgr, person.alpha)[..., ::-1]), person.alpha
    message = REJECTION_MESSAGES[refusal]
    picture = side_by_side(cut, garments, (photo.shape[1], photo.shape[0]), message)
    checks = {**_checks(person, []), "card": refusal}
    return _result(padded_to(picture, wanted.aspect_ratio, plain=True), (_notice(refusal), CARD_NOTICE), checks)


def _result(image: Image, warnings: tuple[Notice, ...], checks: dict[str, Any]) -> EngineResult:
    return EngineResult(
        image=Pictures.fromarray(image),
        engine=PreviewEngine.name,
        model=MODEL,
        preview=True,
        warnings=warnings,
        checks=checks,
    )


def _notice(reason: str) -> Notice:
    return Notice(reason, REJECTION_MESSAGES[reason])


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _read(data: bytes) -> Image:
    with typed_decoder_errors(), Pictures.open(io.BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGB"), dtype=np.uint8)


def working_copy(photo: Image) -> Image:
    """The photo at the size at which it is dressed."""
    scale = WORKING_SIDE / max(photo.shape[:2])
    if scale >= 1.0:
        return photo
    return np.asarray(cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def result_in_frame(photo: Image, before: Scene, after: Scene) -> Image:
    """The result at the photo's size; every pixel that was not dressed is the photo's own."""
    worked = np.clip(after.rgb + 0.5, 0, 255).astype(np.uint8)
    changed = (np.abs(after.rgb - before.rgb).max(axis=2) > 0.5).astype(np.float32)
    if worked.shape == photo.shape:
        return np.asarray(np.where(changed[..., None] > 0, worked, photo), dtype=np.uint8)
    size = (photo.shape[1], photo.shape[0])
    large = cv2.resize(worked, size, interpolation=cv2.INTER_CUBIC).astype(np.float32)
    weight = np.clip(2.0 * cv2.resize(changed, size, interpolation=cv2.INTER_LINEAR), 0.0, 1.0)[..., None]
    return np.asarray(np.clip(photo + weight * (large - photo) + 0.5, 0, 255), dtype=np.uint8)


def _warnings(person: Person, worn: list[Worn]) -> tuple[Notice, ...]:
    notices = [PREVIEW_NOTICE, *person.warnings]
    for piece in worn:
        notices += [notice for notice in piece.warnings if notice not in notices]
    return tuple(notices)


def _checks(person: Person, worn: list[Worn]) -> dict[str, Any]:
    return {
        "shoulder_width_px": round(person.shoulder_width, 1),
        "ground_plain": round(person.ground.plain, 3),
        "garments": [piece.checks for piece in worn],
    }
