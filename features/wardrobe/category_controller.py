"""Sections and categories of a wardrobe over HTTP."""

from __future__ import annotations

from flask import Blueprint, Response, g, request

from features.wardrobe.category_schemas import (
    CategoriesAnswer,
    CategoryChange,
    CategoryQuery,
    LeftAnswer,
    MovedAnswer,
    MoveQuery,
    NewCategory,
    NewSection,
    SectionAnswer,
    SectionChange,
    WardrobeCategoryAnswer,
)
from features.wardrobe.category_service import CategoryService
from features.wardrobe.filters import LARGEST_ID
from shared.bodies import read_body
from shared.errors import AuthorizationError, ConflictError
from shared.middleware import require_auth, resolve
from shared.openapi import documented
from shared.response import success_response
from shared.validators import parse_model

categories_bp = Blueprint("wardrobe_categories", __name__, url_prefix="/api/wardrobe")
TAG = "Wardrobe categories"
ONE_SECTION = f"/category-sections/<int(max={LARGEST_ID}):section_id>"
ONE_CATEGORY = f"/categories/<int(max={LARGEST_ID}):category_id>"


@categories_bp.get("/category-sections")
@documented(TAG, list[SectionAnswer])
@require_auth
def get_category_sections() -> Response:
    """The platform's sections and the own ones, in the order in which they are shown."""
    return success_response([section.to_dict() for section in _service().sections(g.user_id)])


@categories_bp.post("/category-sections")
@documented(TAG, SectionAnswer, status=201, body=NewSection, errors=(ConflictError,))
@require_auth
def create_category_section() -> Response:
    """Names are unique whatever their case and accents; those of the platform are taken."""
    return success_response(_service().add_section(g.user_id, read_body(NewSection).columns()).to_dict(), 201)


@categories_bp.put(ONE_SECTION)
@documented(TAG, SectionAnswer, body=SectionChange, errors=(ConflictError, AuthorizationError))
@require_auth
def update_category_section(section_id: int) -> Response:
    """Items and categories go along with a new name. The platform's sections cannot be changed."""
    changes = read_body(SectionChange).sent()
    return success_response(_service().change_section(g.user_id, section_id, changes).to_dict())


@categories_bp.delete(ONE_SECTION)
@documented(TAG, MovedAnswer, query=MoveQuery, errors=(ConflictError, AuthorizationError))
@require_auth
def delete_category_section(section_id: int) -> Response:
    """While items or categories are in it: 409 with their numbers, unless `move_to` says where they go."""
    wanted = parse_model(MoveQuery, request.args.to_dict(), from_form=True)
    return success_response(
        _service().delete_section(g.user_id, section_id, wanted.move_to), message="The section was deleted."
    )


@categories_bp.get("/categories")
@documented(TAG, CategoriesAnswer, query=CategoryQuery)
@require_auth
def get_categories() -> Response:
    wanted = parse_model(CategoryQuery, request.args.to_dict(), from_form=True)
    return success_response(_service().tree(g.user_id, wanted.search, wanted.category_section).to_dict())


@categories_bp.post("/categories")
@documented(TAG, WardrobeCategoryAnswer, status=201, body=NewCategory, errors=(ConflictError,))
@require_auth
def create_category() -> Response:
    """Names are unique among the own ones, whatever their case and accents."""
    return success_response(_service().add_category(g.user_id, read_body(NewCategory).model_dump()).to_dict(), 201)


@categories_bp.get(ONE_CATEGORY)
@documented(TAG, WardrobeCategoryAnswer)
@require_auth
def get_category(category_id: int) -> Response:
    """Of the platform or an own one."""
    return success_response(_service().get(g.user_id, category_id).to_dict())


@categories_bp.put(ONE_CATEGORY)
@documented(TAG, WardrobeCategoryAnswer, body=CategoryChange, errors=(ConflictError, AuthorizationError))
@require_auth
def update_category(category_id: int) -> Response:
    changes = read_body(CategoryChange).sent()
    return success_response(_service().change_category(g.user_id, category_id, changes).to_dict())


@categories_bp.delete(ONE_CATEGORY)
@documented(TAG, LeftAnswer, errors=(AuthorizationError,))
@require_auth
def delete_category(category_id: int) -> Response:
    """Its items stay, in no category of the person's own."""
    left = _service().delete_category(g.user_id, category_id)
    return success_response({"items": left}, message="The category was deleted; its items are still there.")


def _service() -> CategoryService:
    return resolve(CategoryService)
