"""What the job keeps of an answer that needed nothing done to it: the provider's own picture data, and our record."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from features.tryon.model import TryOnJob
from features.tryon.pictures import JobPictures
from shared.clock import utc_now
from shared.cpu import CpuGate
from shared.engines.base import EngineResult
from shared.engines.preview.cut_out import LocalCutOut
from shared.storage import MemoryStorage
from tests.unit.engines.checks_samples import dressed, jpeg_bytes

CAME = jpeg_bytes(dressed("woman_tan"), 83)


def kept(encoded: bytes | None) -> bytes:
    storage, gate = MemoryStorage(), CpuGate(1)
    job = TryOnJob("a" * 32, "b" * 32, utc_now(), {}, attempts=1)
    pictures = JobPictures(storage, LocalCutOut(), gate)
    image = Image.open(io.BytesIO(CAME)).convert("RGB")
    key, _ = pictures.store_result(job, 1, EngineResult(image, "gemini", "m", encoded=encoded))
    stored = pictures.stored_result(job, 1)
    assert stored is not None and stored[0] == key and stored[1].model == "m"
    return storage.read_image(key)


def test_the_picture_data_is_the_providers_own() -> None:
    quantisation = CAME.index(b"\xff\xdb")
    assert kept(CAME).endswith(CAME[quantisation:])


@pytest.mark.parametrize("encoded", [None, b"\xff\xd8\xff broken"])
def test_without_usable_bytes_the_picture_is_encoded(encoded: bytes | None) -> None:
    again = Image.open(io.BytesIO(kept(encoded))).convert("RGB")
    before = Image.open(io.BytesIO(CAME)).convert("RGB")
    assert np.abs(np.asarray(again, dtype=int) - np.asarray(before)).mean() < 2
