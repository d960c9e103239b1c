"""Names of stored pictures; what no key can do is in `tests/contracts/test_storage.py`."""

from __future__ import annotations

import pytest

from shared.errors import ValidationError
from shared.image_keys import (
    avatar_key,
    check_key,
    input_key,
    input_prefix,
    result_key,
    user_prefixes,
    wardrobe_key,
)


def test_keys_by_room() -> None:
    assert avatar_key(7, "face-1.jpg") == "avatars/7/face-1.jpg"
    assert result_key("u7", "j1") == "tryon-results/u7/j1.jpg"
    assert input_key(7, "j1", "person.jpg") == "tryon-inputs/7/j1/person.jpg"
    assert input_prefix(7, "j1") == "tryon-inputs/7/j1"
    assert wardrobe_key(7, "3.png") == "wardrobe/7/3.png"
    assert user_prefixes(7) == ("avatars/7", "tryon-results/7", "tryon-inputs/7", "wardrobe/7")


@pytest.mark.parametrize("name", ["../8/face.jpg", "8/face.jpg", "", ".", "..", "a b", "face.jpg\n"])
def test_a_name_cannot_reach_another_room(name: str) -> None:
    for make in (lambda: avatar_key(7, name), lambda: wardrobe_key(7, name), lambda: input_key(7, "j1", name)):
        with pytest.raises(ValidationError):
            make()
    with pytest.raises(ValidationError):
        user_prefixes(name)


def test_a_key_is_given_back() -> None:
    assert check_key("avatars/7/a.jpg") == "avatars/7/a.jpg"
