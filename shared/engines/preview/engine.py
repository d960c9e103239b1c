"""The preview engine: a quick try-on made on this server with OpenCV, without any provider and without a network."""

from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pictures

from shared.cpu import CpuGate
from shared.engines.base import Deadline, EngineResult, GarmentInput, Notice, TryOnInput
from shared.engines.preview.dressing import NEEDS_LEGS, UNSUPPORTED, Piece, Worn, read_piece, wear
from shared.engines.preview.figure import Figure
from shared.engines.preview.frame import padded_to
from shared.engines.preview.garment import cut_out_garment
from shared.engines.preview.parsing import MODEL_FILE
from shared.engines.preview.person import Person, find_person, shows_wearer
from shared.engines.preview.scene import Scene, scene_of
from shared.errors import ImageRejectedError
from shared.image_formats import typed_decoder_errors

MODEL = "preview-opencv"
WORKING_SIDE = 1536  # px of the longer side: larger photos are dressed at this size and scaled back
PREVIEW_NOTICE = Notice("preview", "Quick preview made on this server without AI. Fit and fabric are approximate.")

Image = NDArray[np.uint8]


class PreviewEngine:
    """An ImageEngine. Thread-safe: keeps nothing between calls but the read-only network."""

    name = "preview"

    def __init__(self, gate: CpuGate) -> None:
        self._gate = gate

    def ready(self) -> str | None:
        """None, or what is missing."""
        return None if MODEL_FILE.is_file() else "The preview engine's model file parser.onnx is missing."

    def try_on(self, wanted: TryOnInput, deadline: Deadline) -> EngineResult:
        """Dress the person in every garment, in order.

        Raises ImageRejectedError (person and garment reasons), DeadlineExceededError, JobCancelledError.
        """
        deadline.check()
        for garment in wanted.garments:
            if garment.garment_type in UNSUPPORTED:
                raise ImageRejectedError("garment_unsupported")
        with self._gate.background():
            return _try_on(wanted, deadline)


def _try_on(wanted: TryOnInput, deadline: Deadline) -> EngineResult:
    pieces = [_piece(garment, deadline) for garment in wanted.garments]
    photo = _read(wanted.person)
    person = find_person(_working(photo))
    deadline.check()
    if not person.legs_visible and any(piece.kind in NEEDS_LEGS for piece in pieces):
        raise ImageRejectedError("person_cropped")
    before = scene_of(person)
    scene, worn = _dress(before, person, pieces, deadline)
    picture = _in_frame(photo, before, scene)
    image = padded_to(picture, wanted.aspect_ratio, scene.ground is not None)
    return EngineResult(
        image=Pictures.fromarray(image),
        engine=PreviewEngine.name,
        model=MODEL,
        preview=True,
        warnings=_warnings(person, worn),
        checks=_checks(person, worn),
    )


def _piece(garment: GarmentInput, deadline: Deadline) -> Piece:
    deadline.check()
    if shows_wearer(_read(garment.image)):
        raise ImageRejectedError("garment_on_model")
    return read_piece(cut_out_garment(garment.image), garment.garment_type)


def _dress(scene: Scene, person: Person, pieces: list[Piece], deadline: Deadline) -> tuple[Scene, list[Worn]]:
    """Every garment over the one before; the joints stay, the silhouette and the parts follow the clothes."""
    done: list[Worn] = []
    for piece in pieces:
        deadline.check()
        figure = Figure(scene, person.joints, person.shoulder_width)
        done.append(wear(scene, figure, piece, deadline))
        scene = done[-1].scene
    return scene, done


def _read(data: bytes) -> Image:
    with typed_decoder_errors(), Pictures.open(io.BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGB"), dtype=np.uint8)


def _working(photo: Image) -> Image:
    scale = WORKING_SIDE / max(photo.shape[:2])
    if scale >= 1.0:
        return photo
    return np.asarray(cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _in_frame(photo: Image, before: Scene, after: Scene) -> Image:
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
