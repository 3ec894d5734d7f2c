"""Whether an assertion holds of a workspace: the same engine, verdicts and replayed counterexamples as `prove`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from perimeter_smt.assertions.formula import Formula, as_formula
from perimeter_smt.errors import InputError, expect_one_of
from perimeter_smt.logic.sexpr import quote_symbol

if TYPE_CHECKING:
    from perimeter_smt.organization.perimeter import Workspace
    from perimeter_smt.questions.verdicts import Status, Verdict

Mode = Literal["guardrails", "grants"]
Reading = Literal["exact", "over", "under"]


class PerimeterBrokenError(AssertionError):
    """An assertion that was not proved; `verdict` says why, with the request that breaks it where there is one."""

    def __init__(self, text: str, verdict: Verdict) -> None:
        super().__init__(text)
        self.verdict = verdict


@dataclass(frozen=True)
class _Named:
    """An assertion as the engine takes it."""

    name: str
    formula: Formula

    @property
    def smtlib(self) -> str:
        return f"(assert (! {self.formula.text} :named {quote_symbol(self.name)}))\n"

    def __str__(self) -> str:
        return f"assertion `{self.name}`"


def check(
    workspace: Workspace | str | Path,
    assertion: Formula,
    *,
    name: str = "assertion",
    services: Sequence[str] | None = None,
    mode: Mode = "guardrails",
    reading: Reading = "over",
) -> Verdict:
    """The verdict on one assertion: it must hold of every request that gets through.

    `workspace` is one, or a folder, plan, template or other source. Without `services` it is asked of every service of
    which the assertion says something. InputError for a bad source, or for an assertion that says nothing.
    """
    from perimeter_smt.organization.perimeter import Workspace
    from perimeter_smt.organization.readers import read_source
    from perimeter_smt.questions.perimeter import prove
    from perimeter_smt.request.actions import services as known

    as_formula(assertion)
    space = read_source(Path(workspace)) if isinstance(workspace, str | Path) else workspace
    if not isinstance(space, Workspace):
        raise TypeError(f"`{workspace!s}` is no workspace: expected a path, or what `load_workspace` returns")
    if isinstance(services, str):
        raise InputError(f'services are a list: expected `["{services}"]`')
    asked = tuple(services) if services is not None else assertion.services
    if asked is not None and not asked:
        raise InputError(f"`{assertion}` says nothing of any service")
    report = prove(
        space,
        objectives=(),
        services=asked if asked is not None else known(),
        mode=mode,
        reading=reading,
        availability=False,
        assertions=(_Named(name, assertion),),
    )
    return report.verdicts[0]


def assert_holds(
    workspace: Workspace | str | Path,
    assertion: Formula,
    *,
    name: str = "assertion",
    services: Sequence[str] | None = None,
    mode: Mode = "guardrails",
    reading: Reading = "over",
    accept: Sequence[Status] = (),
) -> Verdict:
    """The verdict, `proved` or one of the statuses in `accept`; PerimeterBrokenError with the counterexample otherwise.

    Arguments and errors as for `check`.
    """
    from perimeter_smt.questions.verdicts import Status

    if isinstance(accept, str):
        raise InputError(f'statuses are a list: expected `("{accept}",)`')
    for status in accept:
        expect_one_of(status, get_args(Status), "status")
    verdict = check(workspace, assertion, name=name, services=services, mode=mode, reading=reading)
    if verdict.status == "proved" or verdict.status in accept:
        return verdict
    raise PerimeterBrokenError(describe(assertion, verdict), verdict)


def describe(assertion: Formula, verdict: Verdict) -> str:
    """What a failed assertion shows: the status, the assertion as it was read, the requests."""
    from perimeter_smt.report.finding import write_finding
    from perimeter_smt.report.page import Page

    page = Page()
    page.text(f"`{verdict.objective}` is {verdict.status}: {assertion}")
    page.item("because", verdict.reason, indent=2)
    for example in verdict.counterexamples:
        page.blank()
        write_finding(page, example)
    return str(page).rstrip("\n")
