"""Addresses of pictures that work without a token (`<img src>`), for a while, and only as they were given."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from datetime import datetime
from math import ceil

from shared.errors import LinkExpiredError, LinkInvalidError
from shared.image_keys import check_key

_PURPOSE = b"because-future image links v1"
"""Makes the signing key differ from every other key that is drawn from the same secret."""

_HOUR_SECONDS = 3600
_EXPIRY = re.compile(r"[1-9][0-9]{0,11}")


class ImageLinks:
    """Signs path and expiry with HMAC-SHA256; the host is left out, so links survive a proxy or a new domain."""

    def __init__(self, secret: str, ttl_hours: int, base_url: str = "/images") -> None:
        self._signing_key = hmac.digest(secret.encode(), _PURPOSE, hashlib.sha256)
        self._ttl_seconds = ttl_hours * _HOUR_SECONDS
        self._base_url = base_url.rstrip("/")

    def sign(self, key: str, now: datetime) -> str:
        """A relative URL. It lasts `ttl_hours` and what is left of the hour: equal within it, so browsers may cache."""
        ends_at = ceil((now.timestamp() + self._ttl_seconds) / _HOUR_SECONDS) * _HOUR_SECONDS
        return f"{self._base_url}/{check_key(key)}?exp={ends_at}&sig={self._signature(key, str(ends_at))}"

    def verify(self, key: str, exp: str | None, sig: str | None, now: datetime) -> None:
        """Raises LinkInvalidError for anything that `sign` did not write, LinkExpiredError once `exp` is reached."""
        if not exp or not sig or not _EXPIRY.fullmatch(exp):
            raise LinkInvalidError("This image address is not complete.")
        # As text and not as decoded bytes: base64 has several spellings of one signature.
        if not hmac.compare_digest(self._signature(key, exp).encode(), sig.encode("utf-8", "replace")):
            raise LinkInvalidError("This image address was changed or was not made by this server.")
        if now.timestamp() >= int(exp):
            raise LinkExpiredError("This image address has expired.")

    def _signature(self, key: str, exp: str) -> str:
        digest = hmac.digest(self._signing_key, f"{exp}\n{key}".encode("utf-8", "replace"), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
