"""What the avatar routes answer."""

from __future__ import annotations

from shared.answers import AnswerModel, NoticeAnswer, WebAddress


class AvatarAnswer(AnswerModel):
    """`warnings`: what does not suit a try-on; the photo was kept all the same."""

    avatar_url: WebAddress
    background_removed: bool
    warnings: list[NoticeAnswer]


class SavedAvatarAnswer(AvatarAnswer):
    message: str


class CutOutAnswer(AnswerModel):
    """`image`: a PNG with alpha as a data URL."""

    image: str
    warnings: list[NoticeAnswer]
