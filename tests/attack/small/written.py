"""What `perimeter encode` writes, read again by z3, against the verdict of `prove` on small worlds."""

from __future__ import annotations

from collections.abc import Iterator

import z3

from perimeter_smt.cli.encode import _assertions, _obligations, _script
from perimeter_smt.questions.perimeter import encode, prove
from perimeter_smt.solve.backends.cvc5 import installed
from tests.attack.small.draw import Small, small
from tests.attack.small.tried import tried

# What a breach asks for, by the verdict of the same reading.
_WANTED = {"proved": "unsat", "vacuous": "unsat", "refuted": "sat", "conditional": "sat"}


def reread(text: str, seconds: float) -> str:
    """The answer of z3, else of cvc5, to a script: `sat`, `unsat` or `unknown`."""
    found = by_z3(text, min(seconds, 3.0))
    return by_cvc5(text, seconds) if found == "unknown" and installed() else found


def by_z3(text: str, seconds: float) -> str:
    """The answer of z3."""
    solver = z3.Solver()
    solver.set("timeout", int(seconds * 1000))
    lines = [line for line in text.splitlines() if not line.startswith(("(check-sat", "(get-", "(exit"))]
    solver.from_string("\n".join(lines))
    return str(solver.check())


def by_cvc5(text: str, seconds: float) -> str:
    """The answer of cvc5 to the script as it stands."""
    import cvc5

    terms = cvc5.TermManager()
    solver = cvc5.Solver(terms)
    solver.setOption("tlimit-per", str(int(seconds * 1000)))
    solver.setOption("strings-exp", "true")
    parser = cvc5.InputParser(solver)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text, "script")
    symbols = parser.getSymbolManager()
    said = ""
    while not (command := parser.nextCommand()).isNull():
        said = str(command.invoke(solver, symbols)).strip() or said
    return "unknown" if said.startswith("unknown") else said


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
