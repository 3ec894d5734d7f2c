"""Every axiom and open point with its strength, source, date and place: what `perimeter axioms` lists."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from functools import cache, lru_cache
from typing import Any, Literal

from perimeter_smt.encode.language.text import formal_text
from perimeter_smt.logic.reader import Axiom
from perimeter_smt.logic.schemas import Schema
from perimeter_smt.resources import encodings

SOURCES = "axiom-sources.json"
READINGS = "readings.smt2"
_POINT = re.compile(r"^\(declare-const (X-[0-9]+) Bool\)\s*;\s*(.*)$")
_BASE = re.compile(r"(AP|AN|AR|AE|AK|P|X-)[0-9]+")

Strength = Literal["hard", "presumed", "soft", "open"]


@dataclass(frozen=True)
class Stated:
    """An axiom or an open point.

    `text` is the formula, or the two readings of an open point, the chosen one first; `says` is AWS's sentence on
    `page`, or why the axiom is true by definition (then `page` is empty); `doubt` is why an axiom is presumed.
    """

    name: str
    kind: Literal["axiom", "open point"]
    strength: Strength
    text: str
    source: str
    says: str
    page: str
    doubt: str
    date: str
    file: str
    line: int

    @property
    def base(self) -> str:
        """The id in the semantics: `AP2` of `AP2.service`."""
        found = _BASE.match(self.name)
        return found.group() if found else self.name


@lru_cache(maxsize=1)
def sources() -> dict[str, Any]:
    """The dated table of AWS's sentences."""
    table: dict[str, Any] = json.loads(_read(SOURCES))
    return table


@lru_cache(maxsize=1)
def stated() -> tuple[Stated, ...]:
    """All axioms in the order of the formal text, those made by the engine, then the open points in their order."""
    return (*_axioms(), *_made(), *_points())


def untraced() -> list[str]:
    """Hard axioms for which the table has neither a sentence nor a definition, and presumed ones without a doubt."""
    doubted = {"hard": False, "presumed": True}
    rows = [one for one in stated() if one.strength in doubted]
    return [one.name for one in rows if not one.says or bool(one.doubt) is not doubted[one.strength]]


def axioms_json(rows: tuple[Stated, ...]) -> dict[str, Any]:
    """The rows as `perimeter axioms --json` prints them."""
    return {"format": 1, "axioms": [asdict(row) for row in rows]}


def _axioms() -> list[Stated]:
    out = []
    script = formal_text()
    axioms: tuple[Axiom | Schema, ...] = (*script.axioms, *script.schemas)
    for axiom in axioms:
        strength: Strength = axiom.strength if axiom.strength in ("soft", "presumed") else "hard"  # type: ignore[assignment]
        text = _formula(axiom.file, axiom.line)
        out.append(_stated(axiom.name, strength, text, axiom.source, axiom.file, axiom.line))
    return out


def _made() -> list[Stated]:
    """Axioms that are made of the input or of the keys in use, so that the text cannot hold them."""
    return [
        _stated(row["name"], row["strength"], row["axiom"], "made by the engine", SOURCES, _line(row["name"]))
        for row in sources()["made"]
    ]


def _points() -> list[Stated]:
    found = {}
    for number, line in enumerate(_read(READINGS).splitlines(), 1):
        if match := _POINT.match(line):
            found[match[1]] = (match[2], READINGS, number)
    for row in sources()["points"]:
        found.setdefault(row["name"], (row["text"], SOURCES, _line(row["name"])))
    ordered = sorted(found.items(), key=lambda item: int(item[0].removeprefix("X-")))
    return [
        Stated(name, "open point", "open", text, "semantics 7", "", "", "", _date(), f"encodings/{file}", line)
        for name, (text, file, line) in ordered
    ]


def _stated(name: str, strength: Strength, text: str, source: str, file: str, line: int) -> Stated:
    row = _traced().get(name, {})
    says = row.get("says") or row.get("because", "")
    place = f"encodings/{file}"
    doubt = row.get("doubt", "")
    return Stated(name, "axiom", strength, text, source, says, row.get("page", ""), doubt, _date(), place, line)


@lru_cache(maxsize=1)
def _traced() -> dict[str, dict[str, str]]:
    rows = [row for part in ("sentences", "definitions", "doubts") for row in sources()[part]]
    return {name: row for row in rows for name in row["names"]}


def _date() -> str:
    return str(sources()["date"])


def _line(name: str) -> int:
    """The line of the table that defines a name."""
    for number, line in enumerate(_read(SOURCES).splitlines(), 1):
        if f'"name": "{name}"' in line:
            return number
    return 1


def _formula(file: str, line: int) -> str:
    """The formula of the assertion that starts at a line, on one line."""
    lines = _read(file).splitlines()[line - 1 :]
    text = " ".join(part.split(" ;")[0].strip() for part in lines if not part.startswith(";"))
    found = re.match(r"\(assert \(! (.*?) :named ", text)
    return " ".join(found[1].split()) if found else ""


@cache
def _read(file: str) -> str:
    return encodings().joinpath(file).read_text(encoding="utf-8")
