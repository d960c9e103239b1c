"""Sizes over HTTP: which one, whether one fits, and how it turned out."""

from __future__ import annotations

from flask import Blueprint, Response, g, request

from features.fitting.answers import AdviceAnswer, AnalysisAnswer, CheckAnswer, FeedbackAnswer
from features.fitting.schemas import Asked, CheckRequest, FeedbackRequest, FitQuery, FitRequest, parse_fit
from features.fitting.service import FittingService
from features.fitting.views import advice_view, analysis_view, check_view, feedback_view
from shared.bodies import is_form, read_body, read_fields
from shared.errors import ExtractionError, NotFoundError, RateLimitedError, SizeChartInvalidError
from shared.middleware import require_auth, resolve
from shared.openapi import documented
from shared.response import success_response

fitting_bp = Blueprint("fitting", __name__, url_prefix="/api/fitting")
FIT_ERRORS = (SizeChartInvalidError, NotFoundError, RateLimitedError)


@fitting_bp.post("/check")
@documented("Fitting", CheckAnswer, body=CheckRequest, errors=FIT_ERRORS)
@require_auth
def check_fit() -> Response:
    """Does this size fit? A size that the chart does not have is NOT_FOUND; `details.sizes` lists those that it has."""
    wanted = _body(CheckRequest)
    return success_response(check_view(_service().check(g.user_id, wanted), wanted.size))


@fitting_bp.get("/size-recommendation")
@documented("Fitting", AdviceAnswer, query=FitQuery, errors=FIT_ERRORS)
@require_auth
def get_size_recommendation() -> Response:
    """`size_chart` and `measurements` as JSON texts."""
    wanted = parse_fit(FitRequest, request.args.to_dict(), from_text=True)
    return success_response(advice_view(_service().recommend(g.user_id, wanted)))


@fitting_bp.post("/size-recommendation")
@documented("Fitting", AdviceAnswer, body=FitRequest, errors=FIT_ERRORS)
@require_auth
def recommend_size() -> Response:
    """Which size is best? Without a chart or measurements the answer says what is missing, and no size."""
    return success_response(advice_view(_service().recommend(g.user_id, _body(FitRequest))))


@fitting_bp.post("/analyze-fit")
@documented("Fitting", AnalysisAnswer, body=FitRequest, errors=FIT_ERRORS)
@require_auth
def analyze_fit() -> Response:
    """The verdict for `size` (else for the item's own size, else for the best one) and every size of the chart."""
    return success_response(analysis_view(_service().analyze(g.user_id, _body(FitRequest))))


@fitting_bp.post("/feedback")
@documented("Fitting", FeedbackAnswer, status=201, body=FeedbackRequest,
            errors=(NotFoundError, ExtractionError, RateLimitedError))  # fmt: skip
@require_auth
def give_feedback() -> Response:
    """How a size turned out. Said again for the same thing and size, it replaces what was said before."""
    kept = _service().remember(g.user_id, read_body(FeedbackRequest))
    return success_response(feedback_view(kept), 201)


def _body(model: type[Asked]) -> Asked:
    return parse_fit(model, read_fields(), from_text=is_form())


def _service() -> FittingService:
    return resolve(FittingService)
