"""What can go wrong, as types. One handler (`shared.frame`) turns them into HTTP; a job keeps its error's code.

The message of each error is read by the person who gets it: what is wrong and what to do. It never carries exception
text, SQL, paths, keys or an upstream's answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar


class BecauseFutureError(Exception):
    """Base of every expected error."""

    status_code: ClassVar[int] = 500
    error_code: ClassVar[str] = "ERROR"
    retryable: ClassVar[bool] = False
    advice: ClassVar[str] = "Try again later; if it stays, report the request id."

    def __init__(
        self, message: str, *, details: Mapping[str, Any] | None = None, retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.details = dict(details or {})
        self.retry_after_seconds = retry_after_seconds


@contextmanager
def naming_field(field: str) -> Iterator[None]:
    """Let an error that is raised inside say which field of the request it is about."""
    try:
        yield
    except BecauseFutureError as error:
        error.details.setdefault("field", field)
        raise


class InternalError(BecauseFutureError):
    """Something unforeseen; its cause is in the log under the request id, never in the answer."""

    retryable = True


class DatabaseError(InternalError):
    """The database refused or is damaged."""


class ValidationError(BecauseFutureError):
    """The request is wrong. `fields` maps a field to what is wrong with it."""

    status_code, error_code = 400, "VALIDATION_ERROR"
    advice = "Correct the fields named in details.fields and send again."

    def __init__(self, message: str, *, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message, details={"fields": dict(fields)} if fields else None)


class AuthRequiredError(BecauseFutureError):
    status_code, error_code = 401, "AUTH_REQUIRED"
    advice = "Sign in and send the token as 'Authorization: Bearer <token>'."


class AuthenticationError(BecauseFutureError):
    status_code, error_code = 401, "AUTHENTICATION_ERROR"
    advice = "The token or the credentials are not valid (any more): sign in again."


class AuthorizationError(BecauseFutureError):
    status_code, error_code = 403, "AUTHORIZATION_ERROR"
    advice = "This account may not do that."


class LinkExpiredError(BecauseFutureError):
    status_code, error_code = 403, "LINK_EXPIRED"
    advice = "Ask the API again for a fresh image address."


class LinkInvalidError(BecauseFutureError):
    status_code, error_code = 403, "LINK_INVALID"
    advice = "Use the image address exactly as the API gave it."


class NotFoundError(BecauseFutureError):
    """Also what another user's object answers."""

    status_code, error_code = 404, "NOT_FOUND"
    advice = "Check the id or the path; another account's things are not found either."


class MethodNotAllowedError(BecauseFutureError):
    status_code, error_code = 405, "METHOD_NOT_ALLOWED"
    advice = "Use a method that the Allow header names."


class EmailExistsError(BecauseFutureError):
    status_code, error_code = 409, "EMAIL_EXISTS"
    advice = "Sign in, or use another e-mail address."


class ConflictError(BecauseFutureError):
    status_code, error_code = 409, "CONFLICT"
    advice = "Read the thing again; its state does not allow this."


class JobFailedError(BecauseFutureError):
    status_code, error_code = 409, "JOB_FAILED"
    advice = "Read details.error of the job; start a new job when its cause is mended."


class JobCancelledError(BecauseFutureError):
    status_code, error_code = 409, "JOB_CANCELLED"
    advice = "Start a new job."


class ResultExpiredError(BecauseFutureError):
    status_code, error_code = 410, "RESULT_EXPIRED"
    advice = "The picture was deleted after its keeping time: start a new job."


class PayloadTooLargeError(BecauseFutureError):
    status_code, error_code = 413, "PAYLOAD_TOO_LARGE"
    advice = "Send less: the message names the limit."


class UnsupportedMediaTypeError(BecauseFutureError):
    status_code, error_code = 415, "UNSUPPORTED_MEDIA_TYPE"
    advice = "Send JPEG, PNG, WebP or HEIC pictures, and JSON or form bodies."


class ImageRejectedError(BecauseFutureError):
    """The picture cannot be used; `reason` is one of REJECTION_MESSAGES, stable for clients."""

    status_code, error_code = 422, "IMAGE_REJECTED"
    advice = "Choose another picture; details.reason says what is wrong with this one."

    def __init__(self, reason: str, message: str | None = None, *, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message or REJECTION_MESSAGES[reason], details={"reason": reason, **(details or {})})
        self.reason = reason


class ContentBlockedError(BecauseFutureError):
    """The provider, or this server by its own rule (`details.reason`), refuses this content for good: no retry, no
    other engine."""

    status_code, error_code = 422, "CONTENT_BLOCKED"
    advice = "Choose something else: the provider's safety rules, or this server's (details.reason), refused this."


class ExtractionError(BecauseFutureError):
    status_code, error_code = 422, "EXTRACTION_ERROR"
    advice = "details.reason says why the page gave no product; upload the picture instead."


class IdempotencyMismatchError(BecauseFutureError):
    status_code, error_code = 422, "IDEMPOTENCY_MISMATCH"
    advice = "Use a new Idempotency-Key for a new request."


class SizeChartInvalidError(BecauseFutureError):
    """`path`: where in the request the chart is wrong, e.g. size_chart.M.chest."""

    status_code, error_code = 422, "SIZE_CHART_INVALID"
    advice = "Correct the chart at details.path: sizes, each with measures and their numbers."

    def __init__(self, message: str, *, path: str) -> None:
        super().__init__(message, details={"path": path})
        self.path = path


class RateLimitedError(BecauseFutureError):
    status_code, error_code, retryable = 429, "RATE_LIMITED", True
    advice = "Wait as long as Retry-After says."


class TooManyJobsError(BecauseFutureError):
    status_code, error_code, retryable = 429, "TOO_MANY_JOBS", True
    advice = "Wait until some of your jobs have ended."


class BudgetExhaustedError(BecauseFutureError):
    status_code, error_code, retryable = 429, "BUDGET_EXHAUSTED", True
    advice = "The allowance for paid calls is used up; wait as long as Retry-After says."


class ExternalServiceError(BecauseFutureError):
    """A provider is down, unreachable, misconfigured or answers nonsense."""

    status_code, error_code, retryable = 502, "EXTERNAL_SERVICE_ERROR", True
    advice = "The image provider had a problem: start the job again later."


class ProviderNoImageError(BecauseFutureError):
    status_code, error_code, retryable = 502, "PROVIDER_NO_IMAGE", True
    advice = "The provider answered without a picture: try again, or use clearer pictures."


class QueueFullError(BecauseFutureError):
    status_code, error_code, retryable = 503, "QUEUE_FULL", True
    advice = "Nothing was created: send the request again after Retry-After."


class ServiceUnavailableError(BecauseFutureError):
    status_code, error_code, retryable = 503, "SERVICE_UNAVAILABLE", True
    advice = "Try again after Retry-After."


class DatabaseBusyError(ServiceUnavailableError):
    """The database is locked or its disk is full just now."""


class UnhealthyError(BecauseFutureError):
    status_code, error_code, retryable = 503, "UNHEALTHY", True
    advice = "A part that the server needs is down: details names it."


class DeadlineExceededError(BecauseFutureError):
    status_code, error_code, retryable = 504, "DEADLINE_EXCEEDED", True
    advice = "The job ran out of time: start it again, with a later deadline."


class AttemptsExhaustedError(BecauseFutureError):
    status_code, error_code, retryable = 500, "ATTEMPTS_EXHAUSTED", True
    advice = "The job was interrupted too often: start it again."


REJECTION_MESSAGES: dict[str, str] = {
    "damaged": "The picture is damaged or incomplete. Save it again or choose another one.",
    "animated": "The picture is animated. Use a single still picture.",
    "no_person": "No person was found. Use a photo of one person, facing the camera, head to hips visible.",
    "several_people": "Several people are in the photo. Crop it to one person.",
    "upside_down": "Please use an upright photo facing the camera.",
    "turned": "Please use an upright photo facing the camera.",
    "person_cropped": "The legs are not visible: trousers and dresses can't be shown on this photo.",
    "person_too_small": "The person in the photo is too small. Use a larger photo, or come closer.",
    "too_small": "The picture is too small. Use one that is at least 64 pixels wide and high.",
    "too_dark": "The photo is too dark. Use one with more light.",
    "garment_background": "The garment must lie on a plain background (or use a transparent PNG).",
    "garment_low_contrast": "The garment has almost the colour of its background; the outline may be wrong.",
    "garment_on_model": "Somebody wears the garment in this picture. Use a picture of the garment alone.",
    "garment_not_found": "No single garment was recognised in this image.",
    "garment_unsupported": "The preview can show tops, trousers, skirts and dresses, not this kind of garment.",
    "category_mismatch": "The picture does not look like the garment type that was asked for.",
}


def all_errors() -> list[type[BecauseFutureError]]:
    """Every error type that clients can meet, by status and code. `docs/errors.md` is made from it."""
    found: list[type[BecauseFutureError]] = []
    todo: list[type[BecauseFutureError]] = [BecauseFutureError]
    while todo:
        for kind in todo.pop().__subclasses__():
            found.append(kind)
            todo.append(kind)
    by_code = {kind.error_code: kind for kind in reversed(found)}
    return sorted(by_code.values(), key=lambda kind: (kind.status_code, kind.error_code))
