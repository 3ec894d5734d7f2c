"""Every name that a report may show, explained: axioms, open points, limits, objectives, verdicts, rules, tables."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from perimeter_smt.errors import InputError
from perimeter_smt.lint import rules
from perimeter_smt.questions.mitigations import QUESTIONS
from perimeter_smt.questions.objectives import ACCEPTED_ASSUMPTIONS, LIMIT_TEXTS, OBJECTIVES
from perimeter_smt.report.axioms import Stated, stated
from perimeter_smt.report.words import LOOKS
from perimeter_smt.resources import encodings

VERDICTS = "docs/verdicts.md"
BESIDE = "docs/mitigations.md"
_STRENGTH = {
    "hard": "hard: always asserted",
    "presumed": "presumed: assumed unless `doubts` in perimeter.yaml names it; a proof that needs it says `presumes`",
    "soft": "soft: a proof does without it unless perimeter.yaml accepts it by name",
    "open": "open: a proof must hold under both readings",
}
_OTHER_WORDS = {
    "availability": "what the perimeter means to allow gets through its guardrails",
    "hole": "a request that breaks the objective and that a policy of the enforcing type could have stopped",
    "beyond": "a request that breaks the objective and that no policy of the enforcing type can hold back",
    "blocked": "a request that the perimeter means to allow and a guardrail stops",
    "refuted": "a request breaks the objective; it was replayed by the evaluator",
    "guardrails": "mode: SCPs, RCPs and endpoint policies alone, whatever developers grant",
    "grants": "mode: with the identity, resource and trust policies of today",
    "over": "reading: a proof holds under every reading and without soft axioms that were not accepted",
    "exact": "reading: the chosen readings with all soft axioms",
    "under": "reading: a refutation holds under every reading",
    "closed": "first line: all six objectives are proved for what they claim, under what the report rests on",
    "not closed": "first line: a request breaks an objective, or a limit that nobody accepted is left",
    "not proved": "first line: nothing is refuted, something depends on an open reading or a soft axiom",
    "not decided": "first line: nothing is refuted, something was not decided or had nothing to prove",
    "not accepted": "of a limit: `accepted` in perimeter.yaml does not name it, so that it counts as refuted",
    "check": "one objective asked of one service",
    "fix": "what a lint rule says about the very condition that failed; ask again to see whether it holds",
    "try": "what a lint rule says about the statement that blocks; ask again to see whether it helps",
    "closest": "the Deny statement of the enforcing policies that came nearest to stopping the request; of a blocked "
    "call that no guardrail allows: the Allow that came nearest to letting it pass",
    "except": "what perimeter.yaml declares outside the claim: trusted parties, exempt roles and tags",
    "stated fact": "something a proof uses that is neither a documented axiom nor soft; `--details` shows its text",
    "documented axiom": "an axiom that AWS's documentation states or that is true by definition: `perimeter axioms`",
    "presumes": "of a proof: it cannot do without this axiom, which AWS states, though not without exception",
    "soft axiom": "how AWS behaves as far as anybody knows; a proof uses it only if perimeter.yaml accepts it by name",
    "accepted limit": "requests that no guardrail can hold back and that `accepted` in perimeter.yaml leaves out",
    "endpoint-policies": "assumption: every service named supports endpoint policies; others let all through",
    "today": "assumption: requests are made on the day of `--today` or later; what a policy let through before is none",
    "sessions": "assumption: sessions carry the policies that organization.yaml tells",
    "vpcs": "assumption: perimeter.yaml declares no `vpcs`, so that every VPC that a call can name counts as mine",
    "egress": "assumption: what `egress` in perimeter.yaml says of ways out of my network",
    "first-hops": "assumption: a service that acts for a caller is held to the check of the first call",
    "organization": "assumption: accounts, units, VPCs and endpoints are as organization.yaml gives them",
    "names": "assumption: what ARNs look like, by the tables that encodings/environment/resource.smt2 names",
    "environment": "assumption: the documented axioms in encodings/environment that the proof needed",
}
_SYNONYMS = {"ok": "proved", "cond.": "conditional", "blocked?": "blocked"}


@dataclass(frozen=True)
class Entry:
    """One name: what it says, what that means for a proof, where it comes from, where it stands."""

    name: str
    kind: str
    text: str
    meaning: str
    source: str
    place: str


@lru_cache(maxsize=1)
def index() -> dict[str, tuple[Entry, ...]]:
    """All entries by name in lower case; two things may share a name."""
    out: dict[str, list[Entry]] = {}
    for entry in (*_stated(), *_limits(), *_objectives(), *_words(), *_rules(), *_tables()):
        out.setdefault(entry.name.lower(), []).append(entry)
    return {name: tuple(found) for name, found in out.items()}


def explain(name: str) -> tuple[Entry, ...]:
    """The entries of a name, else of its parts (`AP2` for `AP2.service`); InputError with near names otherwise."""
    wanted = " ".join(name.lower().split()).rstrip(":")
    wanted = _SYNONYMS.get(wanted, wanted)
    entries = index()
    if wanted.endswith("s") and wanted not in entries:  # as a report counts them
        wanted = wanted.removesuffix("s") if wanted.removesuffix("s") in entries else wanted
    if wanted in entries:
        return entries[wanted]
    parts = [entry for key, found in entries.items() if key.startswith(f"{wanted}.") for entry in found]
    if wanted and parts:
        return tuple(parts)
    near = get_close_matches(wanted, entries, n=3, cutoff=0.6)
    hint = ", ".join(f"`{entries[key][0].name}`" for key in near)
    raise InputError(f"unknown name `{name}`" + (f", perhaps {hint}" if near else ", see `perimeter axioms`"))


def why_json(entries: tuple[Entry, ...]) -> dict[str, Any]:
    """The entries as `perimeter why --json` prints them."""
    return {"format": 1, "entries": [asdict(entry) for entry in entries]}


def of_stated(row: Stated) -> Entry:
    """The entry of an axiom or open point."""
    if row.kind == "open point":
        chosen, _, rival = row.text.partition(" | ")
        text = f"{chosen}; rival reading: {rival}" if rival else chosen
    else:
        text = row.text
    source = row.source
    if row.page:
        source += f'; AWS: "{row.says}" ({row.page}, {row.date})'
    elif row.says:
        source += f"; true by definition: {row.says} ({row.date})"
    meaning = _STRENGTH[row.strength] + (f"; in doubt: {row.doubt}" if row.doubt else "")
    return Entry(row.name, row.kind, text, meaning, source, f"{row.file}:{row.line}")


def _stated() -> list[Entry]:
    return [of_stated(row) for row in stated()]


def _limits() -> list[Entry]:
    lines = _file("perimeter.smt2").splitlines()
    out = []
    for name, text in LIMIT_TEXTS.items():
        place = next((n for n, line in enumerate(lines, 1) if re.match(rf"\(define-fun reach\.{name}[ .]", line)), 0)
        uses = [objective.id for objective in OBJECTIVES.values() if name in objective.limits]
        assumed = ACCEPTED_ASSUMPTIONS.get(name, ())
        meaning = f"beyond the guardrails of {', '.join(uses)}" if uses else "a limit of the model"
        meaning += "; `accepted:` in perimeter.yaml leaves such requests out" if uses else ""
        meaning += f"; accepting it lets proofs assume {', '.join(assumed)}" if assumed else ""
        where = f"encodings/perimeter.smt2:{place}" if place else "docs/workspace.md"
        out.append(Entry(name, "limit", text, meaning, "semantics 5.5", where))
    return out


def _objectives() -> list[Entry]:
    policies = {"rcp": "RCPs", "scp": "SCPs", "endpoint": "VPC endpoint policies"}
    return [
        Entry(one.id, "objective", one.title, f"enforced by {policies[one.enforced_by]}", "semantics 5.3", VERDICTS)
        for one in OBJECTIVES.values()
    ] + [
        Entry(
            one.id, "mitigation", one.title, "a question beside the objectives", "whitepaper on data perimeters", BESIDE
        )
        for one in QUESTIONS.values()
    ]


def _words() -> list[Entry]:
    out = []
    for cell, look in LOOKS.items():
        if cell not in ("none", "hole"):
            shown = f"shown as `{look.word}`, `{look.letter}` where there is no room"
            out.append(Entry(cell, "verdict", look.meaning, shown, "semantics 5.3", VERDICTS))
    for word, text in _OTHER_WORDS.items():
        section = "0.2" if text.startswith("reading: ") else "5.3"
        out.append(Entry(word, "word", text, "", f"semantics {section}", VERDICTS))
    return out


def _rules() -> list[Entry]:
    return [
        Entry(rule.id, "lint rule", rule.title, rule.text, rule.source, f"perimeter_smt/lint/rules/{_module(rule)}.py")
        for rule in rules()
    ]


def _tables() -> list[Entry]:
    out = []
    for file in sorted(encodings().joinpath("keys").iterdir(), key=lambda file: file.name):
        table = json.loads(file.read_text(encoding="utf-8"))
        source = f"{table['source']} ({table['date']})"
        name = file.name.removesuffix(".json")
        place = f"encodings/keys/{file.name}"
        out.append(Entry(name, "table", table["about"], "a dated table about AWS", source, place))
    return out


def _module(rule: object) -> str:
    return type(rule).__module__.rsplit(".", 1)[1]


def _file(name: str) -> str:
    return encodings().joinpath(name).read_text(encoding="utf-8")
