"""Password hashes: argon2id as the OWASP cheat sheet asks for at least; hashes of werkzeug are still understood."""

from __future__ import annotations

import os
import sys
import threading
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import argon2
from argon2.exceptions import InvalidHashError, VerificationError
from werkzeug.security import check_password_hash

MEMORY_KIB = 19 * 1024
PASSES = 2
LANES = 1
HASHES_AT_ONCE = 2
"""Each holds a core for some 30 ms: a burst of logins queues up here and leaves the cores to other requests."""

NICENESS = 10
"""Of the threads that hash, where threads have one (Linux): who only asks how a job is doing goes first."""

_ARGON2 = "$argon2"
_WERKZEUG = ("pbkdf2:", "scrypt:")


class PasswordHasher:
    """Thread-safe. Passwords are compared in the Unicode form NFKC (as NIST SP 800-63B recommends), so the same
    characters match whichever keyboard typed them; blanks and case count."""

    def __init__(self) -> None:
        self._argon2 = argon2.PasswordHasher(
            time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES, type=argon2.Type.ID
        )
        self._threads = ThreadPoolExecutor(HASHES_AT_ONCE, "password", initializer=_step_back)

    def hash(self, password: str) -> str:
        """Whatever the text looks like, a hash included, it is a password here and gets hashed."""
        return self._threads.submit(self._argon2.hash, _normal(password)).result()

    def verify(self, stored: str, password: str) -> bool:
        """False as well for a stored text that is no hash we know."""
        verify = self._verify_argon2 if stored.startswith(_ARGON2) else _verify_werkzeug
        return self._threads.submit(verify, stored, password).result()

    def verify_nothing(self, password: str) -> None:
        """Take as long as `verify` does: whether an account exists must not show in the time of the answer."""
        self.hash(password)

    def needs_rehash(self, stored: str) -> bool:
        """True for hashes of werkzeug, and for argon2 hashes of other parameters than today's."""
        return not stored.startswith(_ARGON2) or self._argon2.check_needs_rehash(stored)

    def _verify_argon2(self, stored: str, password: str) -> bool:
        try:
            return self._argon2.verify(stored, _normal(password))
        except (VerificationError, InvalidHashError):
            return False


def _verify_werkzeug(stored: str, password: str) -> bool:
    """Those hashes were made of the text as it was typed."""
    try:
        return stored.startswith(_WERKZEUG) and check_password_hash(stored, password)
    except ValueError:
        return False


def _step_back() -> None:
    if sys.platform == "linux":
        with suppress(OSError):  # a sandbox may forbid it
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def _normal(password: str) -> bytes:
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
