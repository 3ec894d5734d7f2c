"""C2: who comes to hold an exception by a tag: carries it, or has it no more where the missing tag exempts.

Tags are set on identities, on sessions (by callers of mine, by vendors, by the tokens of providers, for federated
users), and on what is made anew; those of resources by the tagging calls of their services.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from perimeter_smt.evaluate.perimeter import is_named
from perimeter_smt.logic.atoms import STAR, Text
from perimeter_smt.logic.formula import Formula, both, disj, glob, neg
from perimeter_smt.organization.perimeter import TagException
from perimeter_smt.questions.mitigations.graph import Edge, is_state
from perimeter_smt.questions.mitigations.roles import Kind, any_of
from perimeter_smt.questions.mitigations.steps import Steps, calls
from perimeter_smt.questions.mitigations.tagging import sets_tag, tagging_calls

if TYPE_CHECKING:
    from perimeter_smt.questions.mitigations.chains import ChainQuestion

_MAKES = ("iam:CreateRole", "iam:CreateUser")
_KINDS = ("Role", "User")
_TAGS = ("iam:TagRole", "iam:TagUser")
_UNTAGS = ("iam:UntagRole", "iam:UntagUser")


class TagHolders:
    """The edges to the node of one exception."""

    def __init__(self, question: ChainQuestion, entry: TagException, node: str) -> None:
        self.question, self.entry, self.node = question, entry, node
        self.chains, self.kinds = question.chains, question.kinds
        self.helped: list[tuple[str, str, Edge]] = []

    def add(self) -> tuple[str, ...]:
        """Add the edges; out come the identities that are exempt as they are."""
        if self.entry.on == "resource":
            self._of_resources()
            return ()
        held = [kind for kind in self.kinds if self._exempt(kind)]
        words = "does not carry it" if self.entry.missing else "carries it"
        for kind in held:
            self.chains.graph.put(kind.first.arn, self.node, Edge((), words))
            for state in self.question.states_of(kind.first.arn):
                self.chains.graph.put(state, self.node, Edge((), words))
        for steps, kinds in self.question.worlds:
            self._on_identities(steps, kinds)
            self._sessions(steps, kinds)
            self._federated(steps, kinds)
            self._new(steps, kinds)
        self._from_outside()
        self._by_others()
        return tuple(kind.first.arn for kind in held)

    def _exempt(self, kind: Kind) -> bool:
        return (kind.first.tags.get(self.entry.key) == self.entry.value) is not self.entry.missing

    def _is(self, steps: Steps) -> Formula:
        return steps.has_value(f"aws:RequestTag/{self.entry.key}", self.entry.value)

    def _sets(self, steps: Steps) -> Formula:
        """The request sets a tag of that key which exempts."""
        if not self.entry.missing:
            return self._is(steps)
        return both(steps.carries(f"aws:RequestTag/{self.entry.key}"), neg(self._is(steps)))

    def _makes(self, steps: Steps) -> Formula:
        return neg(self._is(steps)) if self.entry.missing else self._is(steps)

    def _on_identities(self, steps: Steps, kinds: Sequence[Kind]) -> None:
        """Who sets the tag on an identity that he is or becomes, or takes it away; others are helpers."""
        sets = both(steps.calls(*_TAGS), self._sets(steps))
        if self.entry.missing:
            sets = disj((sets, both(steps.calls(*_UNTAGS), steps.among("aws:TagKeys", self.entry.key))))
        name, words = self.question.namer(steps), "takes the tag away" if self.entry.missing else "sets the tag"
        for kind in self.kinds:
            if self._exempt(kind):
                continue
            for caller, step in steps.callers(kinds, steps.formula("step"), kind.here, sets):
                source, edge = name(caller), Edge(((steps, step, words),), words)
                if caller is kind or self.chains.path(source, kind.first.arn):
                    self.chains.add(source, self.node, edge)
                else:
                    unless = f"{self.question.named(caller.first.arn)}, who {words}, does not act for it"
                    self.helped.append((source, kind.first.arn, replace(edge, unless=unless)))

    def _new(self, steps: Steps, kinds: Sequence[Kind]) -> None:
        """Who makes an identity with the tag, at once or one after the other, or one without it, where that exempts.

        That to create with tags asks for the call that tags, too, is what other services say, and no page of IAM.
        """
        words = "makes an identity without the tag" if self.entry.missing else "makes an identity with the tag"
        new = (steps.formula("step"), neg(any_of(self.kinds)))
        if self.entry.missing:
            self.question.edges(self.node, kinds, steps, (*new, steps.calls(*_MAKES), self._makes(steps)), words)
        for kind in _KINDS:
            at_once = both(steps.calls(f"iam:Create{kind}"), self._makes(steps))
            sets = both(steps.calls(f"iam:Tag{kind}"), self._sets(steps))
            if self.entry.missing:
                gone = both(steps.calls(f"iam:Untag{kind}"), steps.among("aws:TagKeys", self.entry.key))
                sets = disj((sets, gone))
            left = [caller for caller in kinds if not self.question.sure(caller.first.arn, self.node)]
            for caller, tags in list(steps.callers(left, *new, sets)):
                for _, makes in steps.callers([caller], *new, steps.calls(f"iam:Create{kind}")):
                    edge = Edge(((steps, makes, words), (steps, tags, words)), words)
                    self.chains.add(self.question.namer(steps)(caller), self.node, edge)
            if not self.entry.missing:
                left = [caller for caller in left if not self.question.sure(caller.first.arn, self.node)]
                for caller, makes in list(steps.callers(left, *new, at_once)):
                    edge = Edge(((steps, makes, words),), words, f"AWS asks for iam:Tag{kind} as well")
                    self.chains.add(self.question.namer(steps)(caller), self.node, edge)

    def _by_others(self) -> None:
        """Two who act together: who holds it alone, or may, needs nobody."""
        meant = (*self.question.perimeter.administrators, *(self.entry.held_by or ()))
        alone = {holder for holder, _ in self.question.holders(self.node, ())}
        for source, goal, edge in self.helped:
            trusted = any(is_named(pattern, source) for pattern in meant)
            if source not in alone and not trusted and not is_state(source):
                self.chains.add(goal, self.node, edge)

    @property
    def _session_words(self) -> str:
        return "begins a session with another value" if self.entry.missing else "begins a session with the tag"

    def _sessions(self, steps: Steps, kinds: Sequence[Kind]) -> None:
        """Who begins a session with a tag: takes a role and may tag the session."""
        words, name, sets = self._session_words, self.question.namer(steps), self._sets(steps)
        if steps.step(steps.formula("step.tags-session"), any_of(self.kinds), sets) is None:
            return
        for kind in self.kinds:
            for caller, tags in list(steps.callers(kinds, steps.formula("step.tags-session"), kind.here, sets)):
                taken = steps.step(steps.formula("step.takes-role"), kind.here, calls(caller.first), sets)
                if taken is not None:
                    edge = Edge(((steps, taken, words), (steps, tags, words)), words)
                    self.chains.add(name(caller), self.node, edge)

    def _federated(self, steps: Steps, kinds: Sequence[Kind]) -> None:
        """Which users make a federated user with the tag, who has no tag of the user."""
        name, words = self.question.namer(steps), "makes a federated user"
        here = glob("resource.name", (Text("federated-user/"), STAR))
        gets = (steps.formula("step"), steps.calls("sts:GetFederationToken"), here)
        users = [kind for kind in kinds if kind.first.type == "user"]
        for caller, token in list(steps.callers(users, *gets, self._makes(steps))):
            hops = [(steps, token, words)]
            if not self.entry.missing:
                asked = (steps.formula("step.tags-session"), here, self._sets(steps), calls(caller.first))
                tags = steps.step(*asked)
                if tags is None:
                    continue
                hops.append((steps, tags, self._session_words))
            self.chains.add(name(caller), self.node, Edge(tuple(hops), words))

    def _from_outside(self) -> None:
        """Vendors, tokens of providers and strangers that begin a session with the tag."""
        steps, words = self.question.steps, self._session_words
        asked = (steps.formula("step.enters-tagged"), steps.calls("sts:TagSession"), self._sets(steps))
        roles = [kind for kind in self.kinds if kind.first.type == "role"]
        if not roles or steps.step(*asked, any_of(roles)) is None:
            return
        for who in self.question.outside:
            for kind in roles:
                tags = steps.step(*asked, who.tagging, kind.here)
                enters = tags and steps.step(steps.formula("step.enters"), who.entering, kind.here)
                if tags and enters:
                    edge = Edge(((steps, enters, words), (steps, tags, words)), words, who.unless)
                    self.chains.add(who.name, self.node, edge)
                    break

    def _of_resources(self) -> None:
        """Who puts the tag on resources of mine, or takes it away."""
        tagging = tagging_calls(self.question.workspace, self.entry)
        for steps, kinds in self.question.worlds if tagging else ():
            about = steps.about(tagging, self.entry.key)
            words = "takes the tag of a resource away" if self.entry.missing else "puts the tag on a resource"
            name = self.question.namer(steps)
            left = [kind for kind in kinds if not self.question.sure(kind.first.arn, self.node)]
            for caller, step in about.callers(left, *sets_tag(about, tagging, self.entry)):
                self.chains.add(name(caller), self.node, Edge(((about, step, words),), words))
