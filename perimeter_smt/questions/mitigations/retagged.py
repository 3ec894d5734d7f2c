"""C2: identities whose tags somebody sets or takes away, where policies look at the tags of who calls.

For each tag that some policy tells apart: who may put it on which identity, or take it away, and what the identity does
then, in a world of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from perimeter_smt.encode.world.world import all_documents
from perimeter_smt.logic.formula import Formula, both
from perimeter_smt.organization.model import Account
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.operators import Test
from perimeter_smt.questions.mitigations.edges import connect
from perimeter_smt.questions.mitigations.graph import Edge, tagged
from perimeter_smt.questions.mitigations.roles import Kind, any_of, each_account
from perimeter_smt.questions.mitigations.steps import Steps
from perimeter_smt.questions.mitigations.with_rights import with_rights

if TYPE_CHECKING:
    from perimeter_smt.questions.mitigations.chains import ChainQuestion

MOST = 6  # tags that are told apart: further ones are not followed, and the report says so
_KEY = "aws:principaltag/"
_VARIABLE = re.compile(r"\$\{aws:principaltag/([^},]+)[^}]*\}", re.IGNORECASE)


class Retagged:
    """The worlds of identities with other tags."""

    def __init__(self, question: ChainQuestion) -> None:
        self.question, self.chains = question, question.chains
        self._done: set[tuple[str, str | None, str]] = set()
        every = list(dict.fromkeys(_tags(question.smaller, question.kinds)))
        self.tags, self.left_out = every[:MOST], every[MOST:]

    @property
    def limits(self) -> tuple[str, ...]:
        """What is not followed."""
        names = ", ".join(key if value is None else f"{key}={value}" for key, value in self.left_out)
        return (f"who sets or takes away these tags of callers is not followed: {names}",) if names else ()

    def add(self, *, with_rights: bool = False) -> None:
        """Add who sets tags on whom, and where that leads; `with_rights`: those whose rights were extended."""
        for key, value in self.tags:
            state = tagged(key, value)
            found: dict[str, Kind] = {}
            for steps, callers in self.question.worlds:
                name, call = self.question.namer(steps), self._call(steps, key, value)
                if not callers or steps.step(steps.formula("step"), call, any_of(self.question.kinds)) is None:
                    continue
                words = f"sets the tag {key}={value}" if value is not None else f"takes the tag {key} away"
                for kind in self.question.kinds:
                    if (kind.first.tags.get(key) is None) if value is None else kind.first.tags.get(key) == value:
                        continue
                    for caller, step in steps.callers(callers, steps.formula("step"), call, kind.here):
                        found[kind.first.arn] = kind
                        self._reached(name(caller), kind, Edge(((steps, step, words),), words), state)
            new = [kind for arn, kind in found.items() if (key, value, arn) not in self._done]
            if new:
                self._done |= {(key, value, kind.first.arn) for kind in new}
                self._world(key, value, new, rights=with_rights)
        self.chains.add_helped(self.question.helps, self.question.named)

    def _call(self, steps: Steps, key: str, value: str | None) -> Formula:
        if value is None:
            return both(steps.calls("iam:UntagRole", "iam:UntagUser"), steps.among("aws:TagKeys", key))
        return both(steps.calls("iam:TagRole", "iam:TagUser"), steps.has_value(f"aws:RequestTag/{key}", value))

    def _reached(self, caller: str, kind: Kind, edge: Edge, state: Callable[[str], str]) -> None:
        goal = state(kind.first.arn)
        become = {kind.first.arn, *self.chains.sources(kind.first.arn)}
        if caller in become:
            self.chains.add(caller, goal, edge)
        else:
            self.chains.help(caller, kind.first.arn, goal, edge)

    def _world(self, key: str, value: str | None, kinds: list[Kind], *, rights: bool) -> None:
        changed = _with_tag(self.question.smaller, key, value, {kind.first.arn for kind in kinds})
        if rights:
            grown = [kind.first for kind in kinds if kind.first.arn in self.question.grown]
            shown = [p for a, _ in changed.organization.accounts() for p in a.principals]
            arns = {principal.arn for principal in grown}
            changed = with_rights(changed, [p for p in shown if p.arn in arns], self.question.bare)
        steps = self.question.steps.again(changed)
        there = {p.arn: p for account, _ in changed.organization.accounts() for p in account.principals}
        callers = [Kind((there[kind.first.arn], *kind.roles[1:])) for kind in kinds]
        self.question.in_world(steps, callers, tagged(key, value))
        connect(self.chains, steps, self.question.kinds, among=callers, state=tagged(key, value))


def _tags(workspace: Workspace, kinds: list[Kind]) -> Iterator[tuple[str, str | None]]:
    """The tags of callers that policies tell apart: key and value, None for the tag that is gone."""
    spelled = {key.lower(): key for kind in kinds for key in kind.first.tags}
    for document in all_documents(workspace, grants_too=True):
        for statement in document.statements:
            for condition in statement.conditions:
                for key in (m for value in condition.values for m in _VARIABLE.findall(value)):
                    yield from ((key, kind.first.tags[key]) for kind in kinds if key in kind.first.tags)
                if not condition.name.lower().startswith(_KEY):
                    continue
                key = condition.name[len(_KEY) :]
                key = spelled.get(key.lower(), key)
                for value in condition.values:
                    if condition.operator.base.test is Test.IS_NULL:
                        yield key, "set"
                    elif "$" not in value:
                        yield key, value.replace("*", "any").replace("?", "x")
                    else:
                        yield from ((key, v) for kind in kinds for v in kind.first.tags.values())
                if any(key in kind.first.tags for kind in kinds):
                    yield key, None


def _with_tag(workspace: Workspace, key: str, value: str | None, arns: set[str]) -> Workspace:
    def one(account: Account) -> Account:
        principals = []
        for principal in account.principals:
            if principal.arn in arns:
                tags = {name: v for name, v in principal.tags.items() if name != key}
                tags |= {} if value is None else {key: value}
                principals.append(principal.model_copy(update={"tags": tags}))
            else:
                principals.append(principal)
        return account.model_copy(update={"principals": tuple(principals)})

    return each_account(workspace, one)
