"""Product pages and garment pictures over HTTP. No account is needed; all of it is rate limited."""

from __future__ import annotations

from flask import Blueprint, Response, request

from features.garments.schemas import (
    CategorizeFields,
    CategoryAnswer,
    ImagesAnswer,
    ParseRequest,
    ProductAnswer,
    ScrapeRequest,
    UrlRequest,
)
from features.garments.service import GarmentService
from shared.bodies import is_form, read_body, read_fields
from shared.errors import ExtractionError, RateLimitedError
from shared.frame import takes_body
from shared.image_formats import ImageLimits
from shared.middleware import resolve
from shared.openapi import documented
from shared.response import success_response
from shared.uploads import read_images
from shared.validators import parse_model

garments_bp = Blueprint("garments", __name__, url_prefix="/api/garments")
PAGE_ERRORS = (ExtractionError, RateLimitedError)


@garments_bp.post("/scrape")
@documented("Garments", ProductAnswer, body=ScrapeRequest, errors=PAGE_ERRORS)
def scrape_product() -> Response:
    wanted = read_body(ScrapeRequest)
    return success_response(_service().scrape(wanted.url, force_refresh=wanted.force_refresh).to_dict())


@garments_bp.post("/refresh")
@documented("Garments", ProductAnswer, body=UrlRequest, errors=PAGE_ERRORS)
def refresh_product() -> Response:
    return success_response(_service().scrape(read_body(UrlRequest).url, force_refresh=True).to_dict())


@garments_bp.post("/parse")
@documented("Garments", ProductAnswer, body=ParseRequest, errors=PAGE_ERRORS)
@takes_body("page")
def parse_product() -> Response:
    wanted = read_body(ParseRequest)
    return success_response(_service().parse(wanted.url, wanted.html).to_dict())


@garments_bp.post("/extract-images")
@documented("Garments", ImagesAnswer, body=UrlRequest, errors=(RateLimitedError,))
def extract_images() -> Response:
    return success_response(_service().images(read_body(UrlRequest).url))


@garments_bp.post("/categorize")
@documented("Garments", CategoryAnswer, body=CategorizeFields, pictures=("image",), errors=PAGE_ERRORS)
@takes_body("pictures")
def categorize_garment() -> Response:
    wanted = parse_model(CategorizeFields, read_fields(), from_form=is_form())
    image = read_images(request, ("image",), max_bytes=resolve(ImageLimits).max_bytes).get("image")
    return success_response(_service().categorize(wanted.title, image, wanted.image_url))


def _service() -> GarmentService:
    return resolve(GarmentService)
