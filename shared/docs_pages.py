"""GET /openapi.json and the page /docs that shows it. Everything comes from this server; the page calls no other."""

from __future__ import annotations

from pathlib import Path

import flask_swagger_ui
import orjson
from flask import Blueprint, Flask, Response, current_app, send_from_directory

from shared.openapi import documented, make_document

ASSETS = Path(flask_swagger_ui.__file__).parent / "dist"
PAGE = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Because Future API</title>
  <link rel="stylesheet" href="docs/swagger-ui.css">
  <link rel="icon" type="image/png" href="docs/favicon-32x32.png">
</head>
<body>
  <div id="swagger-ui"></div>
  <script src="docs/swagger-ui-bundle.js"></script>
  <script src="docs/start.js"></script>
</body>
</html>
"""
# Without `validatorUrl: null` the page would send the document to a validator on the internet.
START = """window.ui = SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  validatorUrl: null,
  deepLinking: true,
  tryItOutEnabled: true,
  docExpansion: "list"
});
"""
# Swagger UI sets styles by script and draws its icons from data addresses.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_DOCUMENT = "openapi_document"
docs_bp = Blueprint("docs", __name__)


def install_openapi(app: Flask) -> None:
    app.register_blueprint(docs_bp)


def openapi_document(app: Flask) -> bytes:
    """Made at the first call, once all routes are there, and kept with the app."""
    if _DOCUMENT not in app.extensions:
        app.extensions[_DOCUMENT] = orjson.dumps(make_document(app))
    found: bytes = app.extensions[_DOCUMENT]
    return found


@docs_bp.get("/openapi.json")
@documented("Operations", media="application/json")
def get_openapi() -> Response:
    return Response(openapi_document(current_app), mimetype="application/json")


@docs_bp.get("/docs")
@documented("Operations", media="text/html")
def get_docs() -> Response:
    return Response(PAGE, mimetype="text/html", headers={"Content-Security-Policy": PAGE_POLICY})


@docs_bp.get("/docs/start.js")
def get_docs_start() -> Response:
    return Response(START, mimetype="text/javascript")


@docs_bp.get("/docs/<path:name>")
def get_docs_asset(name: str) -> Response:
    return send_from_directory(ASSETS, name, max_age=3600)
