"""C2: the edges between identities, each a call, or several, that the solver found possible.

Who becomes whom, whose rights grow, and whose compute runs with which role.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from perimeter_smt.logic.formula import Formula, both, disj, is_text, neg
from perimeter_smt.questions.mitigations.attributes import attributes_of
from perimeter_smt.questions.mitigations.graph import Chains, Edge, Rewritten, last, raised
from perimeter_smt.questions.mitigations.outsiders import Outsider
from perimeter_smt.questions.mitigations.roles import Kind, any_of
from perimeter_smt.questions.mitigations.sessions import Sessions
from perimeter_smt.questions.mitigations.steps import Step, Steps, as_target, call_of, calls, end_of, target_of
from perimeter_smt.questions.mitigations.through import takes_through
from perimeter_smt.request.keys import table_rows

Done = Callable[[Kind, Kind], bool]  # whether a caller surely becomes an identity in one step
Rows = Sequence[Mapping[str, Any]]
_ON_USERS, _ON_ROLES = ("loginprofile", "accesskey", "user"), ("role",)  # what the calls on either are named after
_SWITCHES = frozenset(["iam:SetDefaultPolicyVersion"])
REWRITES = "iam:updateassumerolepolicy"


def connect(
    chains: Chains,
    steps: Steps,
    kinds: Sequence[Kind],
    *,
    among: Sequence[Kind] | None = None,
    state: Callable[[str], str] = raised,
    outside: Sequence[Outsider] = (),
) -> None:
    """Add the edges between identities. `among`: the callers, in a world in which they are in another `state`.

    `outside`: who comes from outside may set attributes of a session by which it takes a further role.

    With extended rights one does what one did before: that is not asked again.
    """
    callers = kinds if among is None else among
    name = (lambda kind: kind.first.arn) if among is None else (lambda kind: state(kind.first.arn))
    for caller, kind in product((among or ()) if state is raised else (), kinds):
        before = chains.graph.get(caller.first.arn, kind.first.arn)
        if before is not None and before.sure:
            chains.add(name(caller), kind.first.arn, before)

    def done(caller: Kind, kind: Kind) -> bool:
        edge = chains.graph.get(name(caller), kind.first.arn)
        return edge is not None and edge.sure

    reader = _Edges(steps, list(callers), kinds, done, outside)
    for caller, kind, edge in reader.into():
        chains.add(name(caller), kind.first.arn, edge)
    for source, kind, edge in reader.through:
        chains.add(_source(source, name), kind.first.arn, edge)
    extends = [(name(caller), kind.first.arn, edge) for caller, kind, edge in reader.raises(among is None)]
    if steps.attributes:
        _give(chains, reader.sessions, kinds, name)
    _extend(chains, extends)


def _give(chains: Chains, sessions: Sessions, kinds: Sequence[Kind], name: Callable[[Kind], str]) -> None:
    """Edges that need a session with tags or a source identity: from who begins one such, in one."""
    middles = [kind for kind in sessions.callers if kind.first.type == "role"]
    for middle, kind in product(middles, kinds):
        edge = chains.graph.get(name(middle), kind.first.arn)
        if edge is None or not any(step.carried for _, step, _ in edge.steps):
            continue
        attributes: dict[str, str] = {}
        for steps, step, _ in edge.steps:
            if step.carried and isinstance(steps, Steps):
                attributes |= attributes_of(steps, middle.first, step)
        for begun in sessions.begun(middle, attributes):
            hops = [*begun.hops, *((steps, replace(step, carried=False), words) for steps, step, words in edge.steps)]
            whole = Edge(tuple(hops), edge.words, _also(edge.unless, begun.source))
            chains.add(_source(begun.source, name), kind.first.arn, whole)


def _source(source: Kind | Outsider, name: Callable[[Kind], str]) -> str:
    return source.name if isinstance(source, Outsider) else name(source)


def _also(unless: str, source: Kind | Outsider) -> str:
    """What an edge needs, with what is needed for somebody from outside to come in."""
    return "; ".join(filter(None, (unless, source.unless if isinstance(source, Outsider) else "")))


def _extend(chains: Chains, found: Sequence[tuple[str, str, Edge]]) -> None:
    """Who extends the rights of an identity that he is or becomes, himself or as a further identity that he becomes.

    Extended rights may lead to further ones, so that this goes on until nothing is added.
    """
    size = -1
    while size != chains.graph.size:
        size = chains.graph.size
        for node, goal, edge in found:
            become = {goal, *chains.sources(goal)}
            if node in become:
                chains.add(node, raised(goal), edge)
            elif node in chains.reached(become):
                chains.add(node, raised(goal), edge)
                for start in sorted(chains.sources(node) & become):
                    before = chains.path(start, node) or []
                    steps = tuple(step for each in (*before, edge) for step in each.steps)
                    unless = "; ".join(dict.fromkeys(each.unless for each in (*before, edge) if each.unless))
                    chains.add(start, raised(goal), Edge(steps, edge.words, unless))
    for node, goal, edge in found:
        if raised(goal) not in chains.graph or node not in chains.sources(raised(goal)):
            chains.help(node, goal, raised(goal), edge)


class _Edges:
    """The edges between identities, in one world."""

    def __init__(
        self, steps: Steps, callers: list[Kind], kinds: Sequence[Kind], done: Done, outside: Sequence[Outsider]
    ) -> None:
        self.steps, self.all_callers, self.kinds, self.done = steps, callers, kinds, done
        self.sessions = Sessions(steps, callers, outside)
        self.through: list[tuple[Kind | Outsider, Kind, Edge]] = []
        self.roles = [kind for kind in kinds if kind.first.type == "role"]
        rows = table_rows("escalation-actions")
        self.rows = {effect: [r for r in rows if r["effect"] == effect] for effect in {r["effect"] for r in rows}}
        self._made_before: dict[tuple[str, str], Step | None] = {}
        self._in_account: dict[tuple[str, ...], list[tuple[Kind, Step, str]]] = {}

    def into(self) -> Iterator[tuple[Kind, Kind, Edge]]:
        """All edges from a caller to an identity that he becomes."""
        yield from self.takes()
        yield from self.becomes()
        yield from self.passes()

    def _left(self, kind: Kind) -> list[Kind]:
        """The callers other than itself that are not known to become an identity in one step."""
        return [one for one in self.all_callers if one.first.arn != kind.first.arn and not self.done(one, kind)]

    def _done(self) -> set[tuple[str, str]]:
        pairs = product(self.all_callers, self.kinds)
        return {(caller.first.arn, kind.first.arn) for caller, kind in pairs if self.done(caller, kind)}

    def takes(self) -> Iterator[tuple[Kind, Kind, Edge]]:
        """AssumeRole by sessions without attributes; then with those that the step before can set."""
        steps, asked = self.steps, self.steps.formula("step.takes-role")
        found = self._done()
        plain = steps.of_session(disj(both(calls(k.first), steps.plain_session(k.first)) for k in self.all_callers))
        for caller, kind, step in steps.pairs(self.all_callers, self.roles, asked, plain):
            found.add((caller.first.arn, kind.first.arn))
            words = f"takes the role {last(kind.first.arn)}"
            yield caller, kind, Edge(((steps, step, words),), words)
        if not steps.attributes:
            return
        callers = [k for k in self.all_callers if k.first.type == "role"]
        for middle, kind, _ in list(steps.pairs(callers, self.roles, asked, done=found)):
            self.through += takes_through(self.sessions, middle, kind)

    def becomes(self) -> Iterator[tuple[Kind, Kind, Edge]]:
        """Calls on an identity after which one acts as it."""
        rewritten = {}
        for caller, kind, step, unless in self._by_rows("becomes"):
            words = f"takes over {last(kind.first.arn)}"
            if call_of(self.steps, step) == REWRITES:
                rewritten[end_of(caller), end_of(kind)] = caller, kind, step
            else:
                yield caller, kind, Edge(((self.steps, step, words),), words, unless)
        yield from self._taken(rewritten)

    def _taken(self, found: Mapping[tuple[str, str], tuple[Kind, Kind, Step]]) -> Iterator[tuple[Kind, Kind, Edge]]:
        """Who rewrites a trust policy, and takes the role then: guardrails on taking it hold as before."""
        left, steps = dict(found), self.steps
        options = {ends: both(calls(caller.first), kind.here) for ends, (caller, kind, _) in found.items()}
        for ends, taking in steps.pairs_of(options, steps.formula("step.takes-rewritten")):
            caller, kind, step = left.pop(ends)
            rewrites, words = f"rewrites the trust of {last(kind.first.arn)}", f"takes over {last(kind.first.arn)}"
            hops = ((steps, step, rewrites), (Rewritten(steps, caller, kind), taking, words))
            yield caller, kind, Edge(hops, words)
        for caller, kind, step in left.values():
            if steps.step(steps.formula("step.taken-by-others"), kind.here) is not None:
                words = f"rewrites the trust of {last(kind.first.arn)}"
                unless = "nobody whom it lets in acts for it, as it may not take the role itself"
                yield caller, kind, Edge(((steps, step, words),), words, unless)

    def raises(self, alone: bool) -> Iterator[tuple[Kind, Kind, Edge]]:
        """Calls after which an identity has more rights; `alone`: also those of the caller himself."""
        by_policy = [
            (caller, kind, step, unless)
            for kind in self.kinds
            for effect in ("raises-by-policy", "raises-by-group")[: 1 + (kind.first.type == "user")]
            for caller, step, unless in self._in(
                effect, kind.first.account, without=frozenset() if self._switched(kind) else _SWITCHES
            )
            if alone or caller.first.arn != kind.first.arn
        ]
        for caller, kind, step, unless in (*self._by_rows("raises", alone=alone), *by_policy):
            words = f"extends the rights of {last(kind.first.arn)}"
            yield caller, kind, Edge(((self.steps, step, words),), words, unless)

    def _switched(self, kind: Kind) -> bool:
        """Whether another version of a managed policy that one of a kind has may be made the default one."""
        managed = next((a.managed for a, _ in self.steps.workspace.organization.accounts()
                        if a.id == kind.first.account), None)  # fmt: skip
        if managed is None:
            return True
        names = {role.arn for role in kind.roles}
        return any(len(p.versions) > 1 or not p.versions_listed for p in managed if names & set(p.attached_to))

    def _in(
        self, effect: str, account: str, principal: str = "", without: frozenset[str] = frozenset()
    ) -> list[tuple[Kind, Step, str]]:
        """Who may make calls on what lies in an account, asked once for the account; `without`: these actions apart."""
        key = (effect, account, principal, *sorted(without))
        if key not in self._in_account:
            here = is_text("resource.account", account)
            rows = [row for row in self.rows[effect]
                    if row.get("principal", "") == principal and row["action"] not in without]  # fmt: skip
            found: dict[str, tuple[Kind, Step, str]] = {}
            for unless, asked in self._sure_first(rows):
                left = [kind for kind in self.all_callers if kind.first.arn not in found]
                for caller, step in self.steps.callers(left, *asked, here):
                    found[caller.first.arn] = caller, step, unless.get(call_of(self.steps, step), "")
            self._in_account[key] = list(found.values())
        return self._in_account[key]

    def _sure_first(self, rows: Rows) -> Iterator[tuple[dict[str, str], tuple[Formula, ...]]]:
        """What each call of some rows needs besides, and the formulas that one is made; sure calls first."""
        for sure in (True, False):
            unless = {row["action"].lower(): row.get("unless", "") for row in rows if row["sure"] is sure}
            if unless:
                yield unless, (self.steps.formula("step"), self.steps.calls(*unless))

    def _by_rows(self, effect: str, *, alone: bool = False) -> Iterator[tuple[Kind, Kind, Step, str]]:
        """Who may make a call of these rows on whom, with what is needed besides; sure calls first."""
        for kinds, marks in ((self.roles, _ON_USERS), (self._users, _ON_ROLES)):
            rows = [row for row in self.rows[effect] if not any(mark in row["action"].lower() for mark in marks)]
            done = self._done() if effect == "becomes" else set()
            for unless, asked in self._sure_first(rows) if kinds else ():
                for caller, kind, step in list(
                    self.steps.pairs(self.all_callers, kinds, *asked, alone=alone, done=done)
                ):
                    done.add((caller.first.arn, kind.first.arn))
                    yield caller, kind, step, unless.get(call_of(self.steps, step), "")

    @property
    def _users(self) -> list[Kind]:
        return [kind for kind in self.kinds if kind.first.type == "user"]

    def passes(self) -> Iterator[tuple[Kind, Kind, Edge]]:
        """Roles passed to a service that runs code or makes calls with them, and compute that may have them."""
        paths = sorted(table_rows("pass-role-paths"), key=lambda row: "unless" in row)
        passed = self.steps.formula("step.passes-role")
        some = disj(self.steps.has_value("iam:PassedToService", service) for service in self._all_services)
        passing_any = self.steps.step(passed, any_of(self.roles), disj(calls(k.first) for k in self.all_callers), some)
        for kind, service, taken in self._services():
            left = self._left(kind)
            if not left:
                continue
            words = f"changes what runs as {last(kind.first.arn)}"
            for caller, step, unless in self._in("runs-as", kind.first.account, service):
                yield caller, kind, Edge(((self.steps, step, words),), words, unless or "nothing runs with the role")
            if passing_any is None:
                continue
            pass_it = (passed, kind.here, self.steps.has_value("iam:PassedToService", service))
            for caller, passing in self.steps.callers(left, *pass_it):
                for row in (row for row in paths if row["principal"] == service):
                    made = [self._made(caller, call) for call in row["calls"]]
                    if all(made) and (new := self._taking_anew(row, kind, service, taken)) is not None:
                        words = f"runs code of its own as {last(kind.first.arn)}"
                        hops = [(self.steps, passing, f"passes the role to {service}")]
                        hops += [(self.steps, step, words) for step in made if step]
                        hops.append((self.steps, new, f"{service} takes the role"))
                        yield caller, kind, Edge(tuple(hops), words, row.get("unless", ""))
                        break

    def _taking_anew(self, row: Mapping[str, Any], kind: Kind, service: str, taken: Step) -> Step | None:
        """How a service takes a role for what a row makes: AWS gives that an id, which no trust policy spells out."""
        trust, key = kind.first.trust, row.get("id_in", "").lower()
        conditions = [c for s in trust.statements for c in s.conditions] if key and trust is not None else []
        spelled = [value for c in conditions if c.name.lower() == key for value in c.values if "*" not in value]
        if not spelled:
            return taken
        other = (neg(self.steps.has_value(key, value)) for value in spelled)
        asked = (self.steps.formula("step.service-takes-role"), kind.here, is_text("principal.service", service))
        return self.steps.step(*asked, *other)

    @property
    def _all_services(self) -> list[str]:
        rows = (*table_rows("pass-role-paths"), *self.rows["runs-as"])
        return list(dict.fromkeys(row["principal"] for row in rows))

    def _services(self) -> Iterator[tuple[Kind, str, Step]]:
        """The services of the tables that may take a role for its account."""
        by_name = {end_of(kind): kind for kind in self.roles if self._left(kind)}
        options = {
            (name, service): both(kind.here, is_text("principal.service", service))
            for name, kind in by_name.items()
            for service in self._all_services
        }
        asked = self.steps.formula("step.service-takes-role")
        for (name, service), step in list(self.steps.each(options, _service_and_role, asked, texts=_texts)):
            yield by_name[name], service, step

    def _made(self, caller: Kind, call: str) -> Step | None:
        key = (caller.first.arn, call)
        if key not in self._made_before:
            own = is_text("resource.account", caller.first.account)
            asked = (self.steps.formula("step"), self.steps.calls(call), calls(caller.first), own)
            found = self.steps.step(*asked)
            self._made_before[key] = found and self.steps.whole(found, calls(caller.first), *asked)
        return self._made_before[key]


def _texts(option: tuple[str, str]) -> dict[str, str]:
    return {**as_target(option[0]), "principal.service": option[1]}


def _service_and_role(step: Step) -> tuple[str, str]:
    assert step.result.model is not None
    return target_of(step), step.result.model.texts["principal.service"]
