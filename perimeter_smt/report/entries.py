"""What a result of `prove` or `lint` finds, as a flat list that forms for machines and baselines share.

Each entry has a place in the input, a message that holds the request, and keys by which it is known again: they leave
out lines and the values that a counterexample picks, and there is one per service, so that a finding that spreads to
another service is new.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal

from perimeter_smt.errors import InputError

Level = Literal["note", "warning", "error"]
Result = Mapping[str, Any]

_LEVELS: dict[str, Level] = {"hole": "error"}
_WIRES = {
    "public": "over the internet",
    "vpce": "through a VPC endpoint",
    "awsnet": "over the network of AWS",
    "invpc": "inside a VPC",
}


@dataclass(frozen=True, slots=True)
class Place:
    """A line of an input file and what stands there."""

    file: str
    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One finding. `kind`: what sort (`hole`, `beyond`, `blocked`, `unknown`, ..., `lint`); `request`: who asks for
    what, None where the finding is no request.
    """

    rule: str
    title: str
    level: Level
    kind: str
    message: str
    file: str
    line: int
    keys: tuple[str, ...]
    services: tuple[str, ...] = ()
    related: tuple[Place, ...] = ()
    request: Mapping[str, Any] | None = None

    @property
    def fingerprint(self) -> str:
        """The key of the whole entry."""
        return self.keys[0]


def is_lint(result: Result) -> bool:
    """Whether a result is one of `lint`; InputError if it is neither that nor one of `prove`."""
    if result.get("format") == 1 and "findings" in result and "zone" not in result:  # those of `findings` have one
        return True
    if result.get("format") == 1 and "verdicts" in result:
        return False
    raise InputError("neither a result of `perimeter prove --json` nor of `perimeter lint --json`")


def entries(result: Result) -> list[Entry]:
    """The findings of a result, in its order."""
    found = _of_lint(result) if is_lint(result) else _of_prove(result)
    return list(_numbered(found))


def _of_lint(result: Result) -> Iterator[Entry]:
    for finding in result["findings"]:
        for place in finding["places"]:
            key = _key("lint", finding["id"], finding["file"], place["message"])
            yield Entry(
                finding["id"], finding["title"], finding["severity"], "lint", place["message"], finding["file"],
                place["line"], (key,),
            )  # fmt: skip


def _of_prove(result: Result) -> Iterator[Entry]:
    for verdict in (*result["verdicts"], *result["availability"]):
        status = verdict["status"]
        if status == "proved":
            continue
        for found in verdict["counterexamples"]:
            yield _of_request(result, verdict, found)
        if status in ("unknown", "vacuous") or (status == "conditional" and not verdict["counterexamples"]):
            yield _of_status(result, verdict)
    for mitigation in result["mitigations"]:
        yield from _of_mitigation(result, mitigation)


def _of_mitigation(result: Result, mitigation: Result) -> Iterator[Entry]:
    """The rows of a question beside the objectives that are refuted or not decided; errors where it is demanded."""
    demanded = mitigation["id"] in result["demanded"]
    for line in mitigation["lines"]:
        if line["status"] not in ("refuted", "conditional", "unknown"):
            continue
        refuted = line["status"] == "refuted"
        level: Level = "note" if not demanded else "error" if refuted else "warning"
        found = line["counterexample"] or next(iter(line["hops"]), None)
        message = f"{mitigation['id']} {mitigation['title']}: {line['subject']}: {line['text']}"
        if found and not line["hops"]:
            message += f"; {_asks(found)}"
        blamed = [line["statement"]] if line["statement"] else [s for s, _ in _statements(found)] if found else []
        first = next((statement for statement in blamed if statement["file"]), None)
        parts = (mitigation["id"], line["status"], line["subject"], *(f"{b['document']}/{b['sid']}" for b in blamed))
        yield Entry(
            mitigation["id"],
            mitigation["title"],
            level,
            "hole" if refuted else line["status"],
            message,
            first["file"] if first else result["workspace"],
            max(1, first["line"]) if first else 1,
            (_key(*parts),),
            request=found["request"] if found else None,
        )


def _of_request(result: Result, verdict: Result, found: Result) -> Entry:
    """A counterexample. Where it is conditional the verdict is, not the counterexample, what counts."""
    conditional = verdict["status"] == "conditional"
    kind = "conditional" if conditional else found["kind"]
    statements = _statements(found)
    first = next((statement for statement, _ in statements if statement["file"]), None)
    related = tuple(
        Place(statement["file"], max(1, statement["line"]), words)
        for statement, words in statements
        if statement["file"]
    )
    message = f"{verdict['objective']} {verdict['title']}: {_asks(found)}; {found['why']}"
    if found["closest"]:
        message += f"; closest: {_named(found['closest']['statement'])}: {'; '.join(found['closest']['failed'])}"
    if found["depends_on"]:
        message += f"; only under {', '.join(found['depends_on'])}"
    return Entry(
        verdict["objective"],
        verdict["title"],
        _LEVELS.get(kind, "warning"),
        kind,
        message,
        first["file"] if first else result["workspace"],
        max(1, first["line"]) if first else 1,
        _request_keys(verdict, found, kind, [statement for statement, _ in statements]),
        tuple(verdict["services"]),
        related,
        found["request"],
    )


def _of_status(result: Result, verdict: Result) -> Entry:
    words = {
        "unknown": "not decided",
        "vacuous": "no request to speak about, so that nothing was proved",
        "conditional": "holds under the chosen readings and axioms only",
    }
    text = words[verdict["status"]] + (f": {verdict['reason']}" if verdict["reason"] else "")
    return status_entry(result, verdict, verdict["status"], text)


def status_entry(result: Result, verdict: Result, kind: str, text: str) -> Entry:
    """An entry on a verdict as a whole, which stands nowhere in a policy."""
    return Entry(
        verdict["objective"],
        verdict["title"],
        "warning",
        kind,
        f"{verdict['objective']} {verdict['title']}: {text}",
        result["workspace"],
        1,
        tuple(_key(verdict["objective"], kind, service) for service in verdict["services"] or [""]),
        tuple(verdict["services"]),
    )


def _request_keys(verdict: Result, found: Result, kind: str, statements: Sequence[Result]) -> tuple[str, ...]:
    facts, action = found["facts"], found["request"]["action"]
    own = action.partition(":")[0].lower()
    blamed = [f"{one['kind']}/{one['document']}/{one['sid'] or one['index']}" for one in statements]
    parts = (
        verdict["objective"],
        kind,
        found["reach"] or "",
        facts["kind"],
        facts["path"],
        str(facts["forwarded"]),
        *sorted(found["depends_on"]),
        *blamed,
    )
    others = sorted(service for service in verdict["services"] if service != own)
    return (_key(*parts, own, action), *(_key(*parts, service) for service in others))


def _statements(found: Result) -> list[tuple[Result, str]]:
    """The statements that an entry points at, the responsible one first, with what they did."""
    out: list[tuple[Result, str]] = []
    if found["closest"]:
        out.append((found["closest"]["statement"], "came closest: " + "; ".join(found["closest"]["failed"])))
    did = "stops it" if found["kind"] == "blocked" else "lets it through"
    return out + [(statement, f"{_named(statement)} {did}") for statement in found["through"]]


def who(request: Result) -> str:
    """Who calls: the ARN, or what there is instead."""
    principal = request["principal"]
    if principal.get("provider"):
        return f"a token of {principal['provider']}"
    return str(principal.get("arn") or principal["type"])


def _asks(found: Result) -> str:
    request = found["request"]
    wire = _WIRES.get(found["facts"]["path"], found["facts"]["path"])
    return f"{who(request)} asks for {request['action']} on {request['resource']} {wire}".rstrip()


def _named(statement: Result) -> str:
    return str(statement["sid"] or f"statement {statement['index'] + 1} of {statement['document']}")


def _key(*parts: str) -> str:
    return sha256("\n".join(part.replace("\n", " ") for part in parts).encode("utf-8", "surrogatepass")).hexdigest()[
        :32
    ]


def _numbered(found: Iterator[Entry]) -> Iterator[Entry]:
    """Entries that share a first key get a number, so that a second one of the kind is new."""
    seen: dict[str, int] = {}
    for entry in found:
        count = seen[entry.fingerprint] = seen.get(entry.fingerprint, 0) + 1
        if count == 1:
            yield entry
        else:
            keys = tuple(f"{key}/{count}" for key in entry.keys)
            yield Entry(
                entry.rule, entry.title, entry.level, entry.kind, entry.message, entry.file, entry.line, keys,
                entry.services, entry.related, entry.request,
            )  # fmt: skip
