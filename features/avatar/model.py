"""An avatar and its table: which stored pictures are a user's avatar now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import orjson

from shared.clock import from_text, to_text
from shared.database import DatabaseManager, Row


@dataclass(frozen=True)
class Avatar:
    """`warnings`: what does not suit a try-on, as `{code, message}`."""

    user_id: str
    original_key: str
    cutout_key: str | None
    warnings: Sequence[Mapping[str, str]]
    created_at: datetime
    updated_at: datetime

    @property
    def shown_key(self) -> str:
        return self.cutout_key or self.original_key

    @property
    def keys(self) -> tuple[str, ...]:
        return (self.original_key, self.cutout_key) if self.cutout_key else (self.original_key,)


class AvatarTable:
    def __init__(self, db: DatabaseManager) -> None:
        self._db = db

    def get(self, user_id: str) -> Avatar | None:
        return _avatar(self._db.fetch_one("SELECT * FROM avatars WHERE user_id = ?", (user_id,)))

    def put(self, avatar: Avatar) -> None:
        """Add the row, or replace all of it: another photo is another avatar."""
        self._db.execute(
            "INSERT INTO avatars (user_id, original_path, cutout_path, warnings, created_at, updated_at)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (user_id) DO UPDATE SET original_path = excluded.original_path,"
            " cutout_path = excluded.cutout_path, warnings = excluded.warnings, created_at = excluded.created_at,"
            " updated_at = excluded.updated_at",
            (
                avatar.user_id,
                avatar.original_key,
                avatar.cutout_key,
                orjson.dumps(avatar.warnings).decode(),
                to_text(avatar.created_at),
                to_text(avatar.updated_at),
            ),
        )

    def drop_cutout(self, avatar: Avatar, now: datetime) -> bool:
        """False when the avatar was replaced meanwhile."""
        return bool(
            self._db.execute(
                "UPDATE avatars SET cutout_path = NULL, updated_at = ? WHERE user_id = ? AND original_path = ?",
                (to_text(now), avatar.user_id, avatar.original_key),
            )
        )

    def delete(self, user_id: str) -> Avatar | None:
        """What there was."""
        return _avatar(self._db.fetch_one("DELETE FROM avatars WHERE user_id = ? RETURNING *", (user_id,)))


def _avatar(row: Row | None) -> Avatar | None:
    if row is None:
        return None
    return Avatar(
        user_id=row["user_id"],
        original_key=row["original_path"],
        cutout_key=row["cutout_path"],
        warnings=orjson.loads(row["warnings"]),
        created_at=from_text(row["created_at"]),
        updated_at=from_text(row["updated_at"]),
    )
