"""`perimeter encode`: every obligation as a standard SMT-LIB script for solvers of one's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from perimeter_smt.cli.options import FILE, PATH, Choice, chosen_objectives, fill, scope_options, set_option
from perimeter_smt.cli.output import emit
from perimeter_smt.cli.progress import Bar
from perimeter_smt.cli.timed import timed
from perimeter_smt.errors import InputError

if TYPE_CHECKING:
    from perimeter_smt.encode.world.world import World
    from perimeter_smt.logic.formula import Formula
    from perimeter_smt.organization.perimeter import Workspace
    from perimeter_smt.questions.user_assertions import Obligation

    _Asked = tuple[World, str, Formula, tuple[Formula, ...]]


_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]")  # in names of files


@click.command()
@click.argument("workspace", type=PATH)
@click.option("--output", "folder", type=PATH, required=True, help="A new or empty folder.")
@scope_options
@click.option("--reading", type=Choice(["over", "exact"]), default="over", show_default=True)
@click.option("--assertion", "assertions", multiple=True, type=FILE, help="SMT-LIB file with an obligation of my own.")
@click.option(
    "--mitigation", "mitigations", multiple=True, metavar="ID", help="Mitigation to write, such as C1, or all."
)
@click.option("--no-mitigations", is_flag=True, help="Write the objectives alone.")
@set_option
@timed
def encode(
    workspace: Path,
    folder: Path,
    objectives: tuple[str, ...],
    services: tuple[str, ...],
    mode: Literal["guardrails", "grants"],
    reading: str,
    assertions: tuple[Path, ...],
    settings: tuple[str, ...],
    mitigations: tuple[str, ...],
    no_mitigations: bool,
) -> None:
    """Write one SMT-LIB file per obligation of a WORKSPACE; z3 and cvc5 read them.

    `O1-breach.smt2` is unsatisfiable if O1 is proved, `O1-premise.smt2` satisfiable if that says something,
    `availability.smt2` unsatisfiable if no guardrail blocks intended access, and `assertion-NAME.smt2` unsatisfiable
    if the obligation NAME holds. Mitigations are written like objectives: `C1-breach.smt2` is unsatisfiable if
    every row of C1 that policies can hold is held. C2, whose rows are paths of many questions, is not written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError("is not empty, expected a new or empty folder for `--output`", file=str(folder))
    values = fill(settings)
    chosen = chosen_objectives(objectives)
    beside = _beside(mitigations, no_mitigations, narrow=bool(objectives or services or assertions))
    with Bar() as bar:
        from perimeter_smt.organization.readers import SourceOptions, read_source
        from perimeter_smt.questions import user_assertions
        from perimeter_smt.questions.perimeter import encode as build
        from perimeter_smt.request.actions import services as known

        space = read_source(workspace, SourceOptions(fill=values))
        world = build(space, objectives=chosen, services=services or None, mode=mode)
        wide, own = world, []
        if assertions:  # they speak of all services, whatever the objectives claim
            values_of = user_assertions.keys_of(assertions)
            wide = build(space, objectives=(), services=services or known(), mode=mode, values_of=values_of)
            own = user_assertions.questions(wide, assertions)
        folder.mkdir(parents=True, exist_ok=True)
        over = reading == "over"
        obligations = [*_obligations(world, chosen, over=over), *_assertions(wide, own, over=over)]
        obligations += _mitigations(space, beside, over=over)
        total = len(obligations)
        for number, (where, name, question, assumptions) in enumerate(obligations):
            bar(name, number, total)
            emit(_script(where, question, assumptions, f"{name}: {_about(name)}\nmode {mode}, reading {reading}"),
                 folder / f"{name}.smt2")  # fmt: skip
    click.echo(f"{total} files in {folder}")


def _obligations(world: World, chosen: tuple[str, ...], *, over: bool) -> Iterator[_Asked]:
    """World, name, question, and what is assumed, for every obligation: as `prove` asks them."""
    from perimeter_smt.logic.formula import neg
    from perimeter_smt.questions import objectives as questions

    mode = questions.proof_mode(world) if over else world.exact()
    for name in chosen:
        accepted = questions.accepted_limits(world, name)
        yield world, f"{name}-breach", questions.breach(world, name), (neg(accepted), mode)
        yield world, f"{name}-premise", questions.claimed(world, name), (world.exact(),)
    yield world, "availability", questions.blocked(world), (world.exact(),)


def _beside(named: tuple[str, ...], none: bool, *, narrow: bool) -> tuple[str, ...]:
    """The mitigations to write, as `prove` chooses those that it shows; InputError for one that is not written."""
    from perimeter_smt.questions.mitigations import ALL, QUESTIONS, chosen
    from perimeter_smt.questions.mitigations.written import NOT_WRITTEN

    if none and named:
        raise InputError("both `--mitigation` and `--no-mitigations`, expected one of them")
    for name in chosen(name for name in named if name.lower() != ALL):
        if name in NOT_WRITTEN:
            raise InputError(f"mitigation `{name}` is not written as one formula: {NOT_WRITTEN[name]}")
    names = chosen(named) if named else () if none or narrow else tuple(QUESTIONS)
    return tuple(name for name in names if name not in NOT_WRITTEN)


def _mitigations(workspace: Workspace, names: tuple[str, ...], *, over: bool) -> Iterator[_Asked]:
    from perimeter_smt.questions.mitigations.model import Asking
    from perimeter_smt.questions.mitigations.written import written

    for each in written(workspace, names, Asking("over" if over else "exact")):
        yield each.world, each.name, each.question, each.assumed


def _assertions(world: World, own: list[Obligation], *, over: bool) -> Iterator[_Asked]:
    from perimeter_smt.questions import objectives as questions

    mode = questions.proof_mode(world) if over else world.exact()
    for obligation in own:
        yield world, f"assertion-{_UNSAFE.sub('-', obligation.name)}", obligation.broken, (mode,)


def _about(name: str) -> str:
    if name.endswith("-premise") and not name.startswith("O"):
        return "a request that the mitigation speaks about; unsat means that nothing was asked"
    if name.endswith("-breach") and not name.startswith("O"):
        return "a request that gets through and must not; unsat proves every row that policies can hold"
    if name.endswith("-breach"):
        return "a request that gets through and breaks the objective; unsat proves it"
    if name.endswith("-premise"):
        return "a request that gets through and that the objective speaks about; unsat means the proof is vacuous"
    if name.startswith("assertion-"):
        return "a request that gets through and does not satisfy the obligation; unsat proves it"
    return "intended access that a guardrail blocks; unsat means there is none"


def _script(world: World, question: Formula, assumptions: tuple[Formula, ...], comment: str) -> str:
    from perimeter_smt.logic.smtlib import script
    from perimeter_smt.solve.backends.scripts import used

    asked = (question, *assumptions)
    return script(used(world.problem(asked), asked), asked, comment=comment)
