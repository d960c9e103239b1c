"""Idempotency keys: the same key with the same request is the same job."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from shared.clock import to_text
from shared.database import DatabaseManager
from shared.errors import IdempotencyMismatchError, ValidationError

KEPT = timedelta(hours=24)


@dataclass(frozen=True)
class IdempotencyKey:
    """`input_hash`: of everything the client sent."""

    key: str
    input_hash: str


def input_hash(fields: Mapping[str, Any], images: Mapping[str, bytes]) -> str:
    """Raises ValidationError for fields that are nested too deeply to be written down again."""
    try:
        digest = hashlib.sha256(orjson.dumps(dict(fields), option=orjson.OPT_SORT_KEYS))
    except orjson.JSONEncodeError:
        raise ValidationError("The body is nested too deeply.", fields={"body": "is nested too deeply"}) from None
    for name in sorted(images):
        digest.update(name.encode() + hashlib.sha256(images[name]).digest())
    return digest.hexdigest()


class IdempotencyTable:
    def __init__(self, db: DatabaseManager) -> None:
        self._db = db

    def find(self, user_id: str, wanted: IdempotencyKey, now: datetime) -> str | None:
        """The id of the job that this key made. Raises IdempotencyMismatchError when it was another request."""
        row = self._db.fetch_one(
            "SELECT input_hash, job_id FROM idempotency_keys"
            " WHERE user_id = ? AND idempotency_key = ? AND created_at > ?",
            (user_id, wanted.key, to_text(now - KEPT)),
        )
        if row is None:
            return None
        if row["input_hash"] != wanted.input_hash:
            raise IdempotencyMismatchError("This Idempotency-Key was used for another request. Use a new one.")
        return str(row["job_id"])

    def add(self, user_id: str, wanted: IdempotencyKey, job_id: str, now: datetime) -> None:
        """Within the unit of work that adds the job. Keys that are too old make room."""
        self._db.execute("DELETE FROM idempotency_keys WHERE created_at <= ?", (to_text(now - KEPT),))
        self._db.execute(
            "INSERT INTO idempotency_keys (user_id, idempotency_key, input_hash, job_id, created_at)"
            " VALUES (?, ?, ?, ?, ?)",
            (user_id, wanted.key, wanted.input_hash, job_id, to_text(now)),
        )
