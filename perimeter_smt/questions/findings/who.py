"""Who can do something, and what somebody can do: complete answers, caller by caller, as AWS decides them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from perimeter_smt.encode.language.action import action_matches
from perimeter_smt.encode.language.keys import sym_is
from perimeter_smt.encode.language.principal import IAM, named
from perimeter_smt.encode.language.resource import IS_STAR, resource_matches
from perimeter_smt.encode.world.accounts import member_ids
from perimeter_smt.encode.world.governs import split_arn
from perimeter_smt.encode.world.people import is_caller
from perimeter_smt.encode.world.world import all_documents
from perimeter_smt.errors import InputError, did_you_mean
from perimeter_smt.logic.formula import Formula, both, disj, is_text, neg
from perimeter_smt.organization.model import OwnedPrincipal, Unknown
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions.findings.answer import counting, covered, may_find_in, read_again
from perimeter_smt.questions.findings.estate import Asked, Estate, Topic, apart, distinct, guardrails, services_of
from perimeter_smt.questions.findings.literals import Literal, fact
from perimeter_smt.questions.findings.notes import about_caller, no_such_call, through_points
from perimeter_smt.questions.findings.outward import known_service, services_reached
from perimeter_smt.questions.findings.search import Cube, Stop
from perimeter_smt.questions.findings.verdicts import Caller, Callers, Finding, Progress
from perimeter_smt.questions.untold import hiding
from perimeter_smt.request import actions
from perimeter_smt.request.unlisted import glob_matches
from perimeter_smt.solve.result import Limits

_PRINCIPAL = re.compile(r"arn:[a-z-]+:iam::[0-9]{12}:(?:role|user)/.+")
_SESSION = re.compile(r"arn:([a-z-]+):sts::([0-9]{12}):assumed-role/([^/]+)/.+")
_SERVICE = re.compile(r"[a-z0-9.-]+\.(?:amazonaws\.com(?:\.cn)?|amazon\.com)")


def who_can(
    workspace: Workspace,
    action: str,
    resource: str = "",
    *,
    limits: Limits | None = None,
    progress: Progress | None = None,
    stop: Stop | None = None,
    today: date | None = None,
) -> Callers:
    """Everybody who can call `action` on `resource` (an ARN, with wildcards if need be; empty: on anything).

    Listed principals one by one, whoever else is of each account, and outsiders of the organization, each with the
    sets of requests that are allowed. InputError for an action that AWS does not have and no policy names. `stop` is
    asked between two questions: where it says so, the answer is what was decided until then. Requests count that are
    made on `today` (default: the day of the call) or later.
    """
    workspace = workspace.model_copy(update={"today": today or date.today()})
    beyond = _named_beyond(workspace, action)
    service = action.partition(":")[0].lower() if beyond else known_action(action)
    estate = Estate(workspace, [service], limits, (action,) if beyond else ())
    given = action_matches(action)
    if resource:
        given = both(given, aimed(estate, resource))
    made = [*_insiders(estate, given, service), _outsiders(estate, given, service)]
    topics = [(replace(topic, actions=(action,)), kind) for topic, kind in made]
    found = _answered(estate, topics, action, resource, progress, stop)
    return replace(found, notes=(*found.notes, *through_points(workspace, resource)))


def what_can(
    workspace: Workspace,
    principal: str,
    *,
    services: Iterable[str] | None = None,
    limits: Limits | None = None,
    progress: Progress | None = None,
    stop: Stop | None = None,
    today: date | None = None,
) -> Callers:
    """All that a caller can do: the ARN of a user or role, an account, a service principal, or `anonymous`.

    An account whose principals are listed is answered one by one of these, and once for whoever else is of it.
    `services` narrows the question; by default those that the policies of a listed caller and of resources name, and
    all for root users and others who are not listed, as no policy says what they hold. `today` as for `who_can`.
    """
    workspace = workspace.model_copy(update={"today": today or date.today()})
    notes = tuple(about_caller(workspace, principal))
    members = _members(workspace, principal)
    chosen = sorted({known_service(s) for s in services}) if services else _reached(workspace, members, principal)
    if not chosen:
        raise InputError("no policy names a call that it could make: name the services in question with `--service`")
    estate = Estate(workspace, chosen, limits)
    shared = [*_all_resources(estate), *_rcps(workspace)]
    told = (*_owners(workspace), *estate.listed(), *estate.wires(), *estate.targets())
    topics = []
    for member in members:
        documents = distinct([*_own(workspace, member.listed, principal), *shared])
        facts = (*told, *estate.sessions((member.listed,) if member.listed else ()))
        topics.append((Topic(member.name, Kind.IDENTITY, member.here, documents, facts), member.kind))
    return replace(_answered(estate, topics, "", "", progress, stop), notes=notes)


@dataclass(frozen=True)
class _Member:
    """One of the callers that were asked about: `listed` where the workspace lists it."""

    name: str
    kind: str
    here: Formula
    listed: OwnedPrincipal | None = None


def _members(workspace: Workspace, principal: str) -> list[_Member]:
    """The callers that are meant: of an account whose principals are listed these one by one, and whoever else is."""
    for account, _ in workspace.organization.accounts():
        for one in account.principals:
            if one.arn == principal:
                return [_Member(one.arn, "principal", is_caller(one), one)]
        if account.id == principal and account.principals:
            out = [_Member(one.arn, "principal", is_caller(one), one) for one in account.principals]
            others = both(_caller(principal), *(neg(one.here) for one in out))
            return [*out, _Member(f"others of account {account.id}", "account", others)]
    return [_Member(principal, "outsiders", _caller(principal))]


def known_action(action: str) -> str:
    """The service of an action or action pattern; InputError for what AWS does not have."""
    service, colon, name = action.partition(":")
    if not colon or not name or "*" in service or "?" in service:
        raise InputError(f"`{action}` is no action, expected one such as `s3:GetObject`")
    known = actions.services()
    if service.lower() not in known:
        raise InputError(f"unknown service `{service}`{did_you_mean(service, known)}: expected a prefix such as `s3`")
    if not any(c in name for c in "*?") and actions.action_info(action) is None:
        names = [str(info) for info in actions.actions(service)]
        raise InputError(f"unknown action `{action}`{did_you_mean(action, names)}")
    return service.lower()


def _named_beyond(workspace: Workspace, action: str) -> bool:
    """Whether the service reference does not know the action, but some policy of the workspace names it.

    Of a service that it knows the policy must write the very name: `s3:*` would take every misspelling for an action.
    """
    service, colon, name = action.lower().partition(":")
    if not colon or not name or any(c in action for c in "*?") or actions.action_info(action) is not None:
        return False
    documents = all_documents(workspace, grants_too=True)
    texts = {text.lower() for d in documents for s in d.statements for text in s.action.values}
    if service in actions.services():
        return f"{service}:{name}" in texts
    return any(text.strip("*:") and glob_matches(text, f"{service}:{name}") for text in texts)


def aimed(estate: Estate, resource: str) -> Formula:
    """The call is on this resource; `*` alone means calls that name none."""
    if resource == "*":
        return IS_STAR
    if resource.count(":") < 5 or not resource.startswith("arn:"):
        raise InputError(f"`{resource}` is no ARN, expected one such as `arn:aws:s3:::orders/*`", path="--resource")
    return resource_matches(estate.world.keys, resource)


def _answered(
    estate: Estate,
    topics: list[tuple[Topic, str]],
    action: str,
    resource: str,
    progress: Progress | None,
    stop: Stop | None,
) -> Callers:
    kinds = {topic.name: kind for topic, kind in topics}
    parts = covered(estate, [topic for topic, _ in topics], progress, stop)
    reasons = read_again(estate, parts, stop)
    out = []
    for asked, cover, made in parts:
        reason = cover.reason or reasons.get(asked.topic.name, "")
        if kinds[asked.topic.name] == "outsiders":
            made = [_at_home(estate, asked, cube, one) for cube, one in zip(cover.cubes, made, strict=True)]
        ordered = tuple(sorted(made, key=lambda one: repr(one.elements)))
        may_find = () if reason else may_find_in(estate, asked, cover)
        out.append(
            Caller(
                asked.topic.name,
                kinds[asked.topic.name],  # type: ignore[arg-type]
                ordered,
                "unknown" if reason else "complete",
                reason,
                may_find,
            )
        )
    proved = ["included"]
    if not any(cover.reason for _, cover, _ in parts):
        proved += ["complete", "apart"]
    if not any(one.reason for one in out):
        proved.append("restated")
    decided = action and all(one.status == "complete" and not one.findings for one in out)
    searches = (asked.search for asked, _, _ in parts)
    none = decided and all(search.engine.check(list(search.given)).status == "unsat" for search in searches)
    notes = (no_such_call(action, resource),) if none else ()
    bearing = (u for u in estate.workspace.unknowns if not u.service or u.service in estate.services)
    undecided = tuple(u for u in bearing if _lets_in_others(estate.workspace, u))
    if undecided and "complete" in proved:
        proved.remove("complete")
    return Callers(
        estate.workspace.name, action, resource, tuple(out), tuple(proved), estate.unknowns(), estate.services, notes,
        undecided, counting(estate.world),
    )  # fmt: skip


def _lets_in_others(workspace: Workspace, unknown: Unknown) -> bool:
    """Whether it may give access that nobody shows: what is left out of an account counts as holding anything there."""
    return (bool(unknown.service) or not unknown.account) and unknown in (
        *hiding(workspace, "resource"),
        *hiding(workspace, "caller"),
    )


def _at_home(estate: Estate, asked: Asked, cube: Cube, found: Finding) -> Finding:
    """A finding of outsiders, not public where they call nothing but what is of their own accounts."""
    mine = disj(is_text("resource.account", i) for i in member_ids(estate.workspace.organization))
    search = asked.search
    asking = [search.access, search.formula(cube), *search.given, mine]
    return replace(found, public="no") if search.engine.check(asking).status == "unsat" else found


def _insiders(estate: Estate, given: Formula, service: str) -> Iterator[tuple[Topic, str]]:
    organization = estate.workspace.organization
    shared = [*_resources(estate, service), *_rcps(estate.workspace), *estate.endpoint_documents()]
    wires = (*estate.wires(), *_owners(estate.workspace), *estate.listed(), *estate.targets())
    for account, path in organization.accounts():
        scps = guardrails([*(unit.guardrails for unit in path), account.guardrails], Kind.SCP)
        for principal in account.principals:
            documents = distinct([*_of(principal), *scps, *shared])
            here = both(given, is_caller(principal))
            facts = (*wires, *estate.sessions((principal,)))
            yield Topic(principal.arn, Kind.IDENTITY, here, documents, facts), "principal"
        others = both(IAM, is_text("principal.account", account.id), *(neg(is_caller(p)) for p in account.principals))
        name = f"others of account {account.id}"
        yield (
            Topic(name, Kind.IDENTITY, both(given, others), distinct([*scps, *shared]), wires, callers=others),
            "account",
        )
    for number in apart(organization):
        here = both(IAM, is_text("principal.account", number))
        name = f"others of account {number}"
        yield Topic(name, Kind.IDENTITY, both(given, here), distinct(shared), wires, callers=here), "account"


def _outsiders(estate: Estate, given: Formula, service: str) -> tuple[Topic, str]:
    documents = distinct([*_resources(estate, service), *_rcps(estate.workspace), *estate.endpoint_documents()])
    ids = member_ids(estate.workspace.organization)
    outside = neg(both(IAM, disj(is_text("principal.account", i) for i in ids)))
    facts = (*estate.wires(), *_owners(estate.workspace), *estate.listed(), *estate.targets())
    return Topic("outsiders", Kind.RESOURCE, both(given, outside), documents, facts, callers=outside), "outsiders"


def _of(principal: OwnedPrincipal) -> list[Document]:
    return [*principal.policies, *principal.limits()]


def _resources(estate: Estate, service: str) -> list[Document]:
    """The policies that may decide calls of a service."""
    out: list[Document] = []
    for account, _ in estate.workspace.organization.accounts():
        out += [r.policy for r in account.resources if r.policy and split_arn(r.arn).service == service]
        if service in ("sts", "iam"):
            out += [p.trust for p in account.principals if p.trust]
    return out


def _all_resources(estate: Estate) -> list[Document]:
    return [document for service in estate.services for document in _resources(estate, service)]


def _rcps(workspace: Workspace) -> list[Document]:
    out: list[Document] = []
    for account, path in workspace.organization.accounts():
        out += guardrails([*(unit.guardrails for unit in path), account.guardrails], Kind.RCP)
    return out


def _owners(workspace: Workspace) -> Iterator[Literal]:
    """Whose resource it is, account by account."""
    for account in member_ids(workspace.organization):
        words = f"the resource is of account {account}"
        yield from fact(words, words.replace(" is ", " is not ", 1), is_text("resource.account", account))


def _own(workspace: Workspace, listed: OwnedPrincipal | None, principal: str) -> list[Document]:
    """The caller's policies, and the SCPs of its account."""
    owner = (
        listed.account
        if listed
        else principal
        if principal.isdigit()
        else principal.split(":", 5)[4]
        if ":" in principal
        else ""
    )
    out = _of(listed) if listed else []
    for account, path in workspace.organization.accounts():
        if account.id == owner:
            out += guardrails([*(unit.guardrails for unit in path), account.guardrails], Kind.SCP)
    return [*out, *(e.policy for a, _ in workspace.organization.accounts() for e in a.endpoints if e.policy)]


def _caller(principal: str) -> Formula:
    if principal == "anonymous":
        return sym_is("anonymous")
    if re.fullmatch("[0-9]{12}", principal):
        return both(IAM, is_text("principal.account", principal))
    if _SERVICE.fullmatch(principal):
        return both(sym_is("aws-service"), is_text("principal.service", principal))
    if re.fullmatch(r"arn:[a-z-]+:iam::[0-9]{12}:root", principal):
        return both(sym_is("root"), is_text("principal.account", principal.split(":")[4]))
    found = named(principal) if _PRINCIPAL.fullmatch(principal) else None
    if found is None and (session := _SESSION.fullmatch(principal)):
        partition, account, name = session.groups()
        role = f"arn:{partition}:iam::{account}:role/{name}"
        raise InputError(f"`{principal}` is a session, expected the ARN of its role, such as `{role}`")
    if found is None:
        raise InputError(
            f"`{principal}` is no caller, expected the ARN of a user or role, an account id, a service principal, or "
            "`anonymous`"
        )
    return found


def _reached(workspace: Workspace, members: Sequence[_Member], principal: str) -> list[str]:
    """The services that the callers' own policies and those of resources name; all, if a pattern reaches all.

    All, too, for identities that are not listed. Services and anonymous callers have no policies of their own.
    """
    known = [member.listed for member in members if member.listed is not None]
    if len(known) < len(members) and principal != "anonymous" and not _SERVICE.fullmatch(principal):
        return list(actions.services())
    return sorted({*services_of(workspace), *services_reached(d for one in known for d in _of(one))})
