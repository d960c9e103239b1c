"""Addresses that clients can use as they are."""

from __future__ import annotations

from flask import current_app, request

from shared.clock import utc_now
from shared.image_links import ImageLinks
from shared.middleware import resolve


def to_absolute_url(path: str) -> str:
    """`path` begins with a slash. PUBLIC_BASE_URL goes before it, else what the client itself asked for; headers of
    proxies count only as far as `shared.frame` trusts them."""
    base: str = current_app.config.get("PUBLIC_BASE_URL") or request.url_root
    return base.rstrip("/") + path


def image_url(key: str) -> str:
    """The signed address of a stored picture, good for `<img src>` for a while."""
    return to_absolute_url(resolve(ImageLinks).sign(key, utc_now()))


def image_path(key: str) -> str:
    """What names a stored picture on this server. Without its signature it opens nothing."""
    return resolve(ImageLinks).sign(key, utc_now()).partition("?")[0]
