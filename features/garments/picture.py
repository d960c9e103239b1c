"""What a product picture shows: the garment's colour by name, whether somebody wears it, its kind by its outline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from shared.cpu import CpuGate
from shared.engines.preview.background import Ground, Image, Mask, disk, fit_ground, to_lab
from shared.engines.preview.evidence import is_too_dark, look_for_person
from shared.engines.preview.garment import packshot_alpha, read_picture
from shared.engines.preview.keypoints import Kind, find_kind
from shared.engines.preview.outline import main_components
from shared.engines.preview.outline_rows import Outline
from shared.engines.preview.parsing import Part, PartProbabilities, shared_parser
from shared.errors import ImageRejectedError
from shared.garment_utils import ColorName, commonest_colors, name_colors

WORKING_SIDE = 640  # px of the longer side: where a face is searched anyway
EDGE_PX = 3  # taken off the outline: its pixels are a mixture with the ground
FEWEST_PIXELS = 200  # fewer tell no colour

ONE_COLOUR = 0.88  # share of the commonest colour in a thing made of one cloth (packshots > .9, people < .83, measured)
TWO_COLOURS = 0.985  # of the two commonest in stripes and colour blocks (people, headless ones too, < .975)
LOW_CONTRAST_LAB = 8.0  # between thing and ground: below it the outline is torn where folds have the ground's colour
FAINT_LAB, FAINT_SD = 0.8, 4.0  # a white garment on a white ground without any grain differs by so little
FAINT_AREA = (0.05, 0.9)  # of the picture
FAINT_FACTOR = 0.6  # confidence in what such an outline tells

NOBODY_SHARE, NOBODY_CONFIDENCE = 0.015, 0.6  # of skin; people have > .045 and > .69: with less nobody is searched for
SURE_SKIN = 0.8  # probability of skin; its share of the silhouette and the mean over all that is called skin:
SKIN_SHARE, SKIN_CONFIDENCE = 0.045, 0.74  # people without heads > .06 and > .75, packshots < .03 or < .74 (measured)
CLOTHES_SHARE = 0.15  # of the silhouette: who wears something shows so much of it
GROUNDLESS_FACTOR = 0.7  # confidence in the clothes that the network sees on a busy ground

# People are photographed darker than packshots: what is light there may be white, so that only light pixels are lifted.
WHITE_L, BRIGHTEST_PERCENTILE, MOST_EXPOSURE, LIGHT_L = 96.0, 98.0, 1.15, 75.0

WORN = (Part.UPPER, Part.DRESS, Part.LOWER)
PARTS_OF = {
    "upper_body": (Part.UPPER, Part.DRESS),
    "dress": (Part.DRESS, Part.UPPER, Part.LOWER),
    "lower_body": (Part.LOWER,),
    "shoes": (Part.SHOES,),
    "accessory": (Part.OTHER,),
}
BY_OUTLINE = {
    Kind.TROUSERS: ("lower_body", "trousers", 0.85),
    Kind.SKIRT: ("lower_body", "skirt", 0.7),
    Kind.DRESS: ("dress", "dress", 0.7),
    Kind.TOP: ("upper_body", "top", 0.6),  # bags and hats have such outlines too
}
SHORTS_RATIO = 1.6  # height by width: trousers are longer (drawn and photographed ones > 2)
TOP_BY_NETWORK, TOP_FACTOR = (
    3.0,
    0.8,
)  # so many times more top than dress in its eyes: narrow, with sleeves hanging down
# What the search for a person says when it refuses, as (on a model, confidence); other reasons prove nothing.
BY_REFUSAL: dict[str, tuple[bool | None, float]] = {"several_people": (True, 0.9), "too_dark": (None, 0.0)}


@dataclass(frozen=True, slots=True)
class PictureVerdict:
    """`color`: a name of the fashion palette or multicolour. None: the picture does not tell; then its confidence is 0.

    `category` (upper_body, lower_body, dress) and `type` (top, dress, skirt, trousers, shorts): by the outline alone.
    """

    color: str | None
    color_confidence: float
    on_model: bool | None
    on_model_confidence: float
    category: str | None
    type: str | None
    category_confidence: float


@dataclass(frozen=True, slots=True)
class _Outlined:
    category: str | None = None
    type: str | None = None
    confidence: float = 0.0


@dataclass(frozen=True, slots=True)
class _Scene:
    """`thing`: the one thing on a plain ground, or what alpha shows. `is_faint`: it hardly differs from the ground."""

    bgr: Image
    lab: NDArray[np.float32]
    ground: Ground
    thing: Mask | None
    is_faint: bool = False


def look_at(image: bytes | Image, gate: CpuGate, *, wanted: str | None = None) -> PictureVerdict:
    """Judge a decodable picture: bytes that passed `shared.image_processing`, or RGB (H, W, 3 uint8).

    `wanted`: the category of the product where words told it; of somebody's clothes that garment's colour is named.
    """
    with gate.interactive():
        scene = _scene(image)
        outlined = _by_outline(scene)
        if _is_mere_cloth(scene):
            return _verdict(_colour_of(scene.lab, scene.thing), (False, 0.95), outlined)
        probabilities = _inside(scene, shared_parser().focused(scene.bgr))
        on_model = _on_model(scene, probabilities)
        if on_model[0]:
            return _verdict(_worn_colour(scene, probabilities, wanted), on_model, _Outlined())
        return _verdict(_flat_colour(scene, probabilities), on_model, _seconded(outlined, probabilities))


def _verdict(colour: ColorName | None, on_model: tuple[bool | None, float], outlined: _Outlined) -> PictureVerdict:
    name, certain = (colour.name, colour.confidence) if colour else (None, 0.0)
    return PictureVerdict(name, certain, *on_model, outlined.category, outlined.type, outlined.confidence)


def _scene(image: bytes | Image) -> _Scene:
    rgb, alpha = read_picture(image) if isinstance(image, bytes) else (image, None)
    bgr = _shrunk(np.ascontiguousarray(rgb[..., ::-1]))
    if alpha is not None:
        thing = np.asarray(_shrunk(alpha) > 0.5, dtype=np.bool_)
        bgr = np.where(thing[..., None], bgr, np.uint8(255))
        return _Scene(bgr, to_lab(bgr), fit_ground(bgr), thing)
    ground, soft = fit_ground(bgr), packshot_alpha(bgr)
    found = np.asarray(soft > 0.5, dtype=np.bool_) if soft is not None else _faint_thing(ground)
    is_faint = found is None or float(np.median(ground.distance[found])) < LOW_CONTRAST_LAB
    return _Scene(bgr, to_lab(bgr), ground, found, is_faint)


def _shrunk(pixels: NDArray[Any]) -> NDArray[Any]:
    scale = min(1.0, WORKING_SIDE / max(pixels.shape[:2]))
    if scale == 1.0:
        return pixels
    return np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))


def _faint_thing(ground: Ground) -> Mask | None:
    """On a ground without grain even white on white shows."""
    if not ground.is_plain:
        return None
    differs = cv2.GaussianBlur(ground.distance, (5, 5), 0) > max(FAINT_LAB, FAINT_SD * ground.sd)
    closed = cv2.morphologyEx(differs.astype(np.uint8), cv2.MORPH_CLOSE, disk(0.015 * max(differs.shape)))
    thing = main_components(np.asarray(closed > 0, dtype=np.bool_))
    return thing if FAINT_AREA[0] < float(thing.mean()) < FAINT_AREA[1] else None


def _is_mere_cloth(scene: _Scene) -> bool:
    """A person is never of one or two colours: then nobody is searched for, and beige cloth cannot pass for skin."""
    if scene.thing is None or scene.is_faint:
        return False
    shares = [found.share for found in commonest_colors(scene.lab[_core(scene.thing)])]
    return bool(shares) and (shares[0] >= ONE_COLOUR or sum(shares[:2]) >= TWO_COLOURS)


def _inside(scene: _Scene, probabilities: PartProbabilities) -> PartProbabilities:
    """Without what the network imagines on the ground: a white wall behind beige cloth passes for a shirt with arms."""
    if scene.thing is None or scene.is_faint:
        return probabilities
    near = cv2.dilate(scene.thing.astype(np.uint8), disk(EDGE_PX)) > 0
    nothing = np.eye(len(Part), dtype=np.float32)[Part.BACKGROUND]
    return np.asarray(np.where(near[..., None], probabilities, nothing), dtype=np.float32)


def _on_model(scene: _Scene, probabilities: PartProbabilities) -> tuple[bool | None, float]:
    """On a model or flat, and how sure that is."""
    seen = _Seen.of(probabilities)
    flat = False, 0.85 if scene.ground.is_plain else 0.6
    if seen.skin < NOBODY_SHARE or seen.skin_confidence < NOBODY_CONFIDENCE:
        return (None, 0.0) if is_too_dark(scene.bgr) else flat
    try:
        evidence = look_for_person(scene.bgr, probabilities)
    except ImageRejectedError as refusal:
        return BY_REFUSAL.get(refusal.reason) or ((True, 0.65) if seen.is_headless_person else flat)
    return True, 0.97 if evidence.face else 0.85


@dataclass(frozen=True, slots=True)
class _Seen:
    """Shares of the silhouette: what is called skin, what is so without doubt, clothes."""

    skin: float
    skin_confidence: float
    sure_skin: float
    clothes: float

    @classmethod
    def of(cls, probabilities: PartProbabilities) -> _Seen:
        parts, skin = probabilities.argmax(axis=2), probabilities[..., Part.SKIN]
        silhouette, called = max(1, int(np.count_nonzero(parts))), parts == Part.SKIN
        return cls(
            skin=np.count_nonzero(called) / silhouette,
            skin_confidence=float(skin[called].mean()) if called.any() else 0.0,
            sure_skin=np.count_nonzero(skin > SURE_SKIN) / silhouette,
            clothes=np.count_nonzero(np.isin(parts, WORN)) / silhouette,
        )

    @property
    def is_headless_person(self) -> bool:
        """Shops often cut heads off: bare arms or legs beside clothes are somebody too."""
        is_skin = self.sure_skin > SKIN_SHARE and self.skin_confidence > SKIN_CONFIDENCE
        return is_skin and self.clothes > CLOTHES_SHARE


def _worn_colour(scene: _Scene, probabilities: PartProbabilities, wanted: str | None) -> ColorName | None:
    """The colour of the wanted garment, else of the one of which most is seen; skin and hair are other parts."""
    parts = probabilities.argmax(axis=2)
    largest = max(WORN, key=lambda part: int(np.count_nonzero(parts == part)))
    return _colour_of(_exposed(scene.lab), np.isin(parts, PARTS_OF.get(wanted or "", (largest,))))


def _exposed(lab: NDArray[np.float32]) -> NDArray[np.float32]:
    """As if the brightest things in the photo were white: a white shirt in the shade is no grey one."""
    lightness = lab[..., 0]
    brightest = float(np.percentile(lightness[::4, ::4], BRIGHTEST_PERCENTILE))
    gain = float(np.clip(WHITE_L / max(brightest, 1.0), 1.0, MOST_EXPOSURE))
    lifted = lab.copy()
    lifted[..., 0] = np.where(lightness > LIGHT_L, lightness * np.float32(gain), lightness)
    return lifted


def _flat_colour(scene: _Scene, probabilities: PartProbabilities) -> ColorName | None:
    if scene.thing is not None:
        colour = _colour_of(scene.lab, scene.thing)
        return _less_sure(colour, FAINT_FACTOR) if scene.is_faint else colour
    return _less_sure(_colour_of(scene.lab, np.isin(probabilities.argmax(axis=2), WORN)), GROUNDLESS_FACTOR)


def _less_sure(colour: ColorName | None, factor: float) -> ColorName | None:
    return ColorName(colour.name, round(factor * colour.confidence, 2)) if colour else None


def _colour_of(lab: NDArray[np.float32], mask: Mask | None) -> ColorName | None:
    pixels = lab[_core(mask)] if mask is not None else lab[:0]
    return name_colors(commonest_colors(pixels)) if len(pixels) >= FEWEST_PIXELS else None


def _core(mask: Mask) -> Mask:
    """Without the outline; narrow things (straps, belts) keep theirs."""
    core = cv2.erode(mask.astype(np.uint8), disk(EDGE_PX)) > 0
    return np.asarray(core if np.count_nonzero(core) >= FEWEST_PIXELS else mask, dtype=np.bool_)


def _by_outline(scene: _Scene) -> _Outlined:
    if scene.thing is None or not scene.thing.any():
        return _Outlined()
    outline = Outline(scene.thing)
    category, type_, confidence = BY_OUTLINE[find_kind(outline)]
    if type_ == "trousers" and outline.height < SHORTS_RATIO * outline.width:
        type_ = "shorts"
    return _Outlined(category, type_, round(confidence * (FAINT_FACTOR if scene.is_faint else 1.0), 2))


def _seconded(outlined: _Outlined, probabilities: PartProbabilities) -> _Outlined:
    """A long top with its sleeves down has a dress's outline; the network tells the two apart by the cloth."""
    parts = probabilities.argmax(axis=2)
    top, dress = np.count_nonzero(parts == Part.UPPER), np.count_nonzero(parts == Part.DRESS)
    if outlined.category == "dress" and top > TOP_BY_NETWORK * dress:
        return _Outlined("upper_body", "top", round(TOP_FACTOR * outlined.confidence, 2))
    return outlined
