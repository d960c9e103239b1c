"""Names of stored pictures. A key is a relative path; it says whose picture it is: accounts can be deleted."""

from __future__ import annotations

import re

from shared.errors import ValidationError

MAX_KEY_LENGTH = 200
"""Characters; far below what file systems (255 per segment) and URLs allow."""

AVATARS, RESULTS, INPUTS, WARDROBE = "avatars", "tryon-results", "tryon-inputs", "wardrobe"

_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*")


def check_key(key: str) -> str:
    """Return `key`, or raise ValidationError: segments of letters, digits, `.`, `_`, `-`; none empty or dot-led."""
    if len(key) > MAX_KEY_LENGTH or not _KEY.fullmatch(key):
        raise ValidationError("That is not the name of a stored picture.")
    return key


def avatar_key(user_id: int | str, name: str) -> str:
    return _key(AVATARS, user_id, name)


def result_key(user_id: int | str, job_id: str) -> str:
    return _key(RESULTS, user_id, f"{job_id}.jpg")


def input_key(user_id: int | str, job_id: str, name: str) -> str:
    return _key(INPUTS, user_id, job_id, name)


def input_prefix(user_id: int | str, job_id: str) -> str:
    """The folder of all inputs of one job."""
    return _key(INPUTS, user_id, job_id)


def wardrobe_key(user_id: int | str, name: str) -> str:
    return _key(WARDROBE, user_id, name)


def user_prefixes(user_id: int | str) -> tuple[str, ...]:
    """Every folder that holds pictures of one account."""
    return tuple(_key(room, user_id) for room in (AVATARS, RESULTS, INPUTS, WARDROBE))


def _key(*segments: int | str) -> str:
    """A segment must not bring its own slash: an id or a name can then never reach another account's folder."""
    parts = [str(segment) for segment in segments]
    if any("/" in part for part in parts):
        raise ValidationError("That is not the name of a stored picture.")
    return check_key("/".join(parts))
