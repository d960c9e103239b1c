"""Pictures of providers as they came, kept until their job ends: a process that dies must not pay for them again.

They lie beside the inputs of their job, so whatever deletes those deletes them as well. No address leads to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from shared.engines.base import Usage
from shared.errors import NotFoundError, ServiceUnavailableError
from shared.image_keys import input_prefix
from shared.logger import get_logger
from shared.storage import StorageService

log = get_logger(__name__)
_FOLDER = "answers"


@dataclass(frozen=True, slots=True)
class KeptFacts:
    """What is known of a picture beside itself. `facts`: the engine's."""

    usage: Usage
    facts: Mapping[str, Any]


class KeptAnswers:
    """One file for each call: a line of JSON, then the picture. Thread-safe as the store is."""

    def __init__(self, storage: StorageService) -> None:
        self._storage = storage

    def keep(self, owner: tuple[str, str], call_id: str, picture: bytes, known: KeptFacts) -> bool:
        """`owner`: user and job. False when the store has no room: without a crash the picture is used all the same."""
        head = orjson.dumps({"usage": asdict(known.usage), "facts": dict(known.facts)})
        try:
            self._storage.upload_image(b"\n".join((head, picture)), _key(owner, call_id))
        except ServiceUnavailableError as error:
            log.warning("an answer could not be kept: %s", error.message)
            return False
        return True

    def picture(self, owner: tuple[str, str], call_id: str) -> bytes:
        """Raises NotFoundError."""
        data = self._storage.read_image(_key(owner, call_id))
        return data[data.index(b"\n") + 1 :]

    def known(self, owner: tuple[str, str], call_id: str) -> KeptFacts | None:
        """None when there is no such picture (any more), or one that cannot be read: damaged, or of another version of
        this program. Its job must not stay unfinished for that."""
        try:
            head = orjson.loads(self._storage.read_image(_key(owner, call_id)).partition(b"\n")[0])
            return KeptFacts(Usage(**head["usage"]), dict(head["facts"]))
        except NotFoundError:
            return None
        except (KeyError, TypeError, ValueError) as error:
            log.warning("a kept answer cannot be read: %s", type(error).__name__)
            return None

    def drop(self, owner: tuple[str, str]) -> int:
        """All of a job; how many there were."""
        return self._storage.delete_tree(_folder(owner))


def is_answer(key: str) -> bool:
    """tryon-inputs/{user}/{job}/answers/{call}.bin, and no input."""
    return key.split("/")[3:4] == [_FOLDER]


def _folder(owner: tuple[str, str]) -> str:
    return f"{input_prefix(*owner)}/{_FOLDER}"


def _key(owner: tuple[str, str], call_id: str) -> str:
    return f"{_folder(owner)}/{call_id}.bin"
