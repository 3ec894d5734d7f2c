"""Access control lists of S3 in the evaluator (S3 guide: access control list overview, Block Public Access)."""

import pytest

from perimeter_smt.errors import InputError
from perimeter_smt.evaluate import decide
from perimeter_smt.request.case import read_case

OWNER, OTHER = "111122223333", "444455556666"
CANONICAL = "3f" * 32
BUCKET, OBJECT = "arn:aws:s3:::ledger", "arn:aws:s3:::ledger/2026.csv"
EVERYTHING = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
ALL_LEVEL = [{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}]
ANONYMOUS = {"type": "anonymous"}
LOGGING = {"type": "service", "arn": "logging.s3.amazonaws.com"}
CLOUDTRAIL = {"type": "service", "arn": "cloudtrail.amazonaws.com"}
POINT = "arn:aws:s3:eu-west-1:111122223333:accesspoint/reports"


def user(account):
    return {"type": "user", "arn": f"arn:aws:iam::{account}:user/ines", "account": account, "canonical_id": CANONICAL}


def root(account):
    return {"type": "root", "arn": f"arn:aws:iam::{account}:root", "account": account, "canonical_id": CANONICAL}


def grants(grantee, permission="READ"):
    return [{"grantee": grantee, "permission": permission}]


def answer(principal, action="s3:GetObject", *, policies=None, **flags):
    resource = BUCKET if "Bucket" in action else OBJECT
    request = {"principal": principal, "action": action, "resource": resource, "resource_account": OWNER}
    value = {"policies": policies or {}, "request": request, "flags": flags}
    return decide(read_case(value, file="f", default_id="1"))


def allowed(*arguments, **more):
    return answer(*arguments, **more).allowed


MAPPING = {
    ("bucket", "READ"): {"s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"},
    ("bucket", "WRITE"): {"s3:PutObject", "s3:DeleteObject"},
    ("bucket", "READ_ACP"): {"s3:GetBucketAcl"},
    ("bucket", "WRITE_ACP"): {"s3:PutBucketAcl"},
    ("object", "READ"): {"s3:GetObject", "s3:GetObjectVersion"},
    ("object", "WRITE"): set(),
    ("object", "READ_ACP"): {"s3:GetObjectAcl", "s3:GetObjectVersionAcl"},
    ("object", "WRITE_ACP"): {"s3:PutObjectAcl", "s3:PutObjectVersionAcl"},
}
BESIDE = {
    *("s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:GetObjectTagging", "s3:DeleteObjectVersion", "s3:DeleteBucket"),
    *("s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"),  # bucket owner and initiator, and who is allowed to
}


@pytest.mark.parametrize("on", ["bucket", "object"])
def test_permissions_cover_the_actions_of_the_page(on):
    every = set().union(*MAPPING.values()) | BESIDE
    whole = set().union(*(actions for (where, _), actions in MAPPING.items() if where == on))
    for permission in ("READ", "WRITE", "READ_ACP", "WRITE_ACP", "FULL_CONTROL"):
        flag = {f"s3_{on}_acl": grants("AllUsers", permission)}
        covered = {action for action in every if allowed(ANONYMOUS, action, **flag)}
        assert covered == (whole if permission == "FULL_CONTROL" else MAPPING[on, permission])
    assert {action for action in every if allowed(ANONYMOUS, action, **{f"s3_{on}_acl": True})} == whole


def test_no_list_grants_nothing():
    assert not allowed(ANONYMOUS)
    assert not allowed(ANONYMOUS, s3_object_acl=None, s3_bucket_acl=[])
    assert not allowed(ANONYMOUS, s3_bucket_acl=grants("AllUsers", "FULL_CONTROL"))  # buckets pass nothing on


@pytest.mark.parametrize(
    ("grantee", "who"),
    [
        ("AllUsers", {"anonymous", "logging", "cloudtrail", "own", "own root", "other", "other root"}),
        ("AuthenticatedUsers", {"own", "own root", "other", "other root"}),
        ("LogDelivery", {"logging"}),
        (CANONICAL, {"other", "other root"}),
        (OTHER, {"other", "other root"}),
        ("5d" * 32, set()),
        ("777788889999", set()),
    ],
)
def test_grantees(grantee, who):
    """With own policies outside the owner's account, without any in it."""
    strange = {"own": {**user(OWNER), "canonical_id": None}, "own root": {**root(OWNER), "canonical_id": None}}
    callers = {"anonymous": ANONYMOUS, "logging": LOGGING, "cloudtrail": CLOUDTRAIL, **strange}
    callers |= {"other": user(OTHER), "other root": root(OTHER)}
    found = set()
    for name, caller in callers.items():
        policies = {"identity": [EVERYTHING]} if name == "other" else {}
        if allowed(caller, policies=policies, s3_object_acl=grants(grantee)):
            found.add(name)
    assert found == who | {"own root"}  # the root user of the owner needs no grant


@pytest.mark.parametrize("acl", [grants("AllUsers"), grants("AuthenticatedUsers"), grants(CANONICAL), True])
def test_other_accounts_need_policies_of_their_own(acl):
    assert not allowed(user(OTHER), s3_object_acl=acl)
    assert allowed(user(OTHER), policies={"identity": [EVERYTHING]}, s3_object_acl=acl)
    assert not allowed(user(OTHER), policies={"identity": [EVERYTHING]})


@pytest.mark.parametrize("grantee", [OWNER, CANONICAL])
def test_the_account_of_the_owner_hands_on(grantee):
    """ "the grantee cannot be an IAM user": identities of the account need policies of their own."""
    assert not allowed(user(OWNER), s3_object_acl=grants(grantee))
    assert allowed(user(OWNER), policies={"identity": [EVERYTHING]}, s3_object_acl=grants(grantee))


def test_public_grants_are_ignored():
    own = {"identity": [EVERYTHING]}
    for acl in (grants("AllUsers"), grants("AuthenticatedUsers"), True):
        assert not allowed(ANONYMOUS, s3_object_acl=acl, s3_ignore_public_acls=True)
        assert not allowed(user(OWNER), s3_object_acl=acl, s3_ignore_public_acls=True)
        assert allowed(user(OTHER), policies=own, s3_object_acl=acl, s3_ignore_public_acls=True) is (acl is True)
    assert allowed(user(OTHER), policies=own, s3_object_acl=grants(OTHER), s3_ignore_public_acls=True)
    logs = {"s3_bucket_acl": grants("LogDelivery", "WRITE"), "s3_ignore_public_acls": True}
    assert allowed(LOGGING, "s3:PutObject", **logs)
    assert not allowed(CLOUDTRAIL, "s3:PutObject", **logs)
    assert not allowed(CLOUDTRAIL, "s3:PutObject", s3_bucket_acl=True, s3_ignore_public_acls=True)


def deny(**more):
    return {"Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*", **more}}


@pytest.mark.parametrize(
    "slots",
    [
        {"resource": deny(Principal="*")},
        {"identity": [EVERYTHING, deny()]},
        {"boundary": deny()},
        {"session": [deny()]},
        {"scp": [[EVERYTHING, deny()]]},
        {"rcp": [[*ALL_LEVEL, deny(Principal="*")]]},
        {"vpce": deny(Principal="*")},
    ],
)
def test_denies_win(slots):
    policies = {"identity": [EVERYTHING], **slots}
    found = answer(user(OTHER), policies=policies, s3_object_acl=grants("AllUsers"), via_endpoint="vpce" in slots)
    assert found.reason == "explicit_deny"


def test_guardrails_must_allow():
    for slots in ({"scp": [[]]}, {"rcp": [[]]}, {"vpce": {"Statement": []}}):
        flags = {"s3_object_acl": grants("AllUsers"), "via_endpoint": "vpce" in slots}
        assert not allowed(user(OWNER), policies=slots, **flags)
    assert answer(ANONYMOUS, s3_object_acl=grants("AllUsers")).detail == "an access control list grants the call"


def test_restricted_public_buckets_are_those_with_public_policies():
    """A list makes no policy public; where a policy is, no other account remains, whatever the list says."""
    flags = {"s3_object_acl": grants("AllUsers"), "s3_restrict_public_buckets": True}
    assert allowed(ANONYMOUS, **flags)
    assert not allowed(ANONYMOUS, policies={"resource": ALL_LEVEL[0]}, **flags)


def test_access_points_have_no_lists():
    """The bucket's side is granted by the list, the side of the access point by its policy."""
    flags = {"s3_object_acl": grants("AllUsers"), "via_access_point": POINT}
    assert not allowed(ANONYMOUS, **flags)
    assert allowed(ANONYMOUS, policies={"access_point": ALL_LEVEL[0]}, **flags)
    assert not allowed(ANONYMOUS, policies={"access_point": ALL_LEVEL[0]}, via_access_point=POINT)


def test_policy_calls_stay_with_the_owner():
    flags = {"s3_bucket_acl": grants("AllUsers", "FULL_CONTROL")}
    assert not allowed(user(OTHER), "s3:GetBucketPolicy", policies={"identity": [EVERYTHING]}, **flags)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"s3_bucket_acl": "yes"}, "$.flags.s3_bucket_acl: found a string, expected a list of grants, `true` or null"),
        ({"s3_bucket_acl": [{"grantee": "AllUsers"}]}, "$.flags.s3_bucket_acl[0]: element `permission` is missing"),
        (
            {"s3_object_acl": [*grants("AllUsers"), *grants("AllUsers", "LIST")]},
            "$.flags.s3_object_acl[1].permission: found `LIST`, expected `READ`, `WRITE`, `READ_ACP`, `WRITE_ACP` or"
            " `FULL_CONTROL`",
        ),
        (
            {"s3_object_acl": grants("Everybody")},
            "$.flags.s3_object_acl[0].grantee: found `Everybody`, expected `AllUsers`, `AuthenticatedUsers`,"
            " `LogDelivery`, a canonical user id or an account id",
        ),
        ({"s3_object_acl": ["AllUsers"]}, "$.flags.s3_object_acl[0]: found a string, expected an object"),
        ({"s3_ignore_public_acls": "no way"}, "found `no way`, expected `true` or `false`"),
    ],
)
def test_bad_values(flags, message):
    with pytest.raises(InputError) as error:
        answer(ANONYMOUS, **flags)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_origin_access_identities_sign():
    """CloudFront fetches with signed requests as an identity of its own: AuthenticatedUsers holds it."""
    arn = "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E2EXAMPLE"
    identity = {"type": "user", "arn": arn, "account": "cloudfront"}
    assert allowed(identity, s3_object_acl=grants("AuthenticatedUsers"))
    assert not allowed(identity, s3_object_acl=grants("AuthenticatedUsers"), s3_ignore_public_acls=True)
    assert not allowed(identity, s3_object_acl=grants(CANONICAL))
