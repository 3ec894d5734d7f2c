"""The first two lines of a report: the answer, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence

from perimeter_smt.organization.presumed import presumed
from perimeter_smt.questions.objectives import OBJECTIVES
from perimeter_smt.questions.verdicts import Advice, Blame, Counterexample, Report, Verdict
from perimeter_smt.report import mitigations
from perimeter_smt.report.numbers import Numbered
from perimeter_smt.report.words import Cell, cell, plural

_MODES = {"guardrails": "guardrails only", "grants": "with today's grants"}
_READINGS = {"over": "strictest reading", "exact": "chosen readings", "under": "refuted under every reading only"}
POLICIES = {"scp": "SCP", "rcp": "RCP", "endpoint": "endpoint policy"}
_ASKS = {
    "O1": "who calls", "O2": "who calls", "O3": "whose resource it is", "O4": "whose resource it is",
    "O5": "from which network", "O6": "from which network",
}  # fmt: skip
_OPEN: dict[Cell, str] = {"unknown": "not decided", "vacuous": "with nothing to prove", "conditional": "conditional"}

_OPEN_OR_REFUTED = ("refuted", "unknown", "conditional")


def answer(report: Report) -> str:
    """One line: does it hold, how many checks say so, what else is wrong."""
    checks = sum(_checks(verdict) for verdict in report.verdicts)
    if not checks:
        return f"{report.workspace}: NOTHING WAS ASKED."
    sentence = f"{report.workspace}: {_verdict(report, checks)}"
    blocked = sum(len(v.counterexamples) for v in report.availability if v.status == "refuted")
    if blocked:
        sentence += f", {plural(blocked, 'way')} to block intended calls"
    elif report.availability and all(verdict.status == "proved" for verdict in report.availability):
        sentence += ", no intended call is blocked"
    sentence += "".join(f", {part}" for part in mitigations.summary(report.mitigations))
    return f"{sentence}.  ({_MODES[report.mode]}, {_READINGS[report.reading]})"


def style(report: Report) -> str:
    """Red for what is refuted, green for what is proved, yellow between."""
    statuses: set[str] = {verdict.status for verdict in report.verdicts}
    statuses |= {m.status for m in report.mitigations if m.id in report.demanded and m.status in _OPEN_OR_REFUTED}
    if "refuted" in statuses:
        return "bold red"
    return "bold green" if statuses == {"proved"} else "bold yellow"


def _verdict(report: Report, checks: int) -> str:
    counts: dict[Cell, int] = {}
    for verdict in report.verdicts:
        counts[cell(verdict)] = counts.get(cell(verdict), 0) + _checks(verdict)
    within = f"in {plural(checks, 'check')}"
    if counts.get("hole"):
        holes = sum(found.kind != "beyond" for v in report.verdicts if cell(v) == "hole" for found in v.counterexamples)
        return f"NOT CLOSED. {plural(holes, 'hole')} {within}{_open(counts)}"
    if counts.get("limit"):
        return f"NOT CLOSED. No hole {within}, but {_limits(report)}{_open(counts)}"
    undecided = counts.get("unknown", 0) + counts.get("vacuous", 0)
    if undecided or counts.get("conditional"):
        word = "NOT DECIDED" if undecided else "NOT PROVED"
        return f"{word}. No hole {within}{_open(counts)}"
    wrong = [m for m in report.mitigations if m.id in report.demanded and m.status in _OPEN_OR_REFUTED]
    if wrong:  # the exit code speaks of them as well
        word = "NOT CLOSED" if any(m.status == "refuted" for m in wrong) else "NOT PROVED"
        return f"{word}. {_all(checks)} proved, but not what perimeter.yaml demands beside them"
    asked = list(dict.fromkeys(verdict.objective for verdict in report.verdicts))
    if set(OBJECTIVES) <= set(asked):
        return f"CLOSED. {_all(checks)} proved"
    return f"PROVED for {', '.join(asked)} only. {_all(checks)} proved"


def _all(checks: int) -> str:
    return "1 check" if checks == 1 else f"All {checks} checks"


def _open(counts: dict[Cell, int]) -> str:
    return "".join(f", {counts[kind]} {words}" for kind, words in _OPEN.items() if counts.get(kind))


def _limits(report: Report) -> str:
    names = {limit.reach for v in report.verdicts for limit in v.limits if limit.example and not limit.accepted}
    return f"{plural(len(names), 'limit')} of the guardrails not accepted"


def _checks(verdict: Verdict) -> int:
    return max(1, len(verdict.services))


def next_step(report: Report, rows: Sequence[Numbered]) -> str:
    """What to do first, in a sentence."""
    for row in rows:
        if row.kind == "hole":
            return _mend(report, row)
        if row.kind == "limit":
            names = ", ".join(r.limit.reach for r in rows if r.limit)
            return f"no policy stops {names}: accept them under `accepted` in perimeter.yaml if you live with them"
        if row.kind == "blocked" and all(verdict.status == "proved" for verdict in report.verdicts):
            return _mend(report, row)
    for verdict in report.verdicts:
        if verdict.status == "unknown":
            return "`perimeter why unknown`; fewer services (`--service`) may be decided"
        if verdict.status == "vacuous":
            endpoint = verdict.objective in OBJECTIVES and OBJECTIVES[verdict.objective].enforced_by == "endpoint"
            if endpoint:
                return (
                    "look at `endpoints` in organization.yaml and at their policies: nothing gets through, or take the"
                    " services out of the scopes of O2 and O4 in perimeter.yaml"
                )
            return "look at `scopes` in perimeter.yaml: they claim nothing that can happen"
    departs = list(dict.fromkeys(name for row in rows for name in row.found.depends_on))
    if departs and departs[0] in presumed():
        return f"`perimeter why {departs[0]}`; take it off `doubts` in perimeter.yaml if you trust it"
    if departs:
        return f"`perimeter why {departs[0]}`; accept it by name in perimeter.yaml if you trust it"
    if any(verdict.status == "conditional" for verdict in report.verdicts):
        return "find out what is not known (below), then ask again"
    return "nothing to mend; read what the proof rests on"


def _mend(report: Report, row: Numbered) -> str:
    """The statement to change and how, as far as a rule knows; else what is missing."""
    found, name = row.found, f"{row.kind.upper()} {row.number}"
    guilty = responsible(found)
    objective = OBJECTIVES.get(row.verdict.objective)
    policy = POLICIES[objective.enforced_by] if objective else "guardrail"
    if guilty is None and found.kind == "blocked":
        return f"{found.why}: no Allow comes near {name}"
    if guilty is None:
        return f"write a Deny into an {policy}: none comes near {name}"
    known = advice_on(report.advice, found)
    if known:
        return f"mend {guilty}: {known.fix} ({known.rule})"
    if found.kind == "blocked":
        return f"mend {guilty}, see {name}"
    failed = " ".join(found.closest.failed).lower() if found.closest else ""
    if failed.startswith("action "):
        return f"no Deny of an {policy} covers `{found.request.action}`: add it to {guilty}, or write one ({name})"
    if failed and objective and not any(key in failed for key in objective.about):
        return f"write a Deny into an {policy} that asks {_ASKS[objective.id]}: none stops {name}"
    return f"mend {guilty}, see {name}"


def responsible(found: Counterexample) -> Blame | None:
    """The statement that should have stopped the request, or that blocks it."""
    denies = (blame for blame in found.through if blame.effect == "Deny")
    if found.kind == "blocked" and (denying := next(denies, None)):
        return denying
    return found.closest.statement if found.closest else None


def advice_on(advice: Sequence[Advice], found: Counterexample) -> Advice | None:
    """What a rule knows about the responsible statement; of a hole only if it speaks of what failed."""
    guilty = responsible(found)
    fits = [one for one in advice if guilty and _same(one.statement, guilty)]
    failed = " ".join(found.closest.failed).lower() if found.closest else ""
    if found.kind == "blocked" and not failed:  # a Deny: what it says of itself may help
        return next(iter(fits), None)
    return next((one for one in fits if one.sure and one.mends in failed), None)


def _same(one: Blame, other: Blame) -> bool:
    return (one.kind, one.document, one.index) == (other.kind, other.document, other.index)
