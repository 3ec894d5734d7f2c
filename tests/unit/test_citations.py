"""What code, tests, formal text and pages cite is there: sections and ids of the semantics, sections of the design."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SEMANTICS = sorted((ROOT / "docs/semantics").glob("*.md"))
DESIGN = ROOT / "docs/design.md"
FOLDERS = {"perimeter_smt": ("py", "json"), "tests": ("py", "md"), "encodings": ("smt2", "json", "md"), "docs": ("md",),
           "benchmarks": ("py", "md")}  # fmt: skip

ANCHOR = re.compile(r'<a id="([^"]+)"></a>')
SECTIONS = r"([0-9](?:\.[0-9]+)*(?:(?:, | and | to |-)[0-9](?:\.[0-9]+)+)*)"
SEMANTICS_SECTION = re.compile(rf"\bsemantics(?: sections?)? {SECTIONS}")
DESIGN_SECTION = re.compile(rf"\bdesign(?: sections?)? {SECTIONS}")
AXIOM = r"(?:(?:AP|AN|AR|AE|AK)[0-9]+|P[0-9](?=\.))(?:\.[a-z]+(?:-[a-z]+)*)?"
IDS = re.compile(rf"(?<![\w-])({AXIOM}|[XW]-[0-9]{{1,2}})(?![\w-])")
CASES = re.compile(r"\(((?:[VARQCDEO][0-9]{2}(?:, )?)+)\)")
LINK = re.compile(r"\]\(([^)#\s]*)#([^)\s]+)\)")


def files() -> list[Path]:
    found = [path for folder, ends in FOLDERS.items() for end in ends for path in (ROOT / folder).rglob(f"*.{end}")]
    found += [ROOT / "README.md", ROOT / "CHANGELOG.md"]
    return sorted(path for path in found if path != Path(__file__).resolve())


@lru_cache(maxsize=1)
def anchors() -> frozenset[str]:
    return frozenset(name for page in SEMANTICS for name in ANCHOR.findall(page.read_text("utf-8")))


@lru_cache(maxsize=1)
def formal_names() -> frozenset[str]:
    """Names of the formal text: axioms, readings, and the axioms that are asserted per key."""
    out: set[str] = set()
    for path in (ROOT / "encodings").rglob("*.smt2"):
        text = path.read_text("utf-8")
        out.update(re.findall(r":named\s+([^\s)]+)", text))
        out.update(re.findall(r"\(declare-const (X-[0-9]+) ", text))
    out.update(re.findall(r'"name": "([^"]+)"', (ROOT / "encodings/axiom-sources.json").read_text("utf-8")))
    return frozenset(out)


def numbers(cited: str) -> list[str]:
    return re.findall(r"[0-9](?:\.[0-9]+)*", cited)


def cited(path: Path) -> list[str]:
    """What a file cites and nobody defines."""
    text = path.read_text("utf-8")
    out = []
    for found in SEMANTICS_SECTION.findall(text):
        out += [f"semantics {number}" for number in numbers(found) if number not in anchors()]
    design = set(ANCHOR.findall(DESIGN.read_text("utf-8")))
    for found in DESIGN_SECTION.findall(text):
        out += [f"design {number}" for number in numbers(found) if number not in design]
    out += [name for name in IDS.findall(text) if name not in anchors() | formal_names()]
    out += [case for found in CASES.findall(text) for case in found.split(", ") if case not in anchors()]
    return out


def test_everything_cited_is_there():
    """A section or id that is cited can be followed."""
    assert len(files()) > 250
    missing = {path.relative_to(ROOT).as_posix(): sorted(set(cited(path))) for path in files() if cited(path)}
    assert not missing


def test_the_test_sees_what_is_missing(tmp_path):
    page = tmp_path / "page.py"
    page.write_text("semantics 4.8 and 3.99, design 6 and 9.1, AP5, AP5.nonsense, X-6, X-99, W-4, W-99 (C17, C99)")
    assert sorted(cited(page)) == ["AP5.nonsense", "C99", "W-99", "X-99", "design 9.1", "semantics 3.99"]


def test_anchors_are_unique():
    names = [name for page in SEMANTICS for name in ANCHOR.findall(page.read_text("utf-8"))]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("page", [*SEMANTICS, DESIGN, ROOT / "docs/axioms.md"], ids=lambda page: page.stem)
def test_links_into_pages_meet_an_anchor(page):
    for target, name in LINK.findall(page.read_text("utf-8")):
        aimed = (page.parent / target).resolve() if target else page
        if "://" in target or aimed.suffix != ".md":
            continue
        text = aimed.read_text("utf-8")
        heads = {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in re.findall(r"(?m)^#+ (.*)$", text)}
        assert name in {*ANCHOR.findall(text), *heads}, f"{target}#{name}"


@pytest.mark.parametrize("page", [*SEMANTICS, DESIGN], ids=lambda page: page.stem)
def test_pages_are_of_a_readable_length(page):
    assert len(page.read_text("utf-8").splitlines()) < 500


def test_world_has_all_its_points():
    assert {f"W-{number}" for number in range(1, 41)} <= anchors()
