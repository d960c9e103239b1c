"""Labelled street photos in memory, and which of them are kept aside.

The data are photos and pixel labels of the clothing-co-parsing set (bearpaw, Apache-2.0), 600 px high:
`photos/NNNN.jpg`, `labels/NNNN.png`, `labels.txt` with one "number name" a line. They show real people: they are
trained on, never shipped or published.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Labels = NDArray[np.uint8]

CLASSES = ("background", "hair", "skin", "upper", "lower", "dress", "shoes", "other")
BACKGROUND, HAIR, SKIN, UPPER, LOWER, DRESS, SHOES, OTHER = range(len(CLASSES))
GROUPS = {
    HAIR: "hair",
    SKIN: "skin",
    UPPER: "blazer blouse bodysuit bra cape cardigan coat hoodie intimate jacket jumper shirt suit sweater sweatshirt"
    " t-shirt tie top vest",
    LOWER: "jeans leggings panties pants shorts skirt stockings tights",
    DRESS: "dress romper swimwear",
    SHOES: "boots clogs flats heels loafers pumps sandals shoes sneakers socks wedges",
}
"""Label names of the data set -> our class; names that stand nowhere are `other`, null is the background."""

KEPT_ASIDE_EVERY = 11
"""Every eleventh id is never trained on: neighbouring ids show different people."""

SHOULDER_SHARE = 0.35  # of a garment's height: where sleeves would be


@dataclass(frozen=True)
class Photo:
    """`box`: (left, top, right, bottom) of all that is not background. `bare`: share of skin beside the top's
    shoulders, 0 to 1: high for sleeveless clothes."""

    name: str
    image: Image
    labels: Labels
    box: tuple[int, int, int, int]
    bare: float


def load(folder: Path, *, aside: bool) -> list[Photo]:
    """The photos that are kept aside, or all the others; those without any label are left out."""
    table = class_table((folder / "labels.txt").read_text())
    found = []
    for file in sorted((folder / "photos").glob("*.jpg")):
        if (int(file.stem) % KEPT_ASIDE_EVERY == 0) == aside:
            photo = _read(file, folder / "labels" / f"{file.stem}.png", table)
            found += [photo] if photo else []
    return found


def class_table(text: str) -> NDArray[np.uint8]:
    """Label number -> class, as a lookup table of 256 entries."""
    by_name = {name: number for number, names in GROUPS.items() for name in names.split()}
    table = np.full(256, OTHER, dtype=np.uint8)
    for line in text.splitlines():
        number, _, name = line.strip().partition(" ")
        if number:
            table[int(number)] = BACKGROUND if name == "null" else by_name.get(name, OTHER)
    return table


def _read(file: Path, label_file: Path, table: NDArray[np.uint8]) -> Photo | None:
    image, numbers = cv2.imread(str(file)), cv2.imread(str(label_file), cv2.IMREAD_UNCHANGED)
    if image is None or numbers is None:
        raise FileNotFoundError(f"{file.name} or its labels cannot be read")
    labels = table[numbers]
    if not labels.any():
        return None
    left, top, width, height = cv2.boundingRect((labels > 0).astype(np.uint8))
    return Photo(file.stem, image, labels, (left, top, left + width, top + height), bare_share(labels))


def bare_share(labels: Labels) -> float:
    """Skin / (skin + top) in the rows of the shoulders of an upper garment or dress; 0 when there is none."""
    worn = np.isin(labels, (UPPER, DRESS))
    rows = np.flatnonzero(worn.any(axis=1))
    if len(rows) == 0:
        return 0.0
    last = rows[0] + max(4, int(SHOULDER_SHARE * (rows[-1] - rows[0])))
    band, cloth = labels[rows[0] : last], worn[rows[0] : last]
    skin = np.count_nonzero(band == SKIN)
    return float(skin / max(1, skin + np.count_nonzero(cloth)))
