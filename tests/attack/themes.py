"""Worlds about one point each: callers before authentication, wires without keys, other partitions.

    python -m tests.attack.themes --theme unsigned --workspaces 20 --seed 1

A general draw meets these seldom; a theme draws the guardrails that people write about the point, right and wrong
ones, and the requests that tell them apart.
"""

from __future__ import annotations

import argparse
import traceback
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

from perimeter_smt.evaluate import decide
from perimeter_smt.organization.perimeter import TagException
from perimeter_smt.request.request import Principal
from tests.attack.buckets import THEMES as OF_BUCKETS
from tests.attack.cases import case_of
from tests.attack.cast import APP, DATA, ENDPOINTS, MANAGEMENT, MINE, STRANGER
from tests.attack.estates.search import Finding, Tally
from tests.attack.grant_themes import THEMES as OF_GRANTS
from tests.attack.more_themes import THEMES as MORE
from tests.attack.multi_region import THEMES as OF_REGIONS
from tests.attack.owned_themes import THEMES as OF_OWNED
from tests.attack.point_themes import THEMES as OF_POINTS
from tests.attack.tag_themes import THEMES as OF_TAGS
from tests.attack.theme_worlds import (
    BASE,
    OFFICE,
    Keys,
    Statement,
    World,
    denials,
    guarded_by,
    owner_keys,
    role_of,
    sample_of,
)
from tests.attack.wire_themes import THEMES as OF_CALLS


def unsigned(rng: Random) -> World:
    """Guests of identity pools: calls without signature that name no resource (W-25)."""
    action = rng.choice(("cognito-identity:GetId", "cognito-identity:GetCredentialsForIdentity"))
    rcps = denials(rng, "cognito-identity:*", (
        {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": MINE}},
        {"StringNotEquals": {"aws:PrincipalOrgID": MINE}, "Null": {"aws:PrincipalArn": "false"}},
        {"Bool": {"aws:PrincipalIsAWSService": "false"}},
        {"StringNotEquals": {"aws:PrincipalAccount": "anonymous"}},
        {"StringEquals": {"aws:PrincipalType": "Anonymous"}},
        {"Null": {"aws:TokenIssueTime": "false"}},
    ), rcp=True)  # fmt: skip
    keys: Keys = {
        **BASE, **owner_keys(APP), "aws:PrincipalAccount": "anonymous", "aws:PrincipalType": "Anonymous",
        "aws:userid": "anonymous", "aws:SourceIp": "198.51.100.9",
        "cognito-identity-unauth:IdentityPoolArn": f"arn:aws:cognito-identity:us-east-1:{APP}:identitypool/us:a1",
    }  # fmt: skip
    drawn = sample_of(Principal(type="anonymous"), keys, action, "*", APP, kind="anon")
    return World(guarded_by([], rcps, "O1", action, "aws"), "cognito-identity", "O1", (drawn,))


def data_planes(rng: Random) -> World:
    """Connections inside a VPC carry no network key (W-20)."""
    action, resource = rng.choice((
        ("rds-db:connect", f"arn:aws:rds-db:us-east-1:{APP}:dbuser:db-A1/app"),
        ("neptune-db:ReadDataViaQuery", f"arn:aws:neptune-db:us-east-1:{APP}:cluster-A1/*"),
        ("kafka-cluster:Connect", f"arn:aws:kafka-cluster:us-east-1:{APP}:cluster/orders/a1b2"),
    ))  # fmt: skip
    service = action.partition(":")[0]
    scps = denials(rng, f"{service}:*", (
        {"NotIpAddress": {"aws:SourceIp": OFFICE}, "Null": {"aws:SourceIp": "false"}},
        {"NotIpAddressIfExists": {"aws:SourceIp": OFFICE}},
        {"Null": {"aws:SourceVpce": "false"}},
        {"StringNotEquals": {"aws:SourceVpc": "vpc-0a000000000000001"}, "Null": {"aws:SourceVpc": "false"}},
    ), rcp=False)  # fmt: skip
    # Two statements: outside the range, and outside the VPC, each only if its key is there.
    scps += denials(rng, f"{service}:*", (
        {"NotIpAddress": {"aws:SourceIp": OFFICE}, "Null": {"aws:SourceIp": "false"}},
        {"Null": {"aws:SourceVpc": "false"}}, {"Null": {"aws:SourceVpce": "false"}},
    ), rcp=False)  # fmt: skip
    principal, own = role_of(APP)
    keys = {**BASE, **own, **owner_keys(APP)}
    drawn = sample_of(principal, keys, action, resource, APP, kind="role", temporary=True, path="invpc")
    return World(guarded_by(scps, [], "O5", action, "aws"), service, "O5", (drawn,))


def console(rng: Random) -> World:
    """Calls that the console passes on carry the VPC, neither the endpoint nor a private address (W-19)."""
    action = "s3:ListBucket"
    scps = denials(rng, "s3:*", (
        {"Null": {"aws:SourceVpce": "false"}},
        {"StringNotEquals": {"aws:SourceVpce": ENDPOINTS["a"].id}, "Null": {"aws:SourceVpce": "false"}},
        {"Null": {"aws:VpcSourceIp": "false"}},
        {"NotIpAddressIfExists": {"aws:VpcSourceIp": "10.0.0.0/8"}, "Null": {"aws:SourceVpc": "false"}},
    ), rcp=False)  # fmt: skip
    scps += denials(rng, "s3:*", ({"NotIpAddress": {"aws:SourceIp": OFFICE}, "Null": {"aws:SourceIp": "false"}},
                                   {"NotIpAddress": {"aws:SourceIp": OFFICE}, "Null": {"aws:SourceVpc": "true"}}),
                     rcp=False)  # fmt: skip
    principal, own = role_of(APP)
    end = ENDPOINTS["stranger"]
    keys = {**BASE, **own, **owner_keys(APP), "aws:SourceVpc": end.vpc, "s3:ResourceAccount": APP}
    drawn = sample_of(
        principal, keys, action, "arn:aws:s3:::acme-data", APP, kind="role", temporary=True, path="vpce",
        endpoint=end.id, vpc=end.vpc, endpoint_account=end.account, vpc_account=end.vpc_account, vpc_region=end.region,
    )  # fmt: skip
    return World(guarded_by(scps, [], "O5", action, "aws"), "s3", "O5", (drawn,), reading="over")


def sign_in(rng: Random) -> World:
    """Before authentication there is no principal (W-26)."""
    action = "signin:Authenticate"
    rcps = denials(rng, action, (
        {"StringEquals": {"aws:PrincipalOrgID": MINE}},
        {"StringEquals": {"aws:PrincipalAccount": [APP, DATA, MANAGEMENT]}},
        {"Null": {"aws:PrincipalArn": "false"}},
        {"NotIpAddressIfExists": {"aws:SourceIp": OFFICE}},
        {"Null": {"aws:PrincipalOrgID": "false"}},
    ), rcp=True)  # fmt: skip
    keys: Keys = {
        "aws:RequestedRegion": "us-east-1", "aws:SourceIp": "198.51.100.9",
        "signin:PrincipalArn": f"arn:aws:iam::{APP}:user/alice",
    }  # fmt: skip
    drawn = sample_of(
        Principal(type="anonymous"), keys, action, "arn:aws:signin:::console/aws", APP, kind="anon", path="public"
    )
    return World(guarded_by([], rcps, "O6", action, "aws"), "signin", "O6", (drawn,))


_HOME = {"aws": "us-east-1", "aws-us-gov": "us-gov-west-1", "aws-cn": "cn-north-1", "aws-eusc": "eusc-de-east-1",
         "aws-iso": "us-iso-east-1", "aws-iso-b": "us-isob-east-1"}  # fmt: skip


def partitions(rng: Random) -> World:
    """ARNs of every partition, patterns that speak of one alone (W-1, W-2)."""
    partition, pattern = rng.choice(sorted(_HOME)), rng.choice((*sorted(_HOME), "*"))
    scps = denials(rng, "sqs:*", (
        {"StringNotEqualsIfExists": {"aws:ResourceOrgID": MINE},
         "ArnNotLikeIfExists": {"aws:PrincipalArn": f"arn:{pattern}:iam::*:role/break-glass"}},
        {"StringNotEqualsIfExists": {"aws:ResourceOrgID": MINE, "aws:RequestedRegion": _HOME[partition]}},
        {"StringNotEqualsIfExists": {"aws:ResourceOrgID": MINE}},
    )[: rng.choice((2, 3))], rcp=False)  # fmt: skip
    region = _HOME[partition]
    out = []
    for name in ("Worker", "break-glass"):
        principal, own = role_of(APP, partition, name)
        keys = {**BASE, **own, **owner_keys(STRANGER), "aws:RequestedRegion": region, "aws:SourceIp": "198.51.100.9"}
        queue = f"arn:{partition}:sqs:{region}:{STRANGER}:orders"
        out.append(sample_of(
            principal, keys, "sqs:SendMessage", queue, STRANGER, kind="role", temporary=True, region=region
        ))  # fmt: skip
    return World(guarded_by(scps, [], "O3", "sqs:SendMessage", partition), "sqs", "O3", tuple(out))


def aliases(rng: Random) -> World:
    """Functions are called by version and alias, too (W-5)."""
    spared = rng.choice(("function:*:PROD", "function:orders:*", "function:orders", "function:*:?*"))
    scps = denials(rng, "lambda:*", ({"StringNotEqualsIfExists": {"aws:ResourceOrgID": MINE}},), rcp=False)
    del scps[0]["Resource"]
    scps[0]["NotResource"] = f"arn:aws:lambda:us-east-1:{STRANGER}:{spared}"
    principal, own = role_of(APP)
    keys = {**BASE, **own, **owner_keys(STRANGER), "aws:SourceIp": "198.51.100.9"}
    out = [
        sample_of(
            principal, keys, "lambda:InvokeFunction", f"arn:aws:lambda:us-east-1:{STRANGER}:function:orders{end}",
            STRANGER, kind="role", temporary=True,
        )
        for end in ("", ":PROD", ":7")
    ]  # fmt: skip
    return World(guarded_by(scps, [], "O3", "lambda:InvokeFunction", "aws"), "lambda", "O3", tuple(out))


def root_federation(rng: Random) -> World:
    """In accounts without users the root user still makes federated users (W-6; STS API, GetFederationToken)."""
    spared = rng.choice(
        ("arn:aws:sts::*:federated-user/*", f"arn:aws:sts::{APP}:federated-user/alice", "arn:aws:iam::*:role/*")
    )
    scps = denials(rng, "sqs:*", ({
        "StringNotEqualsIfExists": {"aws:ResourceOrgID": MINE}, "ArnNotLikeIfExists": {"aws:PrincipalArn": spared},
    },), rcp=False)  # fmt: skip
    arn = f"arn:aws:sts::{APP}:federated-user/alice"
    principal = Principal(type="federated-user", arn=arn, account=APP, made_by_root=True)
    keys = {
        **BASE, **role_of(APP)[1], **owner_keys(STRANGER), "aws:PrincipalArn": arn,
        "aws:PrincipalType": "FederatedUser",
        "aws:userid": f"{APP}:alice", "aws:SourceIp": "198.51.100.9",
    }  # fmt: skip
    queue = f"arn:aws:sqs:us-east-1:{STRANGER}:orders"
    drawn = sample_of(principal, keys, "sqs:SendMessage", queue, STRANGER, kind="feduser", temporary=True)
    return World(guarded_by(scps, [], "O3", "sqs:SendMessage", "aws", listed=True), "sqs", "O3", (drawn,))


def bucket_tags(rng: Random) -> World:
    """Tags of buckets count only where ABAC is on, and it is off where nobody says (W-9)."""
    action, key = rng.choice(("s3:GetObject", "s3:ListBucket")), "aws:ResourceTag/guarded"
    outside = {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": MINE}}
    rcps = [
        {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": {**outside, **tagged}}
        for tagged in rng.choice((
            ({"StringEquals": {key: "true"}},), ({"StringLike": {key: "*"}},), ({"Null": {key: "false"}},),
            ({"Null": {key: "false"}}, {"Null": {key: "true"}}),
        ))
    ]  # fmt: skip
    space = guarded_by([], rcps, "O1", action, "aws")
    guarded = TagException(on="resource", key="guarded", value="true", missing=True, objectives=("O1",))
    claims = space.perimeter.model_copy(update={"tag_exceptions": (guarded,)})
    space = space.model_copy(update={"perimeter": claims})
    principal, own = role_of(STRANGER)
    keys = {**BASE, **own, **owner_keys(APP), "aws:SourceIp": "198.51.100.9", "s3:ResourceAccount": APP}
    asked = "arn:aws:s3:::acme-data" + ("" if action == "s3:ListBucket" else "/report.csv")
    hidden = {"guarded": "true"}
    drawn = sample_of(principal, keys, action, asked, APP, kind="role", temporary=True, hidden_tags=hidden)
    return World(space, "s3", "O1", (drawn,))


def access_points(rng: Random) -> World:
    """Calls that make and change access points of a VPC come over any wire, with the origin (AR15)."""
    action = rng.choice(("s3:CreateAccessPoint", "s3:CreateAccessPoint", "s3:DeleteAccessPoint", "s3:GetObject"))
    exempt = rng.choice((
        {"StringNotEquals": {"s3:AccessPointNetworkOrigin": "VPC"}},
        {"StringNotEqualsIfExists": {"s3:AccessPointNetworkOrigin": "VPC"}},
        {"StringNotEquals": {"s3:AccessPointNetworkOrigin": "Internet"}},
    ))  # fmt: skip
    merged: dict[str, Any] = {"NotIpAddressIfExists": {"aws:SourceIp": OFFICE}, **exempt}
    scps: list[Statement] = [{"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": merged}]
    private = {"Null": {"aws:SourceIp": "true"}}
    scps.append({"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": private})
    office = {"NotIpAddressIfExists": {"aws:SourceIp": OFFICE}}  # holds first hops, too
    scps.append({"Effect": "Deny", "NotAction": "s3:*", "Resource": "*", "Condition": office})
    principal, own = role_of(APP)
    point = f"arn:aws:s3:us-east-1:{APP}:accesspoint/inner"
    asked = point if action != "s3:GetObject" else f"{point}/object/report.csv"
    keys = {**BASE, **own, **owner_keys(APP), "aws:SourceIp": "198.51.100.9", "s3:ResourceAccount": APP}
    keys |= {"s3:DataAccessPointArn": point, "s3:DataAccessPointAccount": APP, "s3:AccessPointNetworkOrigin": "VPC"}
    about = action != "s3:GetObject"  # on data, only its VPC gets through
    drawn = sample_of(principal, keys, action, asked, APP, kind="role", temporary=True, path="public")
    return World(guarded_by(scps, [], "O5", action, "aws"), "s3", "O5", (drawn,) if about else ())


def first_hops(rng: Random) -> World:
    """A forwarded call began in my network only if the network rule binds the first hop as well (W-34)."""
    actions = rng.choice((["s3:*"], ["s3:*", "athena:*"], ["*"], ["s3:*", "kms:*"]))
    inner = {"NotIpAddressIfExists": {"aws:SourceIp": OFFICE}, "BoolIfExists": {"aws:ViaAWSService": "false"}}
    scps: list[Statement] = [{"Effect": "Deny", "Action": actions, "Resource": "*", "Condition": inner}]
    principal, own = role_of(APP)
    keys = {**BASE, **own, **owner_keys(APP), "aws:SourceIp": "198.51.100.9"}
    group = f"arn:aws:athena:us-east-1:{APP}:workgroup/main"
    first = sample_of(
        principal, keys, "athena:StartQueryExecution", group, APP, kind="role", temporary=True, path="public"
    )
    space = guarded_by(scps, [], "O5", "s3:GetObject", "aws")
    second = sample_of(
        principal, {**keys, "aws:ViaAWSService": "true", "s3:ResourceAccount": APP}, "s3:GetObject",
        "arn:aws:s3:::acme-data/report.csv", APP, kind="role", temporary=True, path="awsnet", forwarded=True,
        first_hop_trusted=False,
    )  # fmt: skip
    out = (second,) if decide(case_of(space, first)).allowed else ()
    return World(space, "s3", "O5", out)


THEMES: dict[str, Callable[[Random], World]] = {
    "unsigned": unsigned, "data-planes": data_planes, "console": console, "sign-in": sign_in, "partitions": partitions,
    "aliases": aliases, "first-hops": first_hops, "root-federation": root_federation,
    "bucket-tags": bucket_tags, "access-points": access_points, **OF_BUCKETS, **OF_REGIONS, **MORE, **OF_GRANTS,
    **OF_CALLS, **OF_POINTS, **OF_TAGS, **OF_OWNED,
}  # fmt: skip

# Those that ask an objective, not a mitigation.
OF_OBJECTIVES = {name: theme for name, theme in THEMES.items() if name not in ("regions", "credentials")}


def attack_one(name: str, seed: int, tally: Tally) -> None:
    """One world of a theme; a proof that a request breaks, a crash or `unknown` are findings."""
    world = THEMES[name](Random(seed))
    try:
        found = world.verdicts()
    except Exception as error:  # every crash is a finding, of whatever type
        where = traceback.extract_tb(error.__traceback__)[-1]
        detail = f"{type(error).__name__}: {error} at {where.filename.rsplit('/', 1)[-1]}:{where.lineno}"
        tally.add(Finding(seed, f"{name}: crash", world.objective, detail, world.workspace))
        return
    statuses = {status for status, _ in found}
    for status in statuses:
        tally.verdicts[world.objective, status] += 1
    if "unknown" in statuses:
        tally.add(Finding(seed, f"{name}: unknown", world.objective, found[0][1], world.workspace))
    for drawn in world.requests:
        tally.tried += 1
        if not world.broken(drawn):
            continue
        tally.asked += 1
        if world.through(drawn):
            tally.breaches[world.objective] += 1
            if statuses & {"proved", "vacuous"}:
                tally.add(Finding(
                    seed, f"{name}: breach of proved", world.objective, "", world.workspace, drawn.request, drawn.facts
                ))  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    """Run the themes; exit code 1 if there are findings."""
    parser = argparse.ArgumentParser(description="worlds about one point each")
    parser.add_argument("--theme", choices=sorted(THEMES))
    parser.add_argument("--workspaces", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(argv)
    findings = 0
    for name in [options.theme] if options.theme else sorted(THEMES):
        tally = Tally()
        for seed in range(options.seed, options.seed + options.workspaces):
            attack_one(name, seed, tally)
        for found in tally.findings[:3]:
            print(found.text())
        verdicts: Counter[str] = Counter()
        for (_, status), n in sorted(tally.verdicts.items()):
            verdicts[status] += n
        print(f"{name}: {dict(verdicts)}; breaches {sum(tally.breaches.values())} of {tally.asked} decided")
        findings += len(tally.findings)
    return 1 if findings else 0


if __name__ == "__main__":
    raise SystemExit(main())
