"""What is asked about a workspace: the composed decision, and the literals of every policy that has a say.

Guardrails, grants, boundaries and endpoint policies decide together, as AWS does (authorization.smt2); what the
policies of one topic tell apart are the words of its answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Literal as Choice

from perimeter_smt.encode.language.keys import sym_is
from perimeter_smt.encode.language.principal import IAM, principal_named
from perimeter_smt.encode.language.resource import IS_STAR
from perimeter_smt.encode.language.statement import bounds
from perimeter_smt.encode.world import points_of_others
from perimeter_smt.encode.world.accounts import ON_ENDPOINT, endpoints_of, member_ids, org_of, organization_is_mine
from perimeter_smt.encode.world.catalogue import CALL
from perimeter_smt.encode.world.governs import arn_of_service, parts, reach, split_arn
from perimeter_smt.encode.world.keys import NO_UNKNOWN
from perimeter_smt.encode.world.people import is_caller
from perimeter_smt.encode.world.sessions import named
from perimeter_smt.encode.world.world import World, all_documents, build
from perimeter_smt.logic.atoms import ANY, Member, Run, Text
from perimeter_smt.logic.formula import (
    TRUE,
    Formula,
    atom,
    both,
    conj,
    disj,
    either,
    equal,
    glob,
    implies,
    is_text,
    neg,
    sym,
)
from perimeter_smt.logic.problem import Assertion
from perimeter_smt.organization.model import Guardrails, KeyGrant, Organization, OwnedPrincipal, OwnedResource
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions.distinct_calls import presumed_of
from perimeter_smt.questions.findings import lists
from perimeter_smt.questions.findings.actions import Actions, classes_of, merged
from perimeter_smt.questions.findings.literals import Literal, fact, literals_of, separate
from perimeter_smt.questions.findings.reduced import Reduced
from perimeter_smt.questions.findings.search import Search
from perimeter_smt.request import actions
from perimeter_smt.request.keys import support_list
from perimeter_smt.solve.engine import Engine
from perimeter_smt.solve.result import Limits

# Actions that the decision itself tells apart (authorization.smt2).
_APART = {
    "s3": ("s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"),
    "kms": ("kms:RetireGrant",),
    "sqs": ("sqs:SetQueueAttributes",),
    "sts": (
        "sts:AssumeRole",
        "sts:AssumeRoleWithSAML",
        "sts:AssumeRoleWithWebIdentity",
        "sts:AssumeRoot",
        "sts:GetSessionToken",
        "sts:GetFederationToken",
        "sts:GetCallerIdentity",
        "sts:TagSession",
        "sts:SetSourceIdentity",
        "sts:SetContext",
    ),
}
_APART_BY_TABLE = ("scp-exempt-actions", "scp-exempt-root-actions", "endpoint-policy-unsupported")
# Where the decision looks at the service of a call (authorization.smt2).
_BY_SERVICE = (
    "service in rcp-services",
    "service in rcp-services-narrow",
    "service in anonymous-services",
)
_MANY = 24  # services

Zone = Choice["account", "organization", "perimeter", "everyone"]


@dataclass(frozen=True)
class ZoneOf:
    """A zone of trust; without an id that of the resource."""

    zone: Zone
    account: str | None = None
    organization: str | None = None


@dataclass(frozen=True)
class Topic:
    """One part of a question: requests that fit `given`, in the words of these documents and facts."""

    name: str
    kind: Kind
    given: Formula
    documents: tuple[Document, ...]
    facts: tuple[Literal, ...] = ()
    actions: tuple[str, ...] = ()  # what the question itself names, which the answer must tell apart
    callers: Formula | None = None  # who is asked about, whatever is called; None: no need to tell who cannot call it


@dataclass
class Asked:
    """A topic made ready."""

    topic: Topic
    search: Search
    actions: Actions
    zone: ZoneOf = ZoneOf("organization")
    facts: dict[str, Formula] = field(default_factory=dict)  # what no element says, by its words


class Estate:
    """The encoded workspace for calls of some services, with its grants."""

    def __init__(
        self, workspace: Workspace, services: Sequence[str], limits: Limits | None = None, also: Sequence[str] = ()
    ) -> None:
        """Encode it, with room for every condition value as a literal of its own; `also`: actions that are asked of."""
        self.doubted = "AE7.acl" in workspace.perimeter.doubts
        workspace = lists.doubting(workspace)
        self.workspace, self.limits = workspace, limits or Limits()
        documents = all_documents(workspace, grants_too=True)
        arns = [resource.arn for account, _ in workspace.organization.accounts() for resource in account.resources]
        # What the service reference does not know, but a policy names, may be called as well.
        self.unlisted = tuple(dict.fromkeys((*also, *presumed_of(documents, arns, services))))
        beside = {_service(name) for name in self.unlisted} - set(actions.services())
        self.services = (*(s for s in actions.services() if s in set(services)), *sorted(beside))
        counts = bounds(separate(documents))
        several = {name: count for name, count in counts.items() if count > 1}
        self.world: World = build(
            workspace, self.services, free_grants=False, objectives=(), values_of=several, unlisted=self.unlisted,
            as_chosen=(points_of_others.POINT,),  # points of strangers have no words in policies
        )  # fmt: skip
        self.mode = self.world.exact(leave_out=(NO_UNKNOWN,))  # access by such a key is shown as it is written
        keys = [r for account, _ in workspace.organization.accounts() for r in account.resources if r.grants]
        every = [resource for account, _ in workspace.organization.accounts() for resource in account.resources]
        named = {unknown.subject for unknown in workspace.unknowns}
        untold = [r.arn for r in every if r.grants is None and _is_key(r.arn) and r.arn not in named]
        self.ungranted = untold if "kms" in self.services else []  # keys of which nobody told the grants
        self.untold = lists.untold(workspace, self.services)
        self.presumed = False  # whether an answer hangs on lists of which nobody said that they count
        self._grants = [(key, g) for key in keys for g in key.grants or ()] if "kms" in self.services else []

    def ask(self, topics: Iterable[Topic]) -> list[Asked]:
        """The searches for all topics, on one engine."""
        world, made = self.world, []
        before = len(world.keys.assertions)
        reduced = Reduced(world)
        access = reduced.of(world.formula("access"))
        may = reduced.of(self.always())
        chosen = [replace(topic, facts=self._with_grants(topic.facts)) for topic in topics]
        given = [reduced.of(topic.given) for topic in chosen]
        chosen = [replace(t, callers=reduced.of(t.callers) if t.callers else None) for t in chosen]
        for topic in chosen:
            known = self._classes(topic, reduced)
            literals = literals_of(world.keys, topic.documents, known.classes, callers=True)
            absent = {x.key.lower(): neg(world.keys.key(x.key.lower()).has) for x in literals if x.key}
            made.append((topic, known, (*literals, *topic.facts), absent))
        world.assertions += [Assertion(a.name, a.formula) for a in world.keys.assertions[before:]]
        words = (formula for _, _, ls, ab in made for formula in (*(x.formula for x in ls), *ab.values()))
        who = (topic.callers for topic in chosen if topic.callers)
        problem, _ = reduced.problem([*given, *words, *who])
        engine = Engine(problem, self.limits)
        out = []
        for (topic, known, literals, absent), here in zip(made, given, strict=True):
            told = tuple(replace(one, formula=reduced.of(one.formula)) for one in literals)
            missing = {key: reduced.of(formula) for key, formula in absent.items()}
            facts = {one.words: one.formula for one in literals if one.words}
            search = Search(engine, access, (here, may, self.mode), told, missing)
            out.append(Asked(topic, search, known, facts=facts))
        return out

    def _with_grants(self, facts: tuple[Literal, ...]) -> tuple[Literal, ...]:
        """The facts, and those that grants of KMS keys and lists of buckets decide by: who is named, what is called."""
        told = {one.words for one in facts}
        out = list(facts)
        for resource, grant in self._grants:
            out += fact(f"the call is on {resource.arn}", f"the call is not on {resource.arn}", reach(resource).surely)
            for name in filter(None, (grant.grantee, grant.retiring)):
                words = f"a grant names the caller, as {name}"
                out += fact(words, words.replace(" names ", " does not name ", 1), principal_named(name).any)
        out += lists.facts_of(self.workspace) if "s3" in self.services else ()
        first = {one.words: one for one in reversed(out)}
        return (*facts, *(one for words, one in first.items() if words not in told))

    def always(self) -> Formula:
        """A call that AWS does not refuse in any case."""
        return both(self.world.formula("may-call"), neg(sym("call.refused")))

    def unsure(self, asked: Asked, cubes: Sequence[Formula]) -> str:
        """Why there may be more access than these sets: lists that nobody told; `presumed` is kept in mind."""
        search = asked.search
        access = [search.access, *search.given[:2]]
        for name in self.untold:
            if name == "AE7.acl" and not self.doubted:
                self.presumed = self.presumed or lists.may_add(search.engine, self.world, name, access, cubes)
            elif lists.may_add(search.engine, self.world, name, access, cubes):
                return lists.may(name)
        return ""

    def unknowns(self) -> tuple[str, ...]:
        """What the source did not tell, lists of buckets among it where they could let somebody in."""
        out = [
            f"{unknown.name}: {unknown.reason}"
            for unknown in self.workspace.unknowns
            if not unknown.service or unknown.service in self.services
        ]
        out += [lists.PRESUMED] if self.presumed else []
        if self.ungranted:
            more = f" and {len(self.ungranted) - 1} more" if self.ungranted[1:] else ""
            keys = f"grants of `{self.ungranted[0]}`{more}"
            out.append(f"{keys}: no source tells them, there are presumed to be none (X-32)")
        return tuple(out)

    def _classes(self, topic: Topic, reduced: Reduced) -> Actions:
        """The actions that a topic tells apart: by its documents, by service, and by what the decision names.

        Of very many services, those that no document names are no classes of their own, and classes that the decision
        treats alike are one.
        """
        many = len(self.services) > _MANY
        named = set(self.services)
        if many:
            values = [v.lower() for d in topic.documents for s in d.statements for v in s.action.values]
            named = {value.partition(":")[0] for value in values}
        also = [f"{service}:*" for service in self.services if service in named]
        also += [name for service in self.services for name in _APART.get(service, ())]
        also += [name for table in _APART_BY_TABLE for name in support_list(table) if _service(name) in self.services]
        also += lists.actions_told(self.workspace) if "s3" in named else ()
        also += topic.actions
        also += [f"kms:{name.removeprefix('kms:')}" for _, grant in self._grants for name in _covered(grant)]
        found = classes_of(
            topic.documents, also, self.services, called=reduced.called, apart=self._facts_of, further=self.unlisted
        )
        if not many:
            return found
        facts = [(self._facts_of(_service(one.names[0])), _exempt(one.names[0])) for one in found.classes]
        together = reduced.alike([one.names for one in found.classes], facts)
        return merged(found, together, reduced.called)

    def _facts_of(self, service: str) -> tuple[bool, ...]:
        """What the decision distinguishes services by."""
        calls = self.world.calls
        rows = calls.members(f"service={service}")
        return tuple(bool(rows & calls.members(name)) for name in _BY_SERVICE)

    def outsiders(self, zone: Zone) -> Formula:
        """The caller is outside the zone of trust of the resource."""
        if zone == "everyone":
            return TRUE
        if zone == "perimeter":
            return both(neg(self.world.formula("trusted-iam")), neg(self.world.formula("before-authentication")))

        def inside(var: str) -> Formula:
            own = equal(var, "resource.account")
            return own if zone == "account" else either(own, is_text(org_of(var), self.workspace.organization.id))

        acting = both(neg(is_text("behalf.account", "")), neg(inside("behalf.account")))
        return both(neg(both(IAM, inside("principal.account"))), implies(sym_is("aws-service"), acting))

    def resources(self, zone: Zone) -> Iterator[Topic]:
        """One topic for every policy that gives access: of resources, and of roles."""
        outside = self.outsiders(zone)
        members = self.members_are_asked_about(zone)
        near = self.callers_documents() if members else ()
        facts = (*self.wires(), *(self.callers() if members else ()))
        for account, path in self.workspace.organization.accounts():
            rcps = guardrails([*(unit.guardrails for unit in path), account.guardrails], Kind.RCP)
            for resource in account.resources:
                if resource.policy is not None or resource.grants or resource.acls:
                    here = both(outside, reach(resource).surely)
                    own = () if resource.policy is None else (resource.policy,)
                    beside = _deciding_beside(account.resources, resource)
                    others = [r.policy for r in beside if r.policy]
                    documents = distinct([*own, *others, *rcps, *self.endpoint_documents(), *near])
                    kind = own[0].kind if own else Kind.KMS if resource.grants else Kind.BUCKET
                    told = (*facts, *(one for r in beside for one in _on(r)))
                    yield Topic(resource.arn, kind, here, documents, told, callers=outside)
                    for name, part in parts(resource) if own and _names_more(resource) else ():
                        listed = (reach(r).surely for r in account.resources if r is not resource)
                        here = conj([outside, part, neg(disj(listed)), self.world.policies.allows(own)])
                        yield Topic(name, kind, here, documents, told, callers=outside)
                elif "AE7.acl" in self.untold and lists.counts(resource):
                    self.presumed = True
            for principal in account.principals:
                if principal.trust is not None:
                    here = both(outside, role_target(principal))
                    documents = distinct([principal.trust, *rcps, *self.endpoint_documents(), *near])
                    yield Topic(principal.arn, Kind.TRUST, here, documents, facts, callers=outside)

    def members_are_asked_about(self, zone: Zone) -> bool:
        """Whether callers of the organization count: what is listed of them decides, even that they hold nothing."""
        if zone == "perimeter":
            return bool(self.workspace.perimeter.paths) or not organization_is_mine(
                self.workspace.perimeter, self.workspace
            )
        return zone in ("account", "everyone")

    def wires(self) -> Iterator[Literal]:
        """The endpoints that carry a policy."""
        for endpoint in endpoints_of(self.workspace.organization):
            if endpoint.policy is not None:
                over = both(ON_ENDPOINT, is_text("endpoint.id", endpoint.id))
                yield from fact(
                    f"the call comes over endpoint {endpoint.id}", f"the call does not come over {endpoint.id}", over
                )
        yield from fact("the call comes over a VPC endpoint", "the call comes over no VPC endpoint", ON_ENDPOINT)

    def targets(self) -> Iterator[Literal]:
        """What the decision looks at besides policies: whether the call names a resource, a KMS key, a role."""
        kinds = {
            "names no resource": ("names a resource", IS_STAR),
            "is on a KMS key": ("is on no KMS key", atom(Member(CALL, "on a key"))),
            "is on a role": ("is on no role", both(neg(IS_STAR), glob("resource.name", (Text("role/"), Run(ANY))))),
        }
        for words, (against, formula) in kinds.items():
            yield from fact(f"the call {words}", f"the call {against}", formula)

    def listed(self) -> Iterator[Literal]:
        """Which listed resource's policy decides the call, or which listed role it takes."""
        for account, _ in self.workspace.organization.accounts():
            for resource in account.resources:
                if split_arn(resource.arn).service not in self.services:
                    continue
                yield from _on(resource)
            for principal in account.principals if {"sts", "iam"} & set(self.services) else ():
                target = role_target(principal)
                yield from fact(f"the call is on {principal.arn}", f"the call is not on {principal.arn}", target)

    def callers(self) -> Iterator[Literal]:
        """Whose policies bind the caller: the principals that are listed, and the accounts of the organization."""
        for account, _ in self.workspace.organization.accounts():
            for principal in account.principals:
                words = f"the caller is {principal.arn}"
                yield from fact(words, words.replace(" is ", " is not ", 1), is_caller(principal))
            yield from self.sessions(account.principals)
        for number in member_ids(self.workspace.organization):
            words = f"the caller is of account {number}"
            yield from fact(words, words.replace(" is ", " is not ", 1), is_text("principal.account", number))

    def sessions(self, principals: Iterable[OwnedPrincipal]) -> Iterator[Literal]:
        """Sessions of these principals that are told."""
        for principal in principals:
            for session in principal.sessions:
                words = f"the session of {principal.arn} is called {session.name}"
                here = both(is_caller(principal), named(principal, session.name))
                yield from fact(words, words.replace(" is called ", " is not called ", 1), here)

    def endpoint_documents(self) -> tuple[Document, ...]:
        """The policies of endpoints."""
        return tuple(e.policy for e in endpoints_of(self.workspace.organization) if e.policy)

    def callers_documents(self) -> tuple[Document, ...]:
        """What binds callers of the organization: their policies, boundaries and SCPs."""
        out: list[Document] = []
        for account, path in self.workspace.organization.accounts():
            out += guardrails([*(unit.guardrails for unit in path), account.guardrails], Kind.SCP)
            for principal in account.principals:
                out += [*principal.policies, *principal.limits()]
        return distinct(out)


def _names_more(resource: OwnedResource) -> bool:
    """Whether an Allow of its policy names what may have a policy of its own (W-4): `*` and its ARN do not."""
    statements = resource.policy.statements if resource.policy else ()
    named = [s.resource for s in statements if s.effect == "Allow" and s.resource is not None]
    return any(not element.negated and {*element.values} - {"*", resource.arn} for element in named)


def _on(resource: OwnedResource) -> Iterator[Literal]:
    """The call is on a listed resource, or its policy may decide it."""
    at = reach(resource)
    yield from fact(f"the call is on {resource.arn}", f"the call is not on {resource.arn}", at.surely)
    if at.perhaps is not at.surely:
        words = f"{resource.arn} may decide the call"
        yield from fact(f"the policy of {words}", f"the policy of {words.replace(' may ', ' does not ')}", at.perhaps)


def _deciding_beside(listed: Iterable[OwnedResource], resource: OwnedResource) -> list[OwnedResource]:
    """Other resources of the account, of one service, whose policies may decide calls on this one as well."""
    service = split_arn(resource.arn).service
    alike = (r for r in listed if r is not resource and r.policy is not None and split_arn(r.arn).service == service)
    return [other for other in alike if (at := reach(other)).perhaps is not at.surely]


def apart(organization: Organization) -> tuple[str, ...]:
    """Accounts of the organization that its tree leaves out: the management account, if need be."""
    told = {account.id for account, _ in organization.accounts()}
    return tuple(number for number in member_ids(organization) if number not in told)


def guardrails(levels: Iterable[Guardrails], kind: Kind) -> list[Document]:
    """The SCPs or RCPs of some levels."""
    return [d for level in levels for d in (level.scps if kind is Kind.SCP else level.rcps)]


def distinct(documents: Iterable[Document]) -> tuple[Document, ...]:
    """Each document once."""
    return tuple({id(d): d for d in documents}.values())


def role_target(principal: OwnedPrincipal) -> Formula:
    """The call is made to take this role."""
    arn = split_arn(principal.arn)
    here = both(is_text("resource.account", principal.account), is_text("aws.partition", arn.partition))
    return both(here, arn_of_service("iam"), is_text("resource.name", arn.name))


def services_of(workspace: Workspace) -> list[str]:
    """The services whose calls the policies, grants and lists of listed resources and roles can allow."""
    out: set[str] = set()
    for account, _ in workspace.organization.accounts():
        for resource in account.resources:
            if resource.policy is not None or resource.grants or resource.acls:
                out.add(split_arn(resource.arn).service)
            if resource.policy is None:
                continue
            for statement in resource.policy.statements:
                out |= {text.lower().partition(":")[0] for text in statement.action.values if ":" in text}
        if any(principal.trust for principal in account.principals):
            out.add("sts")
    return sorted(out)


def _covered(grant: KeyGrant) -> tuple[str, ...]:
    """The operations of a grant, and that of its retiring principal."""
    return (*grant.operations, "RetireGrant") if grant.retiring else grant.operations


def _exempt(action: str) -> tuple[bool, ...]:
    """In which of the tables that single out actions this one stands."""
    return tuple(
        any(fnmatchcase(action.lower(), pattern.lower()) for pattern in support_list(table))
        for table in _APART_BY_TABLE
    )


def _is_key(arn: str) -> bool:
    parts = split_arn(arn)
    return parts.service == "kms" and parts.name.startswith("key/")


def _service(pattern: str) -> str:
    return pattern.partition(":")[0].lower()
