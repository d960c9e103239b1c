"""How often which route may be asked, one table. Counted are users, addresses, or e-mail and address together."""

from __future__ import annotations

from typing import Protocol

from shared.middleware import RateLimit, listed_items, login_key, user_key

GARMENT_VIEWS = ("scrape_product", "refresh_product", "parse_product", "extract_images", "categorize_garment")
FITTING_VIEWS = ("check_fit", "get_size_recommendation", "recommend_size", "analyze_fit", "give_feedback")
ARCHIVE_VIEWS = ("archive.export_wardrobe", "archive.import_wardrobe", "wardrobe_bulk.add_items")
TRYONS = "try-ons"  # one by one or in a batch: they cost the same
FETCHING_FIELDS = ("garment_url", "wardrobe_item_id")  # a page may be asked because of them


class Amounts(Protocol):
    """From the configuration; 0 is off."""

    @property
    def rate_limit_login(self) -> int: ...

    @property
    def rate_limit_signup(self) -> int: ...

    @property
    def rate_limit_garments(self) -> int: ...

    @property
    def rate_limit_remove_bg(self) -> int: ...

    @property
    def rate_limit_tryon(self) -> int: ...


def rate_limits(amounts: Amounts) -> list[RateLimit]:
    login, pictures = _each(amounts.rate_limit_login, "minute"), _each(amounts.rate_limit_remove_bg, "minute")
    tryon, garments = _each(amounts.rate_limit_tryon, "minute"), _each(amounts.rate_limit_garments, "minute")
    return [
        RateLimit("auth.login", login, login_key),
        RateLimit("auth.login", _each(amounts.rate_limit_login * 10, "minute")),  # one address, many e-mails
        RateLimit("auth.create_account", _each(amounts.rate_limit_signup, "hour"), counts=(201, 409)),
        RateLimit("users.change_password", login, user_key),
        RateLimit("users.delete_account", login, user_key),
        *(RateLimit(f"garments.{view}", garments, user_key) for view in GARMENT_VIEWS),
        *(RateLimit(f"fitting.{view}", garments, user_key, only_with=FETCHING_FIELDS) for view in FITTING_VIEWS),
        RateLimit("avatar.remove_bg", pictures),
        RateLimit("avatar.save_avatar", pictures, user_key),
        RateLimit("avatar.update_avatar", pictures, user_key),
        RateLimit("wardrobe.extract_from_url", garments, user_key),
        RateLimit("wardrobe.add_item", garments, user_key, only_with=("garment_url",)),
        *(RateLimit(view, pictures, user_key) for view in ARCHIVE_VIEWS),
        RateLimit("wardrobe.remove_item_background", pictures, user_key),
        RateLimit("tryon.create_tryon_job", tryon, user_key, counted_as=TRYONS),
        RateLimit("tryon.create_multi_tryon_job", tryon, user_key, counted_as=TRYONS),
        RateLimit("batch.create_batch_tryon_jobs", tryon, user_key, counted_as=TRYONS, cost=listed_items),
    ]


def _each(amount: int, unit: str) -> str | None:
    return f"{amount} per {unit}" if amount else None
