"""Calls: what an event asks of the guardrails, with what the workspace knows about caller, owner and endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cached_property, lru_cache
from typing import Any

from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.request.cloudtrail.actions import actions_of
from perimeter_smt.request.cloudtrail.beside import beside_of
from perimeter_smt.request.cloudtrail.callers import caller_of
from perimeter_smt.request.cloudtrail.context import Choice, Known, Value, known_of
from perimeter_smt.request.cloudtrail.resources import Touched, resources_of
from perimeter_smt.request.keys import support_list
from perimeter_smt.request.request import Principal

_ELSEWHERE = "o-0000000000"  # stands for an organization that nobody names
_REFUSED = frozenset(
    ("accessdenied", "accessdeniedexception", "unauthorizedoperation", "client.unauthorizedoperation",
     "authorizationerror", "notauthorized", "authorizationerrorexception", "notauthorizedexception",
     "unauthorizedaccess", "kms.accessdeniedexception", "403 forbidden", "forbidden", "vpceaccessdenied",
     "accessdeniedfault", "client.unauthorizedaccess", "unauthorizedexception",
     # whoever is not known did not get through either (IAM and EC2 API references, common errors)
     "authfailure", "client.authfailure", "expiredtoken", "expiredtokenexception", "incompletesignature",
     "invalidclienttokenid", "invalidsignatureexception", "missingauthenticationtoken", "signaturedoesnotmatch",
     "unrecognizedclientexception", "invalidaccesskeyid")
)  # fmt: skip


_MOST_OWNERS = 200
_OF_OWNERS = ("aws:resourceaccount", "aws:resourceorgid", "aws:resourceorgpaths")


@lru_cache(maxsize=16384)
def _ownerless(action: str) -> bool:
    """Whether the requests of an action tell nothing of who owns the resource."""
    return any(fnmatchcase(action.lower(), name.lower()) for name in support_list("no-resource-account-actions"))


class NotACall(Exception):  # noqa: N818  (no error: an event that asks nothing)
    """The event asks nothing of IAM, or nobody knows what: `args` is a short reason."""


@dataclass(slots=True)
class Call:
    """One action on one resource: what guardrails are asked. `known.values` holds what is told about the request."""

    caller: Principal
    action: str
    touched: Touched
    known: Known
    beside: bool = False  # asked for beside the others, whatever the parameters
    recipient: str | None = None  # whose log told of it
    outside: bool = False  # what it is on belongs to nobody of the organization
    by_owner: tuple[Call, ...] = ()  # the same for each that may own what it is on, where nobody knows


@dataclass(slots=True)
class Happened:
    """An event: its calls, whether it was refused, and what tells it apart for people."""

    id: str
    time: str
    who: str
    name: str
    refused: bool
    calls: tuple[Call, ...]
    endpoint: str | None


@dataclass
class Reader:
    """Turns events into calls. `other_organizations`: those that policies name beside the workspace's."""

    workspace: Workspace
    other_organizations: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        organization = self.workspace.organization
        self._paths = {account.id: organization.path(account.id) for account, _ in organization.accounts()}
        self._callers: dict[object, Principal | None] = {}

    @cached_property
    def _principals(self) -> Mapping[tuple[str, str, str], str]:
        return {
            (principal.account, principal.type, principal.arn.rsplit("/", 1)[-1]): principal.arn
            for account, _ in self.workspace.organization.accounts()
            for principal in account.principals
        }

    @cached_property
    def _owners(self) -> Mapping[str, str]:
        return {
            resource.arn: account.id
            for account, _ in self.workspace.organization.accounts()
            for resource in account.resources
        }

    @cached_property
    def _vpcs(self) -> Mapping[str, str]:
        accounts = self.workspace.organization.accounts()
        return {endpoint.id: endpoint.vpc for account, _ in accounts for endpoint in account.endpoints}

    def happened(self, event: Mapping[str, Any]) -> Happened:
        """The calls of an event; NotACall if there are none."""
        kind = event.get("eventType", "AwsApiCall")
        if kind not in ("AwsApiCall", "AwsVpceEvent", "AwsVpceEvents"):  # AWS writes both of network activity
            raise NotACall(f"event type {kind}")
        source, name = str(event.get("eventSource") or ""), str(event.get("eventName") or "")
        actions = actions_of(source, name)
        if actions is None:
            raise NotACall("action not known")
        if not actions:
            raise NotACall("no call that IAM decides by one action")
        identity = event.get("userIdentity")
        caller = self._caller(identity) if isinstance(identity, Mapping) else None
        if caller is None:
            raise NotACall("caller not known")
        calls = tuple(
            self._call(event, caller, action, touched)
            for action in actions
            for touched in resources_of(action, event, self._listed)
        )
        asked = beside_of(actions[0], event)
        calls += tuple(replace(self._call(event, caller, action, touched), beside=True) for action, touched in asked)
        code = str(event.get("errorCode") or "").lower()
        return Happened(
            str(event.get("eventID") or ""),
            str(event.get("eventTime") or ""),
            caller.role_arn or caller.arn or caller.account or caller.type,
            f"{source}:{name}",
            code in _REFUSED,
            calls,
            event.get("vpcEndpointId"),
        )

    def _caller(self, identity: Mapping[str, Any]) -> Principal | None:
        issuer = identity.get("sessionContext")
        issuer = issuer.get("sessionIssuer") if isinstance(issuer, Mapping) else None
        key = (
            identity.get("type"),
            identity.get("arn"),
            identity.get("accountId"),
            identity.get("principalId"),
            identity.get("invokedBy"),
            identity.get("identityProvider"),
            issuer.get("arn") if isinstance(issuer, Mapping) else None,
        )
        if key not in self._callers:
            if len(self._callers) > 10_000:
                self._callers.clear()
            found = caller_of(identity)
            if found is not None and found.account == self.workspace.organization.management_account:
                found = found.model_copy(update={"management_account": True})
            self._callers[key] = found
        return self._callers[key]

    def _listed(self, account: str, kind: str, name: str) -> str | None:
        return self._principals.get((account, kind, name))

    def _call(self, event: Mapping[str, Any], caller: Principal, action: str, touched: Touched) -> Call:
        known = known_of(event, caller, action.lower())
        arn = touched.arn
        if touched.account is None and arn and arn != "*":
            owner = self._owners.get(arn) or self._owners.get(arn.partition("/")[0])
            touched = Touched(arn, owner)
        self.place(known, caller)
        endpoint = known.values.get("aws:sourcevpce")
        if isinstance(endpoint, str) and endpoint in self._vpcs:
            known.values["aws:sourcevpc"] = self._vpcs[endpoint]
        recipient = event.get("recipientAccountId")
        call = Call(caller, action, touched, known, recipient=recipient if isinstance(recipient, str) else None)
        if touched.account is None and arn != "*" and self._asks_owners:
            return replace(call, by_owner=tuple(self._owned(call, account) for account in (*self._paths, None)))
        return self._owned(call, touched.account) if touched.account is not None else self._with_owner(call)

    @cached_property
    def _asks_owners(self) -> bool:
        """Whether it matters whose a resource is, and everybody is known who may own it."""
        organization = self.workspace.organization
        rcps = any(document.kind is Kind.RCP for document in organization.documents())
        return rcps and self.workspace.grants_given and len(self._paths) <= _MOST_OWNERS

    def _owned(self, call: Call, account: str | None) -> Call:
        """The call on a resource of an account; None: of somebody outside the organization."""
        known = Known(dict(call.known.values), set(call.known.absent), dict(call.known.choices))
        if account is None:
            self._organization(known, "", "aws:resourceorgid", "aws:resourceorgpaths")
            return replace(self._with_owner(replace(call, known=known)), outside=True)
        return self._with_owner(replace(call, known=known, touched=Touched(call.touched.arn, account)))

    def _with_owner(self, call: Call) -> Call:
        """What the request says of the owner."""
        known, account = call.known, call.touched.account
        if _ownerless(call.action):
            known.absent.update(_OF_OWNERS)
            for key in _OF_OWNERS:
                known.choices.pop(key, None)
        elif call.action.lower() == "events:putevents":  # lacks the keys for some buses: IAM guide, aws:ResourceAccount
            for key in _OF_OWNERS:
                known.choices.pop(key, None)
        elif account is not None and call.touched.arn != "*":
            known.values["aws:resourceaccount"] = account
            known.values["s3:resourceaccount"] = account
            self._organization(known, account, "aws:resourceorgid", "aws:resourceorgpaths")
        return call

    def place(self, known: Known, caller: Principal) -> None:
        """Add what the workspace tells of the caller's organization."""
        if caller.account is not None and caller.type != "service":
            self._organization(known, caller.account, "aws:principalorgid", "aws:principalorgpaths")

    def _organization(self, known: Known, account: str, key: str, paths: str) -> None:
        path = self._paths.get(account)
        if path is not None:
            known.values[key] = self.workspace.organization.id
            known.values[paths] = (path,)
        elif self.workspace.grants_given:  # every account of mine is listed: this one is of another, or of none
            own = self.workspace.organization.id
            others: tuple[Value | None, ...] = (None, _ELSEWHERE, *sorted(self.other_organizations))
            below = (None, *((f"{other}/r-0000/",) for other in others if isinstance(other, str)))
            known.choices[key] = Choice(others, (own,))
            known.choices[paths] = Choice(below, (f"{own}/*",))
