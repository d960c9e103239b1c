"""The composition root: `create_app` makes an app of parts that `wiring.py` makes. `python app.py` serves."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from shared.memory import share_heaps

share_heaps()  # before NumPy and OpenCV are imported: their threads would have made heaps that stay

from flask import Flask

from config import Config, ConfigError
from features.operations.rate_limits import rate_limits
from shared.docs_pages import install_openapi
from shared.engines.base import ImageEngine
from shared.engines.models import retirement_warning
from shared.frame import FrameOptions, install_frame
from shared.jobs import JobEngine
from shared.logger import get_logger, set_up_logging
from shared.middleware import install_rate_limits
from shared.response import use_orjson
from shared.serving import AddressError, serve
from shared.uploads import PhotoRequest
from wiring import Foundation, lay_foundation, wire


def create_app(config: Config, *, engines: Sequence[ImageEngine] | None = None, inline_jobs: bool = False) -> Flask:
    """`engines`: instead of those that the configuration names. `inline_jobs`: a job runs before its request ends.

    `app.extensions["close"]()` stops the workers and closes the database; `app.extensions["drain"]()` answers
    those who wait and lets running jobs finish first, for the configured grace time.
    """
    app = Flask(__name__, static_folder=None)
    app.config["PUBLIC_BASE_URL"] = config.public_base_url
    app.config["MAX_FORM_MEMORY_SIZE"] = config.max_json_size
    app.request_class = PhotoRequest
    app.url_map.merge_slashes = False  # no redirects: an address is right, or it answers 404 in the envelope
    use_orjson(app)
    base = lay_foundation(config, engines)
    jobs = wire(app, base, inline_jobs)
    install_openapi(app)
    install_frame(app, _frame_options(config))
    install_rate_limits(app, rate_limits(config))
    jobs.start()
    app.extensions["drain"] = lambda: _stop(app, jobs, config.shutdown_grace_seconds)
    app.extensions["close"] = lambda: _close(app, base, jobs)
    return app


def _frame_options(config: Config) -> FrameOptions:
    limits = {"plain": config.max_json_size, "pictures": config.max_request_size, "page": config.max_parse_size}
    return FrameOptions(origins=config.origins(), trusted_proxies=config.trusted_proxies, body_limits=limits)


def _stop(app: Flask, jobs: JobEngine, grace_seconds: float) -> None:
    """Those who wait for a job are answered first: they hold threads."""
    app.extensions["job_changes"].close()
    jobs.stop(grace_seconds)


def _close(app: Flask, base: Foundation, jobs: JobEngine) -> None:
    _stop(app, jobs, 0)
    base.db.close()


def main() -> int:
    """Serve as the environment says until stopped; the exit status is 2 when the configuration is wrong."""
    try:
        config = Config.from_env()
        _log_to(config, None)  # this process only watches the one that serves: two must not rotate the same files
        serve(lambda: _served(config), config)
    except (ConfigError, AddressError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    return 0


def _served(config: Config) -> Flask:
    _log_to(config, config.logs_dir)
    for model in (config.gemini_model_name, *config.gemini_fallback_models):
        if config.gemini_api_key and (warning := retirement_warning(model)):
            get_logger(__name__).warning(warning)
    return create_app(config)


def _log_to(config: Config, folder: Path | None) -> None:
    secrets = (config.secret_key, config.jwt_secret_key, config.gemini_api_key)
    set_up_logging(config.log_level, folder, retention_days=config.log_retention_days, secrets=secrets)


if __name__ == "__main__":
    sys.exit(main())
