"""Results as Markdown, for comments on pull requests and summaries of jobs. Names from policies stay text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from perimeter_smt.report.entries import Entry, Result, is_lint, who
from perimeter_smt.report.page import visible
from perimeter_smt.report.words import named, plural

_MANY = 20
_SERVICES = 8
_WORDS = {
    "proved": "proved",
    "refuted": "**REFUTED**",
    "conditional": "conditional",
    "unknown": "**not decided**",
    "vacuous": "nothing to prove",
    "not-asked": "not asked",
    "not-guardable": "not guardable",
    "listed": "listed, nothing proved",
}
_KINDS = {
    "hole": "HOLE",
    "beyond": "Limit of the guardrails",
    "blocked": "Blocked",
    "conditional": "Conditional",
    "unknown": "Not decided",
    "vacuous": "Nothing to prove",
    "unlisted": "Not all listed",
}


def markdown(result: Result, found: Sequence[Entry], known: int = 0) -> str:
    """The report as Markdown text; `known`: how many findings a baseline left out."""
    lines = _lint(result, found) if is_lint(result) else _prove(result, found)
    if known:
        lines += ["", f"{plural(known, 'known finding')} left out by the baseline."]
    return "\n".join(lines) + "\n"


def code(text: str) -> str:
    """A code span that holds the text whatever it is: nothing in it is markup, a mention or a cell border."""
    shown = visible(text).replace("|", "\u2223")
    fence = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    space = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{space}{shown or ' '}{space}{fence}"


def plain(text: str) -> str:
    """Words of ours around names in backticks: the names become code spans, the rest loses its markup."""
    out = []
    for number, part in enumerate(visible(text).split("`")):
        out.append(code(part) if number % 2 else re.sub(r"([\\*_{}\[\]()<>#+!|~@&:])", r"\\\1", part))
    return "".join(out)


def _mitigation(one: Result) -> str:
    """The status of a mitigation, and how much of it the status does not speak of."""
    open_rows = one["not_guardable"] if one["status"] == "proved" else 0
    return _WORDS[one["status"]] + (f", but {plural(open_rows, 'row')} not guardable" if open_rows else "")


def _prove(result: Result, found: Sequence[Entry]) -> list[str]:
    verdicts = [*result["verdicts"], *result["availability"]]
    wrong = [verdict for verdict in verdicts if verdict["status"] != "proved"]
    answer = "holds" if not wrong else "**is not shown to hold**"
    mitigations = result["mitigations"]
    demanded = [one for one in mitigations if one["id"] in result["demanded"]]
    if demanded and any(one["status"] in ("unknown", "conditional") for one in demanded):
        answer = "**is not shown to hold**"
    if any(verdict["status"] == "refuted" for verdict in (*result["verdicts"], *demanded)):
        answer = "**is NOT closed**"
    lines = [f"## Data perimeter of {code(result['workspace'])} {answer}", ""]
    lines += [f"Mode {code(result['mode'])}, reading {code(result['reading'])}.", ""]
    lines += ["| objective | | services | status |", "|---|---|---|---|"]
    for verdict in verdicts:
        services = code(named(verdict["services"], _SERVICES)) if verdict["services"] else ""
        status = _WORDS[verdict["status"]]
        lines.append(f"| {code(verdict['objective'])} | {plain(verdict['title'])} | {services} | {status} |")
    if mitigations:
        lines += ["", "| mitigation | | counts | status |", "|---|---|---|---|"]
        for one in mitigations:
            counts = "yes" if one["id"] in result["demanded"] else "no"
            lines.append(f"| {code(one['id'])} | {plain(one['title'])} | {counts} | {_mitigation(one)} |")
    lines += [f"\nExpired: {plain(text)}" for text in result["expired"]]
    for entry in found[:_MANY]:
        lines += ["", f"### {_KINDS.get(entry.kind, entry.kind)}: {code(entry.rule)} {plain(entry.title)}", ""]
        lines += [f"- at {code(f'{entry.file}:{entry.line}')}"]
        if entry.request is not None:
            asks = (who(entry.request), entry.request["action"], entry.request["resource"])
            lines.append("- {} asks for {} on {}".format(*map(code, asks)))
        lines.append(f"- {code(entry.message)}")
        lines += [f"- {code(f'{place.file}:{place.line}')}: {code(place.message)}" for place in entry.related]
    if len(found) > _MANY:
        lines += ["", f"{len(found) - _MANY} more findings are in the JSON result."]
    return lines


def _lint(result: Result, found: Sequence[Entry]) -> list[str]:
    policies = plural(result["policies"], "policy", "policies")
    lines = [f"## perimeter lint: {plural(len(found), 'finding')} in {policies}"]
    if found:
        lines += ["", "| place | rule | | |", "|---|---|---|---|"]
    for entry in found[: 5 * _MANY]:
        place = code(f"{entry.file}:{entry.line}")
        lines.append(f"| {place} | {entry.rule} | {entry.level} | {code(entry.message)} |")
    if len(found) > 5 * _MANY:
        lines += ["", f"{len(found) - 5 * _MANY} more findings are in the JSON result."]
    return lines
