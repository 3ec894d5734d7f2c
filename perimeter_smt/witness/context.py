"""The context keys of a witness: those that policies test, and those that AWS always sends (semantics 4.2-4.6)."""

from __future__ import annotations

from perimeter_smt.encode.language.keys import Key
from perimeter_smt.logic.atoms import Ref
from perimeter_smt.request.keys import support_list
from perimeter_smt.request.request import Facts, Principal, Request
from perimeter_smt.witness.clock import times
from perimeter_smt.witness.facts import View, action_of, facts_of, principal_of, resource_of, used_keys

_TYPES = {"user": "User", "role": "AssumedRole", "root": "Account", "feduser": "FederatedUser", "anon": "Anonymous"}


def request_of(view: View) -> tuple[Request, Facts, tuple[str, ...]]:
    """The request and ground truth of a model, and the names of the keys that policies look at."""
    facts = facts_of(view)
    principal = principal_of(view)
    used = dict(used_keys(view))
    context = dict(used)
    # Keys that only statements on other calls test are not in the problem: the model says nothing of them.
    known = view.world.keys.known.items()
    tested = {name for name, key in known if str(key.has.payload) in view.model.symbols and _told(view, key)}
    for name, value in _always(view, facts, principal).items():
        if name.lower() not in tested:
            context[name] = value
    request = Request(
        principal=principal,
        action=action_of(view),
        resource=resource_of(view),
        resource_account=facts.resource_account,
        context=dict(sorted(context.items())),
    )
    return request, facts, tuple(sorted(used))


def _told(view: View, key: Key) -> bool:
    """The model says of the key that it is absent, or its values; no test of a value leaves a trace of `*`."""
    if key.slots or not view.model.symbols.get(str(key.has.payload), False):
        return True
    return all(piece.var in view.model.texts for piece in key.term if isinstance(piece, Ref))


def _always(view: View, facts: Facts, principal: Principal) -> dict[str, str | tuple[str, ...]]:
    if action_of(view) == "signin:Authenticate":  # before authentication: where from, and who is asked for (W-26)
        owner = f"arn:{view.text('aws.partition')}:iam::{facts.resource_account}:root"
        return {"aws:RequestedRegion": facts.region or "", "signin:PrincipalArn": owner, **_network(view, facts)}
    clock = times(dict(used_keys(view)), view.world.workspace.today)
    out: dict[str, str | tuple[str, ...]] = {
        "aws:CurrentTime": clock["aws:CurrentTime"],
        "aws:EpochTime": clock["aws:EpochTime"],
        "aws:RequestedRegion": facts.region or view.text("request.region"),
        "aws:SecureTransport": "true",
        "aws:UserAgent": "aws-cli/2",
        "aws:ViaAWSService": "true" if facts.forwarded else "false",
    }
    out |= _principal(view, facts, principal)
    if facts.temporary and view.iam:
        out["aws:TokenIssueTime"] = clock["aws:TokenIssueTime"]
    out |= _network(view, facts)
    out |= _resource(view, facts)
    if facts.kind == "service" and facts.behalf and view.true("has aws:SourceAccount"):
        org = facts.organizations.get(facts.behalf)
        if org:
            out |= {"aws:SourceOrgID": org, "aws:SourceOrgPaths": (facts.paths.get(facts.behalf, f"{org}/r-0001/"),)}
    return out


def _principal(view: View, facts: Facts, principal: Principal) -> dict[str, str | tuple[str, ...]]:
    out: dict[str, str | tuple[str, ...]] = {"aws:PrincipalType": _TYPES.get(facts.kind, "Unknown")}
    if facts.kind not in ("anon", "fedsts"):
        out["aws:PrincipalIsAWSService"] = "true" if facts.kind == "service" else "false"
    if facts.kind == "anon":
        out |= {"aws:PrincipalAccount": "anonymous", "aws:userid": "anonymous"}
    if facts.kind == "fedsts":
        out["aws:userid"] = "federated"
        if action_of(view) == "sts:AssumeRoleWithWebIdentity":
            out["aws:FederatedProvider"] = view.text("principal.provider")
    if facts.kind == "service":
        out |= {
            "aws:PrincipalServiceName": facts.service or "",
            "aws:PrincipalServiceNamesList": (facts.service or "",),
        }
    if not view.iam:
        return out
    account = facts.principal_account or ""
    name = view.text("principal.name").rsplit("/", 1)[-1]
    session = view.text("principal.session")
    ids = {"user": "AIDAEXAMPLEEXAMPLE000", "root": account, "feduser": f"{account}:{name}"}
    out |= {
        "aws:PrincipalArn": principal.role_arn or principal.arn or "",
        "aws:PrincipalAccount": account,
        "aws:userid": ids.get(facts.kind, f"{view.text('principal.unique-id')}:{session}"),
    }
    org = facts.organizations.get(account)
    if org:
        out |= {"aws:PrincipalOrgID": org, "aws:PrincipalOrgPaths": (facts.paths.get(account, f"{org}/r-0001/"),)}
    if facts.kind == "user":
        out["aws:username"] = name
    if view.true("principal.assumed-root"):
        out["aws:AssumedRoot"] = "true"
    return out


def _network(view: View, facts: Facts) -> dict[str, str | tuple[str, ...]]:
    if facts.path == "public" or (facts.path == "awsnet" and facts.service_role and not facts.forwarded):
        return {"aws:SourceIp": facts.source_address or "198.51.100.7"}
    if view.wire == "console":
        return {"aws:SourceVpc": facts.vpc or ""}
    if facts.path != "vpce" or (facts.kind == "service" and not view.true("has aws:SourceVpce")):
        return {}
    out: dict[str, str | tuple[str, ...]] = {
        "aws:SourceVpce": facts.endpoint or "",
        "aws:SourceVpc": facts.vpc or "",
        "aws:VpcSourceIp": "10.0.0.9",
    }
    owner = facts.endpoint_account or ""
    org = facts.organizations.get(owner)
    service = view.row.service
    if facts.kind == "service":
        return out
    if service in support_list("source-vpc-arn-services"):
        partition = view.text("aws.partition")
        out["aws:SourceVpcArn"] = f"arn:{partition}:ec2:{facts.vpc_region}:{facts.vpc_account}:vpc/{facts.vpc}"
    if service in support_list("vpce-account-services"):
        out["aws:VpceAccount"] = owner
    if org and service in support_list("vpce-org-id-services"):
        out["aws:VpceOrgID"] = org
    if org and service in support_list("vpce-org-paths-services"):
        out["aws:VpceOrgPaths"] = (facts.paths.get(owner, f"{org}/r-0001/"),)
    return out


def _resource(view: View, facts: Facts) -> dict[str, str | tuple[str, ...]]:
    calls = view.world.calls
    exception = calls.members("action in no-resource-account-actions") >> view.model.rows.get("call", 0) & 1
    owner = facts.resource_account or ""
    known = view.model.symbols.get("has aws:ResourceAccount", not exception)
    if exception or not known:  # the three keys of the owner come together (AR6)
        return {}
    out: dict[str, str | tuple[str, ...]] = {"aws:ResourceAccount": owner}
    org = facts.organizations.get(owner)
    if org:
        out |= {"aws:ResourceOrgID": org, "aws:ResourceOrgPaths": (facts.paths.get(owner, f"{org}/r-0001/"),)}
    return out
