"""C2: from which callers, over how many hops, is an identity reached, and who can become an exempt caller.

A graph of single steps (graph.py), each decided by the solver under the composed policies; rows are paths, a replayed
request for each hop. Exceptions of the perimeter, guardrails and trails have a row each: held by whom.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from perimeter_smt.encode.language.resource import resource_matches
from perimeter_smt.evaluate.perimeter import is_named
from perimeter_smt.logic.formula import Formula, both, disj, neg
from perimeter_smt.organization.model import OwnedPrincipal
from perimeter_smt.organization.perimeter import RoleException, TagException, Workspace
from perimeter_smt.questions.firm import rests
from perimeter_smt.questions.left_open import POINT, known
from perimeter_smt.questions.mitigations.edges import connect
from perimeter_smt.questions.mitigations.graph import (
    Chains,
    Edge,
    identity_of,
    is_state,
    last,
    raised,
)
from perimeter_smt.questions.mitigations.guarded import calls_of, guarded_by, unless, where
from perimeter_smt.questions.mitigations.joints import UNLESS, fit
from perimeter_smt.questions.mitigations.model import Asking, Line, Mitigation, MitigationStatus, worst
from perimeter_smt.questions.mitigations.outsiders import STRANGER, outsiders
from perimeter_smt.questions.mitigations.permission_sets import exempt_permission_sets, give_permission_sets
from perimeter_smt.questions.mitigations.renamed import Renamed
from perimeter_smt.questions.mitigations.retagged import Retagged
from perimeter_smt.questions.mitigations.roles import Kind, any_of, identities_of, of_any_session
from perimeter_smt.questions.mitigations.roots import enter_roots, roots
from perimeter_smt.questions.mitigations.stack_sets import enter_stack_sets
from perimeter_smt.questions.mitigations.steps import (
    Step,
    Steps,
    UndecidedError,
    as_caller,
    call_of,
    caller_of,
    calls,
    end_of,
)
from perimeter_smt.questions.mitigations.tag_holders import TagHolders
from perimeter_smt.questions.mitigations.tokens import issue_tokens
from perimeter_smt.questions.mitigations.unseen import LIMITS, limits
from perimeter_smt.questions.mitigations.with_rights import with_rights

ID, TITLE = "C2", "nobody becomes an identity or holds an exception over hops that were not meant"
_NOT_CARRIED = "nobody begins its session with the tags or the source identity that the requests show"
_IN_PART = "AWS tests a call of it on a resource, too, on which it is stopped"
_MOST = 200  # identities that differ: beyond, the question takes minutes and is asked on demand
_MANY = 8  # rows of one exception


def ask(workspace: Workspace, asking: Asking) -> Mitigation:
    """The answer for all identities of a workspace."""
    workspace = of_any_session(workspace)
    if not any(account.principals for account, _ in workspace.organization.accounts()):
        text = "no principal was given: who becomes whom cannot be asked"
        return Mitigation(ID, TITLE, "not-asked", (Line("identities", "not-asked", text),), (), LIMITS)
    smaller, kinds = identities_of(workspace)
    if len(kinds) > _MOST and ID not in asking.demanded:
        text = f"{len(kinds)} that differ in what they hold or who may take them: asked with `--mitigation {ID}` only"
        return Mitigation(ID, TITLE, "not-asked", (Line("identities", "not-asked", text),), (), LIMITS)
    try:
        question = ChainQuestion(workspace, smaller, kinds, asking)
        lines, unseen = tuple(question.lines()), (*limits(workspace), *question.left_out)
    except UndecidedError as error:
        lines, unseen = (Line("paths between identities", "unknown", str(error)),), LIMITS
    unlisted = [account.id for account, _ in workspace.organization.accounts() if not account.listed]
    if unlisted:
        text = f"; principals of {len(unlisted)} accounts are not listed in full, and may hold anything"
        lines = tuple(
            replace(line, status="conditional", text=line.text + text) if line.status == "proved" else line
            for line in lines
        )
    return Mitigation(ID, TITLE, worst(lines), lines, (), unseen)


class ChainQuestion:
    """The graph of one workspace, and its rows."""

    def __init__(self, workspace: Workspace, smaller: Workspace, kinds: list[Kind], asking: Asking) -> None:
        self.workspace, self.perimeter = workspace, workspace.perimeter
        self.smaller, self.kinds = smaller, kinds
        self.guarded = guarded_by(workspace)
        tags = [entry.key for entry in self.perimeter.tag_exceptions if entry.on == "principal"]
        self.steps = Steps(self.smaller, asking, tags)
        self.chains = Chains(kinds={kind.first.arn: kind for kind in self.kinds})
        self._states: dict[int, Callable[[str], str]] = {}
        self.outside = outsiders(workspace, self.steps)
        self._enter()
        connect(self.chains, self.steps, self.kinds, outside=self.outside)
        give_permission_sets(self, self.steps, self.kinds, self._where("permission-sets", self.steps))
        self.worlds = [(self.steps, self.kinds)]
        retagged = Retagged(self)
        self.left_out = retagged.limits
        retagged.add()
        issue_tokens(self)
        self.grown: dict[str, Kind] = {}
        self.bare = set[str]()
        self.made: dict[str, Kind] = {}  # identities that somebody makes, by ARN
        self._makes(self.steps, self.kinds, {})
        self.chains.add_helped(self.helps, self.named)
        while grown := self._grown():  # with more rights, rights of more identities may be extended
            self.grown |= {kind.first.arn: kind for kind in grown}
            there = {kind.first.account for kind in self.made.values()}
            new = {k.first.account: made_by(k) for k in self.grown.values() if k.first.account not in there}
            shown = [kind.first for kind in (*self.grown.values(), *new.values())]
            more = Steps(with_rights(self.smaller, shown, self.bare), asking, tags)
            callers = self.in_world(more, grown, raised)
            callers += self._makes(more, grown, new)
            self.grown |= {kind.first.arn: kind for kind in callers}
            connect(self.chains, more, self.kinds, among=callers)
            give_permission_sets(self, more, callers, self._where("permission-sets", more))
        if self.grown:
            retagged.add(with_rights=True)

    def in_world(self, steps: Steps, kinds: Sequence[Kind], state: Callable[[str], str]) -> list[Kind]:
        """A further world, in which these identities are in a state: the node of each is called so. Out come they."""
        callers = list(kinds)
        self.worlds.append((steps, callers))
        self._states[id(steps)] = state
        return callers

    def helps(self, helper: str) -> bool:
        """Whether what somebody does for others counts: no administrator, and none who could do all of it himself."""
        kind = self.chains.kinds.get(helper)
        if kind is None or raised(helper) in self.chains.graph or _holds_everything(kind.first):
            return False
        return not any(is_named(pattern, helper) for pattern in self.perimeter.administrators)

    def lines(self) -> Iterator[Line]:
        """Who comes in from outside, exceptions, guardrails and trails."""
        yield from self._from_outside()
        guarded = {_changes(e): both(self._calls(e, self.steps), self._where(e, self.steps)) for e in self.guarded}
        enter_roots(self, guarded)
        enter_stack_sets(self, guarded)
        for role in self.perimeter.role_exceptions:
            yield from self._role(role)
        for tag in self.perimeter.tag_exceptions:
            yield from self._tag(tag)
        for steps, kinds in self.worlds:
            self._guarded(steps, kinds)
        for effect, words in self.guarded.items():
            yield from self.held(_changes(effect), words, None, ())
        exempt = [k for k in self.kinds if any(is_named(e.arn, k.first.arn) for e in self.perimeter.role_exceptions)]
        yield roots(self.workspace, self.steps, self.kinds, exempt, disj(guarded.values()))

    def _calls(self, effect: str, steps: Steps) -> Formula:
        return steps.calls(*calls_of(effect))

    def _guarded(self, steps: Steps, kinds: Sequence[Kind]) -> None:
        """Who changes guardrails, endpoints and trails, asked of all at once."""
        name = self.namer(steps)
        by_end = {end_of(kind): kind for kind in kinds}
        options, of_call = {}, dict[str, str]()
        for effect in self.guarded:
            of_call |= {action.lower(): effect for action in calls_of(effect)}
            here = both(self._calls(effect, steps), self._where(effect, steps))
            for end, kind in by_end.items():
                if not self.sure(kind.first.arn, _changes(effect)):
                    options[end, effect] = both(calls(kind.first), here)

        def which(step: Step) -> tuple[str, str]:
            return caller_of(step), of_call[call_of(steps, step)]

        for (end, effect), step in steps.each(
            options, which, steps.formula("step"), texts=lambda option: as_caller(option[0])
        ):
            found = steps.whole(step, calls(by_end[end].first), options[end, effect], steps.formula("step"))
            if found is None:
                continue
            step, words = found, f"changes {self.guarded[effect]}"
            edge = Edge(((steps, step, words),), words, unless(self.workspace, steps, by_end[end], step))
            self.chains.add(name(by_end[end]), _changes(effect), edge)

    def sure(self, arn: str, goal: str) -> bool:
        """Whether an identity comes to a node in one step, without extended rights."""
        edge = self.chains.graph.get(arn, goal)
        return edge is not None and edge.sure

    def _where(self, effect: str, steps: Steps) -> Formula:
        """Where such a call changes something."""
        return where(self.workspace, effect, steps)

    def _grown(self) -> list[Kind]:
        """Identities with all the rights of their account that are new: who can be given them, and who was made.

        An identity is new again once its boundary can be taken away.
        """
        there = [kind for kind in self.kinds if raised(kind.first.arn) in self.chains.graph]
        there = [kind for kind in there if not _holds_everything(kind.first)]
        bare = {kind.first.arn for kind in there if kind.first.arn not in self.bare and self._loses_boundary(kind)}
        self.bare |= bare
        made = [kind for arn, kind in self.made.items() if arn not in self.grown]
        return [kind for kind in there if kind.first.arn not in self.grown or kind.first.arn in bare] + made

    def _makes(self, steps: Steps, callers: Sequence[Kind], new: Mapping[str, Kind]) -> list[Kind]:
        """Add who makes an identity of his own, with all rights that guardrails leave it; out come those made first.

        `new`: identities that are in the world already, by account.
        """
        out = []
        able = [kind for kind in callers if steps is not self.steps or not _holds_everything(kind.first)]
        asked = (steps.formula("step"), steps.calls("iam:CreateRole", "iam:CreateUser"), neg(any_of(self.kinds)))
        for caller, step in steps.callers(able, *asked):
            account = caller.first.account
            made = next((kind for kind in self.made.values() if kind.first.account == account), None)
            if made is None:
                made = new.get(account) or made_by(caller)
                self.made[made.first.arn] = made
                out.append(made)
            words = "makes an identity of its own"
            edge = Edge(((steps, step, words),), words, "it can give it no rights")
            self.chains.add(self.namer(steps)(caller), raised(made.first.arn), edge)
        return out

    def _loses_boundary(self, kind: Kind) -> bool:
        """Whether the identity may take its own boundary away, or somebody else who becomes it: then paths need him."""
        if kind.first.boundary is None:
            return False
        name = "Role" if kind.first.type == "role" else "User"
        names = (f"iam:Delete{name}PermissionsBoundary", f"iam:Put{name}PermissionsBoundary")
        become = self.chains.sources(kind.first.arn)
        for himself in (True, False):
            for steps, callers in self.worlds:
                node = self.namer(steps)
                able = [c for c in callers if (c is kind if himself else node(c) in become)]
                asked = (steps.formula("step"), steps.calls(*names), kind.here)
                taking = next(steps.callers(able, *asked), None) if able else None
                if taking is not None:
                    if himself:
                        self.chains.first[raised(kind.first.arn)] = ((steps, taking[1], "takes its boundary away"),)
                    else:
                        self.chains.unless[raised(kind.first.arn)] = "nobody takes its boundary away"
                    return True
        return False

    def namer(self, steps: Steps) -> Callable[[Kind], str]:
        """How the callers of a world are called in the graph."""
        state = self._states.get(id(steps), str)
        return lambda kind: state(kind.first.arn)

    def _enter(self) -> None:
        """The edges of those who come from outside."""
        steps = self.steps
        roles = [kind for kind in self.kinds if kind.first.type == "role"]
        for who in self.outside:
            left = [] if who.unless else list(roles)
            while left:
                step = steps.step(steps.formula("step.enters"), who.entering, any_of(left))
                if step is None:
                    break
                kind = _target(step, left)
                own = steps.step(steps.formula("step.enters"), who.entering, kind.here) or step
                words = f"takes the role {last(kind.first.arn)}"
                self.chains.add(who.name, kind.first.arn, Edge(((steps, own, words),), words))
                left = [other for other in left if other is not kind]

    def _from_outside(self) -> Iterator[Line]:
        """Identities that somebody from outside reaches over several hops, and that are not meant for him."""
        found = False
        for who in self.outside:
            name, meant = who.name, who.meant
            reached = []
            for kind in self.kinds:
                arn = kind.first.arn
                path = self.chains.path(name, arn)
                if path and len(path) > 1 and not any(is_named(pattern, arn) for pattern in meant):
                    reached.append((kind, path))
            for sure in (True, False):
                here = [(k, path) for k, path in reached if all(edge.sure for edge in path) is sure]
                if not here:
                    continue
                found = True
                nearest, path = min(here, key=lambda each: len(each[1]))
                others = f", and {len(here) - 1} further kinds of identities" if here[1:] else ""
                text = f"reaches {nearest.shown} over {_hops(path)}{others}"
                yield self._path(name, path, text + ("" if name == STRANGER else ", which is not meant for it"))
        if not found:
            text = "reached over several hops by nobody from outside but those who are meant to"
            number = sum(len(kind.roles) for kind in self.kinds)
            yield Line("1 identity" if number == 1 else f"{number} identities", "proved", text)

    def _role(self, entry: RoleException) -> Iterator[Line]:
        """Who becomes a caller that an exception names: takes one of the roles, or makes one of that name."""
        node = f"exception {entry.shown}"
        exempt = [kind for kind in self.kinds if is_named(entry.arn, kind.first.arn)]
        for kind in exempt:
            self.chains.graph.put(kind.first.arn, node, Edge((), "is exempt"))
            for state in self.states_of(kind.first.arn):
                self.chains.graph.put(state, node, Edge((), "is exempt"))
        if "*" in entry.arn or "?" in entry.arn or not exempt:
            for steps, kinds in self.worlds:
                made = resource_matches(steps.world.keys, entry.arn)
                asked = (
                    steps.formula("step"),
                    steps.calls("iam:CreateRole", "iam:CreateUser"),
                    made,
                    neg(any_of(self.kinds)),
                )
                self.edges(node, kinds, steps, asked, "makes an identity of that name")
                meant = (*self.perimeter.administrators, *(entry.held_by or ()))
                Renamed(self, node, entry.arn, meant).add(steps, kinds, made)
                exempt_permission_sets(self, node, entry.arn, steps, kinds, self._where("permission-sets", steps))
        yield from self.held(node, f"exception: {entry.shown}", entry, tuple(k.first.arn for k in exempt))

    def _tag(self, entry: TagException) -> Iterator[Line]:
        """Who comes to carry a tag (or to lose it), or to put it on resources."""
        node = f"exception {entry.shown}"
        held = TagHolders(self, entry, node).add()
        yield from self.held(node, f"exception: {entry.shown}", entry, held)

    def edges(self, node: str, kinds: Sequence[Kind], steps: Steps, asked: tuple[Formula, ...], words: str) -> None:
        """Add an edge to a node from each of these who makes such a call."""
        name = self.namer(steps)
        left = [kind for kind in kinds if not self.sure(kind.first.arn, node)]
        for caller, step in steps.callers(left, *asked):
            self.chains.add(name(caller), node, Edge(((steps, step, words),), words))

    def held(
        self, node: str, subject: str, entry: RoleException | TagException | None, exempt: tuple[str, ...]
    ) -> Iterator[Line]:
        """The rows of an exception: holders that nobody meant, or who holds it."""
        meant = (*self.perimeter.administrators, *((entry.held_by or ()) if entry else ()))
        holders = self.holders(node, exempt, meant)
        kept = f" (owner {entry.owner})" if entry and entry.owner else ""
        told = bool(self.perimeter.administrators) or (entry is not None and entry.held_by is not None)
        names = ", ".join(f"{self.named(h)} ({_hops(p)})" for h, p in holders[:_MANY])
        names += f" and {len(holders) - _MANY} more" if len(holders) > _MANY else ""
        if not holders:
            known = "nobody but who is exempt by name" if entry else "nobody who is listed"
            yield Line(subject + kept, "proved", f"held by {known}")
            return
        if not told:
            text = f"held by {names}; `held_by` or `administrators` in perimeter.yaml would say whether that is meant"
            first = self._path("", holders[0][1], "").hops if holders else ()
            yield Line(subject + kept, "not-asked", text, hops=first)
            return
        wrong = [(h, p) for h, p in holders if not any(is_named(pattern, identity_of(h)) for pattern in meant)]
        for holder, path in wrong[:_MANY]:
            who = self.named(holder)
            yield self._path(subject + kept, path, f"{who} comes to hold it over {_hops(path)}, and is not meant to")
        for sure in (True, False):
            rest = [h for h, path in wrong[_MANY:] if all(edge.sure for edge in path) is sure]
            if rest:
                yield Line(subject + kept, "refuted" if sure else "conditional", f"{len(rest)} more come to hold it")
        if not wrong:
            yield Line(subject + kept, "proved", f"held by {names}, as perimeter.yaml says")

    def holders(self, node: str, exempt: tuple[str, ...], meant: Sequence[str] = ()) -> list[tuple[str, list[Edge]]]:
        """Everybody who reaches a node, nearest first, without who is exempt by name already.

        Help counts where it is of one who does not hold it alone and is not `meant` to.
        """
        found: dict[str, list[Edge]] = {}
        sources = [s for s in sorted(self.chains.sources(node)) if s not in exempt and not is_state(s)]
        for source in sources:
            path = self.chains.path(source, node, lambda edge: not edge.helpers)
            if path is not None:
                found[source] = [edge for edge in path if edge.steps]
        helpers = {helper for by in self.chains.helpers for helper in by}
        idle = {helper for helper in helpers if helper in found or any(is_named(p, helper) for p in meant)}
        for source in sources if helpers else ():
            path = self.chains.path(source, node, lambda edge: not edge.helpers or not edge.helpers <= idle)
            if path is not None:
                found.setdefault(source, [edge for edge in path if edge.steps])
        return sorted(found.items(), key=lambda each: (len(each[1]), each[0]))

    def states_of(self, arn: str) -> list[str]:
        """The nodes of an identity in other states: with more rights, or other tags."""
        return [node for node in {state(arn) for state in self._states.values()} if node in self.chains.graph]

    def named(self, holder: str) -> str:
        """An identity, or who comes from outside, in words."""
        kind = self.chains.kinds.get(holder)
        return kind.shown if kind else holder

    def _path(self, subject: str, path: Sequence[Edge], text: str) -> Line:
        """A row with a replayed request for every step of the path."""
        taken = [
            (steps, one, words) for edge in path for steps, step, words in edge.steps for one in (step, *step.further)
        ]
        hops = known(lambda: [steps.shown(step, words) for steps, step, words in taken])
        if hops is None:
            return Line(subject, "conditional", f"{text}; only as wildcards in values of variables match ({POINT})")
        unless = list(dict.fromkeys(edge.unless for edge in path if edge.unless))
        unless += [] if fit(path, self.kinds) else [UNLESS]
        unless += [_NOT_CARRIED] if any(step.carried for _, step, _ in taken) else []
        unless += [_IN_PART] if any(step.in_part for _, step, _ in taken) else []
        needs = sorted({name for hop in hops for name in hop.depends_on})
        points = sorted({name for hop in hops for name in rests(self.steps.run, hop)} - set(needs))
        status: MitigationStatus = "conditional" if unless or needs or points else "refuted"
        text += f"; unless {'; '.join(unless)}" if unless else ""
        text += f"; only without {', '.join(needs)}" if needs else ""
        text += f"; not under the rival reading of {', '.join(points)}" if points else ""
        blamed = [blame for hop in hops for blame in hop.through if blame.effect == "Allow"]
        return Line(subject, status, text, blamed[-1] if blamed else None, hops=tuple(hops))


def _changes(effect: str) -> str:
    """The node of whoever changes what holds the perimeter."""
    return f"changes {effect}"


def _hops(path: Sequence[Edge]) -> str:
    return "1 hop" if len(path) == 1 else f"{len(path)} hops"


def made_by(caller: Kind) -> Kind:
    """A new role in the account of a caller."""
    partition, account = caller.first.arn.split(":")[1], caller.first.account
    arn = f"arn:{partition}:iam::{account}:role/made-by-{caller.first.arn.rsplit('/', 1)[-1]}"
    return Kind((OwnedPrincipal(arn=arn, type="role", account=account),))


def _target(step: Step, kinds: Iterable[Kind]) -> Kind:
    model = step.result.model
    assert model is not None
    arn = f":iam::{model.texts.get('resource.account')}:{model.texts.get('resource.name')}"
    return next(kind for kind in kinds if kind.first.arn.endswith(arn))


def _holds_everything(principal: OwnedPrincipal) -> bool:
    """Whether nothing can be added to what an identity holds: all is allowed, and nothing of its own denied."""
    statements = [statement for document in principal.policies for statement in document.statements]
    if principal.boundary is not None or any(statement.effect == "Deny" for statement in statements):
        return False
    return any(
        not s.conditions and s.action.values == ("*",) and not s.action.negated
        and s.resource is not None and s.resource.values == ("*",) and not s.resource.negated
        for s in statements
    )  # fmt: skip
