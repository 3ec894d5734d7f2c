"""L1: which wildcard grants reach outside today, and which are held back by guardrails alone.

Every Allow of an identity policy on resources of any account (`*` above all), asked as O3 with the grants of the
workspace: does it let its holder reach a resource that is neither mine nor trusted, whose owner allows it? Where
guardrails alone stand in between, the row names the statement: take that away and the grant reaches outside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from perimeter_smt.encode.world.world import build
from perimeter_smt.errors import InternalError, LeftOpenError
from perimeter_smt.evaluate.perimeter import reaches_outside
from perimeter_smt.logic.formula import Formula, both, disj, neg, sym
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.document import Document, Statement
from perimeter_smt.questions import explain
from perimeter_smt.questions import objectives as questions
from perimeter_smt.questions.firm import firm, rests
from perimeter_smt.questions.left_open import LEFT_OPEN
from perimeter_smt.questions.mitigations.model import Asking, Line, Mitigation, worst
from perimeter_smt.questions.mitigations.roles import Kind, identities_of, of_any_session
from perimeter_smt.questions.mitigations.steps import calls
from perimeter_smt.questions.prepare import prepare
from perimeter_smt.questions.run import Run
from perimeter_smt.questions.unknown_keys import without
from perimeter_smt.questions.verdicts import Assumption, Blame, Counterexample
from perimeter_smt.request import actions
from perimeter_smt.request.keys import support_list
from perimeter_smt.solve.result import Result

ID, TITLE = "L1", "no wildcard grant reaches a resource outside"
_OBJECTIVE = "O3"
LIMITS = (
    "whether the owner of a foreign resource allows the call is not in the input: it is taken to",
    "services outside the scope of O3 are not asked: no guardrail of the perimeter claims them",
    "what grants allow inside the organization is not asked here",
)


@dataclass(frozen=True)
class Grant:
    """An Allow on all resources, with the identities that hold it."""

    document: Document
    statement: Statement
    holders: tuple[Kind, ...]


def ask(workspace: Workspace, asking: Asking) -> Mitigation:
    """The answer for all identity policies of a workspace."""
    asked = prepared(workspace, asking)
    if asked is None:
        text = "no identity policy allows anything on resources of any account"
        some = any(account.principals for account, _ in workspace.organization.accounts())
        line = Line("identity policies", "proved" if some else "not-asked", text)
        return Mitigation(ID, TITLE, line.status, (line,), (), LIMITS)
    question, grants = asked
    lines = tuple(map(question.line, grants))
    return Mitigation(ID, TITLE, worst(lines), lines, tuple(question.assumptions.values()), LIMITS)


def prepared(workspace: Workspace, asking: Asking) -> tuple[Question, list[Grant]] | None:
    """The question in its world, and the grants that it is asked of; None where there is none."""
    workspace = of_any_session(workspace)
    smaller, kinds = identities_of(workspace)
    grants = list(_grants(kinds))
    if not grants:
        return None
    world = build(smaller, _services(workspace), free_grants=False, objectives=(_OBJECTIVE,))
    selected = {id(grant): world.policies.selected(grant.document, grant.statement) for grant in grants}
    also = [*selected.values(), world.formula("base")]
    run = prepare(world, (_OBJECTIVE,), asking.reading, False, 1, asking.limits, (), also=also)
    return Question(run, selected), grants


def _grants(kinds: Sequence[Kind]) -> Iterator[Grant]:
    """Allow statements of identity policies on resources of any account, each with everybody who holds it."""
    found: dict[str, tuple[Document, Statement, list[Kind]]] = {}
    for kind in kinds:
        for document in kind.first.policies:
            for statement in document.statements:
                if statement.effect == "Allow" and _may_be_foreign(statement):
                    key = f"{document.name} {statement.location.file}[{statement.index}]"
                    found.setdefault(key, (document, statement, []))[2].append(kind)
    for document, statement, holders in found.values():
        yield Grant(document, statement, tuple(holders))


def _may_be_foreign(statement: Statement) -> bool:
    """Whether resources of any account match: `*`, an account of `*`, any bucket, NotResource."""
    resource = statement.resource
    if resource is None or resource.negated:
        return resource is not None
    fields = [value.split(":", 5) for value in resource.values]
    return any(
        len(parts) < 6 or set(parts[4]) & set("*?") or (not parts[4] and parts[5][:1] in ("*", "?")) for parts in fields
    )


def _services(workspace: Workspace) -> tuple[str, ...]:
    """The services that O3 claims, of those whose resources other accounts can open to mine."""
    shared = support_list("resource-policy-services") | support_list("shared-resources-services")
    claimed = {pattern.partition(":")[0].lower() for pattern in workspace.perimeter.scope(_OBJECTIVE).actions}
    everything = any("*" in name or "?" in name for name in claimed)
    return tuple(name for name in actions.services() if (everything and name in shared) or name in claimed)


class Question:
    """The question in one world."""

    def __init__(self, run: Run, selected: Mapping[int, Formula]) -> None:
        self.selected = selected  # by grant: the call is one that it allows
        self.run, self.world, self.workspace = run, run.world, run.world.workspace
        self.assumptions: dict[str, Assumption] = {}
        objective = questions.OBJECTIVES[_OBJECTIVE]
        # Exceptions count here: they are where a wildcard is worst. Limits of SCPs belong to O3.
        outside = both(
            neg(run.world.formula("always-allowed")),
            run.world.formula(f"{_OBJECTIVE}.premise"),
            neg(run.world.formula(f"{_OBJECTIVE}.conclusion")),
            sym(f"{_OBJECTIVE}.scope"),
            neg(disj(questions.limit_formula(run.world, _OBJECTIVE, name) for name in objective.limits)),
        )
        self.hole = both(outside, run.world.formula("access"))
        self.bare = both(outside, run.world.formula("base"))  # what the grant would reach without guardrails

    def held(self, grant: Grant) -> Formula:
        """Somebody who holds the grant makes a call that it allows."""
        return both(self.selected[id(grant)], disj(calls(kind.first) for kind in grant.holders))

    def line(self, grant: Grant) -> Line:
        """The row of one grant."""
        held = self.held(grant)
        subject = f"{_named(grant)}, held by {_holders(grant)}"
        run, blame = self.run, explain.blame(grant.document, grant.statement)
        modes = (run.exact,) if run.reading == "exact" else (run.exact, run.over)
        for mode in modes:
            asked: tuple[Formula, ...] = (self.hole, held, mode)
            result = run.ask(*asked)
            if result.status == "unknown":
                return Line(subject, "unknown", result.reason or "not decided", blame)
            if result.status == "sat":
                departs: tuple[str, ...] = ()
                if mode is not run.exact:
                    result, granted, departs = run.tightest(asked, result)
                    asked = (*asked, *granted)
                try:
                    found = self._shown(asked, result, departs)
                except LeftOpenError:
                    if not departs:
                        return Line(subject, "unknown", LEFT_OPEN, blame)
                    return Line(subject, "conditional", f"held back; {without(departs)}", blame)
                if not departs:
                    found = firm(run, asked, found, lambda result, both_ways: self._shown(both_ways, result))
                points = rests(run, found)
                text = "reaches a foreign resource today" + (f"; only without {', '.join(departs)}" if departs else "")
                text += f"; not under the rival reading of {', '.join(points)}" if points and not departs else ""
                return Line(subject, "conditional" if departs or points else "refuted", text, blame, found)
        return self._held_back(subject, held, blame)

    def _shown(self, asked: tuple[Formula, ...], result: Result, departs: tuple[str, ...] = ()) -> Counterexample:
        """The plainest request, replayed; both readings of the question must agree on it."""
        services = self.run.group_of(result, self.run.groups).services
        plain = self.run.plain(services, asked, result)
        found = explain.counterexample(self.world, ID, plain, "hole", departs=departs)
        if not reaches_outside(self.workspace, found.request, found.facts):
            raise InternalError(f"the second reading of {ID} does not agree on `{found.request.action}`")
        return replace(found, why=f"the resource is not trusted: {explain.what(found.request, found.facts)}")

    def _held_back(self, subject: str, held: Formula, blame: Blame) -> Line:
        """Whether guardrails are all that stands between the grant and what is outside."""
        run = self.run
        proof = run.ask(self.hole, held, _mode(run), core=True)
        assumptions, used = explain.proof(self.world, proof.rests_on)
        self.assumptions |= {each.name: each for each in assumptions}
        if run.ask(self.bare, held, _mode(run)).status == "unsat":
            return Line(subject, "proved", "reaches nothing outside, guardrails or not", blame)
        guards = [one for one in used if one.kind == "scp" or one.kind.startswith("endpoint")]
        names = ", ".join(dict.fromkeys(one.sid or one.document for one in guards))
        text = "held back by guardrails alone" + (f": {names}" if names else "")
        return Line(subject, "proved", text, guards[0] if guards else blame)


def _mode(run: Run) -> Formula:
    """What counts as proved."""
    return run.exact if run.reading == "exact" else run.over


def _named(grant: Grant) -> str:
    return f"{grant.document.name} {grant.statement.sid or f'statement {grant.statement.index + 1}'}"


def _holders(grant: Grant) -> str:
    shown = ", ".join(kind.shown for kind in grant.holders[:3])
    return shown + (f" and {len(grant.holders) - 3} other kinds" if grant.holders[3:] else "")
