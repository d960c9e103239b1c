"""The own body measurements over HTTP."""

from __future__ import annotations

from flask import Blueprint, Response, g, request

from features.body_measurements.schemas import MeasurementChange, MeasurementQuery, MeasurementsAnswer
from features.body_measurements.service import MeasurementService
from features.body_measurements.views import MeasurementView
from shared.bodies import read_body
from shared.errors import NotFoundError
from shared.middleware import require_auth, resolve
from shared.openapi import documented
from shared.response import success_response
from shared.validators import parse_model

measurements_bp = Blueprint("body_measurements", __name__, url_prefix="/api/body-measurements")
TAG = "Body measurements"


@measurements_bp.post("")
@documented(
    TAG,
    MeasurementsAnswer,
    status=201,
    also={200: MeasurementsAnswer},
    body=MeasurementChange,
    query=MeasurementQuery,
)
@require_auth
def save_measurements() -> Response:
    """201 for the first ones, 200 when they were there. What is left out stays, null clears."""
    asked, wanted = _asked(), read_body(MeasurementChange)
    view, is_new = _service().save(g.user_id, wanted.measured(), wanted.measured_in)
    return success_response(_shown(view, asked), 201 if is_new else 200)


@measurements_bp.get("")
@documented(TAG, MeasurementsAnswer, query=MeasurementQuery, errors=(NotFoundError,))
@require_auth
def get_measurements() -> Response:
    asked = _asked()
    return success_response(_shown(_service().get(g.user_id), asked))


@measurements_bp.put("")
@documented(TAG, MeasurementsAnswer, body=MeasurementChange, query=MeasurementQuery, errors=(NotFoundError,))
@require_auth
def update_measurements() -> Response:
    """What is left out stays, null clears. 404 when there are none yet."""
    asked, wanted = _asked(), read_body(MeasurementChange)
    view = _service().change(g.user_id, wanted.measured(), wanted.measured_in)
    return success_response(_shown(view, asked))


def _service() -> MeasurementService:
    return resolve(MeasurementService)


def _asked() -> MeasurementQuery:
    return parse_model(MeasurementQuery, request.args.to_dict(), from_form=True)


def _shown(view: MeasurementView, asked: MeasurementQuery) -> dict[str, object]:
    return view.to_dict(asked.shown_in, with_estimates=asked.estimate)
