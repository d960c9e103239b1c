"""What a job ends with when no picture came: typed errors whose words are ours alone."""

from __future__ import annotations

from shared.engines.gemini_answers import Answer, Kind
from shared.errors import BecauseFutureError, ContentBlockedError, ExternalServiceError, ProviderNoImageError

_WITHOUT_PICTURE = {
    Kind.SOFT: "The image provider answered without a usable picture. Try again, or use clearer pictures.",
    Kind.UNCHANGED: "The image provider sent the photo back as it was. Try again, or use a clearer garment picture.",
    Kind.FAULTY: "The image provider's picture does not show the person of the photo. Try again, or use another photo.",
}
_TROUBLE = {
    Kind.BUSY: "The image provider is overloaded or unreachable. Try again later.",
    Kind.RATE: "The image provider takes no more calls at the moment. Try again later.",
    Kind.TIMEOUT: "The image provider did not answer in time. Try again later.",
    Kind.GONE: "None of the configured image models exists any more. Tell whoever runs this server.",
    Kind.REFUSED: "The image provider does not accept this server's calls. Tell whoever runs this server.",
}


def failure(answer: Answer) -> BecauseFutureError:
    """For an answer that brought no picture to be shown."""
    if answer.kind in (Kind.CONTENT, Kind.BLOCKED):
        return ContentBlockedError(
            "The image provider's safety rules refused these pictures. Use other pictures.",
            details={"provider_code": answer.code},
        )
    if answer.kind in _WITHOUT_PICTURE:
        return ProviderNoImageError(_WITHOUT_PICTURE[answer.kind], details={"provider_code": answer.code})
    return ExternalServiceError(
        _TROUBLE.get(answer.kind, _TROUBLE[Kind.BUSY]),
        details={"provider_code": answer.code},
        retry_after_seconds=answer.retry_after_seconds,
    )
