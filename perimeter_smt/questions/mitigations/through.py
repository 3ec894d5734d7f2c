"""C2: a role that is taken through another one, whose session has to carry session tags or a source identity."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.encode.world.world import all_documents
from perimeter_smt.logic.formula import Formula, conj, neg
from perimeter_smt.questions.mitigations.graph import Edge, Hop, last
from perimeter_smt.questions.mitigations.outsiders import Outsider
from perimeter_smt.questions.mitigations.roles import Kind
from perimeter_smt.questions.mitigations.sessions import Attributes, Sessions, sent_as
from perimeter_smt.questions.mitigations.steps import calls

_SOURCE_IDENTITY = "aws:sourceidentity"
_TRIES = 4  # sessions that are tried, and of each some values that policies spell out
_VALUES = 6
_UNLESS = "no session attributes that the hops before may set are those that the last one asks for"
Through = tuple[Kind | Outsider, Kind, Edge]


def takes_through(sessions: Sessions, middle: Kind, kind: Kind) -> list[Through]:
    """Who takes a role through another one, with a session that carries what the last hop asks for."""
    return list(_Through(sessions, middle, kind).edges())


class _Through:
    """One role, `kind`, that sessions of another, `middle`, take if they carry something."""

    def __init__(self, sessions: Sessions, middle: Kind, kind: Kind) -> None:
        self.sessions, self.steps = sessions, sessions.steps
        self.middle, self.kind = middle, kind
        self.all_tried = False

    def edges(self) -> Iterator[Through]:
        """From everybody who begins such a session; conditions where not every session was tried."""
        found = set[str]()
        self.sessions.unsure = False
        for attributes in self._attributes():
            for begun in self.sessions.begun(self.middle, attributes):
                source = begun.source
                name = source.name if isinstance(source, Outsider) else source.first.arn
                last_hop = None if name in found else self._last(attributes, begun.moved)
                if last_hop is not None:
                    found.add(name)
                    hops = (*begun.hops, *last_hop)
                    yield source, self.kind, Edge(hops, self._words("takes"), _unless(source))
        if self.all_tried and not self.sessions.unsure:
            return
        step = self.steps.step(*self._asked)
        for caller in self.sessions.takers(self.middle) if step else ():
            if step is not None and caller.first.arn not in found and caller is not self.kind:
                words = self._words("may take")
                yield caller, self.kind, Edge(((self.steps, step, words),), words, _UNLESS)

    def _words(self, takes: str) -> str:
        return f"{takes} the role {last(self.kind.first.arn)} through {last(self.middle.first.arn)}"

    @property
    def _asked(self) -> tuple[Formula, ...]:
        """The last hop, without a source identity where nobody may set one, or it cannot go on."""
        sets = (self.steps.formula("step.sets-source-identity"), self.kind.here, calls(self.middle.first))
        goes_on = self.sessions.may_be_named(self.middle) and self.steps.step(*sets) is not None
        without = () if goes_on else (self.steps.without(_SOURCE_IDENTITY),)
        return (self.steps.formula("step.takes-role"), self.kind.here, calls(self.middle.first), *without)

    def _attributes(self) -> Iterator[Attributes]:
        """What the session carries: as the solver finds it, and with values that policies spell out."""
        steps, asked = self.steps, self._asked
        tried: list[Formula] = []
        for _ in range(_TRIES):
            step = steps.step(*asked, *tried)
            if step is None:
                self.all_tried = True
                return
            attributes = self.sessions.least(self.middle, step)
            if not attributes:
                return
            yield attributes
            for other in self._others(attributes):
                if steps.step(*asked, *tried, steps.session_with(self.middle.first, other)) is not None:
                    yield other
            tried.append(neg(conj(steps.has_value(name, value) for name, value in attributes.items())))

    def _others(self, attributes: Attributes) -> list[Attributes]:
        """The same attributes with values that policies spell out."""
        out: list[Attributes] = []
        documents = all_documents(self.steps.workspace, grants_too=True)
        for name, value in attributes.items():
            keys = {name, sent_as(name)}
            conditions = (c for d in documents for s in d.statements for c in s.conditions if c.name.lower() in keys)
            spelled = dict.fromkeys(text for condition in conditions for text in condition.values)
            out += [{**attributes, name: text} for text in spelled if text != value and not set(text) & set("*?$")]
        return out[:_VALUES]

    def _last(self, attributes: Attributes, moved: frozenset[str]) -> list[Hop] | None:
        """The requests of the last hop: what goes on asks for its own call again."""
        steps = self.steps
        sent = [self.kind.here, calls(self.middle.first), steps.session_with(self.middle.first, attributes)]
        sent += [steps.without(sent_as(name)) for name in sorted(moved)]
        asked = {"step.takes-role": sent, **({"step.tags-session": sent} if moved else {})}
        if _SOURCE_IDENTITY in attributes:
            goes_on = [*sent, steps.has_value("sts:SourceIdentity", attributes[_SOURCE_IDENTITY])]
            asked |= {"step.takes-role": goes_on, "step.sets-source-identity": goes_on}
        found = self.sessions.of_one_session(self.middle, asked, attributes)
        fit = [requests for requests, own in found if own == dict(attributes)]
        return list(self.sessions.hops(fit[0], self._words("takes"))) if fit else None


def _unless(source: Kind | Outsider) -> str:
    return source.unless if isinstance(source, Outsider) else ""
