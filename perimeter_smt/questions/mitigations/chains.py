"""C2: from which callers, over how many hops, is an identity reached, and who can become an exempt caller.

A graph of single steps (graph.py), each decided by the solver under the composed policies; rows are paths, a replayed
request for each hop. Exceptions of the perimeter, guardrails and trails have a row each: held by whom.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from perimeter_smt.encode.language.resource import resource_matches
from perimeter_smt.encode.world.accounts import one_of
from perimeter_smt.encode.world.perimeter import is_provider, is_vendor
from perimeter_smt.evaluate.perimeter import is_named
from perimeter_smt.logic.atoms import STAR, Text
from perimeter_smt.logic.formula import Formula, both, disj, either, glob, is_text, neg, sym
from perimeter_smt.organization.model import Account, OwnedPrincipal
from perimeter_smt.organization.perimeter import RoleException, TagException, Workspace
from perimeter_smt.policy.kinds import Kind as PolicyKind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.mitigations.firm import rests
from perimeter_smt.questions.mitigations.graph import Chains, Edge, call_of, connect, last, raised
from perimeter_smt.questions.mitigations.model import Asking, Line, Mitigation, MitigationStatus, worst
from perimeter_smt.questions.mitigations.roles import Kind, any_of, each_account, identities_of, of_any_session
from perimeter_smt.questions.mitigations.roots import roots
from perimeter_smt.questions.mitigations.steps import Step, Steps, UndecidedError, as_caller, caller_of, calls, end_of
from perimeter_smt.questions.mitigations.tagging import sets_tag, tagging_calls
from perimeter_smt.request.keys import table_rows

ID, TITLE = "C2", "nobody becomes an identity or holds an exception over hops that were not meant"
LIMITS = (
    "which root users have credentials is not in the input",
    "the management account and AWS itself are bound by no guardrail",
    "which role a function, an instance or a stack has, and to whom a managed policy is attached, is not in the input: "
    "paths over them are conditional",
    "delegated administrators of AWS Organizations act by its resource policy, which is not in the input",
    "a new role is followed by its rights; that a guardrail exempts its name only where perimeter.yaml says so",
    "two who act together are followed where one rewrites a trust policy or sets a tag for the other, not where one "
    "extends the rights of the other",
)
_MOST = 200  # identities that differ: beyond, the question takes minutes and is asked on demand
_MANY = 8  # rows of one exception
_GUARDED = {
    "guardrails": "SCPs, RCPs and the organization itself",
    "endpoints": "VPC endpoints and their policies",
    "trail": "the record of CloudTrail",
    "permission-sets": "permission sets of IAM Identity Center, and who gets them",
}
_SSO = "sso.amazonaws.com"
_STRANGER = "a caller from outside"


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
        lines = tuple(_Question(workspace, smaller, kinds, asking).lines())
    except UndecidedError as error:
        lines = (Line("paths between identities", "unknown", str(error)),)
    unlisted = [account.id for account, _ in workspace.organization.accounts() if not account.listed]
    if unlisted:
        text = f"; principals of {len(unlisted)} accounts are not listed in full, and may hold anything"
        lines = tuple(
            replace(line, status="conditional", text=line.text + text) if line.status == "proved" else line
            for line in lines
        )
    return Mitigation(ID, TITLE, worst(lines), lines, (), LIMITS)


class _Question:
    """The graph of one workspace, and its rows."""

    def __init__(self, workspace: Workspace, smaller: Workspace, kinds: list[Kind], asking: Asking) -> None:
        self.workspace, self.perimeter = workspace, workspace.perimeter
        self.smaller, self.kinds = smaller, kinds
        tags = [entry.key for entry in self.perimeter.tag_exceptions if entry.on == "principal"]
        self.steps = Steps(self.smaller, asking, tags)
        self.chains = Chains(kinds={kind.first.arn: kind for kind in self.kinds})
        self.outside = list(self._enter())
        connect(self.chains, self.steps, self.kinds)
        self.worlds = [(self.steps, self.kinds)]
        self.grown: dict[str, Kind] = {}
        self.bare = set[str]()
        self.made: dict[str, Kind] = {}  # identities that somebody makes, by ARN
        self._makes(self.steps, self.kinds, {})
        while grown := self._grown():  # with more rights, rights of more identities may be extended
            self.grown |= {kind.first.arn: kind for kind in grown}
            there = {kind.first.account for kind in self.made.values()}
            new = {k.first.account: made_by(k) for k in self.grown.values() if k.first.account not in there}
            shown = [kind.first for kind in (*self.grown.values(), *new.values())]
            more = Steps(_with_rights(self.smaller, shown, self.bare), asking, tags)
            found = self._makes(more, grown, new)
            self.grown |= {kind.first.arn: kind for kind in found}
            connect(self.chains, more, self.kinds, among=[*grown, *found])
            self.worlds.append((more, [*grown, *found]))

    def lines(self) -> Iterator[Line]:
        """Who comes in from outside, exceptions, guardrails and trails."""
        yield from self._from_outside()
        for role in self.perimeter.role_exceptions:
            yield from self._role(role)
        for tag in self.perimeter.tag_exceptions:
            yield from self._tag(tag)
        for steps, kinds in self.worlds:
            self._guarded(steps, kinds)
        for effect, words in _GUARDED.items():
            yield from self._held(f"changes {effect}", words, None, ())
        exempt = [k for k in self.kinds if any(is_named(e.arn, k.first.arn) for e in self.perimeter.role_exceptions)]
        guarded = disj(both(self._calls(effect, self.steps), self._where(effect, self.steps)) for effect in _GUARDED)
        yield roots(self.workspace, self.steps, self.kinds, exempt, guarded)

    def _calls(self, effect: str, steps: Steps) -> Formula:
        return steps.calls(*(row["action"] for row in table_rows("guardrail-actions") if row["effect"] == effect))

    def _guarded(self, steps: Steps, kinds: Sequence[Kind]) -> None:
        """Who changes guardrails, endpoints and trails, asked of all at once."""
        name = _namer(steps, self.steps)
        by_end = {end_of(kind): kind for kind in kinds}
        options, of_call = {}, dict[str, str]()
        for effect in _GUARDED:
            rows = [row["action"] for row in table_rows("guardrail-actions") if row["effect"] == effect]
            of_call |= {action.lower(): effect for action in rows}
            here = both(self._calls(effect, steps), self._where(effect, steps))
            for end, kind in by_end.items():
                if not self._sure(kind.first.arn, f"changes {effect}"):
                    options[end, effect] = both(calls(kind.first), here)

        def which(step: Step) -> tuple[str, str]:
            return caller_of(step), of_call[call_of(steps, step)]

        for (end, effect), step in steps.each(
            options, which, steps.formula("step"), texts=lambda option: as_caller(option[0])
        ):
            words = f"changes {_GUARDED[effect]}"
            self.chains.add(name(by_end[end]), f"changes {effect}", Edge(((steps, step, words),), words))

    def _sure(self, arn: str, goal: str) -> bool:
        """Whether an identity comes to a node in one step, without extended rights."""
        edge = self.chains.graph.get(arn, goal)
        return edge is not None and edge.sure

    def _where(self, effect: str, steps: Steps) -> Formula:
        """Where such a call changes something: the organization in its management account, endpoints where some are."""
        organization = self.workspace.organization
        if effect == "guardrails":
            management = is_text("resource.account", organization.management_account)
            return either(both(management, _on_guardrails(steps, organization.id)), steps.calls("organizations:LeaveOrganization"))
        if effect == "permission-sets":  # in the management account, or where it delegated them to
            told = organization.delegated_administrators or ()
            delegated = [account for account, service in told if service == _SSO]
            return one_of("resource.account", [organization.management_account, *delegated])
        owners = [account.id for account, _ in organization.accounts() if account.endpoints]
        return one_of("resource.account", owners) if effect == "endpoints" and owners else sym("resource.mine")

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
            self.chains.add(_namer(steps, self.steps)(caller), raised(made.first.arn), edge)
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
                node = _namer(steps, self.steps)
                able = [c for c in callers if (c is kind if himself else node(c) in become)]
                asked = (steps.formula("step"), steps.calls(*names), kind.here)
                if able and next(steps.callers(able, *asked), None) is not None:
                    if not himself:
                        self.chains.unless[raised(kind.first.arn)] = "nobody takes its boundary away"
                    return True
        return False

    def _enter(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The nodes of those who come from outside, with the patterns of the roles that are meant for them."""
        steps, world = self.steps, self.steps.world
        caller = world.script.texts["aws:PrincipalArn"]
        ways: list[tuple[str, tuple[str, ...], Formula]] = [
            (_STRANGER, (), neg(world.formula("C1.conclusion"))),
            *(
                (f"vendor {entry.account}", entry.roles, is_vendor(world.keys, caller, entry))
                for entry in self.perimeter.vendors
            ),
            *(
                (f"tokens of {entry.provider}", entry.resources, is_provider(world.keys, caller, entry))
                for entry in self.perimeter.third_principals
                if entry.provider
            ),
        ]
        roles = [kind for kind in self.kinds if kind.first.type == "role"]
        for name, meant, who in ways:
            left = list(roles)
            while left:
                step = steps.step(steps.formula("step.enters"), who, any_of(left))
                if step is None:
                    break
                kind = _target(step, left)
                own = steps.step(steps.formula("step.enters"), who, kind.here) or step
                words = f"takes the role {last(kind.first.arn)}"
                self.chains.add(name, kind.first.arn, Edge(((steps, own, words),), words))
                left = [other for other in left if other is not kind]
            yield name, meant

    def _from_outside(self) -> Iterator[Line]:
        """Identities that somebody from outside reaches over several hops, and that are not meant for him."""
        found = False
        for name, meant in self.outside:
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
                yield self._path(name, path, text + ("" if name == _STRANGER else ", which is not meant for it"))
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
            if raised(kind.first.arn) in self.chains.graph:
                self.chains.graph.put(raised(kind.first.arn), node, Edge((), "is exempt"))
        if "*" in entry.arn or "?" in entry.arn or not exempt:
            for steps, kinds in self.worlds:
                made = resource_matches(steps.world.keys, entry.arn)
                asked = (
                    steps.formula("step"),
                    steps.calls("iam:CreateRole", "iam:CreateUser"),
                    made,
                    neg(any_of(self.kinds)),
                )
                self._edges(node, kinds, steps, asked, "makes an identity of that name")
        yield from self._held(node, f"exception: {entry.shown}", entry, tuple(k.first.arn for k in exempt))

    def _tag(self, entry: TagException) -> Iterator[Line]:
        """Who comes to carry a tag: sets it on an identity that he reaches, or on a session or role that he makes."""
        node = f"exception {entry.shown}"
        subject = f"exception: {entry.shown}"
        if entry.missing:
            text = (
                "who may take the tag away, or make what does not carry it, is not asked; hold the tagging calls back"
            )
            yield Line(subject, "not-asked", f"{text} by guardrail")
            return
        if entry.on == "resource":
            self._tag_of_resources(node, entry)
            yield from self._held(node, subject, entry, ())
            return
        held = [kind for kind in self.kinds if kind.first.tags.get(entry.key) == entry.value]
        helped: list[tuple[str, str, Edge]] = []
        for kind in held:
            self.chains.graph.put(kind.first.arn, node, Edge((), "carries it"))
        for steps, kinds in self.worlds:
            sets = steps.has_value(f"aws:RequestTag/{entry.key}", entry.value)
            name = _namer(steps, self.steps)
            for kind in self.kinds:
                tags = (steps.formula("step"), steps.calls("iam:TagRole", "iam:TagUser"), kind.here, sets)
                for caller, step in steps.callers(kinds, *tags):
                    source = name(caller)
                    edge = Edge(((steps, step, "sets the tag"),), "sets the tag")
                    if caller is kind or self.chains.path(source, kind.first.arn):
                        self.chains.add(source, node, edge)
                    else:
                        unless = f"{self._named(caller.first.arn)}, who sets the tag, does not act for it"
                        helped.append((source, kind.first.arn, replace(edge, unless=unless)))
            self._sessions(node, kinds, steps, sets)
            new = (
                steps.formula("step"),
                steps.calls("iam:CreateRole", "iam:CreateUser"),
                sets,
                neg(any_of(self.kinds)),
            )
            self._edges(node, kinds, steps, new, "makes an identity with the tag")
        meant = (*self.perimeter.administrators, *(entry.held_by or ()))
        alone = {holder for holder, _ in self._holders(node, ())}
        for source, goal, edge in helped:  # who holds it alone, or may, needs nobody
            trusted = any(is_named(pattern, source) for pattern in meant)
            if source not in alone and not trusted and not source.startswith("raised "):
                self.chains.add(goal, node, edge)
        yield from self._held(node, subject, entry, tuple(k.first.arn for k in held))

    def _tag_of_resources(self, node: str, entry: TagException) -> None:
        """Who puts the tag on resources of mine."""
        tagging = tagging_calls(self.workspace, entry)
        for steps, kinds in self.worlds if tagging else ():
            about = steps.about(tagging, entry.key)
            words, name = "puts the tag on a resource", _namer(steps, self.steps)
            left = [kind for kind in kinds if not self._sure(kind.first.arn, node)]
            for caller, step in about.callers(left, *sets_tag(about, tagging, entry)):
                self.chains.add(name(caller), node, Edge(((about, step, words),), words))

    def _sessions(self, node: str, kinds: Sequence[Kind], steps: Steps, sets: Formula) -> None:
        """Who begins a session with a tag: takes a role and may tag the session."""
        words, name = "begins a session with the tag", _namer(steps, self.steps)
        if steps.step(steps.formula("step.tags-session"), any_of(self.kinds), sets) is None:
            return
        for kind in self.kinds:
            for caller, tags in list(steps.callers(kinds, steps.formula("step.tags-session"), kind.here, sets)):
                taken = steps.step(steps.formula("step.takes-role"), kind.here, calls(caller.first), sets)
                if taken is not None:
                    self.chains.add(name(caller), node, Edge(((steps, taken, words), (steps, tags, words)), words))

    def _edges(self, node: str, kinds: Sequence[Kind], steps: Steps, asked: tuple[Formula, ...], words: str) -> None:
        name = _namer(steps, self.steps)
        left = [kind for kind in kinds if not self._sure(kind.first.arn, node)]
        for caller, step in steps.callers(left, *asked):
            self.chains.add(name(caller), node, Edge(((steps, step, words),), words))

    def _held(
        self, node: str, subject: str, entry: RoleException | TagException | None, exempt: tuple[str, ...]
    ) -> Iterator[Line]:
        """The rows of an exception: holders that nobody meant, or who holds it."""
        holders = self._holders(node, exempt)
        meant = (*self.perimeter.administrators, *((entry.held_by or ()) if entry else ()))
        kept = f" (owner {entry.owner})" if entry and entry.owner else ""
        told = bool(self.perimeter.administrators) or (entry is not None and entry.held_by is not None)
        names = ", ".join(f"{self._named(h)} ({_hops(p)})" for h, p in holders[:_MANY])
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
        wrong = [
            (h, p) for h, p in holders if not any(is_named(pattern, h.removeprefix("raised ")) for pattern in meant)
        ]
        for holder, path in wrong[:_MANY]:
            who = self._named(holder)
            yield self._path(subject + kept, path, f"{who} comes to hold it over {_hops(path)}, and is not meant to")
        for sure in (True, False):
            rest = [h for h, path in wrong[_MANY:] if all(edge.sure for edge in path) is sure]
            if rest:
                yield Line(subject + kept, "refuted" if sure else "conditional", f"{len(rest)} more come to hold it")
        if not wrong:
            yield Line(subject + kept, "proved", f"held by {names}, as perimeter.yaml says")

    def _holders(self, node: str, exempt: tuple[str, ...]) -> list[tuple[str, list[Edge]]]:
        """Everybody who reaches a node, nearest first, without who is exempt by name already."""
        out = []
        for source in sorted(self.chains.sources(node)):
            path = self.chains.path(source, node)
            if path is None or source in exempt or source.startswith(("raised ", "exception ")):
                continue
            out.append((source, [edge for edge in path if edge.steps]))
        return sorted(out, key=lambda found: (len(found[1]), found[0]))

    def _named(self, holder: str) -> str:
        kind = self.chains.kinds.get(holder)
        return kind.shown if kind else holder

    def _path(self, subject: str, path: Sequence[Edge], text: str) -> Line:
        """A row with a replayed request for every step of the path."""
        taken = [item for edge in path for item in edge.steps]
        hops = [steps.shown(step, words) for steps, step, words in taken]
        unless = list(dict.fromkeys(edge.unless for edge in path if edge.unless))
        needs = sorted({name for hop in hops for name in hop.depends_on})
        points = sorted({name for hop in hops for name in rests(self.steps.run, hop)} - set(needs))
        status: MitigationStatus = "conditional" if unless or needs or points else "refuted"
        text += f"; unless {'; '.join(unless)}" if unless else ""
        text += f"; only without {', '.join(needs)}" if needs else ""
        text += f"; not under the rival reading of {', '.join(points)}" if points else ""
        blamed = [blame for hop in hops for blame in hop.through if blame.effect == "Allow"]
        return Line(subject, status, text, blamed[-1] if blamed else None, hops=tuple(hops))


def _on_guardrails(steps: Steps, organization: str) -> Formula:
    """A call on a policy is on an SCP or RCP, and not on one of tags or backups (delegation policies tell them apart)."""
    on_policy = steps.calls(*(f"organizations:{verb}Policy" for verb in ("Attach", "Delete", "Detach", "Update")))
    kinds = ("service_control_policy", "resource_control_policy")
    names = disj(glob("resource.name", (Text(f"policy/{organization}/{kind}/"), STAR)) for kind in kinds)
    told = disj(steps.has_value("organizations:PolicyType", kind.upper()) for kind in kinds)
    by_type = either(on_policy, steps.calls("organizations:DisablePolicyType"))
    return both(either(neg(on_policy), names), either(neg(by_type), told))


def _hops(path: Sequence[Edge]) -> str:
    return "1 hop" if len(path) == 1 else f"{len(path)} hops"


def made_by(caller: Kind) -> Kind:
    """A new role in the account of a caller."""
    partition, account = caller.first.arn.split(":")[1], caller.first.account
    arn = f"arn:{partition}:iam::{account}:role/made-by-{caller.first.arn.rsplit('/', 1)[-1]}"
    return Kind((OwnedPrincipal(arn=arn, type="role", account=account),))


def _namer(steps: Steps, first: Steps) -> Callable[[Kind], str]:
    """How the callers of a world are called in the graph."""
    return (lambda kind: kind.first.arn) if steps is first else (lambda kind: raised(kind.first.arn))


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


def _with_rights(workspace: Workspace, grown: Sequence[OwnedPrincipal], bare: set[str]) -> Workspace:
    """The workspace in which these identities hold a policy that allows everything; some without their boundary.

    Identities that are not there yet are added.
    """
    arns = {principal.arn for principal in grown}
    everything = parse_object(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]},
        PolicyKind.IDENTITY, file="(extended)", name="extended rights", strict=False,
    )  # fmt: skip

    def one(account: Account) -> Account:
        there = {p.arn for p in account.principals}
        new = [p for p in grown if p.account == account.id and p.arn not in there]
        principals = tuple(
            p.model_copy(update={"policies": (everything,), "boundary": None if p.arn in bare else p.boundary})
            if p.arn in arns
            else p
            for p in (*account.principals, *new)
        )
        return account.model_copy(update={"principals": principals})

    return each_account(workspace, one)
