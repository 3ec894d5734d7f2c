"""Who becomes whom, as a graph (C2): its edges are calls that the solver found possible.

Nodes are identities by ARN (one for all that are alike), an identity with more rights (`raised ARN`), and who comes
from outside. An edge holds the steps that it takes; one that is not sure needs what `unless` says, or a rival reading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from perimeter_smt.errors import InternalError
from perimeter_smt.organization.model import Account
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind as PolicyKind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.mitigations.paths import Graph
from perimeter_smt.questions.mitigations.roles import Kind, each_account, target
from perimeter_smt.questions.mitigations.steps import Step, Steps, calls
from perimeter_smt.questions.verdicts import Counterexample

Hop = tuple["Steps | Rewritten", Step, str]  # a step with its words, in the world that found it


@dataclass(frozen=True)
class Edge:
    """How one comes from a node to another: steps with their words, in the world that found them.

    `helpers`: nobody but one of these makes the call, so that he has to act for whoever comes that way.
    """

    steps: tuple[Hop, ...]
    words: str
    unless: str = ""
    helpers: frozenset[str] = frozenset()

    @property
    def sure(self) -> bool:
        """Whether nothing else is needed."""
        return not self.unless and all(step.certain for _, step, _ in self.steps)


@dataclass
class Chains:
    """The graph, and the kinds of identities by the ARN that stands for them."""

    graph: Graph[Edge] = field(default_factory=Graph)
    kinds: dict[str, Kind] = field(default_factory=dict)
    unless: dict[str, str] = field(default_factory=dict)  # by node: what its further edges need besides
    first: dict[str, tuple[Hop, ...]] = field(default_factory=dict)  # by node: what is called before its further edges
    helps: dict[tuple[str, str, str], Edge] = field(default_factory=dict)  # who does what for whom, leading where
    _helpers: set[frozenset[str]] = field(default_factory=set)

    def add(self, source: str, goal: str, edge: Edge) -> None:
        """Add an edge; a sure one wins over one that is not."""
        if source in self.unless:
            edge = replace(edge, unless="; ".join(filter(None, (edge.unless, self.unless[source]))))
        if source in self.first:
            edge = replace(edge, steps=(*self.first[source], *edge.steps))
        old = self.graph.get(source, goal)
        if source != goal and (old is None or (edge.sure and not old.sure)):
            self.graph.put(source, goal, edge)

    def path(self, source: str, goal: str, keep: Callable[[Edge], bool] = lambda _: True) -> list[Edge] | None:
        """The shortest path, over sure edges if there is one, else over what `keep` accepts; None if there is none."""
        sure = self.graph.shortest(source, goal, lambda edge: edge.sure)
        return self.graph.shortest(source, goal, keep) if sure is None else sure

    @property
    def helpers(self) -> set[frozenset[str]]:
        """Who helps on some edge."""
        return self._helpers

    def help(self, helper: str, source: str, goal: str, edge: Edge) -> None:
        """Remember that somebody may take another one from a node to a node."""
        self.helps.setdefault((helper, source, goal), edge)

    def add_helped(self, helps: Callable[[str], bool], named: Callable[[str], str]) -> None:
        """Add the edges that somebody has to act for, whom `helps` accepts: never sure, one for each pair of nodes."""
        found: dict[tuple[str, str], dict[str, Edge]] = {}
        for (helper, source, goal), edge in self.helps.items():
            if helps(helper):
                found.setdefault((source, goal), {})[helper] = edge
        for (source, goal), by in found.items():
            first, edge = next(iter(by.items()))
            unless = "; ".join(filter(None, (edge.unless, f"{named(first)}, who {edge.words}, does not act for it")))
            self._helpers.add(frozenset(by))
            self.add(source, goal, replace(edge, unless=unless, helpers=frozenset(by)))
        self.helps.clear()

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


@dataclass(frozen=True)
class Rewritten:
    """The world in which a caller has rewritten the trust policy of a role: encoded only where it is shown."""

    steps: Steps
    caller: Kind
    kind: Kind

    def shown(self, step: Step, words: str) -> Counterexample:  # noqa: ARG002
        """The request by which the caller takes the role then, replayed."""
        role = self.kind.first
        for named in (self.caller.first.arn, "*"):  # the second for who has a boundary that does not allow it
            trust = parse_object(
                {"Version": "2012-10-17", "Statement": [
                    {"Effect": "Allow", "Principal": {"AWS": named}, "Action": "sts:AssumeRole"}]},
                PolicyKind.TRUST, file="(rewritten)", name=f"rewritten trust of {last(role.arn)}", strict=False,
            )  # fmt: skip
            world = self.steps.again(_with_trust(self.steps.workspace, role.arn, trust))
            found = world.step(world.formula("step.takes-role"), target(role), calls(self.caller.first))
            if found is not None:
                return world.shown(found, words)
        raise InternalError(f"`{self.caller.first.arn}` does not take `{role.arn}` once its trust is rewritten")


def _with_trust(workspace: Workspace, arn: str, trust: Document) -> Workspace:
    def one(account: Account) -> Account:
        changed = (p.model_copy(update={"trust": trust}) if p.arn == arn else p for p in account.principals)
        return account.model_copy(update={"principals": tuple(changed)})

    return each_account(workspace, one)


def raised(arn: str) -> str:
    """The node of an identity whose rights somebody extended."""
    return f"raised {arn}"


def tagged(key: str, value: str | None) -> Callable[[str], str]:
    """How the node of an identity is called whose tag somebody set, or took away."""
    return lambda arn: f"{f'tagged {key}={value}' if value is not None else f'untagged {key}'} {arn}"


def is_state(node: str) -> bool:
    """Whether a node is an identity in another state, an exception, a root user, who has a row of its own, or AWS's."""
    return node.startswith(("raised ", "tagged ", "untagged ", "exception ", "root user ", "stack sets "))


def identity_of(node: str) -> str:
    """The identity that a node is of, in whatever state."""
    return node.rsplit(" ", 1)[-1] if is_state(node) else node


def last(arn: str) -> str:
    """The name at the end of an ARN, with its account."""
    return f"{arn.rsplit('/', 1)[-1]} of account {arn.split(':')[4]}"
