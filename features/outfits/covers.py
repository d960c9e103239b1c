"""Covers kept: made when somebody looks and the garments' pictures are not those that the last one was made from."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence

import orjson

from features.outfits.cover import Piece, make_cover
from features.outfits.layout import Role
from features.outfits.model import Outfit, OutfitTable
from features.wardrobe.model import WardrobeItem
from shared.cpu import CpuGate
from shared.errors import BecauseFutureError
from shared.image_keys import wardrobe_key
from shared.logger import get_logger
from shared.single_flight import SingleFlight
from shared.storage import StorageService

LOOK = 1
"""Counts up when covers are to look different: all of them are then made anew."""

ROLES = {
    "outer": Role.OUTER,
    "upper": Role.TOP,
    "dress": Role.DRESS,
    "full": Role.DRESS,
    "lower": Role.BOTTOM,
    "shoes": Role.SHOES,
    "accessory": Role.ACCESSORY,
    "upper_body": Role.TOP,
    "lower_body": Role.BOTTOM,
    "accessoires": Role.ACCESSORY,
}
"""By how a thing is worn, what it is, or where it is kept: the first that is known decides."""

DRESSING = (Role.BOTTOM, Role.DRESS, Role.TOP, Role.OUTER, Role.SHOES, Role.ACCESSORY)
"""What is put on first; tops go over trousers and skirts, as in a try-on of two garments."""

_NAME = re.compile(r"outfit-([1-9][0-9]{0,18})-[0-9a-f]+\.jpg")
log = get_logger(__name__)


def role_of(item: WardrobeItem) -> Role:
    words = (item.garment_type, item.garment_category_type, item.category_section)
    return next((ROLES[word] for word in words if word in ROLES), Role.TOP)


class OutfitCovers:
    def __init__(self, outfits: OutfitTable, storage: StorageService, gate: CpuGate) -> None:
        self._outfits = outfits
        self._storage = storage
        self._gate = gate
        self._flights = SingleFlight[str | None]()

    def is_current(self, outfit: Outfit, items: Sequence[WardrobeItem]) -> bool:
        return outfit.cover_of == _mark(items)

    def fresh(self, outfit: Outfit, items: Sequence[WardrobeItem]) -> str | None:
        """Key of a cover of just these items. None: they have no pictures, or it could not be made now; a cover is
        never worth an error."""
        if self.is_current(outfit, items):
            return outfit.cover_path
        try:
            return self._flights.do(f"{outfit.id} {_mark(items)}", lambda: self._renew(outfit, items))
        except (BecauseFutureError, OSError):
            log.exception("no cover could be made", extra={"outfit_id": outfit.id})
            return None

    def discard(self, key: str | None) -> None:
        """A file that no row names (any more). What is done is done: one that will not go is only logged."""
        try:
            if key is not None:
                self._storage.delete_image(key)
        except (BecauseFutureError, OSError):
            log.exception("a cover without an outfit is left", extra={"key": key})

    def belongs(self, key: str) -> bool:
        """Whether a stored picture of somebody's wardrobe is the cover of an outfit now."""
        folder, _, name = key.rpartition("/")
        found = _NAME.fullmatch(name)
        outfit = self._outfits.get(folder.rpartition("/")[2], int(found[1])) if found else None
        return outfit is not None and outfit.cover_path == key

    def _renew(self, outfit: Outfit, items: Sequence[WardrobeItem]) -> str | None:
        picture = self._drawn(items)
        key = wardrobe_key(outfit.user_id, f"outfit-{outfit.id}-{secrets.token_hex(8)}.jpg") if picture else None
        if picture and key:
            self._storage.upload_image(picture, key)
        if not self._put(outfit, key, _mark(items)):
            self.discard(key)
            return self._of_another(outfit, items)
        self.discard(outfit.cover_path)
        return key

    def _put(self, outfit: Outfit, key: str | None, mark: str | None) -> bool:
        try:
            return self._outfits.set_cover(outfit, key, mark)
        except BecauseFutureError:
            self.discard(key)
            raise

    def _of_another(self, outfit: Outfit, items: Sequence[WardrobeItem]) -> str | None:
        """Somebody else was quicker; perhaps with the same cover."""
        now = self._outfits.get(outfit.user_id, outfit.id)
        return now.cover_path if now is not None and self.is_current(now, items) else None

    def _drawn(self, items: Sequence[WardrobeItem]) -> bytes | None:
        """Raises NotFoundError when a picture was replaced meanwhile."""
        pieces = [Piece(self._storage.read_image(item.image_path), role_of(item)) for item in items]
        with self._gate.interactive():
            return make_cover(pieces)


def _mark(items: Sequence[WardrobeItem]) -> str | None:
    """Names what a cover of these items is made from; None without items."""
    made_from = [LOOK, *((item.image_path, role_of(item)) for item in items)]
    return hashlib.sha256(orjson.dumps(made_from)).hexdigest() if items else None
