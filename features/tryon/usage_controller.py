"""What try-ons cost, over HTTP."""

from __future__ import annotations

from flask import Blueprint, Response, g, request

from features.tryon.usage_report import UsageService
from features.tryon.usage_schemas import UsageAnswer, UsageQuery
from shared.middleware import require_auth, resolve
from shared.openapi import documented
from shared.response import success_response
from shared.validators import parse_model

usage_bp = Blueprint("usage", __name__, url_prefix="/api")


@usage_bp.get("/usage")
@documented("Try-on", UsageAnswer, query=UsageQuery)
@require_auth
def get_usage() -> Response:
    wanted = parse_model(UsageQuery, request.args.to_dict(), from_form=True)
    return success_response(resolve(UsageService).report(g.user_id, wanted))
