"""Who becomes whom, as a graph (C2): its edges are calls that the solver found possible.

Nodes are identities by ARN (one for all that are alike), an identity with more rights (`raised ARN`), and who comes
from outside. An edge holds the steps that it takes; one that is not sure needs what `unless` says, or a rival reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from perimeter_smt.logic.formula import Formula, both, conj, disj, is_text, neg
from perimeter_smt.organization.model import OwnedPrincipal
from perimeter_smt.questions.mitigations.paths import Graph
from perimeter_smt.questions.mitigations.roles import Kind, target
from perimeter_smt.questions.mitigations.steps import Step, Steps, calls
from perimeter_smt.request.keys import table_rows

Rows = Sequence[Mapping[str, Any]]
_TRIES = 4  # values of session attributes that are tried


@dataclass(frozen=True)
class Edge:
    """How one comes from a node to another: steps with their words, in the world that found them."""

    steps: tuple[tuple[Steps, Step, str], ...]
    words: str
    unless: str = ""

    @property
    def sure(self) -> bool:
        """Whether nothing else is needed."""
        return not self.unless and all(step.sure for _, step, _ in self.steps)


@dataclass
class Chains:
    """The graph, and the kinds of identities by the ARN that stands for them."""

    graph: Graph[Edge] = field(default_factory=Graph)
    kinds: dict[str, Kind] = field(default_factory=dict)
    unless: dict[str, str] = field(default_factory=dict)  # by node: what its further edges need besides

    def add(self, source: str, goal: str, edge: Edge) -> None:
        """Add an edge; a sure one wins over one that is not."""
        if source in self.unless:
            edge = replace(edge, unless="; ".join(filter(None, (edge.unless, self.unless[source]))))
        old = self.graph.get(source, goal)
        if source != goal and (old is None or (edge.sure and not old.sure)):
            self.graph.put(source, goal, edge)

    def path(self, source: str, goal: str) -> list[Edge] | None:
        """The shortest path, over sure edges if there is one; None if there is none."""
        sure = self.graph.shortest(source, goal, lambda edge: edge.sure)
        return self.graph.shortest(source, goal) if sure is None else sure

    def reached(self, starts: Iterable[str]) -> set[str]:
        """Every node that is reached from one of these, and these."""
        found, left = set[str](), list(starts)
        while left:
            node = left.pop()
            if node not in found:
                found.add(node)
                left += self.graph.successors(node)
        return found

    def sources(self, goal: str) -> set[str]:
        """Every node from which the goal is reached."""
        return self.graph.ancestors(goal)


def raised(arn: str) -> str:
    """The node of an identity whose rights somebody extended."""
    return f"raised {arn}"


def connect(chains: Chains, steps: Steps, kinds: Sequence[Kind], *, among: Sequence[Kind] | None = None) -> None:
    """Add the edges between identities. `among`: the callers, in a world in which their rights were extended."""
    callers = kinds if among is None else among
    name = (lambda kind: kind.first.arn) if among is None else (lambda kind: raised(kind.first.arn))
    reader = _Edges(steps, list(callers))
    for kind in kinds:
        for caller, edge in reader.into(kind):
            chains.add(name(caller), kind.first.arn, edge)
    for kind in kinds:
        _extend(chains, reader, kind, {name(caller): caller for caller in callers})


def _extend(chains: Chains, reader: _Edges, kind: Kind, callers: Mapping[str, Kind]) -> None:
    """Who extends the rights of an identity that he is or becomes, himself or as a further identity that he becomes."""
    goal = kind.first.arn
    become = {goal, *chains.sources(goal)}
    further = chains.reached(become)
    nodes = {id(caller): node for node, caller in callers.items()}
    able = [caller for node, caller in callers.items() if node in further or caller is kind]
    for caller, edge in reader.raises(kind, able):
        node = nodes[id(caller)]
        chains.add(node, raised(goal), edge)
        for start in sorted(chains.sources(node) & become) if node not in become else ():
            before = chains.path(start, node) or []
            steps = tuple(step for each in (*before, edge) for step in each.steps)
            unless = "; ".join(dict.fromkeys(each.unless for each in (*before, edge) if each.unless))
            chains.add(start, raised(goal), Edge(steps, edge.words, unless))


class _Edges:
    """The edges into one identity, in one world."""

    def __init__(self, steps: Steps, callers: list[Kind]) -> None:
        self.steps, self.all_callers = steps, callers
        rows = table_rows("escalation-actions")
        self.rows = {effect: [r for r in rows if r["effect"] == effect] for effect in {r["effect"] for r in rows}}
        self._made_before: dict[tuple[str, str], Step | None] = {}
        self._in_account: dict[tuple[str, ...], list[tuple[Kind, Step, str]]] = {}

    def into(self, kind: Kind) -> Iterator[tuple[Kind, Edge]]:
        """All edges into an identity."""
        yield from self.takes(kind)
        yield from self.becomes(kind)
        yield from self.passes(kind)

    def _rows_for(self, effect: str, kind: Kind) -> Rows:
        """The rows that act on identities of this type."""
        other = "role" if kind.first.type == "user" else "user"
        on_user = ("loginprofile", "accesskey", "user")
        on_role = ("role",)
        marks = on_role if other == "role" else on_user
        return [row for row in self.rows[effect] if not any(mark in row["action"].lower() for mark in marks)]

    def takes(self, kind: Kind) -> Iterator[tuple[Kind, Edge]]:
        """AssumeRole by sessions without attributes; then with those that the step before can set."""
        if kind.first.type != "role":
            return
        steps, asked = self.steps, (self.steps.formula("step.takes-role"), kind.here)
        words = f"takes the role {last(kind.first.arn)}"
        found: dict[str, bool] = {}
        plain = disj(both(calls(k.first), steps.plain_session(k.first)) for k in self.all_callers)
        for caller, step in steps.callers(self.all_callers, *asked, plain):
            found[caller.first.arn] = True
            yield caller, Edge(((steps, step, words),), words)
        if not steps.attributes:
            return
        rest = [k for k in self.all_callers if k.first.arn not in found and k.first.type == "role"]
        for middle, step in steps.callers(rest, *asked):
            yield from self._through(middle, kind, step)

    def _through(self, middle: Kind, kind: Kind, step: Step) -> Iterator[tuple[Kind, Edge]]:
        """Two hops, where the second needs session tags or a source identity that the first has to set."""
        steps = self.steps
        enter = (steps.formula("step.takes-role"), middle.here)
        for caller, _ in list(steps.callers(self.all_callers, *enter)):
            second = step
            tried: list[Formula] = []
            for _ in range(_TRIES):
                attributes = _attributes(steps, middle.first, second)
                first = _setting(steps, caller.first, middle.first, attributes)
                if first is not None:
                    words = f"takes the role {last(kind.first.arn)} through {last(middle.first.arn)}"
                    named = ", ".join(f"{name} = {value}" for name, value in attributes.items())
                    hops = [(steps, hop, f"sets {named}") for hop in first]
                    yield caller, Edge((*hops, (steps, second, words)), words)
                    break
                same = conj(steps.has_value(name, value) for name, value in attributes.items())
                tried.append(neg(same))
                asked = (steps.formula("step.takes-role"), kind.here, calls(middle.first), *tried)
                other = steps.step(*asked)
                if other is None:
                    break
                second = other
            else:
                words = f"may take the role {last(kind.first.arn)} through {last(middle.first.arn)}"
                unless = "no session attributes that the first hop may set are those that the second asks for"
                yield caller, Edge(((steps, step, words),), words, unless)

    def becomes(self, kind: Kind) -> Iterator[tuple[Kind, Edge]]:
        """Calls on an identity after which one acts as it."""
        words = f"takes over {last(kind.first.arn)}"
        for caller, step, unless in self._by_rows(self._rows_for("becomes", kind), kind.here, self.all_callers):
            yield caller, Edge(((self.steps, step, words),), words, unless)

    def raises(self, kind: Kind, able: list[Kind]) -> Iterator[tuple[Kind, Edge]]:
        """Calls after which an identity has more rights, by who is it or becomes it."""
        words = f"extends the rights of {last(kind.first.arn)}"
        by_policy = self._by_account("raises-by-policy", kind, self.rows["raises-by-policy"])
        here = [found for found in by_policy if found[0] in able]
        for caller, step, unless in (*self._by_rows(self._rows_for("raises", kind), kind.here, able), *here):
            yield caller, Edge(((self.steps, step, words),), words, unless)

    def _by_account(self, effect: str, kind: Kind, rows: Rows) -> list[tuple[Kind, Step, str]]:
        """Who may make calls on what lies in the account of an identity, asked once for the account."""
        key = (effect, kind.first.account)
        if key not in self._in_account:
            here = is_text("resource.account", kind.first.account)
            self._in_account[key] = list(self._by_rows(rows, here, self.all_callers))
        return self._in_account[key]

    def _by_rows(self, rows: Rows, here: Formula, callers: list[Kind]) -> Iterator[tuple[Kind, Step, str]]:
        """Who may make a call of these rows, with what is needed besides; sure calls first."""
        done: set[str] = set()
        for sure in (True, False):
            unless = {r["action"].lower(): r.get("unless", "") for r in rows if r["sure"] is sure}
            left = [kind for kind in callers if kind.first.arn not in done]
            asked = (self.steps.formula("step"), self.steps.calls(*unless), here)
            for caller, step in self.steps.callers(left, *asked) if unless else ():
                done.add(caller.first.arn)
                call = self.steps.world.calls.rows[_row(step)].lowered
                yield caller, step, unless.get(call, "")

    def passes(self, kind: Kind) -> Iterator[tuple[Kind, Edge]]:
        """Roles passed to a service that runs code or makes calls with them, and compute that may have them."""
        if kind.first.type != "role":
            return
        paths = table_rows("pass-role-paths")
        for service, taken in self._services(kind):
            rows = [row for row in self.rows["runs-as"] if row["principal"] == service]
            words = f"changes what runs as {last(kind.first.arn)}"
            for caller, step, unless in self._by_account(service, kind, rows):
                yield caller, Edge(((self.steps, step, words),), words, unless or "nothing runs with the role")
            pass_it = (
                self.steps.formula("step.passes-role"), kind.here, self.steps.has_value("iam:PassedToService", service),
            )  # fmt: skip
            for caller, passing in self.steps.callers(self.all_callers, *pass_it):
                for row in (row for row in paths if row["principal"] == service):
                    made = [self._made(caller, call) for call in row["calls"]]
                    if all(made):
                        words = f"runs code of its own as {last(kind.first.arn)}"
                        hops = [(self.steps, passing, f"passes the role to {service}")]
                        hops += [(self.steps, step, words) for step in made if step]
                        hops.append((self.steps, taken, f"{service} takes the role"))
                        yield caller, Edge(tuple(hops), words)
                        break

    def _services(self, kind: Kind) -> Iterator[tuple[str, Step]]:
        """The services of the tables that may take a role for its account."""
        rows = (*table_rows("pass-role-paths"), *self.rows["runs-as"])
        left = list(dict.fromkeys(row["principal"] for row in rows))
        while left:
            some = disj(is_text("principal.service", service) for service in left)
            step = self.steps.step(self.steps.formula("step.service-takes-role"), kind.here, some)
            if step is None:
                return
            assert step.result.model is not None
            service = step.result.model.texts["principal.service"]
            yield service, step
            left.remove(service)

    def _made(self, caller: Kind, call: str) -> Step | None:
        key = (caller.first.arn, call)
        if key not in self._made_before:
            own = is_text("resource.account", caller.first.account)
            asked = (self.steps.formula("step"), self.steps.calls(call), calls(caller.first), own)
            self._made_before[key] = self.steps.step(*asked)
        return self._made_before[key]


def _row(step: Step) -> int:
    assert step.result.model is not None
    return next(iter(step.result.model.rows.values()))


def _attributes(steps: Steps, principal: OwnedPrincipal, step: Step) -> dict[str, str]:
    """The session tags and the source identity that a step's caller carries, beyond what the role itself has."""
    model = step.result.model
    assert model is not None
    given = {f"aws:principaltag/{name}".lower(): value for name, value in principal.tags.items()}
    out = {}
    for name, key in sorted(steps.world.keys.known.items()):
        if not name.startswith(("aws:principaltag/", "aws:sourceidentity")) or key.has.op != "sym":
            continue
        value = model.texts.get(str(key.has.payload).removeprefix("has "), "")
        if model.symbols.get(str(key.has.payload), False) and given.get(name) != value:
            out[name] = value
    return out


def _setting(
    steps: Steps, caller: OwnedPrincipal, role: OwnedPrincipal, attributes: dict[str, str]
) -> list[Step] | None:
    """The requests by which a caller takes a role and sets these attributes; None where one does not get through."""
    sent = []
    for name, value in attributes.items():
        if name == "aws:sourceidentity":
            sent.append(steps.has_value("sts:sourceidentity", value))
        else:
            sent.append(steps.has_value(name.replace("aws:principaltag/", "aws:requesttag/"), value))
    names = ["step.takes-role"]
    names += ["step.tags-session"] if any(name.startswith("aws:principaltag/") for name in attributes) else []
    names += ["step.sets-source-identity"] if "aws:sourceidentity" in attributes else []
    found = [steps.step(steps.formula(name), target(role), calls(caller), *sent) for name in names]
    return [step for step in found if step] if all(found) else None


def last(arn: str) -> str:
    """The name at the end of an ARN, with its account."""
    return f"{arn.rsplit('/', 1)[-1]} of account {arn.split(':')[4]}"
