"""Forms that carry photos: read in larger steps than Werkzeug takes by itself.

After each step a thread waits for the interpreter again. With fifty uploads at once that takes longer than the copying.
"""

from __future__ import annotations

from typing import IO, Any

from werkzeug.formparser import FormDataParser, MultiPartParser

LARGE_BYTES = 2 * 1024 * 1024
STEP_BYTES = 256 * 1024
_WERKZEUGS_STEP_BYTES = 64 * 1024
"""Better for small forms: the step in which a part ends is searched for its end slowly, byte by byte."""


class PhotoFormParser(FormDataParser):
    """Werkzeug's own parser and limits; only the steps of large forms differ."""

    def parse(
        self, stream: IO[bytes], mimetype: str, content_length: int | None, options: dict[str, str] | None = None
    ) -> Any:
        """The stream, the fields and the files. What is no form, or a broken one, has neither, like in Werkzeug."""
        if mimetype != "multipart/form-data":
            return super().parse(stream, mimetype, content_length, options)
        try:
            form, files = self._parser(content_length or 0).parse(stream, _boundary(options or {}), content_length)
        except ValueError:
            if not self.silent:
                raise
            return stream, self.cls(), self.cls()
        return stream, form, files

    def _parser(self, length: int) -> MultiPartParser:
        """A step must fit into what one text of a form may have, several times over."""
        most = self.max_form_memory_size
        large = length >= LARGE_BYTES and (most is None or most >= 4 * STEP_BYTES)
        return MultiPartParser(
            self.stream_factory,
            max_form_memory_size=most,
            cls=self.cls,
            buffer_size=STEP_BYTES if large else _WERKZEUGS_STEP_BYTES,
            max_form_parts=self.max_form_parts,
        )


def _boundary(options: dict[str, str]) -> bytes:
    boundary = options.get("boundary", "").encode("ascii")
    if not boundary:
        raise ValueError("a form without a boundary")
    return boundary
