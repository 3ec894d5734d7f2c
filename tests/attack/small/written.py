"""What `perimeter encode` writes, read again by z3, against the verdict of `prove` on small worlds."""

from __future__ import annotations

from collections.abc import Iterator

import z3

from perimeter_smt.cli.encode import _assertions, _obligations, _script
from perimeter_smt.questions.perimeter import encode, prove
from tests.attack.small.draw import Small, small
from tests.attack.small.tried import tried

# What a breach asks for, by the verdict of the same reading.
_WANTED = {"proved": "unsat", "vacuous": "unsat", "refuted": "sat", "conditional": "sat"}


def reread(text: str, seconds: float) -> str:
    """The answer of z3 to a script: `sat`, `unsat` or `unknown`."""
    solver = z3.Solver()
    solver.set("timeout", int(seconds * 1000))
    lines = [line for line in text.splitlines() if not line.startswith(("(check-sat", "(get-", "(exit"))]
    solver.from_string("\n".join(lines))
    return str(solver.check())


def scripts(world: Small, reading: str) -> Iterator[tuple[str, str]]:
    """The files of a world by name."""
    own = world.own
    space = encode(
        world.workspace, objectives=() if own else (world.objective,), services=(world.service,), mode=world.mode
    )
    over = reading == "over"
    if own is None:
        found = _obligations(space, (world.objective,), over=over)
    else:
        from perimeter_smt.questions import user_assertions

        found = _assertions(space, user_assertions.questions(space, (own,)), over=over)
    for where, name, question, assumed in found:
        yield name, _script(where, question, assumed, name)


def judge(seed: int, seconds: float) -> Iterator[tuple[str, str]]:
    """What was asked and answered, and what is not right."""
    world = small(seed)
    if world.part not in ("grants", "guardrails"):
        return
    try:
        report = prove(
            world.workspace, objectives=() if world.own else (world.objective,), services=(world.service,),
            mode=world.mode, reading=world.reading, availability=False,  # type: ignore[arg-type]
            assertions=(world.own,) if world.own else (),
        )  # fmt: skip
        verdict = report.verdicts[0]
        written = dict(scripts(world, world.reading))
        breach = next(
            text for name, text in written.items() if name.endswith("-breach") or name.startswith("assertion")
        )
        answer = reread(breach, seconds)
    except Exception as error:  # every crash is a finding
        yield "CRASH", f"{seed}: {type(error).__name__}: {error}"
        return
    yield "asked", f"{verdict.status} {answer}"
    beyond = bool(verdict.counterexamples) and all(one.kind == "beyond" for one in verdict.counterexamples)
    if answer == "unknown" or beyond or verdict.status not in _WANTED:
        return
    if answer != _WANTED[verdict.status]:
        about = f"{seed} {world.objective} {world.service} {world.mode} {world.reading}"
        yield "DISAGREE", f"{about}: {verdict.status} {verdict.reason}; z3 {answer}"
    premise = next((text for name, text in written.items() if name.endswith("-premise")), None)
    if premise is not None and verdict.status in ("proved", "vacuous"):
        answer = reread(premise, seconds)
        yield "asked", f"premise {verdict.status} {answer}"
        if answer != "unknown" and (answer == "unsat") != (verdict.status == "vacuous"):
            yield "PREMISE", f"{seed} {verdict.status}; z3 {answer}"


def main(argv: list[str] | None = None) -> int:
    """Ask, print what is not right and how much was tried."""
    return tried(argv, "scripts of small worlds, read again", judge, size="patience", default=20.0)


if __name__ == "__main__":
    raise SystemExit(main())
