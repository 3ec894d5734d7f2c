"""The report in short: a few lines for each thing found, what is alike folded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from perimeter_smt.questions import explain
from perimeter_smt.questions.objectives import OBJECTIVES
from perimeter_smt.questions.verdicts import Blame, Counterexample, Report, Verdict
from perimeter_smt.report.answer import POLICIES, advice_on, responsible
from perimeter_smt.report.finding import blamed, needs, one_line, owner
from perimeter_smt.report.matrix import services
from perimeter_smt.report.mitigations import WORDS
from perimeter_smt.report.numbers import Numbered, common_folder
from perimeter_smt.report.page import Page, visible
from perimeter_smt.report.words import caller, cell, named, plural

MOST_LINES = 12
_HOLES, _ENTRIES, _FAILED = 10, 8, 2
Part = tuple[str, list[str], bool]  # label, texts, whether it is left out where there is no room


def holes(page: Page, report: Report, rows: Sequence[Numbered]) -> None:
    """Every hole: who reaches what, over which wire, what should have denied it and why it did not, and the fix."""
    found = [row for row in rows if row.kind == "hole"]
    folder = common_folder(rows)
    for row in found[:_HOLES]:
        verdict = row.verdict
        who = _anyone(row.found)
        title = f"{verdict.objective} {_own_first(row)}: {who} can call {row.found.request.action}"
        _block(page, f"HOLE {row.number}", title, "bold red", _hole_parts(report, row, folder))
    if len(found) > _HOLES:
        page.blank()
        page.text(f"and {plural(len(found) - _HOLES, 'more hole')}: `--details` shows them")
    for verdict in report.verdicts:
        if cell(verdict) == "hole" and verdict.exhausted is False:
            page.text(f"{verdict.objective}: there may be other kinds of hole, raise `--limit`", style="dim")


def limits(page: Page, report: Report, rows: Sequence[Numbered]) -> None:
    """What no policy of the enforcing type can stop and nobody accepted, a few lines for each."""
    for row in rows:
        if row.limit is None:
            continue
        reach = row.limit.reach
        uses = [v.objective for v in report.verdicts if any(_shown(lim.reach, reach, lim.example) for lim in v.limits)]
        title = f"{', '.join(dict.fromkeys(uses))}: {reach} (NOT ACCEPTED): {row.limit.text}"
        _block(page, f"LIMIT {row.number}", title, "bold yellow", [("for one", [one_line(row.found)], False)])


def _shown(reach: str, other: str, example: Counterexample | None) -> bool:
    return reach == other and example is not None


def conditional(page: Page, report: Report, rows: Sequence[Numbered]) -> None:
    """Verdicts that hang on a reading or soft axiom, those with the same reason together."""
    folded: dict[str, list[Verdict]] = {}
    for verdict in report.verdicts:
        if verdict.status == "conditional":
            folded.setdefault(verdict.reason, []).append(verdict)
    for reason, verdicts in list(folded.items())[:_ENTRIES]:
        where = "; ".join(f"{v.objective} {services(v.services, _room(page, 24))}" for v in verdicts)
        shown = [row for row in rows if row.verdict in verdicts and row.limit is None][:1]
        without = "without" if shown and shown[0].found.depends_on else "for one"
        parts: list[Part] = [(without, [f"{one_line(row.found)} (case {row.number})"], False) for row in shown]
        _block(page, "COND.", f"{where}: {reason}", "bold yellow", parts)
    _more(page, len(folded) - _ENTRIES)


def undecided(page: Page, report: Report, rows: Sequence[Numbered]) -> None:  # noqa: ARG001
    """Verdicts that nothing was decided about, and those with nothing to decide; the same reason once."""
    for status, word in (("unknown", "UNKNOWN"), ("vacuous", "VACUOUS")):
        folded: dict[str, list[Verdict]] = {}
        for verdict in report.verdicts:
            if verdict.status == status:
                folded.setdefault(verdict.reason, []).append(verdict)
        for reason, verdicts in list(folded.items())[:_ENTRIES]:
            where = "; ".join(f"{v.objective} {services(v.services, _room(page, 24))}" for v in verdicts)
            _block(page, word, f"{where}: {reason}", "bold yellow", [])
        _more(page, len(folded) - _ENTRIES)


def availability(page: Page, report: Report, rows: Sequence[Numbered]) -> None:
    """What a guardrail blocks although the perimeter means to let it through."""
    for verdict in report.availability:
        if verdict.status in ("unknown", "vacuous"):
            _block(page, "BLOCKED?", f"availability is not decided: {verdict.reason}", "bold yellow", [])
        elif verdict.status == "conditional":
            _block(page, "BLOCKED?", f"availability: {verdict.reason}", "bold yellow", [])
    found = [row for row in rows if row.kind == "blocked"]
    folder = common_folder(rows)
    for row in found[:_HOLES]:
        title = f"{_plain(row.found)} cannot {row.found.request.action} on {row.found.request.resource}"
        _block(page, f"BLOCKED {row.number}", title, "bold yellow", _blocked_parts(report, row, folder))
    if len(found) > _HOLES:
        page.blank()
        page.text(f"and {plural(len(found) - _HOLES, 'more way')} to block intended calls: `--details` shows them")


def own_assertions(page: Page, report: Report, rows: Sequence[Numbered]) -> None:  # noqa: ARG001
    """A word for each obligation of the user's own that holds; the others have a block of their own."""
    for verdict in report.verdicts:
        if verdict.objective not in OBJECTIVES and verdict.status == "proved":
            page.blank()
            page.raw(f"{page.styled('ok', 'green')}  own assertion `{visible(verdict.objective)}`")


def demanded(page: Page, report: Report, rows: Sequence[Numbered]) -> None:
    """Mitigations that must hold and are not shown to: what their rows say, without the whole requests."""
    folder = common_folder(rows)
    for one in report.mitigations:
        if one.id not in report.demanded or one.status in ("proved", "not-asked", "listed"):
            continue
        news = [line for line in one.lines if line.status not in ("proved", "not-asked")]
        news.sort(key=lambda line: list(WORDS).index(line.status))
        texts = [
            f"{line.subject}: {line.text}" + (f", by {place(line.statement, folder)}" if line.statement else "")
            for line in news[:_FAILED]
        ]
        more = [f"and {len(news) - _FAILED} more (`--details`)"] if len(news) > _FAILED else []
        _block(page, WORDS[one.status], f"{one.id} {one.title}", "bold red", [("found", [*texts, *more], False)])


SECTIONS: tuple[Callable[[Page, Report, Sequence[Numbered]], None], ...] = (
    own_assertions, holes, limits, conditional, undecided, availability, demanded,
)  # fmt: skip


def _hole_parts(report: Report, row: Numbered, folder: str) -> list[Part]:
    found = row.found
    enforced = OBJECTIVES[row.verdict.objective].enforced_by if row.verdict.objective in OBJECTIVES else ""
    arn = [caller(found)] if found.request.principal.arn else []
    parts: list[Part] = [("caller", arn, False), ("resource", [_owned(found)], False)]
    parts += [("network", [explain.wire(found.facts)], True)]
    if row.verdict.objective not in ("O1", "O2"):  # there the title says it
        parts += [("outside", [found.why], True)]
    if found.closest:
        near = found.closest
        more = len(near.failed) - _FAILED
        failed = [f"failed: {text}" for text in near.failed[:_FAILED]] + (
            [f"and {more} more of its conditions"] if more > 0 else []
        )
        parts += [("closest", [place(near.statement, folder), *failed], False)]
    elif enforced:
        parts += [("closest", [f"no Deny of any {POLICIES[enforced]} speaks of it"], False)]
    parts += [("let by", blamed(found.through)[:_FAILED], True)]
    parts += [("needs", [", ".join(needs(found))], False)]
    parts += [("reading", [f"as chosen for {', '.join(found.rests_on)}" if found.rests_on else ""], True)]
    if "may be stopped" in row.verdict.reason:
        parts += [("but", [row.verdict.reason], False)]
    return [*parts, _fix(report, found)]


def _blocked_parts(report: Report, row: Numbered, folder: str) -> list[Part]:
    found = row.found
    guilty = responsible(found)
    near = found.closest
    by = [place(guilty, folder)] if guilty and not near else blamed(found.through) or [found.why]
    parts: list[Part] = [("network", [explain.wire(found.facts)], False), ("by", by, False)]
    if near:
        failed = [f"failed: {text}" for text in near.failed[:_FAILED]]
        parts += [("closest", [place(near.statement, folder), *failed], False)]
    return [
        *parts,
        ("needs", [", ".join(needs(found))], False),
        _fix(report, found),
    ]


def _fix(report: Report, found: Counterexample) -> Part:
    known = advice_on(report.advice, found)
    label = "fix" if known and known.sure else "try"
    if not known:
        return label, [], False
    line = f", line {known.line}" if known.line else ""  # policies inside answers of AWS have none
    return label, [f"{known.fix} ({known.rule}{line})"], False


def _block(page: Page, label: str, title: str, style: str, parts: Sequence[Part]) -> None:
    """At most `MOST_LINES` lines: parts that can be spared are left out from the end where there is no room."""
    left = list(parts)
    while True:
        block = Page(page.width, color=page.color)
        block.text(f"{label}  {title}", hang=2, style=style)
        for name, texts, _ in left:
            block.item(name, texts, indent=2)
        spare = [part for part in left if part[2]]
        if len(str(block).splitlines()) <= MOST_LINES or not spare or page.narrow:
            break
        left.remove(spare[-1])
    page.blank()
    for line in str(block).splitlines():
        page.raw(line)


def _own_first(row: Numbered) -> str:
    """The services of a verdict, that of the request first."""
    own = row.found.request.action.partition(":")[0].lower()
    return named(sorted(row.verdict.services, key=lambda service: (service != own, service)))


def _anyone(found: Counterexample) -> str:
    """The caller in a few words."""
    facts = found.facts
    if facts.kind == "anon":
        return "anyone on the internet" if facts.path == "public" else "anyone, unsigned,"
    return explain.who(facts)


def _owned(found: Counterexample) -> str:
    """The resource and whose it is."""
    whose = owner(found).replace(" of organization ", ", ")
    return f"{found.request.resource} ({whose})" if whose else found.request.resource


def _plain(found: Counterexample) -> str:
    """The caller, a role session by its role."""
    principal = found.request.principal
    if principal.type == "service":
        return explain.who(found.facts)
    if principal.type == "role-session" and principal.role_arn:
        return f"role {principal.role_arn.rpartition('/')[2]} of {principal.account}"
    return caller(found)


def place(blame: Blame, folder: str) -> str:
    """A statement with its place below the folder that the foot of the report names."""
    return str(replace(blame, file=blame.file.removeprefix(folder)))


def _room(page: Page, used: int) -> int:
    return 60 if page.width is None else max(16, page.width - used)


def _more(page: Page, count: int) -> None:
    if count > 0:
        page.blank()
        page.text(f"and {count} more: `--details` shows them")
