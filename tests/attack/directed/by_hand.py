"""The worlds written by hand, each for an axiom that the search does not reach."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from perimeter_smt.organization.model import (
    Account,
    Endpoint,
    Guardrails,
    Organization,
    OwnedPrincipal,
    OwnedResource,
    Unit,
)
from perimeter_smt.organization.perimeter import Perimeter, Scope, Vpc, Workspace
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.mitigations import ask
from perimeter_smt.questions.mitigations.model import Asking
from tests import mitigation_worlds
from tests.attack.directed.asked import ByHand, of_mitigation, of_objective, of_own
from tests.attack.directed.worlds import BUCKET, ENDPOINT, MANAGEMENT, MINE, OFFICE, ORG, VPC, workspace

PARTNER = "444455556666"
ROOTS = {"aws:PrincipalArn": "arn:aws:iam::*:root"}
Statement = dict[str, Any]


def space(
    *, scp: tuple[Statement, ...] = (), rcp: tuple[Statement, ...] = (), actions: tuple[str, ...] = ("*",),
    resources: tuple[OwnedResource, ...] = (), principals: tuple[OwnedPrincipal, ...] = (), listed: bool = False,
) -> Workspace:  # fmt: skip
    """A small organization with these guardrails at its root; its one member account holds what is listed."""
    own = Account(
        id=MINE, listed=listed, resources=resources, principals=principals,
        endpoints=(Endpoint(id=ENDPOINT, account=MINE, vpc=VPC, vpc_account=MINE, region="eu-west-1"),),
    )  # fmt: skip
    head = Account(id=MANAGEMENT, listed=listed)
    guardrails = Guardrails(
        scps=(_document(Kind.SCP, scp),) if scp else (),
        rcps=(_document(Kind.RCP, tuple({"Principal": "*", **s} for s in rcp)),) if rcp else (),
    )
    scope = Scope(actions=actions)
    return Workspace(
        organization=Organization(
            id=ORG, management_account=MANAGEMENT, root=Unit(id="r-ac00", guardrails=guardrails, accounts=(own, head))
        ),
        perimeter=Perimeter(
            orgs=(ORG,), cidrs=(OFFICE,), vpcs=(Vpc(id=VPC, region="eu-west-1"),),
            scopes=dict.fromkeys(("O1", "O3", "O5", "O6"), scope),
        ),
        name="by hand", grants_given=listed,
    )  # fmt: skip


def _document(kind: Kind, body: tuple[Statement, ...]) -> Any:
    found = {"Version": "2012-10-17", "Statement": list(body)}
    return parse_object(found, kind, file="d.json", name="d", strict=False)


def deny(action: str, resource: str | list[str] = "*", **condition: Any) -> Statement:
    """A Deny statement of a guardrail."""
    out: Statement = {"Effect": "Deny", "Action": action, "Resource": resource}
    return {**out, "Condition": condition} if condition else out


def _bucket(abac: bool | None, tags: dict[str, str], **condition: Any) -> OwnedResource:
    """A bucket whose policy lets everybody read where a condition on its tags holds."""
    allow = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"{BUCKET}/*"}
    policy = _document(Kind.BUCKET, ({**allow, "Condition": condition},))
    return OwnedResource(arn=BUCKET, account=MINE, abac=abac, tags=tags, policy=policy)


def _tagged(abac: bool | None, tags: dict[str, str], **condition: Any) -> str:
    found = space(resources=(_bucket(abac, tags, **condition),), listed=True)
    return of_objective(found, "O1", "s3", actions={"s3:getobject"})


TAG = "s3:BucketTag/team"


def tags_that_count() -> str:
    """The bucket says that its tags count: an own assertion that they do, since a policy sees those of the file."""
    found = space(resources=(OwnedResource(arn=BUCKET, account=MINE, abac=True),))
    return of_own(found, f'(=> (and (= action "s3:ListBucket") (= resource.name "{BUCKET[13:]}")) bucket.abac)')


def tags_that_do_not_count() -> str:
    """The bucket says that its tags do not count; whatever developers grant, an RCP denies calls without the tag."""
    found = space(
        rcp=(deny("s3:ListBucket", Null={TAG: "true"}),
             {"Effect": "Deny", "Action": "s3:ListBucket", "NotResource": BUCKET}),
        resources=(OwnedResource(arn=BUCKET, account=MINE, abac=False),), actions=("s3:ListBucket",),
    )  # fmt: skip
    return of_objective(found, "O1", "s3", actions={"s3:listbucket"})


def tags_through_a_point(key: str) -> Any:
    """An access point and its bucket let everybody read; an RCP denies strangers where a call lacks a tag."""
    arn = f"arn:aws:s3:eu-west-1:{MINE}:accesspoint/desk"
    behind = {"StringEquals": {"s3:DataAccessPointArn": arn}}
    allow = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
    bucket = _document(Kind.BUCKET, ({**allow, "Resource": f"{BUCKET}/*", "Condition": behind},))
    point = _document(Kind.ACCESS_POINT, ({**allow, "Resource": f"{arn}/object/*"},))
    resources = (
        OwnedResource(arn=BUCKET, account=MINE, acls=False, policy=bucket, tags={"team": "red"}),
        OwnedResource(arn=arn, account=MINE, bucket=BUCKET[13:], origin="internet", policy=point, tags={"team": "red"}),
    )
    rcp = deny("s3:*", StringNotEqualsIfExists={"aws:PrincipalOrgID": ORG, key: "red"})
    return lambda: of_objective(
        space(resources=resources, rcp=(rcp,), listed=True), "O1", "s3", actions={"s3:getobject"}
    )


def tags_of_which_nobody_says() -> str:
    """Nobody says whether the tags of the bucket count; its policy opens it to whoever calls with the tag."""
    return _tagged(None, {"team": "red"}, Null={TAG: "false"})


def unguarded_sign_in() -> str:
    """An RCP holds back every call of the sign-in page; it has no effect until console authorization is enabled."""
    found = space(rcp=(deny("signin:*"),), actions=("signin:*",))
    return of_objective(found, "O6", "signin")


def every_address() -> str:
    """An SCP denies whatever comes with an address, whichever, and whatever comes without one."""
    addresses = ["0.0.0.0/1", "128.0.0.0/1", "::/1", "8000::/1"]
    found = space(scp=(
        deny("s3:GetObject", IpAddress={"aws:SourceIp": addresses}),
        deny("s3:GetObject", Null={"aws:SourceIp": "true"}),
    ), actions=("s3:GetObject",))  # fmt: skip
    return of_objective(found, "O5", "s3", actions={"s3:getobject"})


def twins_of_my_vpc() -> str:
    """An SCP denies what does not come from a VPC of this id, and calls to another Region than its own."""
    found = space(scp=(
        deny("s3:GetObject", StringNotEqualsIfExists={"aws:SourceVpc": VPC}),
        deny("s3:GetObject", StringNotEquals={"aws:RequestedRegion": "eu-west-1"}),
    ), actions=("s3:GetObject",))  # fmt: skip
    return of_objective(found, "O5", "s3", actions={"s3:getobject"})


def ids_by_chance(**condition: Any) -> Callable[[], str]:
    """An RCP denies callers that do not fit a condition on ids that AWS assigns, and services."""
    services = deny("s3:GetObject", Bool={"aws:PrincipalIsAWSService": "true"})
    found = space(rcp=(deny("s3:GetObject", **condition), services), actions=("s3:GetObject",))
    return lambda: of_objective(found, "O1", "s3", actions={"s3:getobject"})


def endpoints_by_chance(value: str, listed: bool) -> Callable[[], str]:
    """An SCP denies what does not come by an endpoint whose id fits; all endpoints are listed, or none is."""
    others, direct = {"StringNotLikeIfExists": {"aws:SourceVpce": value}}, {"Null": {"aws:SourceVpce": "true"}}
    found = space(scp=(deny("s3:GetObject", **others), deny("s3:GetObject", **direct)), actions=("s3:GetObject",))
    found = found.model_copy(
        update={"perimeter": found.perimeter.model_copy(update={"endpoints_of_my_accounts": True, "vpcs": ()})}
    )
    if not listed:
        own = found.organization.root.accounts[0].model_copy(update={"endpoints": ()})
        root = found.organization.root.model_copy(update={"accounts": (own, *found.organization.root.accounts[1:])})
        found = found.model_copy(update={"organization": found.organization.model_copy(update={"root": root})})
    return lambda: of_objective(found, "O5", "s3", actions={"s3:getobject"})


def buckets_of_services() -> str:
    """An SCP lets calls out to a bucket that AWS publishes, and none to a bucket of a stranger's account."""
    published = "arn:aws:s3:::aws-codedeploy-eu-west-1/*"
    found = space(
        scp=({"Effect": "Deny", "Action": "s3:GetObject", "NotResource": published},
             deny("s3:GetObject", StringEquals={"aws:ResourceAccount": "aws"})),
        actions=("s3:GetObject",),
    )  # fmt: skip
    return of_objective(found, "O3", "s3", actions={"s3:getobject"})


def misspelled_key() -> str:
    """An RCP denies every call that lacks a key; AWS has no such key."""
    found = space(rcp=(deny("s3:GetObject", Null={"aws:PrincipleOrgID": "true"}),), actions=("s3:GetObject",))
    return of_objective(found, "O1", "s3", actions={"s3:getobject"})


def contexts_of_mine(key: str, value: str, service: str, keys: bool = False) -> Callable[[], str]:
    """The policy of a key lets a service use it for what its context says; `keys`: a Deny on keys of contexts, too."""
    allow = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "kms:Decrypt", "Resource": "*"}
    body: tuple[Statement, ...] = ({**allow, "Condition": {"StringLike": {key: value}}},)
    if keys:
        unspelled = {"ForAnyValue:StringEqualsIgnoreCase": {"kms:EncryptionContextKeys": key.partition("Context:")[2]}}
        body += ({**allow, "Effect": "Deny", "Principal": "*", "Condition": unspelled},)
    own = OwnedResource(
        arn=f"arn:aws:kms:eu-west-1:{MINE}:key/1234abcd-12ab-34cd-56ef-1234567890ab", account=MINE, grants=(),
        policy=_document(Kind.KMS, body),
    )  # fmt: skip
    found = space(resources=(own,), listed=True, actions=("kms:Decrypt",))
    return lambda: of_objective(found, "O1", "kms", actions={"kms:decrypt"}, limits=("aws-managed-keys",))


def tags_of_managed_keys() -> str:
    """An SCP asks for a tag on every key, an RCP denies everything; RCPs do not bind the keys that AWS manages."""
    key = "aws:ResourceTag/team"
    found = space(scp=(deny("kms:*", Null={key: "true"}),), rcp=(deny("kms:*"),), actions=("kms:*",))
    return of_objective(found, "O6", "kms", limits=("aws-managed-keys",), keys=(key,))


def service_linked_strangers() -> str:
    """The bucket is open to one user of another account, an RCP to nobody: it does not bind service-linked roles."""
    stranger = f"arn:aws:iam::{PARTNER}:user/ops/carol"
    allow = {"Effect": "Allow", "Principal": {"AWS": stranger}, "Action": "s3:GetObject", "Resource": f"{BUCKET}/*"}
    own = OwnedResource(arn=BUCKET, account=MINE, policy=_document(Kind.BUCKET, (allow,)))
    found = space(rcp=(deny("s3:*"),), resources=(own,), listed=True)
    return of_objective(found, "O1", "s3", limits=("service-linked-roles",), actions={"s3:getobject"})


def closed_endpoint(action: str) -> Callable[[], str]:
    """The policy of an endpoint lets nothing through: does the service take it?"""
    found = workspace("O4", [deny("*")], action)
    return lambda: of_objective(found, "O4", action.partition(":")[0], actions={action.lower()})


def lists_of_objects(acls: bool | None) -> Callable[[], str]:
    """A bucket without a policy: what the access control lists of its objects grant nobody tells."""
    own = OwnedResource(arn=BUCKET, account=MINE, acls=acls, acl=() if acls else None)
    found = space(resources=(own,), listed=True, actions=("s3:GetObject",))
    return lambda: of_objective(found, "O1", "s3", actions={"s3:getobject"})


def nothing_listed() -> str:
    """Roles that may read everything of a service of which no page says what is there by itself; nothing is listed."""
    action = "apprunner:DescribeService"
    allow = {"Effect": "Allow", "Action": action, "Resource": "*"}
    app = OwnedPrincipal(
        arn=f"arn:aws:iam::{MINE}:role/app", type="role", account=MINE, policies=(_document(Kind.IDENTITY, (allow,)),)
    )
    found = space(listed=True, principals=(app,), actions=(action,), scp=(deny("*", StringLike=ROOTS),))
    return of_objective(found, "O6", "apprunner", actions={action.lower()}, limits=("services-outside-rcp",))


def a_queue_that_is_not_there() -> str:
    """A role may purge queues of its account, which lists none, from anywhere."""
    action = "sqs:PurgeQueue"
    allow = {"Effect": "Allow", "Action": action, "Resource": f"arn:aws:sqs:*:{MINE}:*"}
    app = OwnedPrincipal(
        arn=f"arn:aws:iam::{MINE}:role/app", type="role", account=MINE, policies=(_document(Kind.IDENTITY, (allow,)),)
    )
    found = space(listed=True, principals=(app,), actions=(action,), scp=(deny("*", StringLike=ROOTS),))
    return of_objective(found, "O5", "sqs", actions={action.lower()})


def tag_that_is_there() -> str:
    """An RCP denies calls on what has a tag; the one queue of the account has it, and its policy lets everybody in."""
    allow = {"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"}
    queue = OwnedResource(arn=f"arn:aws:sqs:eu-west-1:{MINE}:jobs", account=MINE, tags={"team": "red"},
                          policy=_document(Kind.RESOURCE, (allow,)))  # fmt: skip
    found = space(rcp=(deny("sqs:*", Null={"aws:ResourceTag/team": "false"}),), resources=(queue,), listed=True)
    return of_objective(found, "O1", "sqs", actions={"sqs:purgequeue"})


_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def behind_a_point_of_mine() -> str:
    """An RCP denies reading in every bucket: a call through an access point is asked about the bucket behind it."""
    found = space(rcp=(deny("s3:GetObject", "arn:aws:s3:::*"),), actions=("s3:GetObject",))
    return of_objective(found, "O1", "s3", actions={"s3:getobject"})


def points_on_whose_bucket() -> str:
    """An SCP denies reading what is not mine: a call through an access point of mine, on a bucket of whoever."""
    found = space(scp=(deny("s3:GetObject", StringNotEqualsIfExists={"aws:ResourceOrgID": ORG}),),
                  actions=("s3:GetObject",))  # fmt: skip
    return of_objective(found, "O3", "s3", actions={"s3:getobject"})


def buckets_by_their_first_letter() -> str:
    """The same with one pattern for each letter that the name of a bucket begins with."""
    names = [f"arn:aws:s3:::{letter}*" for letter in _LETTERS]
    found = space(rcp=(deny("s3:GetObject", names),), actions=("s3:GetObject",))
    return of_objective(found, "O1", "s3", actions={"s3:getobject"})


def bucket_of_the_account_in_its_name() -> str:
    """An SCP lets no object out but those of a bucket in the Regional namespace of an account of mine."""
    bucket = f"arn:aws:s3:::acme-{MINE}-eu-west-1-an/*"
    found = space(scp=({"Effect": "Deny", "Action": "s3:*", "NotResource": bucket},), actions=("s3:GetObject",))
    return of_objective(found, "O3", "s3", actions={"s3:getobject"})


def sessions_that_services_begin() -> str:
    """A role trusts everybody for whom a service makes the call; C1 under the chosen readings."""
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    trust["Condition"] = {"Bool": {"aws:ViaAWSService": "true"}}
    (found,) = ask(
        mitigation_worlds.workspace(mitigation_worlds.role("deploy", trust)), ["C1"], Asking(reading="exact")
    )
    return {"proved": "holds", "refuted": "broken"}.get(found.status, found.status)


def compute_elsewhere() -> str:
    """An SCP denies functions that the key of VPCs does not tell to run in one."""
    found = space(scp=(
        deny("lambda:*", Null={"lambda:VpcIds": "true"}),
        deny("lambda:*", **{"ForAnyValue:StringNotEquals": {"lambda:VpcIds": VPC}}),
    ))  # fmt: skip
    return of_mitigation(found, "N1", "lambda:CreateFunction")


def shares_with_strangers() -> str:
    """An SCP denies shares that the key tells to admit others."""
    key = "ram:RequestedAllowsExternalPrincipals"
    found = space(scp=(deny("ram:*", BoolIfExists={key: "true"}),))
    return of_mitigation(found, "E2", "ram:CreateResourceShare")


def _own(said: str, service: str = "s3") -> Any:
    return lambda: of_own(space(), said, service)


WORLDS = (
    ByHand("AN14", "the policy of an endpoint that denies everything, of a service of which nobody says more",
           closed_endpoint("comprehend:DescribeEndpoint")),
    ByHand("AE12.built-in", "accounts that list nothing, and a role that reads what a service may have by itself",
           nothing_listed),
    ByHand("AE12.needs", "an account that lists no queue, and a role that may purge its queues",
           a_queue_that_is_not_there),
    ByHand("AN14.documented", "the policy of an endpoint that denies everything", closed_endpoint("sqs:SendMessage"),
           ("AN14",)),
    ByHand("AR22.on", "own assertion: the tags of a bucket count where the file says so", tags_that_count),
    ByHand("AR22.off", "an RCP that denies calls without a tag on a bucket whose tags do not count",
           tags_that_do_not_count, ("AR22",)),
    ByHand("AR22", "a bucket of whose tags nobody says whether they count, open to calls with its tag",
           tags_of_which_nobody_says),
    ByHand("AR22.behind", "an RCP that lets calls with a tag of the bucket behind an access point through",
           tags_through_a_point(TAG)),
    ByHand("AR22.point", "an RCP that lets calls with a tag of the access point through",
           tags_through_a_point("aws:ResourceTag/team")),
    ByHand("P5.console-authorization", "an RCP that denies signing in", unguarded_sign_in),
    ByHand("AN11.address", "an SCP that denies every address and calls without one", every_address),
    ByHand("AN15", "an SCP by the id of my VPC and its Region", twins_of_my_vpc),
    ByHand("AP14.region", "own assertion: instances stand in Regions", _own('(not (= instance.region "nowhere"))')),
    ByHand("AP14.function-region", "own assertion: functions stand in Regions",
           _own('(not (= function.region "nowhere"))')),
    ByHand("AE9.managed-tags", "an SCP that asks for a tag on keys, beside an RCP that cannot bind AWS managed keys",
           tags_of_managed_keys),
    ByHand("AP3.service-linked", "a bucket open to a user of another account, under an RCP that denies everything",
           service_linked_strangers),
    ByHand("AE7.acl", "a bucket of which nobody says whether its access control lists count", lists_of_objects(None)),
    ByHand("AE7.acl-entry", "a bucket whose access control lists count", lists_of_objects(True)),
    ByHand("AE8.root-user", "own assertion: who manages credentials of a root user is one",
           _own('(=> (and (= action "iam:CreateAccessKey") (= resource.name "root")) (= caller root))', "iam")),
    ByHand("AE13", "own assertion: what belongs to my organization lies in its management account",
           _own(f'(=> (and (= service "organizations") (not |call: resource is star|)) '
                f'(not (= resource.account "{MINE}")))', "organizations")),
    ByHand("AE13.id", "own assertion: policies of my organization have its id in their ARN",
           _own(f'(=> (and (= service "organizations") (= (org resource.account) "{ORG}") '
                f'(not |call: resource is star|) (str.prefixof "policy/" resource.name)) '
                f'(str.prefixof "policy/{ORG}/" resource.name))', "organizations")),
    ByHand("AP3.infrastructure", "own assertion: the role by which EC2 attaches volumes is its own",
           _own('(=> (and (= caller role) (= principal.name "role/aws:ec2-infrastructure")) principal.service-role)',
                "kms")),
    ByHand("AE9.managed-changes", "own assertion: customers delete no key that AWS manages",
           _own('(=> (= action "kms:ScheduleKeyDeletion") (or (= caller aws-service) principal.service-linked '
                '(not resource.aws-managed-key)))', "kms")),
    ByHand("AP3.infrastructure-calls", "own assertion: by that role EC2 calls KMS alone",
           _own('(=> (and (= caller role) (= principal.name "role/aws:ec2-infrastructure")) (= service "kms"))')),
    ByHand("AR15.owner", "an RCP on all buckets, and calls through access points", behind_a_point_of_mine),
    ByHand("AR15.mine", "an SCP on resources of others, and calls through access points", points_on_whose_bucket,
           ("AR15.owner",)),
    ByHand("AR15.bucket", "an RCP on all first letters of buckets, and calls through access points",
           buckets_by_their_first_letter),
    ByHand("AR28.account", "an RCP by most digits of my account",
           ids_by_chance(StringNotLike={"aws:PrincipalAccount": f"{MINE[:8]}*"})),
    ByHand("AR28.organization", "an RCP by most of the id of my organization",
           ids_by_chance(StringNotLike={"aws:PrincipalOrgID": f"{ORG[:-3]}*"})),
    ByHand("AR28.unit", "an RCP by the root of my organization",
           ids_by_chance(**{"ForAllValues:StringNotLike": {"aws:PrincipalOrgPaths": "o-*/r-ac00/*"}})),
    ByHand("AR28.principal", "an RCP by the unique id of a role",
           ids_by_chance(StringNotLike={"aws:userid": "AROAEXAMPLEEXAMPLE000:*"})),
    ByHand("AR28.endpoint", "an SCP by most of the id of my endpoint", endpoints_by_chance(f"{ENDPOINT[:14]}*", True)),
    ByHand("AR28.named", "an SCP by the id of an endpoint that nobody lists", endpoints_by_chance(ENDPOINT, False)),
    ByHand("AR29", "an SCP that exempts a bucket of CodeDeploy, and denies what AWS owns", buckets_of_services),
    ByHand("AK3", "an RCP that denies calls without a key that AWS does not have", misspelled_key),
    ByHand("AR26", "a key that CloudTrail may use for trails of mine",
           contexts_of_mine("kms:EncryptionContext:aws:cloudtrail:arn", f"arn:aws:cloudtrail:*:{MINE}:trail/*",
                            "cloudtrail.amazonaws.com")),
    ByHand("AR26.account", "a key that SES may use for receipt rules of mine",
           contexts_of_mine("kms:EncryptionContext:aws:ses:source-account", MINE, "ses.amazonaws.com")),
    ByHand("AR27", "a key that may be used with a context, and not with the key of it",
           contexts_of_mine("kms:EncryptionContext:aws:s3:arn", "*", "s3.amazonaws.com", keys=True)),
    ByHand("AE14", "own assertion: nobody makes a function by the name of an alias",
           _own('(not (and (= action "lambda:CreateFunction") (= resource.name "function:f:live")))', "lambda")),
    *(ByHand(f"AR23.{kind}", f"own assertion: no {kind} that is deleted has a space in its name",
             _own(f'(=> (= action "iam:{action}") (not (= resource.name "{kind}/a b")))', "iam"))
      for kind, action in (("policy", "DeletePolicy"), ("group", "DeleteGroup"),
                           ("instance-profile", "DeleteInstanceProfile"),
                           ("server-certificate", "DeleteServerCertificate"))),
    ByHand("AR24", "an SCP that exempts a bucket in the Regional namespace of an account of mine",
           bucket_of_the_account_in_its_name),
    ByHand("AK1.there", "an RCP that denies calls on what has a tag, and a queue that has it", tag_that_is_there),
    ByHand("AR15.arn", "own assertion: the ARN of an access point is one of S3",
           _own('(=> |has s3:DataAccessPointArn| (str.prefixof "arn:aws:s3" |s3:DataAccessPointArn|))')),
    ByHand("AR15.format", "own assertion: the ARN of an access point names an account",
           _own("(=> |has s3:DataAccessPointArn| (not (= |s3:DataAccessPointAccount| \"\")))")),
    ByHand("AR17.point", "own assertion: access points are called in their Region",
           _own('(=> (and |has s3:DataAccessPointArn| (str.prefixof "arn:aws:s3:eu-west-1:" |s3:DataAccessPointArn|)) '
                '(= |aws:RequestedRegion| "eu-west-1"))')),
    ByHand("AR25", "own assertion: calls through Multi-Region Access Points are signed",
           _own("(=> on-multi-region signed)")),
    ByHand("AR25.operation", "own assertion: no attributes of objects through Multi-Region Access Points",
           _own('(=> on-multi-region (not (= action "s3:GetObjectAttributes")))')),
    ByHand("AR25.origin", "own assertion: Multi-Region Access Points have no VPC",
           _own('(=> (and on-multi-region |has s3:AccessPointNetworkOrigin|) '
                '(= |s3:AccessPointNetworkOrigin| "Internet"))')),
    ByHand("AE4.account", "own assertion: a provider of a stranger signs in to no role of mine",
           _own(f'(=> (and (= resource.account "{MINE}") (= action "sts:AssumeRoleWithSAML")) '
                f'(not (str.prefixof "arn:aws:iam::{PARTNER}:" principal.provider)))', "sts")),
    ByHand("AP16.provider-account", "own assertion: sessions of a stranger name no provider of mine",
           _own(f'(=> (and (= caller role) (= principal.account "{PARTNER}") |has aws:FederatedProvider|) '
                f'(not (str.prefixof "arn:aws:iam::{MINE}:" |aws:FederatedProvider|)))')),
    ByHand("AE5.forwarded", "mitigation C1: a role that trusts whoever a service calls for",
           sessions_that_services_begin),
    ByHand("AC1", "mitigation N1: an SCP on functions without a VPC", compute_elsewhere),
    ByHand("AC2", "mitigation E2: an SCP on shares with others", shares_with_strangers),
    ByHand("AP3.service-role", "own assertion: what service roles do, role sessions do",
           _own("(=> principal.service-role (= caller role))")),
    ByHand("AP3.made-by-root", "own assertion: what a root user's federated users do, federated users do",
           _own("(=> principal.made-by-root (= caller federated-user))")),
    ByHand("AN4.none", "own assertion: whoever names my endpoint is on one",
           _own(f'(=> (= endpoint.id "{ENDPOINT}") on-endpoint)')),
    ByHand("AP4.nobody", "own assertion: callers of my organization are identities",
           _own(f'(=> (= (org principal.account) "{ORG}") iam)')),
    ByHand("AP5.no-endpoint", "own assertion: an owner of an endpoint in an organization has an endpoint",
           _own('(=> (in-organization endpoint.account) on-endpoint)'), ("AP5.no-vpc",)),
    ByHand("AP5.no-vpc", "own assertion: an owner of a VPC in an organization has an endpoint",
           _own('(=> (in-organization vpc.account) on-endpoint)'), ("AP5.no-endpoint",)),
    ByHand("AP5.nobody", "own assertion: whoever acts for my organization is a service",
           _own(f'(=> (= (org behalf.account) "{ORG}") (= caller aws-service))')),
    ByHand("AP6.vpc-path", "own assertion: the path of a VPC's account in an organization leads through a root",
           _own('(=> (in-organization vpc.account) (str.prefixof "r-" (units vpc.account)))')),
)  # fmt: skip
