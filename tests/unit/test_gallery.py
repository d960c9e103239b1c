"""The gallery, with an engine that paints bands: a page that shows everything, also what was refused."""

from __future__ import annotations

import io
from html.parser import HTMLParser
from pathlib import Path

import pytest
from drawn_pictures import drawn, encoded
from PIL import Image

from scripts.gallery import Gallery, Purse, chosen_engine, main
from scripts.gallery_files import Cell, GalleryFiles, Outfit, Picture, Refusal, strip
from scripts.gallery_page import page
from shared.cpu import CpuGate
from shared.engines.base import Quality, Usage
from shared.engines.fake import FakeEngine
from shared.errors import ImageRejectedError


class Page(HTMLParser):
    """What a browser would load and what a person would read."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.tags: list[str] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"src", "href"}]

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """Two persons (one cut out), two garments, and files that are none of these."""
    for name in ("persons", "garments", "empty"):
        (tmp_path / name).mkdir()
    cut_out = Image.new("RGBA", (200, 300))
    cut_out.paste(drawn(100, 200), (50, 50))
    (tmp_path / "persons" / "ada.jpg").write_bytes(encoded(drawn(200, 300)))
    (tmp_path / "persons" / "<b>&'\".png").write_bytes(encoded(cut_out, "PNG"))
    (tmp_path / "persons" / "ada_labels.png").write_bytes(encoded(drawn(200, 300), "PNG"))
    (tmp_path / "persons" / "notes.txt").write_text("no picture")
    (tmp_path / "garments" / "shirt.jpg").write_bytes(encoded(drawn(120, 120)))
    (tmp_path / "garments" / "torn.jpg").write_bytes(encoded(drawn(120, 120))[:400])
    return tmp_path


def run(folders: Path, *more: str) -> Page:
    arguments = [str(folders / "persons"), str(folders / "garments"), "--to", str(folders / "out"), *more]
    assert main([*arguments, "--engine", "fake"]) == 0
    return Page((folders / "out" / "index.html").read_text())


def test_everybody_in_everything(folders: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = run(folders)
    printed = capsys.readouterr().out
    assert "2 pictures, 2 refused" in printed and "[4/4]" in printed and "refused: damaged" in printed
    assert found.addresses and all((folders / "out" / address).is_file() for address in found.addresses)
    assert not any(address.startswith(("/", "http", "file")) for address in found.addresses)
    assert "4 of 4 done, 2 pictures" in found.words and "2 refused: damaged" in found.words
    assert "ada_labels" not in found.words and "notes" not in found.words


def test_names_are_words_and_not_markup(folders: Path) -> None:
    found = run(folders)
    assert "<b>&'\"" in found.words and "b" not in found.tags


def test_results_say_what_they_are(folders: Path) -> None:
    run(folders)
    results = sorted((folders / "out" / "pictures").iterdir())
    assert [file.name for file in results] == ["person-01-garment-01.jpg", "person-02-garment-01.jpg"]
    assert all(b"digitalsourcetype/trainedAlgorithmicMedia" in file.read_bytes() for file in results)


def test_garments_worn_together(folders: Path) -> None:
    (folders / "garments" / "skirt.jpg").write_bytes(encoded(drawn(120, 120)))
    found = run(folders, "--outfits", "shirt+skirt", "--only-outfits", "--strips")
    assert "2 of 2 done, 2 pictures" in found.words and "shirt+skirt" in found.words
    assert len(list((folders / "out" / "strips").iterdir())) == 2
    with Image.open(folders / "out" / "strips" / "ada-shirt_skirt.jpg") as picture:
        assert picture.size == (320 + 480 + 480 + 320 + 3 * 12, 480)


def test_two_files_of_one_name_are_two(folders: Path) -> None:
    (folders / "garments" / "shirt.png").write_bytes(encoded(drawn(120, 120), "PNG"))
    found = run(folders)
    assert "shirt.jpg" in found.words and "shirt.png" in found.words and "6 of 6 done, 4 pictures" in found.words


@pytest.mark.parametrize(
    ("persons", "garments", "more", "words"),
    [
        ("empty", "garments", (), "no pictures"),
        ("persons", "missing", (), "no pictures"),
        ("persons", "garments", ("--outfits", "shirt+hat"), "no garment named hat"),
        ("persons", "garments", ("--engine", "gemini"), "GEMINI_API_KEY"),
    ],
)
def test_what_is_missing_is_told(
    folders: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    persons: str,
    garments: str,
    more: tuple[str, ...],
    words: str,
) -> None:
    monkeypatch.chdir(folders)
    monkeypatch.setenv("GEMINI_API_KEY", "")
    assert main([str(folders / persons), str(folders / garments), "--engine", "fake", *more]) == 1
    assert words in capsys.readouterr().err
    assert not (folders / "demo").exists()


def picture(name: str, refusal: Refusal | None = None) -> Picture:
    return Picture(name, name, encoded(drawn(200, 300)), refusal)


def gallery(tmp_path: Path, engine: FakeEngine, calls: int = 9, *, strips: bool = False) -> tuple[Gallery, Purse]:
    purse = Purse(calls)
    return Gallery(engine, GalleryFiles(tmp_path, strips=strips, thumbnail_width=100), Quality.FAST, purse), purse


def test_no_more_is_paid_than_was_allowed(tmp_path: Path) -> None:
    engine = FakeEngine(model="paid", usage=Usage(cost_usd=0.25))
    made, purse = gallery(tmp_path, engine, calls=2)
    cells = made.run([picture("a"), picture("b"), picture("c")], [Outfit("shirt", (picture("shirt"),))])
    assert [cell.refusal.reason if cell.refusal else None for cell in cells] == [None, None, "BUDGET_EXHAUSTED"]
    assert purse.cost_usd == 0.5 and "0.500 US dollars" in (tmp_path / "index.html").read_text()
    assert {wanted.quality for wanted in engine.seen} == {Quality.FAST}


def test_a_refusal_is_shown_with_its_reason(tmp_path: Path) -> None:
    made, _ = gallery(tmp_path, FakeEngine(error=ImageRejectedError("several_people")), strips=True)
    (cell,) = made.run([picture("crowd")], [Outfit("shirt", (picture("shirt"),))])
    assert cell.refusal == Refusal("several_people", ImageRejectedError("several_people").message)
    assert ImageRejectedError("several_people").message in Page((tmp_path / "index.html").read_text()).words
    assert (tmp_path / "strips" / "crowd-shirt.jpg").is_file()


def test_an_unreadable_input_reaches_no_engine(tmp_path: Path) -> None:
    engine = FakeEngine()
    made, _ = gallery(tmp_path, engine)
    (cell,) = made.run([picture("torn", Refusal("damaged", "No."))], [Outfit("shirt", (picture("shirt"),))])
    assert cell.refusal and cell.refusal.reason == "damaged" and engine.seen == []


def test_figures_of_the_checks() -> None:
    checks = {
        "results": [
            {"name": "face", "value": 0.91, "limit": 0.6, "passed": True},
            {"name": "framing", "value": 0.2, "limit": 0.05, "passed": False},
            {"name": "colour", "value": None, "limit": 0.3, "passed": True},
        ],
        "provider_calls": 2,
    }
    warnings = [{"code": "preview", "message": "Sketch."}, {"code": "turned", "message": "Face the camera."}]
    facts = {"engine": "gemini", "model": "m-1", "preview": False, "warnings": warnings, "checks": checks}
    cell = Cell("ada", "shirt", 12.5, facts, picture="pictures/x.jpg", thumbnail="thumbnails/x.jpg")
    waiting = Outfit("hat", (picture("hat"),))
    found = Page(page([picture("ada")], [Outfit("shirt", (picture("shirt"),)), waiting], [cell], "gemini", 0.08))
    for words in ("✓ face: 0.91 (limit 0.6)", "✗ framing: 0.2 (limit 0.05)", "colour: not measured", "12.50 s"):
        assert words in found.words
    assert "gemini, m-1" in found.words and "Face the camera." in found.words and "Sketch." not in found.words
    assert '"provider_calls": 2' in found.words and "1 of 2 done" in found.words


def test_a_strip_has_one_height() -> None:
    found = strip([drawn(100, 200), drawn(300, 100), Image.new("RGBA", (50, 50))], height=60)
    assert found.size == (30 + 180 + 60 + 2 * 12, 60)
    assert found.getpixel((found.width - 30, 30)) == (242, 242, 242)


def test_the_preview_needs_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "not a number")
    assert chosen_engine("preview", CpuGate(1)).name == "preview"


def test_pages_are_replaced_whole(tmp_path: Path) -> None:
    files = GalleryFiles(tmp_path, strips=False, thumbnail_width=100)
    files.write_page("first")
    files.write_page("second")
    assert (tmp_path / "index.html").read_text() == "second" and not list(tmp_path.glob("*.new"))


def test_thumbnails_are_small(tmp_path: Path) -> None:
    files = GalleryFiles(tmp_path, strips=False, thumbnail_width=100)
    files.keep_inputs([picture("ada"), picture("torn", Refusal("damaged", "No."))])
    (thumbnail,) = (tmp_path / "thumbnails").iterdir()
    with Image.open(io.BytesIO(thumbnail.read_bytes())) as small:
        assert small.size == (100, 150)
