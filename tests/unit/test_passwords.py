"""Password hashes: what is stored, what still counts, and how many are made at once."""

from __future__ import annotations

import threading
import time
from typing import Any

import argon2
import pytest
from werkzeug.security import generate_password_hash

from shared import passwords
from shared.passwords import PasswordHasher

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def hasher() -> PasswordHasher:
    return PasswordHasher()


def test_argon2id_at_the_owasp_minimum(hasher: PasswordHasher) -> None:
    stored = hasher.hash(PASSWORD)
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert hasher.verify(stored, PASSWORD) and not hasher.needs_rehash(stored)
    assert hasher.hash(PASSWORD) != stored, "every hash has its own salt"


@pytest.mark.parametrize("wrong", ["", "correct horse batterY", PASSWORD + " ", " " + PASSWORD, PASSWORD + "\x00"])
def test_a_wrong_password(hasher: PasswordHasher, wrong: str) -> None:
    assert not hasher.verify(hasher.hash(PASSWORD), wrong)


@pytest.mark.parametrize("method", ["pbkdf2:sha256:1000", "scrypt:1024:8:1"])
def test_hashes_of_werkzeug_count_and_are_due(hasher: PasswordHasher, method: str) -> None:
    stored = generate_password_hash(PASSWORD, method=method)
    assert hasher.verify(stored, PASSWORD) and not hasher.verify(stored, "another password")
    assert hasher.needs_rehash(stored)


def test_an_argon2_hash_of_weaker_parameters_is_due(hasher: PasswordHasher) -> None:
    stored = argon2.PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    assert hasher.verify(stored, PASSWORD) and hasher.needs_rehash(stored)


@pytest.mark.parametrize(
    "stored", ["", PASSWORD, "$argon2id$broken", "pbkdf2:", "scrypt:1:1:1$a", "md5$a$b", "$2b$12$x"]
)
def test_what_is_no_hash_lets_nobody_in(hasher: PasswordHasher, stored: str) -> None:
    assert not hasher.verify(stored, PASSWORD)


@pytest.mark.parametrize(
    "password", ["pbkdf2:sha256:1$a$b", "scrypt:32768:8:1$a$b", "$2b$12$abcdefgh", "$argon2id$v=19"]
)
def test_a_password_that_looks_like_a_hash_is_a_password(hasher: PasswordHasher, password: str) -> None:
    stored = hasher.hash(password)
    assert stored != password and stored.startswith("$argon2id$")
    assert hasher.verify(stored, password) and not hasher.verify(password, password)


@pytest.mark.parametrize(
    ("typed", "again"), [("cafe\u0301 au lait", "café au lait"), ("\uff50\uff57-twelve", "pw-twelve")]
)
def test_the_same_characters_of_another_keyboard(hasher: PasswordHasher, typed: str, again: str) -> None:
    assert hasher.verify(hasher.hash(typed), again) and hasher.verify(hasher.hash(again), typed)


def test_no_text_breaks_it(hasher: PasswordHasher) -> None:
    for password in ("\ud800 lone surrogate", "\x00" * 8, "😀" * 128, "\ufdfa" * 128):
        assert hasher.verify(hasher.hash(password), password)


def test_at_most_two_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    running, most, lock = 0, 0, threading.Lock()

    def slow(self: Any, password: bytes) -> str:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with lock:
            running -= 1
        return "x"

    monkeypatch.setattr(argon2.PasswordHasher, "hash", slow)
    hasher = PasswordHasher()
    threads = [threading.Thread(target=hasher.verify_nothing, args=(PASSWORD,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == passwords.HASHES_AT_ONCE
