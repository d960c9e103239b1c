"""What one call asks for: prompt, pictures and sizes, by what the job wants and what the model knows."""

from __future__ import annotations

from shared.engines.base import Quality, TryOnInput
from shared.engines.gemini_client import PictureRequest
from shared.engines.inputs import Inputs
from shared.engines.models import image_size
from shared.engines.prompts import Style, build_prompt

SIZE_BY_QUALITY = {Quality.FAST: "1K", Quality.STANDARD: "1K", Quality.HIGH: "2K"}


def picture_request(wanted: TryOnInput, prepared: Inputs, model: str, style: Style) -> PictureRequest:
    keeps_margins = wanted.aspect_ratio is not None
    prompt = build_prompt(
        wanted.garments,
        style,
        padded=prepared.frame.padded,
        fill_frame=prepared.frame.padded and keeps_margins,
    )
    return PictureRequest(
        prompt,
        prepared.person,
        prepared.garments,
        prepared.frame.ratio,
        asked_size(wanted.quality, model),
        text_allowed=style is not Style.SHORT,
    )


def asked_size(quality: Quality, model: str) -> str | None:
    """None for a model that takes no such wish."""
    return image_size(model, SIZE_BY_QUALITY[quality])
