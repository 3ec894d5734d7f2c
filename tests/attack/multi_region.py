"""A theme about Multi-Region Access Points: routes to buckets of mine and of strangers, guardrails and grants on each.

Written from the S3 guide (Multi-Region Access Points: permissions, supported operations, restrictions, Block Public
Access; read 2026-11-28) and semantics 3.7.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import Any

from perimeter_smt.evaluate import decide
from perimeter_smt.organization.model import (
    Account,
    BucketBehind,
    Endpoint,
    Guardrails,
    Organization,
    OwnedPrincipal,
    OwnedResource,
    Unit,
)
from perimeter_smt.organization.perimeter import Perimeter, Scope, TrustedResource, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.request.case import Case
from perimeter_smt.request.request import Principal
from tests.attack.cases import case_of as guarded_case
from tests.attack.cases import everything, guardrails_of
from tests.attack.cast import APP, DATA, ENDPOINTS, MANAGEMENT, MINE, ORGANIZATIONS, STRANGER
from tests.attack.estates import lists
from tests.attack.estates.binding import account_of
from tests.attack.estates.binding import case_of as estate_case
from tests.attack.policies import ALL_LIMITS, document
from tests.attack.theme_worlds import BASE, OFFICE, Keys, Statement, World, owner_keys, path_of, role_of, sample_of
from tests.attack.through_points import first_denied, on_bucket
from tests.attack.worlds import Sample

POINT = f"arn:aws:s3::{APP}:accesspoint/mq7wert5zuiop.mrap"
THEIRS = f"arn:aws:s3::{STRANGER}:accesspoint/mzz9wert5zuiop.mrap"
EU, US = "acme-data", "acme-logs"
_ROLE = f"arn:aws:iam::{APP}:role/Worker"
_ACTIONS = ("s3:GetObject", "s3:GetObject", "s3:PutObject", "s3:ListBucket", "s3:GetObjectAttributes")
_RESOURCES: tuple[Any, ...] = (
    "*", "*", "*", "arn:aws:s3:::*", ["arn:aws:s3:::*", f"{POINT}/*"], f"arn:aws:s3:::{EU}/*", [f"arn:aws:s3:::{US}*"],
    f"arn:aws:s3::{APP}:accesspoint/*", "arn:aws:s3:*:*:accesspoint/*", "arn:aws:s3::*:accesspoint/*.mrap/object/*",
    "arn:aws:s3:??-*:*:accesspoint/*", [f"arn:aws:s3:::{EU}*", f"arn:aws:s3:::{US}*"],
    f"arn:aws:s3:::elsewhere-{STRANGER}*",
)  # fmt: skip
_THROUGH: tuple[dict[str, Any], ...] = (
    {}, {}, {}, {"ArnNotLikeIfExists": {"s3:DataAccessPointArn": POINT}},
    {"ArnNotLikeIfExists": {"s3:DataAccessPointArn": "arn:aws:s3::*:accesspoint/*"}},
    {"StringNotEqualsIfExists": {"s3:DataAccessPointAccount": APP}},
    {"StringNotEquals": {"s3:DataAccessPointAccount": [APP, STRANGER]}},
    {"StringNotEquals": {"s3:AccessPointNetworkOrigin": "VPC"}},
    {"StringNotEqualsIfExists": {"s3:AccessPointNetworkOrigin": "Internet"}},
    {"Null": {"s3:DataAccessPointArn": "false"}}, {"Null": {"s3:DataAccessPointAccount": "true"}},
    {"StringLike": {"s3:DataAccessPointArn": "arn:aws:s3::*.mrap"}},
)  # fmt: skip
_WHO: dict[str, tuple[dict[str, Any], ...]] = {
    "O1": ({"StringNotEqualsIfExists": {"aws:PrincipalOrgID": MINE}, "BoolIfExists": {
        "aws:PrincipalIsAWSService": "false"}}, {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": MINE}},
           {"StringNotEquals": {"aws:PrincipalOrgID": MINE}}, {}),
    "O3": ({"StringNotEqualsIfExists": {"aws:ResourceOrgID": MINE}}, {"StringNotEquals": {"aws:ResourceAccount": APP}},
           {"StringNotEquals": {"s3:ResourceAccount": [APP, DATA]}}),
    "O5": ({"NotIpAddressIfExists": {"aws:SourceIp": OFFICE}, "BoolIfExists": {"aws:ViaAWSService": "false"},
            "StringNotEqualsIfExists": {"aws:SourceVpc": ENDPOINTS["a"].vpc}},
           {"NotIpAddressIfExists": {"aws:SourceIp": OFFICE}}),
}  # fmt: skip
_WHO |= {"O2": _WHO["O1"], "O4": _WHO["O3"], "O6": _WHO["O5"]}


@dataclass(frozen=True)
class Routed(Sample):
    """A call on a point (or on a bucket through a point) that AWS routes to a bucket of some account."""

    bucket: str = ""
    owner: str = ""
    point: str = ""


@dataclass(frozen=True)
class Routes(World):
    """Calls through a Multi-Region Access Point: the point and the bucket that gets the call are asked."""

    def case(self, drawn: Sample, *, untold: bool = False) -> Case:
        """The check that stops the call, if one does."""
        return first_denied(*self.checks(drawn))

    def through(self, drawn: Sample) -> bool:
        """Whether both checks let the call through, as they are chosen or, asked of every reading, as they may be."""
        rivals = ("",) if self.reading == "exact" else ("", "X-44", "X-33")
        return any(
            all(decide(check, rivals=frozenset({name} - {""})).allowed for check in self.checks(drawn))
            for name in rivals
        )

    def checks(self, drawn: Sample) -> tuple[Case, Case]:
        """The call on the point and that on the bucket. Each owner's guardrails are asked about what is theirs."""
        if not isinstance(drawn, Routed):
            raise TypeError("a call of another theme")
        space, granted = self.workspace, self.workspace.grants_given
        holder = drawn.point.split(":")[4]
        request = drawn.request.model_copy(update={"resource_account": holder})
        if not request.resource.startswith(drawn.point):
            key = request.resource.partition("/")[2]
            request = request.model_copy(update={"resource": f"{drawn.point}/object/{key}" if key else drawn.point})
        facts = drawn.facts.model_copy(update={"resource_account": holder})
        outer = replace(drawn, request=request, facts=facts)
        found = estate_case(space, request, facts) if granted else guarded_case(space, outer)
        point = _listed(space, drawn.point)
        found = replace(found, request=request, rcp=guardrails_of(space, facts)[1], access_point=None, flags=(
            found.flags.model_copy(update={"via_access_point": None, "access_point_origin": None})))  # fmt: skip
        policy = point.policy if point is not None else None if granted and holder == APP else everything(Kind.RESOURCE)
        found = replace(found, resource=policy)
        # Only the owner's own guardrails: the bucket's side has those of its owner.
        behind = drawn.facts.model_copy(update={"resource_account": drawn.owner})
        bucket = _listed(space, f"arn:aws:s3:::{drawn.bucket}")
        own = bucket.policy if bucket is not None else _for_caller(drawn)
        inner = on_bucket(
            found, drawn.bucket, drawn.owner, rcp=guardrails_of(space, behind)[1], policy=own, point_policy=policy
        )
        blocked = [each.block_public_access for each in (
            point, bucket, account_of(space, holder), account_of(space, drawn.owner)) if each is not None]  # fmt: skip
        told = lists.flags(space, bucket) if granted else {}
        flags = inner.flags.model_copy(update={
            "s3_restrict_public_buckets": granted and any(blocked),
            "resource_account_is_management": drawn.owner == MANAGEMENT,
            "s3_bucket_acl": None, "s3_object_acl": None, **told,
        })  # fmt: skip
        # The lists of a bucket are the bucket's: a point has none.
        alone = found.flags.model_copy(update={
            "s3_restrict_public_buckets": False, "s3_bucket_acl": None, "s3_object_acl": None,
        })  # fmt: skip
        return replace(found, flags=alone), replace(inner, flags=flags)


def _listed(space: Workspace, arn: str) -> OwnedResource | None:
    found = (r for account, _ in space.organization.accounts() for r in account.resources if r.arn == arn)
    return next(found, None)


def _for_caller(drawn: Sample) -> Any:
    """A policy that lets this caller in by name, and is not public."""
    who = drawn.request.principal
    named: Any = {"Service": who.arn} if who.type == "service" else {"AWS": who.role_arn or who.arn}
    return document(Kind.BUCKET, "named", [{"Effect": "Allow", "Principal": named, "Action": "*", "Resource": "*"}])


def _guardrail(rng: Random, objective: str, *, rcp: bool) -> Statement:
    """The canonical Deny, often held to some resources or to how the call comes."""
    found: dict[str, dict[str, Any]] = {}
    for block in (rng.choice(_WHO[objective]), rng.choice(_THROUGH)):
        for operator, keys in block.items():
            found.setdefault(operator, {}).update(keys)
    element = "NotResource" if rng.random() < 0.15 else "Resource"
    resource = rng.choice(_RESOURCES)
    if element == "NotResource" and resource == "*":
        resource = f"{POINT}/*"
    out: Statement = {"Effect": "Deny", "Action": "s3:*", element: resource}
    return {**out, **({"Condition": found} if found else {}), **({"Principal": "*"} if rcp else {})}


def _others_shut(objective: str, *, rcp: bool) -> list[Statement]:
    """The objective held for every call but those through Multi-Region Access Points, so that these decide."""
    held = _WHO[objective][1 if objective in ("O1", "O2", "O5", "O6") else 0]
    whole: Statement = {"Effect": "Deny", "Action": "s3:*", **({"Principal": "*"} if rcp else {})}
    return [
        {**whole, "Resource": "*", "Condition": {**held, "Null": {"s3:DataAccessPointArn": "true"}}},
        {**whole, "Resource": "arn:aws:s3:??-*:*:accesspoint/*", "Condition": held},
        {**whole, "Resource": "*", "Condition": {**held, "ArnLike": {
            "s3:DataAccessPointArn": "arn:aws:s3:??-*:*:accesspoint/*"}}},
    ]  # fmt: skip


def _grant(rng: Random, name: str, *, identity: bool = False) -> list[Statement]:
    """Statements of the policy of a bucket, a point or a role."""
    scope = [name, f"{name}/*"]
    out: list[Statement] = []
    for _ in range(rng.choice((1, 1, 2))):
        one: Statement = {"Effect": "Allow", "Action": "s3:*", "Resource": scope if rng.random() < 0.8 else "*"}
        if not identity:
            one["Principal"] = rng.choice(("*", "*", {"AWS": STRANGER}, {"AWS": [APP, _ROLE]}, {"AWS": APP}))
        held = rng.choice((
            {}, {}, {"StringEquals": {"s3:DataAccessPointAccount": APP}},
            {"ArnEquals": {"s3:DataAccessPointArn": POINT}},
            {"StringEquals": {"s3:DataAccessPointAccount": STRANGER}}, {"Null": {"s3:DataAccessPointArn": "true"}},
            {"StringEquals": {"aws:PrincipalOrgID": MINE}}, {"StringEquals": {"aws:PrincipalAccount": [APP, STRANGER]}},
            {"StringEquals": {"s3:AccessPointNetworkOrigin": "Internet"}},
        ))  # fmt: skip
        out.append({**one, "Condition": held} if held else one)
    if rng.random() < 0.25:
        stop: Statement = {"Effect": "Deny", "Action": "s3:*", "Resource": scope, "Condition": rng.choice((
            {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": MINE}}, {"Null": {"s3:DataAccessPointArn": "true"}},
            {"StringNotEquals": {"s3:DataAccessPointAccount": APP}}, {"Null": {"s3:DataAccessPointArn": "false"}},
        ))}  # fmt: skip
        out.append(stop if identity else {**stop, "Principal": "*"})
    return out


def _routes(rng: Random) -> tuple[tuple[BucketBehind, ...] | None, list[tuple[str, str]]]:
    """What the point of mine tells of its buckets, and where calls go then, each with its owner."""
    told = rng.choice((
        None, (BucketBehind(name=EU),), *[(BucketBehind(name=EU), BucketBehind(name=US))] * 3,
        (BucketBehind(name=US, account=DATA),), (BucketBehind(name=EU), BucketBehind(name=f"elsewhere-{STRANGER}",
                                                                                      account=STRANGER)),
        (BucketBehind(name="not-listed"),),
    ))  # fmt: skip
    if told is None:
        return None, [(EU, APP)]
    homes = {EU: APP, US: DATA}
    return told, [(each.name, each.account or homes.get(each.name, APP)) for each in told]


def _callers(rng: Random, objective: str) -> list[tuple[Principal, Keys, dict[str, Any]]]:
    """Roles of mine and of a stranger at an office and a cafe, over endpoints of both; services for a stranger."""
    out: list[tuple[Principal, Keys, dict[str, Any]]] = []
    for account in (STRANGER, APP, DATA):
        principal, own = role_of(account)
        about: dict[str, Any] = {"kind": "role", "temporary": True}
        for address in ("203.0.113.9", "198.51.100.9"):
            out.append((principal, {**own, "aws:SourceIp": address}, {**about, "path": "public"}))
        for name in ("a", "stranger"):
            end = ENDPOINTS[name]
            wire: Keys = {
                "aws:SourceVpce": end.id, "aws:SourceVpc": end.vpc, "aws:VpcSourceIp": "10.0.0.9",
                "aws:VpceAccount": end.account, "aws:VpceOrgPaths": (path_of(end.account),),
                "aws:SourceVpcArn": f"arn:aws:ec2:{end.region}:{end.vpc_account}:vpc/{end.vpc}",
                "aws:VpceOrgID": str(ORGANIZATIONS[end.account]),
            }  # fmt: skip
            over = {"path": "vpce", "endpoint": end.id, "vpc": end.vpc, "endpoint_account": end.account,
                    "vpc_account": end.vpc_account, "vpc_region": end.region}  # fmt: skip
            out.append((principal, {**own, **wire}, {**about, **over}))
    if objective == "O1":
        name = "cloudtrail.amazonaws.com"
        keys: Keys = {
            "aws:PrincipalType": "Service", "aws:PrincipalIsAWSService": "true", "aws:PrincipalServiceName": name,
            "aws:PrincipalServiceNamesList": (name,), "aws:SourceAccount": STRANGER,
            "aws:SourceOrgID": str(ORGANIZATIONS[STRANGER]), "aws:SourceOrgPaths": (path_of(STRANGER),),
        }  # fmt: skip
        about = {"kind": "service", "service": name, "behalf": STRANGER, "path": "awsnet"}
        out.append((Principal(type="service", arn=name), keys, about))
    rng.shuffle(out)
    return out


def _asked(rng: Random, objective: str, action: str, routes: list[tuple[str, str]]) -> list[Routed]:
    """Every caller on the point of mine by every route, on a stranger's point, and on a bucket of mine through it."""
    key = "" if action == "s3:ListBucket" else "report.csv"

    def on(point: str) -> str:
        return f"{point}/object/{key}" if key else point

    within = f"arn:aws:s3:::{EU}" + (f"/{key}" if key else "")
    ways = [(on(POINT), APP, POINT, bucket, owner) for bucket, owner in routes]
    ways += [(on(THEIRS), STRANGER, THEIRS, "b-666666666666", STRANGER), (within, APP, THEIRS, EU, APP)]
    out = []
    for principal, own, about in _callers(rng, objective):
        for resource, holder, point, bucket, owner in ways:
            keys: Keys = {
                **BASE, **own, **owner_keys(holder), "s3:ResourceAccount": holder, "s3:DataAccessPointArn": point,
                "s3:DataAccessPointAccount": point.split(":")[4], "s3:AccessPointNetworkOrigin": "Internet",
                "s3:authType": "REST-HEADER", "s3:signatureversion": "AWS4-HMAC-SHA256",
            }  # fmt: skip
            if holder == APP and resource == on(POINT) and owner == STRANGER:
                about = {**about, "behind": f"arn:aws:s3:::{bucket}" + (f"/{key}" if key else ""),
                         "behind_account": owner}  # fmt: skip
            else:
                about = {name: value for name, value in about.items() if not name.startswith("behind")}
            drawn = sample_of(principal, keys, action, resource, holder, **about)
            facts = drawn.facts.model_copy(update={
                "organizations": {**drawn.facts.organizations, owner: ORGANIZATIONS[owner],
                                  **({STRANGER: ORGANIZATIONS[STRANGER]} if about["kind"] == "service" else {})},
                "paths": {**drawn.facts.paths, owner: path_of(owner), STRANGER: path_of(STRANGER)}
                if STRANGER in (owner, about.get("behalf")) else {**drawn.facts.paths, owner: path_of(owner)},
            })  # fmt: skip
            out.append(Routed(drawn.request, facts, drawn.soft, bucket=bucket, owner=owner, point=point))
    return out


def multi_region(rng: Random) -> World:
    """A point with up to two routes, guardrails about it, and in half of the worlds grants of everything beside it."""
    objective = rng.choice(("O1", "O1", "O1", "O2", "O3", "O3", "O4", "O5", "O6"))
    action, granted = rng.choice(_ACTIONS), rng.random() < 0.6
    enforced = {"O1": Kind.RCP, "O3": Kind.SCP, "O5": Kind.SCP, "O6": Kind.RCP}.get(objective, Kind.ENDPOINT)
    found = [_guardrail(rng, objective, rcp=enforced is not Kind.SCP) for _ in range(rng.choice((0, 1, 1, 2, 3)))]
    if rng.random() < 0.65:
        found += _others_shut(objective, rcp=enforced is not Kind.SCP)
    if objective in ("O2", "O4"):
        found.append({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"})
    guard = (document(enforced, "guard", found),) if found else ()
    end = ENDPOINTS["a"]
    ends = (Endpoint(id=end.id, account=APP, vpc=end.vpc, vpc_account=APP, region=end.region,
                     policy=guard[0] if enforced is Kind.ENDPOINT else None),)  # fmt: skip
    told, routes = _routes(rng)
    resources: dict[str, tuple[OwnedResource, ...]] = {}
    people: tuple[OwnedPrincipal, ...] = ()
    if granted:

        def bucket(name: str, account: str) -> OwnedResource:
            policy = document(Kind.BUCKET, name, _grant(rng, f"arn:aws:s3:::{name}")) if rng.random() < 0.85 else None
            return OwnedResource(arn=f"arn:aws:s3:::{name}", account=account, policy=policy, acls=False,
                                 block_public_access=rng.random() < 0.2)  # fmt: skip

        policy = document(Kind.ACCESS_POINT, "point", _grant(rng, POINT)) if rng.random() < 0.85 else None
        point = OwnedResource(arn=POINT, account=APP, policy=policy, origin="internet", buckets=told,
                              block_public_access=rng.random() < 0.2)  # fmt: skip
        resources = {APP: (bucket(EU, APP), point), DATA: (bucket(US, DATA),)}
        own = (document(Kind.IDENTITY, "worker", _grant(rng, rng.choice((POINT, THEIRS)), identity=True)),)
        people = (OwnedPrincipal(arn=_ROLE, type="role", account=APP, policies=own),) if rng.random() < 0.8 else ()
    else:
        routes = [(EU, APP)]
    accounts = tuple(
        Account(id=n, listed=granted, resources=resources.get(n, ()), principals=people if n == APP else (),
                endpoints=ends if n == APP else (), block_public_access=granted and rng.random() < 0.1)
        for n in (MANAGEMENT, APP, DATA)
    )  # fmt: skip
    guards = Guardrails(scps=guard if enforced is Kind.SCP else (), rcps=guard if enforced is Kind.RCP else ())
    root = Unit(id="r-ab12", guardrails=guards, accounts=accounts)
    partner = (TrustedResource(account=STRANGER),) if rng.random() < 0.1 else ()
    claims = Perimeter(
        orgs=(MINE,), cidrs=(OFFICE,), accepted=ALL_LIMITS, scopes={objective: Scope(actions=(action,))},
        third_resources=partner,
    )  # fmt: skip
    space = Workspace(
        organization=Organization(id=MINE, management_account=MANAGEMENT, root=root), perimeter=claims,
        name="multi-region", grants_given=granted,
    )  # fmt: skip
    asked = [one for one in _asked(rng, objective, action, routes) if _exists(space, one)]
    return Routes(space, "s3", objective, tuple(asked))


def _exists(space: Workspace, drawn: Routed) -> bool:
    """Lists are complete: no other role than those that are told."""
    account = account_of(space, drawn.facts.principal_account)
    return account is None or not account.listed or any(
        p.arn == drawn.request.principal.role_arn for p in account.principals
    )  # fmt: skip


THEMES = {"multi-region": multi_region}
