"""`compare` of two states of small worlds, against drawn requests that the evaluator decides in both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from random import Random

from perimeter_smt.errors import InputError
from perimeter_smt.evaluate import decide
from perimeter_smt.evaluate.perimeter import breaks
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.questions.changes.answer import AVAILABILITY, INSIDE
from perimeter_smt.questions.changes.ask import compare_workspaces
from perimeter_smt.questions.obligations.granted import mapped
from tests.attack.small.answers import asked
from tests.attack.small.draw import Small, small
from tests.attack.small.tried import tried


def other_state(workspace: Workspace, rng: Random) -> Workspace:
    """The same organization with some statements, policies and attachments gone."""

    def fewer(found: tuple, chance: float) -> tuple:  # type: ignore[type-arg]
        return tuple(one for one in found if rng.random() > chance)

    def document(found):  # type: ignore[no-untyped-def]
        if found is None or rng.random() < 0.6 or len(found.statements) < 2:
            return found
        gone = rng.randrange(len(found.statements))
        left = [replace(s, index=i) for i, s in enumerate(x for n, x in enumerate(found.statements) if n != gone)]
        return found.model_copy(update={"statements": tuple(left)})

    def account(own):  # type: ignore[no-untyped-def]
        people = [p.model_copy(update={"policies": fewer(p.policies, 0.3)}) for p in own.principals]
        things = [r.model_copy(update={"policy": document(r.policy)}) for r in own.resources]
        return own.model_copy(update={"principals": tuple(people), "resources": tuple(things)})

    out = mapped(workspace, account)
    root = out.organization.root
    guards = root.guardrails.model_copy(
        update={
            "scps": tuple(document(d) for d in fewer(root.guardrails.scps, 0.25)),
            "rcps": tuple(document(d) for d in fewer(root.guardrails.rcps, 0.25)),
        }
    )
    root = root.model_copy(update={"guardrails": guards})
    return out.model_copy(update={"organization": out.organization.model_copy(update={"root": root})})


def _callers(kind: str, mine: bool, party: bool) -> str:
    named = {"anon": "anonymous callers", "fedsts": "token holders", "service": "AWS services"}
    return named.get(kind) or ("my identities" if mine else "trusted parties" if party else "strangers")


def judge(seed: int, requests: int) -> Iterator[tuple[str, str]]:
    """What was tried, and what is not right."""
    world = small(seed)
    if world.part not in ("grants", "guardrails") or world.own is not None:
        return
    rng = Random(f"changes {seed}")
    one, other = world.workspace, other_state(world.workspace, rng)
    if rng.random() < 0.5:
        one, other = other, one
    mode = "grants" if world.workspace.grants_given else "guardrails"
    objective = world.objective
    try:
        found = compare_workspaces(
            one, other, objectives=(objective,), services=[world.service], modes=[mode], reading="exact"
        )
    except InputError as error:
        yield "refused", f"{seed} {error}"
        return
    except Exception as error:  # every crash is a finding
        yield "CRASH", f"{seed}: {type(error).__name__}: {error}"
        return
    (part,) = found.parts
    yield "asked", f"opens {part.opens.status}"
    yield "asked", f"closes {part.closes.status}"
    for side in (part.opens, part.closes):
        if side.status == "unknown":
            yield "UNKNOWN", f"{seed} {side.reason}"
    before, after = (replace(world, workspace=space) for space in (one, other))
    for drawn in world.requests(requests):
        if not asked(world, drawn):
            continue
        was, now = (decide(_case(state, world, drawn)).allowed for state in (before, after))
        yield ("same" if was == now else "differs"), ""
        if was == now:
            continue
        name, side = ("opens", part.opens) if now else ("closes", part.closes)
        if side.status != "found":
            yield f"MISSED {name}", f"{seed} {side.status} {side.reason} {drawn.request!r} {drawn.facts!r}"
            continue
        about = {change.objective for change in side.changes}
        if name == "opens" and breaks(objective, after.workspace, drawn.request, drawn.facts):
            if objective not in about and not after.workspace.perimeter.accepted:
                yield "MISSED objective", f"{seed} {objective} not in {about}: {drawn.request!r} {drawn.facts!r}"
        elif not about & {INSIDE, AVAILABILITY, objective}:
            yield "MISSED rest", f"{seed} {about} {drawn.request!r}"
    return


def _case(state: Small, world: Small, drawn):  # type: ignore[no-untyped-def]
    return state.case(drawn)


def main(argv: list[str] | None = None) -> int:
    """Ask, print what is not right and how much was tried."""
    return tried(argv, "two states of small worlds", judge, size="requests", default=200)


if __name__ == "__main__":
    raise SystemExit(main())
