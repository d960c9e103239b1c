"""Why something could not be fetched: the reasons of the API, each with a sentence that says what to do next.

A sentence is the same for every target. No address, upstream word, port or exception text is in it, so a refusal does
not tell whether anything is there.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from shared.errors import ExtractionError

FetchReason = Literal["blocked", "not_found", "timeout", "refused_address", "too_large", "unsupported"]

_SENTENCES: dict[FetchReason, str] = {
    "blocked": "The shop refused our server. Open the page and use the browser extension, or upload the photo.",
    "not_found": "The shop says that there is nothing at this link (any more). Check it, or upload the photo.",
    "timeout": "The shop could not be reached, or not in time. Try again later, or upload the photo.",
    "refused_address": "This link does not lead to a public web page. Check it, or upload the photo.",
    "too_large": "What is behind this link is larger than what may be fetched. Upload the photo instead.",
    "unsupported": "This link does not lead to a page or picture that can be read. Check it, or upload the photo.",
}


class FetchError(ExtractionError):
    """`reason` is one of `details.reason` of EXTRACTION_ERROR in the API."""

    def __init__(self, reason: FetchReason) -> None:
        super().__init__(_SENTENCES[reason], details={"reason": reason})
        self.reason: FetchReason = reason


class FetchTimeoutError(FetchError):
    """Out of time, closed port, broken connection, bad certificate: one reason, so that none can be told apart."""

    retryable: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__("timeout")


def reason_for_status(status: int) -> FetchReason | None:
    """What an HTTP status alone says; None for 2xx.

    Walls answer almost any 4xx, and 503; the other 5xx are a shop in trouble, which is the same as a shop out of reach.
    """
    if 200 <= status < 300:
        return None
    if status in (404, 410):
        return "not_found"
    return "timeout" if status >= 500 and status != 503 else "blocked"


def error_for(reason: FetchReason) -> FetchError:
    return FetchTimeoutError() if reason == "timeout" else FetchError(reason)
