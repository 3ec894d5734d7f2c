"""The parts of a report below its matrix."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from perimeter_smt.questions.objectives import OBJECTIVES
from perimeter_smt.questions.verdicts import Assumption, Counterexample, Limit, Verdict
from perimeter_smt.report.finding import blamed, one_line, write_finding
from perimeter_smt.report.page import Page, visible
from perimeter_smt.report.words import LOOKS, Cell, cell, named, plural, shortened, worst

OWN = "own assertion"
_PROOF_LINES = 12
_ENFORCING = {"scp": "SCPs", "rcp": "RCPs", "endpoint": "VPC endpoint policies"}


def own_assertions(page: Page, verdicts: Sequence[Verdict]) -> None:
    """A word for each obligation of the user's own."""
    own = [verdict for verdict in verdicts if verdict.title == OWN]
    for name in dict.fromkeys(verdict.objective for verdict in own):
        look = LOOKS[worst(cell(v) for v in own if v.objective == name)]
        page.raw(f"{page.styled(look.word, look.style)}  own assertion `{visible(name)}`")


def holes(page: Page, verdicts: Sequence[Verdict]) -> None:
    """Every refuted objective with its counterexamples."""
    for verdict in verdicts:
        if cell(verdict) != "hole":
            continue
        found = [example for example in verdict.counterexamples if example.kind != "beyond"]
        _heading(page, verdict, "hole", "refuted")
        _about(page, verdict)
        if verdict.objective in OBJECTIVES:
            page.item("enforced", f"by {_ENFORCING[OBJECTIVES[verdict.objective].enforced_by]}", indent=2)
        for number, example in enumerate(found, 1):
            page.blank()
            if len(found) > 1:
                page.text(f"counterexample {number} of {len(found)}", indent=2, style="bold")
            write_finding(page, example)
        if verdict.exhausted is not None:
            page.blank()
            more = "there are no other kinds" if verdict.exhausted else "there may be other kinds: raise `--limit`"
            page.text(f"{plural(len(found), 'kind')} of counterexample shown; {more}", indent=2, style="dim")


def limits(page: Page, verdicts: Sequence[Verdict]) -> None:
    """What no guardrail of its type can hold back: known limits with an example, accepted ones marked."""
    found = _limits(verdicts)
    if not found:
        return
    page.blank()
    if all(use.accepted for uses in found.values() for use in uses.values()):
        page.text("beyond the reach of the guardrails, and accepted", style="bold")
    else:
        page.text("beyond the reach of the guardrails", style="bold yellow")
        page.text("no policy of the enforcing type can stop these; accept them by name in perimeter.yaml", indent=2)
    for uses in found.values():
        limit = next(iter(uses.values()))
        accepted = all(use.accepted for use in uses.values())
        mark = "accepted" if accepted else "NOT ACCEPTED"
        if not accepted:
            page.blank()
        style = "dim" if accepted else "yellow"
        page.text(f"{limit.reach} ({mark}; {', '.join(uses)}): {limit.text}", indent=2, hang=2, style=style)
        for objective, use in uses.items():
            if use.example and not use.accepted:
                page.item(objective, [one_line(use.example), use.example.why], indent=4)
    for verdict in verdicts:
        if cell(verdict) == "limit":
            page.blank()
            page.text(f"{verdict.objective} has no hole for {named(verdict.services)}: only the limits above", indent=2)
            page.item("except", [shortened(text) for text in verdict.exceptions], indent=2)


def _limits(verdicts: Iterable[Verdict]) -> dict[str, dict[str, Limit]]:
    """By name, then by objective: limits that some request shows, or that were accepted."""
    out: dict[str, dict[str, Limit]] = {}
    for verdict in verdicts:
        for limit in verdict.limits:
            if limit.example or limit.accepted:
                out.setdefault(limit.reach, {}).setdefault(verdict.objective, limit)
    return out


def open_verdicts(page: Page, verdicts: Sequence[Verdict]) -> None:
    """Verdicts that are neither refuted nor proved, worst first."""
    kinds: tuple[tuple[Cell, str], ...] = (
        ("unknown", "not decided"),
        ("conditional", "depends on how AWS is read, or on a soft axiom"),
        ("vacuous", "nothing to prove"),
    )
    for kind, words in kinds:
        for verdict in verdicts:
            if cell(verdict) != kind:
                continue
            _heading(page, verdict, kind, words)
            _about(page, verdict)
            if kind == "vacuous":
                write_assumed(page, verdict.assumptions)
            for example in verdict.counterexamples:
                page.blank()
                page.text(f"{_how(example)} gets through:", indent=2)
                write_finding(page, example)


def _how(example: Counterexample) -> str:
    if example.depends_on:
        return "without them this request"
    return "as AWS is read here, this request" if example.rests_on else "this request"


def proofs(page: Page, verdicts: Sequence[Verdict]) -> None:
    """Proved objectives, with what the proofs assume and use."""
    for verdict in verdicts:
        if cell(verdict) != "proved":
            continue
        _heading(page, verdict, "proved", "proved")
        _about(page, verdict)
        write_assumed(page, verdict.assumptions, ["nothing beyond the formal text"])
        used = blamed(verdict.used)
        more = [f"and {len(used) - _PROOF_LINES} more (all of them with `--json`)"] if len(used) > _PROOF_LINES else []
        page.item("using", [*used[:_PROOF_LINES], *more] or ["no statement"], indent=2)


def write_assumed(page: Page, assumptions: Sequence[Assumption], otherwise: Sequence[str] = ()) -> None:
    """What a proof assumes; what it presumes on a line of its own."""
    shown = {one: f"{one.name}: {one.text}" + (f" ({one.source})" if one.source else "") for one in assumptions}
    page.item("assuming", [text for one, text in shown.items() if not one.presumed] or list(otherwise), indent=2)
    page.item("presumes", [text for one, text in shown.items() if one.presumed], indent=2)


def availability(page: Page, verdicts: Sequence[Verdict]) -> None:
    """What a guardrail blocks although the perimeter means to let it through."""
    for verdict in verdicts:
        page.blank()
        found = verdict.counterexamples
        if verdict.status in ("unknown", "vacuous"):
            page.text(f"availability: not decided: {verdict.reason}", style="bold yellow")
        elif verdict.status == "conditional":
            page.text("availability: depends on how AWS is read, or on a soft axiom", style="yellow")
            page.item("because", verdict.reason, indent=2)
        elif not found:
            page.text("availability: no guardrail blocks intended access", style="green")
        else:
            page.text(f"availability: {plural(len(found), 'way')} to block intended access", style="bold yellow")
        for example in found:
            page.blank()
            write_finding(page, example)


def _heading(page: Page, verdict: Verdict, kind: Cell, words: str) -> None:
    page.blank()
    page.text(f"{verdict.objective} {words}: {verdict.title}", hang=2, style=LOOKS[kind].style)


def _about(page: Page, verdict: Verdict) -> None:
    page.item("services", named(verdict.services), indent=2)
    page.item("because", verdict.reason, indent=2)
    page.item("except", [shortened(text) for text in verdict.exceptions], indent=2)
