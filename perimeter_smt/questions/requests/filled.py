"""Cases whose policies come from a workspace: the request is the user's, what decides it is what the source holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from perimeter_smt.evaluate import decide
from perimeter_smt.organization.inventory import attached
from perimeter_smt.organization.model import NONE_THERE, Account, Unknown, named
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.request import contradictions
from perimeter_smt.request.case import Case
from perimeter_smt.request.keys import table_rows
from perimeter_smt.request.request import Facts, Principal, Request
from perimeter_smt.witness.case import OPEN, case_of
from perimeter_smt.witness.listed import bucket_of

_KINDS = {
    "user": "user",
    "role-session": "role",
    "federated-user": "feduser",
    "root": "root",
    "service": "service",
    "anonymous": "anon",
    "federated-sts": "fedsts",
}


@dataclass(frozen=True)
class Filler:
    """Fills cases from a workspace. Whatever the workspace does not tell is granted, and named in `assumed`.

    `free_grants`: guardrails alone, whatever is granted. `presumed`: accounts that are asked about as if they were of
    the organization, which nobody knows.
    """

    workspace: Workspace
    free_grants: bool = False
    presumed: frozenset[str] = frozenset()

    @cached_property
    def accounts(self) -> Mapping[str, Account]:
        """The accounts of the organization by id."""
        return {account.id: account for account, _ in self.workspace.organization.accounts()}

    def case(self, given: Case) -> Case:
        """The case of the same request, with the policies of the workspace; its id and flags stay."""
        request = self.request(given.request)
        found = case_of(self, request, self._facts(request))
        said = given.flags.model_fields_set
        flags = found.flags.model_copy(update={name: getattr(given.flags, name) for name in said})
        return replace(found, id=given.id, flags=flags)

    def request(self, request: Request) -> Request:
        """The request with what the workspace knows about its caller and resource, where it does not say it itself."""
        organization = self.workspace.organization
        caller = self._caller(request.principal)
        owner = request.resource_account or self._owner(request)
        known: dict[str, str | tuple[str, ...]] = {}
        if caller.account:
            known["aws:PrincipalAccount"] = caller.account
            if caller.account in self.accounts:
                known["aws:PrincipalOrgID"] = organization.id
                known["aws:PrincipalOrgPaths"] = (organization.path(caller.account),)
        if owner:
            known["aws:ResourceAccount"] = owner
            if owner in self.accounts:
                known["aws:ResourceOrgID"] = organization.id
                known["aws:ResourceOrgPaths"] = (organization.path(owner),)
        if caller.role_arn or caller.user_arn or (caller.type == "user" and caller.arn):
            known["aws:PrincipalArn"] = caller.role_arn or caller.user_arn or caller.arn or ""
        said = {name.lower() for name in request.context}
        context = {**{name: value for name, value in known.items() if name.lower() not in said}, **request.context}
        return request.model_copy(update={"principal": caller, "resource_account": owner, "context": context})

    def assumed(self, case: Case) -> tuple[str, ...]:
        """What was taken to be granted since the workspace does not tell, in words."""
        out = []
        asked = case.request.principal.type not in ("service", "anonymous", "federated-sts")
        if asked and any(document.location.file == OPEN for document in case.identity):
            out.append("the caller's own policies are not told: they are taken to allow the call")
        if case.resource is not None and case.resource.location.file == OPEN:
            out.append("the policy of the resource is not told: it is taken to allow the call")
        if untold := self._list_untold(case):
            out.append(untold)
        if self.stopping and (out or self._holds_ours(case)):
            out.append(f"what is not known is taken to stop nothing: {named(self.stopping)}")
        return tuple(out)

    @cached_property
    def stopping(self) -> tuple[Unknown, ...]:
        """Guardrails that the source does not tell, which may stop any call."""
        untold = self.workspace.unknowns
        return tuple(u for u in untold if u.affects == "guardrails" and u.name not in NONE_THERE)

    @cached_property
    def _ours(self) -> frozenset[int]:
        return frozenset(id(document) for document in attached(self.workspace.organization.root))

    def _holds_ours(self, case: Case) -> bool:
        """Whether some policy of the case is one of the workspace: it was filled."""
        levels = [*(case.scp or ()), *(case.rcp or ())]
        some = [*case.identity, case.resource, *(document for level in levels for document in level)]
        return any(id(document) in self._ours for document in some)

    def _list_untold(self, case: Case) -> str:
        """What the workspace does not tell of access control lists that could grant the call: they are taken not to."""
        action, bucket = case.request.action.lower(), bucket_of(dict(self.accounts), case.request.resource)
        rows = [row for row in table_rows("acl-actions") if action in (name.lower() for name in row["actions"])]
        if bucket is None or bucket.acls is False or self.free_grants or not rows:
            return ""
        if decide(case).reason != "implicit_deny":
            return ""  # a list only grants, to whom nothing else does
        if bucket.acls is None:
            return f"the access control lists of {bucket.arn} are presumed to be disabled (AE7.acl): nobody told"
        told = bucket.acl is not None and all(row["on"] == "bucket" for row in rows)
        words = "is not told: it is taken to grant nothing (AE7.acl-entry)"
        return "" if told else f"what an access control list of {bucket.arn} or of its object grants {words}"

    def _caller(self, principal: Principal) -> Principal:
        """The caller with account, role and whether it is in the management account."""
        update: dict[str, object] = {}
        arn = principal.role_arn or principal.arn or ""
        fields = arn.split(":", 5)
        account = principal.account or (fields[4] if len(fields) == 6 and principal.type != "service" else None)
        if account and not principal.account:
            update["account"] = account
        if account == self.workspace.organization.management_account:
            update["management_account"] = True
        listed = self.accounts.get(account or "")
        if principal.type == "role-session" and principal.role_arn is None and listed is not None:
            name = "".join((principal.arn or "").split(":", 5)[-1].split("/")[1:2])
            roles = (p.arn for p in listed.principals if p.type == "role" and p.arn.rsplit("/", 1)[-1] == name)
            update["role_arn"] = next(roles, None)
        role_arn = str(update.get("role_arn") or principal.role_arn or "")
        if listed is not None and role_arn:
            known = next((p for p in listed.principals if p.arn == role_arn), None)
            if (known is not None and known.service_linked) or ":role/aws-service-role/" in role_arn:
                update["service_linked"] = True
        return principal.model_copy(update=update) if update else principal

    def _owner(self, request: Request) -> str | None:
        """Who owns the resource: by its ARN, by the list of resources, else nobody known."""
        if request.resource == "*":
            return None
        told = contradictions.owner_of(request.resource)
        if told:
            return told
        for account in self.accounts.values():
            for resource in account.resources:
                if request.resource == resource.arn or request.resource.startswith(f"{resource.arn}/"):
                    return account.id
        return None

    def _facts(self, request: Request) -> Facts:
        organization = self.workspace.organization
        caller, owner = request.principal.account, request.resource_account
        endpoint = next((value for name, value in request.context.items() if name.lower() == "aws:sourcevpce"), None)
        found = {
            account: organization.id
            for account in (caller, owner)
            if account in self.accounts or account in self.presumed
        }
        return Facts(
            kind=_KINDS[request.principal.type],
            principal_account=caller,
            resource_account=owner,
            path="vpce" if endpoint else "public",
            endpoint=endpoint if isinstance(endpoint, str) else None,
            organizations=found,
        )
