"""Random policies and requests over a small adversarial vocabulary; the one module that property tests share.

Small on purpose: overlapping wildcards, `?`, variables with and without values, set operators, IfExists,
negations, absent keys, empty lists and texts meet each other often.
"""

from __future__ import annotations

from hypothesis import strategies as st

from perimeter_smt.policy.operators import OPERATORS, Family

ACCOUNTS = ("111111111111", "222222222222", "666666666666")
ACTIONS = (
    *("s3:GetObject", "s3:PutObject", "s3:ListBucket", "sqs:SendMessage", "sts:AssumeRole", "kms:Decrypt"),
    *("s3:PutBucketPolicy", "sqs:SetQueueAttributes", "kms:RetireGrant", "sts:GetCallerIdentity"),
    *("sts:GetSessionToken", "sts:TagSession", "ec2:RunInstances"),
    *("iam:PutRolePolicy", "iam:GetPolicy", "iam:DeletePolicy", "kms:DeleteAlias", "cognito-identity:GetId"),
)
ACTION_PATTERNS = (
    *ACTIONS,
    "*",
    "s3:*",
    "s3:Get*",
    "S3:get?bject",
    "s3:*Object",
    "sqs:?endMessage",
    "*:*",
    "kms:",
    "ec2:*",
)
RESOURCES = (
    "*",
    "arn:aws:s3:::data-a",
    "arn:aws:s3:::data-a/reports/q1.csv",
    "arn:aws:s3:::data-a/red/x",
    "arn:aws:sqs:us-east-1:111111111111:alerts",
    "arn:aws:sqs:eu-west-1:666666666666:q:alerts",
    "arn:aws:iam::111111111111:role/app/Worker",
    "arn:aws:kms:us-east-1:111111111111:key/1234abcd",
    # What AWS manages (W-10).
    "arn:aws:iam::111111111111:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_A_1",
    "arn:aws:iam::111111111111:role/aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup",
    "arn:aws:kms:us-east-1:111111111111:alias/aws/s3",
)
RESOURCE_PATTERNS = (
    *RESOURCES,
    "**",
    "arn:aws:s3:::data-a/*",
    "arn:aws:s3:::data-?/*/q1.csv",
    "arn:aws:s3:::data-a/${aws:PrincipalTag/team}/*",
    "arn:aws:s3:::data-a/${aws:PrincipalTag/team, 'red'}/?",
    "arn:aws:s3:::${aws:username}",
    "arn:aws:sqs:*:alerts",
    "arn:aws:sqs:*:${aws:PrincipalAccount}:*",
    "arn:aws:sqs:us-east-1:*",
    "arn:aws:sqs",
    "arn:aws:*:*:*:*",
    "arn:*:iam::111111111111:role/*",
    "arn:AWS:SQS:US-EAST-1:111111111111:alerts",
    "arn:aws:s3:::data-a/${*}",
    "bucket/*",
    "",
)
KEYS = (
    "aws:PrincipalOrgID",
    "aws:PrincipalTag/team",
    "aws:ResourceTag/team",
    "aws:username",
    "aws:SourceIp",
    "aws:CurrentTime",
    "s3:max-keys",
    "aws:SecureTransport",
    "aws:SourceArn",
    "aws:PrincipalArn",
    "aws:TagKeys",
    "aws:PrincipalOrgPaths",
    "s3:prefix",
    "sample:bin",
)
MULTIVALUED = ("aws:TagKeys", "aws:PrincipalOrgPaths")
TEXTS = (
    "",
    "red",
    "Red",
    "r*",
    "re?",
    "*",
    "${aws:PrincipalTag/team}",
    "${aws:username, 'red'}",
    "${*}",
    "o-myorg00001",
    "a:b",
)
VALUES: dict[Family, tuple[str, ...]] = {
    Family.STRING: TEXTS,
    Family.NUMERIC: ("10", "1e1", "9.5", "-1", "many", "10.0"),
    Family.DATE: ("2025-01-01T00:00:00Z", "1735689600", "2025", "2025-01-01T01:00:00+01:00", "never"),
    Family.BOOL: ("true", "FALSE", "yes", "${aws:PrincipalTag/team}"),
    Family.BINARY: ("QUJD", "cmVk", "#"),
    Family.IP: ("203.0.113.0/24", "203.0.113.7", "2001:db8::/32", "2001:DB8::7", "10.0.0.1/8", "nowhere"),
    Family.ARN: (
        "arn:aws:iam::111111111111:role/*",
        "arn:aws:s3:::logs",
        "arn:aws:s3:::${aws:PrincipalTag/team}",
        "arn:aws:sns:*:111111111111:t*",
        "*",
        "arn:aws:s3",
        "arn:?ws:iam::*:*/Worker",
    ),
    Family.NULL: ("true", "false", "TRUE"),
}
REQUEST_VALUES = (
    *(
        "",
        "red",
        "Red",
        "r*",
        "10",
        "9.5",
        "many",
        "true",
        "False",
        "2025",
        "1735689600",
        "2025-01-01T00:00:00Z",
        "QUJD",
    ),
    *("203.0.113.7", "198.51.100.9", "2001:db8::7", "arn:aws:iam::111111111111:role/app/Worker", "arn:aws:s3:::logs"),
    *("arn:aws:s3:::red", "arn:aws:sns:us-east-1:111111111111:t1", "o-myorg00001", "o-myorg00001/r-x/", "*", "a:b"),
)
PRINCIPALS = (
    {"type": "federated-sts", "provider": "idp.example.com"},
    {
        "type": "role-session",
        "arn": "arn:aws:sts::111111111111:assumed-role/AWSServiceRoleForBackup/job",
        "account": "111111111111",
        "role_arn": "arn:aws:iam::111111111111:role/aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup",
        "service_linked": True,
    },
    {
        "type": "role-session",
        "arn": "arn:aws:sts::222222222222:assumed-role/Admin/m1",
        "account": "222222222222",
        "role_arn": "arn:aws:iam::222222222222:role/Admin",
        "management_account": True,
    },
    {
        "type": "federated-user",
        "arn": "arn:aws:sts::111111111111:federated-user/bob",
        "account": "111111111111",
        "made_by_root": True,
    },
    {"type": "user", "arn": "arn:aws:iam::111111111111:user/team/alice", "account": "111111111111"},
    {
        "type": "role-session",
        "arn": "arn:aws:sts::111111111111:assumed-role/Worker/job-1",
        "account": "111111111111",
        "role_arn": "arn:aws:iam::111111111111:role/app/Worker",
    },
    {
        "type": "role-session",
        "arn": "arn:aws:sts::666666666666:assumed-role/Thief/s1",
        "account": "666666666666",
        "role_arn": "arn:aws:iam::666666666666:role/Thief",
    },
    {
        "type": "federated-user",
        "arn": "arn:aws:sts::111111111111:federated-user/alice",
        "account": "111111111111",
        "user_arn": "arn:aws:iam::111111111111:user/team/alice",
    },
    {"type": "root", "arn": "arn:aws:iam::111111111111:root", "account": "111111111111"},
    {"type": "service", "arn": "cloudtrail.amazonaws.com"},
    {"type": "anonymous"},
)
PRINCIPAL_ENTRIES = (
    "*",
    {"AWS": "*"},
    {"AWS": "111111111111"},
    {"AWS": "arn:aws:iam::666666666666:root"},
    {"AWS": "arn:aws:iam::111111111111:user/team/alice"},
    {"AWS": ["arn:aws:iam::111111111111:role/app/Worker", "222222222222"]},
    {"AWS": "arn:aws:iam::111111111111:role/Worker"},
    {"AWS": "arn:aws:sts::111111111111:assumed-role/Worker/job-1"},
    {"AWS": "arn:aws:sts::111111111111:federated-user/alice"},
    {"AWS": "arn:aws:iam::111111111111:role/*"},
    {"AWS": "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2EXAMPLE"},
    {"Service": "cloudtrail.amazonaws.com"},
    {"AWS": ["arn:aws:iam::111111111111:role/app/Worker", "arn:aws:iam::111111111111:root"]},
)


def one_or_more(values, most=3, *, negated=False):
    """A scalar or a list, as policies write them; an empty list of what is not meant is refused (X-22)."""
    return st.one_of(st.sampled_from(values), st.lists(st.sampled_from(values), min_size=int(negated), max_size=most))


@st.composite
def conditions(draw):
    """A Condition block of up to three tests."""
    block: dict[str, dict[str, object]] = {}
    for _ in range(draw(st.integers(0, 3))):
        base = draw(st.sampled_from(OPERATORS))
        prefix = draw(st.sampled_from(("", "", "ForAllValues:", "ForAnyValue:")))
        suffix = draw(st.sampled_from(("", "IfExists"))) if base.family is not Family.NULL else ""
        key = draw(st.sampled_from(KEYS))
        block.setdefault(f"{prefix}{base.name}{suffix}", {})[key] = draw(
            one_or_more(VALUES[base.family], negated=base.negated)
        )
    return block


@st.composite
def statements(draw, *, principal=False, effects=("Allow", "Deny")):
    """One statement of an identity-type policy, or with `principal` of a resource policy."""
    out: dict[str, object] = {"Effect": draw(st.sampled_from(effects))}
    for name, patterns in (("Action", ACTION_PATTERNS), ("Resource", RESOURCE_PATTERNS)):
        element = draw(st.sampled_from((name, name, f"Not{name}")))
        out[element] = draw(one_or_more(patterns, negated=element != name))
    if principal:
        negated = out["Effect"] == "Deny" and draw(st.integers(0, 3)) == 0
        out["NotPrincipal" if negated else "Principal"] = draw(st.sampled_from(PRINCIPAL_ENTRIES))
    condition = draw(conditions())
    if condition:
        out["Condition"] = condition
    return out


@st.composite
def policies(draw, *, principal=False, effects=("Allow", "Deny"), most=3):
    """A policy document."""
    count = draw(st.integers(1, most))
    found = [draw(statements(principal=principal, effects=effects)) for _ in range(count)]
    version = draw(st.sampled_from(("2012-10-17", "2012-10-17", "2012-10-17", "2008-10-17")))
    return {"Version": version, "Statement": found}


@st.composite
def rcps(draw, *, most=2):
    """A resource control policy: denials of everybody, for named actions."""
    found = []
    for _ in range(draw(st.integers(1, most))):
        statement = draw(statements(effects=("Deny",)))
        actions = statement.pop("NotAction", None)
        found.append({**statement, "Principal": "*", **({"Action": actions} if actions is not None else {})})
    return {"Version": "2012-10-17", "Statement": found}


@st.composite
def contexts(draw):
    """Condition keys of a request, multivalued ones as lists."""
    out: dict[str, object] = {}
    for key in draw(st.lists(st.sampled_from(KEYS), unique=True, max_size=6)):
        if key in MULTIVALUED:
            out[key] = tuple(draw(st.lists(st.sampled_from(REQUEST_VALUES), max_size=3)))
        else:
            out[key] = draw(st.sampled_from(REQUEST_VALUES))
    return out


@st.composite
def requests(draw):
    """A request in the case format."""
    resource = draw(st.sampled_from(RESOURCES))
    field = resource.split(":", 5)[4] if resource != "*" else ""
    return {
        "principal": draw(st.sampled_from(PRINCIPALS)),
        "action": draw(st.sampled_from(ACTIONS)),
        "resource": resource,
        "resource_account": field or draw(st.sampled_from(ACCOUNTS)),
        "context": draw(contexts()),
    }


GUARDRAIL_ALLOW = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
RCP_ALLOW = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
}


def levels(allow, policy):
    """Levels of guardrails: most hold the policy that allows everything."""
    level = st.one_of(st.just([allow]), policy.map(lambda found: [allow, found]), st.lists(policy, max_size=2))
    return st.one_of(st.none(), st.lists(level, min_size=1, max_size=3))


@st.composite
def cases(draw, *, most=8):
    """Whole cases that share their policies in every slot: a list, one for each of up to `most` requests."""
    open_ended = st.one_of(st.just(GUARDRAIL_ALLOW), policies())
    policies_by_slot = {
        "policies": {
            "identity": draw(st.lists(open_ended, max_size=2)),
            "resource": draw(st.one_of(st.none(), policies(principal=True))),
            "boundary": draw(st.one_of(st.none(), st.none(), open_ended)),
            "session": draw(st.one_of(st.none(), st.none(), st.lists(open_ended, min_size=1, max_size=2))),
            "scp": draw(levels(GUARDRAIL_ALLOW, policies(most=2))),
            "rcp": draw(levels(RCP_ALLOW, rcps())),
            "vpce": draw(st.one_of(st.none(), policies(principal=True))),
        },
        "flags": {
            "resource_account_is_management": draw(st.booleans()),
            "kms_grant": draw(st.one_of(st.none(), st.just(True))),
            "via_endpoint": draw(st.one_of(st.none(), st.booleans())),
            "s3_restrict_public_buckets": draw(st.sampled_from((False, False, True))),
            "vpce_type": draw(st.sampled_from((None, None, "gateway"))),
        },
    }
    return [
        {**policies_by_slot, "request": request} for request in draw(st.lists(requests(), min_size=1, max_size=most))
    ]
