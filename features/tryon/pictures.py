"""The pictures of a job: its inputs, written before the row, and its result, written before the row is finished."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from PIL import Image

from features.tryon.kept_answers import is_answer
from features.tryon.model import ResultFacts, TryOnJob
from shared.cpu import CpuGate
from shared.engines.base import (
    CallLedger,
    CutOut,
    EngineResult,
    GarmentInput,
    GarmentType,
    NoLedger,
    Picture,
    Quality,
    TryOnInput,
)
from shared.engines.preview.cut_out import flatten_on_plain
from shared.errors import ImageRejectedError, NotFoundError
from shared.image_encoding import encode_jpeg, encode_result, keep_result, read_result_metadata
from shared.image_keys import input_key, input_prefix, result_key
from shared.image_processing import PreparedImage
from shared.storage import StorageService

_COPIED = "c"


class JobPictures:
    def __init__(self, storage: StorageService, cut_out: CutOut, gate: CpuGate) -> None:
        self._storage = storage
        self._cut_out = cut_out
        self._gate = gate

    # --- inputs ----------------------------------------------------------------------------------------------------

    def store_inputs(
        self, user_id: str, job_id: str, person: PreparedImage, garments: Sequence[PreparedImage | None]
    ) -> tuple[str, list[str | None]]:
        """Keys of the person's and the garments' pictures; None for a garment whose picture is still to be fetched."""
        person_key = self._store_input(user_id, job_id, "person", person)
        keys = [self.store_garment(user_id, job_id, n, item) if item else None for n, item in enumerate(garments, 1)]
        return person_key, keys

    def store_garment(self, user_id: str, job_id: str, number: int, picture: PreparedImage) -> str:
        return self._store_input(user_id, job_id, f"garment-{number}", picture)

    def _store_input(self, user_id: str, job_id: str, name: str, picture: PreparedImage) -> str:
        key = input_key(user_id, job_id, name + (".png" if picture.has_alpha else ".jpg"))
        self._storage.upload_image(picture.data, key)
        return key

    def inputs(self, person: str | None, garments: Sequence[Mapping[str, Any]]) -> tuple[bytes, list[bytes]]:
        """As they are stored. Raises NotFoundError when one is gone."""
        return self._storage.read_image(person or ""), [self._storage.read_image(item["key"]) for item in garments]

    def kept(self, key: str | None) -> bytes | None:
        """None when it was deleted after its keeping time."""
        try:
            return self._storage.read_image(key) if key else None
        except NotFoundError:
            return None

    def copy_inputs(self, source: TryOnJob, job: TryOnJob) -> tuple[str | None, list[str | None]]:
        """Copies of another job's inputs as this one's, in the same order; None for those that are gone."""
        garments = [self._copy_input(item["key"], job) for item in source.request["garments"]]
        return self._copy_input(source.person_image_path, job), garments

    def _copy_input(self, key: str | None, job: TryOnJob) -> str | None:
        picture = self.kept(key)
        if key is None or picture is None:
            return None
        copied = input_key(job.user_id, job.job_id, key.rpartition("/")[2])
        self._storage.upload_image(picture, copied)
        return copied

    def delete_inputs(self, user_id: str, job_id: str) -> int:
        return self._storage.delete_tree(input_prefix(user_id, job_id))

    def load(self, job: TryOnJob, ledger: CallLedger | None = None) -> TryOnInput:
        """What an engine gets: pictures that are read when they are needed. Raises NotFoundError when one is gone,
        ImageRejectedError when there is no person to be cut out."""
        options: Mapping[str, Any] = job.request["options"]
        return TryOnInput(
            photo=self._person(job.person_image_path or "", options.get("background")),
            garments=tuple(self._garment(item) for item in job.request["garments"]),
            quality=Quality(options.get("quality", Quality.STANDARD)),
            aspect_ratio=options.get("aspect_ratio"),
            calls=ledger or NoLedger(),
        )

    def _garment(self, stored: Mapping[str, Any]) -> GarmentInput:
        return GarmentInput(self._stored(stored["key"]), GarmentType(stored["type"]), stored["details"])

    def _stored(self, key: str) -> Picture:
        self._storage.size(key)  # one that is gone is told before anything is paid
        return partial(self._storage.read_image, key)

    def _person(self, key: str, background: str | None) -> Picture:
        """No engine sees transparency: a person that is cut out stands on a plain light ground."""
        photo = self._storage.read_image(key)
        with Image.open(io.BytesIO(photo)) as image:
            if image.mode == "RGBA":
                with self._gate.background():
                    return encode_jpeg(flatten_on_plain(image))
        if background == "plain":
            with self._gate.background():
                return encode_jpeg(flatten_on_plain(self._cut_out_person(photo)))
        return self._stored(key)

    def _cut_out_person(self, photo: bytes) -> Image.Image:
        found = self._cut_out.cut_out(photo)
        if any(notice.code == "no_person" for notice in found.warnings):
            raise ImageRejectedError("no_person")
        return found.image

    # --- results ---------------------------------------------------------------------------------------------------

    def store_result(self, job: TryOnJob, attempt: int, result: EngineResult) -> tuple[str, ResultFacts]:
        """Each attempt has its own key: a late one can never overwrite or delete what another has finished with."""
        facts = ResultFacts.of(result)
        kept = keep_result(result.encoded, asdict(facts)) if result.encoded is not None else None
        if kept is not None:  # copying costs a millisecond: what was paid for need not wait for a core
            return self._keep(job, attempt, kept), facts
        with self._gate.continued():
            picture = encode_result(result.image, asdict(facts))
        return self._keep(job, attempt, picture), facts

    def stored_result(self, job: TryOnJob, attempt: int) -> tuple[str, ResultFacts] | None:
        """A whole picture of an earlier attempt, taken over as this attempt's own."""
        for earlier in range(attempt, 0, -1):
            key = _result_key(job, earlier)
            if (found := self._whole_result(key)) is not None:
                picture, facts = found
                adopted = self._keep(job, attempt, picture)
                if adopted != key:
                    self._storage.delete_image(key)
                return adopted, facts
        return None

    def _whole_result(self, key: str) -> tuple[bytes, ResultFacts] | None:
        """None when there is no picture, or not all of it. Read in one step: a late attempt may be deleting its own."""
        picture = self.kept(key)
        facts = read_result_metadata(picture) if picture is not None else None
        return (picture, ResultFacts(**facts)) if picture is not None and facts is not None else None

    def copy_result(self, source: TryOnJob, job: TryOnJob, attempt: int) -> str | None:
        """Another job's picture as this one's own; None when it is gone. `attempt` 0: without a worker.

        Its name says that it is a copy: after a crash it is never taken for one that this job made itself."""
        picture = self.kept(source.result_image_path)
        return self._keep(job, f"{attempt}{_COPIED}", picture) if picture is not None else None

    def is_kept(self, job: TryOnJob) -> bool:
        return job.result_image_path is not None and self._storage.exists(job.result_image_path)

    def has_result(self, job: TryOnJob) -> bool:
        return any(self._whole_result(_result_key(job, attempt)) for attempt in range(1, job.attempts + 1))

    def _keep(self, job: TryOnJob, attempt: int | str, picture: bytes) -> str:
        key = _result_key(job, attempt)
        self._storage.upload_image(picture, key)
        return key

    def delete(self, key: str) -> None:
        self._storage.delete_image(key)

    def delete_results(self, job: TryOnJob) -> None:
        """Of all attempts, own ones and copies."""
        for attempt in range(job.attempts + 1):
            self._storage.delete_image(_result_key(job, attempt))
            self._storage.delete_image(_result_key(job, f"{attempt}{_COPIED}"))

    def delete_user(self, user_id: str) -> int:
        return sum(self._storage.delete_tree(prefix) for prefix in _prefixes(user_id))


def job_of_input(key: str) -> str:
    """tryon-inputs/{user}/{job}/{name} -> job, also of what was kept beside them; of any other file no job's."""
    parts = key.split("/")
    return parts[2] if len(parts) == 4 or is_answer(key) else ""


def job_of_result(key: str) -> str:
    """tryon-results/{user}/{job}-{attempt}.jpg -> job."""
    return key.split("/")[-1].rpartition("-")[0]


def _result_key(job: TryOnJob, attempt: int | str) -> str:
    return result_key(job.user_id, f"{job.job_id}-{attempt}")


def _prefixes(user_id: str) -> tuple[str, str]:
    return f"tryon-results/{user_id}", f"tryon-inputs/{user_id}"
