"""C2: who becomes whom over which hops, and who comes to hold an exception."""

from __future__ import annotations

import pytest

from perimeter_smt.evaluate import decide
from perimeter_smt.organization.perimeter import RoleException, Scope, TagException, TrustedPrincipal, Vendor
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.questions.mitigations import ask
from perimeter_smt.questions.mitigations.model import Asking
from tests.mitigation_worlds import MINE, OTHER, STRANGER, VENDOR, allow, arn, policy, role, trusts, workspace

BREAK_GLASS = arn("break-glass")
EXCEPTION = RoleException(arn=BREAK_GLASS, held_by=(arn("security"),))
EXEMPT = role("break-glass", trusts({"AWS": arn("security")}))
SECURITY = role("security", trusts({"AWS": arn("nobody")}))
NOBODY = trusts({"AWS": arn("nobody")})


def answer(*principals, exception=EXCEPTION, **more):
    exceptions = {"role_exceptions": (exception,)} if isinstance(exception, RoleException) else {}
    exceptions |= {"tag_exceptions": (exception,)} if isinstance(exception, TagException) else {}
    found = ask(workspace(*principals, **exceptions, **more), ["C2"], Asking())[0]
    for line in found.lines:
        for hop in line.hops:
            assert decide(hop.case, rivals=frozenset(n for n in hop.depends_on if n.startswith("X-"))).allowed
    return found


def holders(found):
    return [line for line in found.lines if line.subject.startswith("exception")]


def calls(line):
    return [hop.request.action for hop in line.hops]


def test_held_by_whom_it_is_meant_for():
    (line,) = holders(answer(EXEMPT, SECURITY))
    assert line.status == "proved"
    assert arn("security") in line.text


def test_nobody_said_who_may_hold_it():
    """Without `held_by` and `administrators` the row tells who holds it and judges nothing."""
    (line,) = holders(answer(EXEMPT, SECURITY, exception=RoleException(arn=BREAK_GLASS)))
    assert line.status == "not-asked"
    assert (arn("security") in line.text, calls(line)) == (True, ["sts:AssumeRole"])


def test_two_hops_to_an_exempt_role():
    """A role that may take the security role holds the exception, too; each hop is a request of its own."""
    security = role("security", trusts({"AWS": arn("builder", OTHER)}))
    builder = role("builder", NOBODY, account=OTHER, may=(allow("sts:AssumeRole"),))
    (line,) = holders(answer(EXEMPT, security, builder))
    assert (line.status, calls(line)) == ("refuted", ["sts:AssumeRole", "sts:AssumeRole"])
    assert [hop.request.resource for hop in line.hops] == [arn("security"), BREAK_GLASS]


@pytest.mark.parametrize("guarded", [False, True])
def test_a_trust_policy_is_rewritten(guarded):
    deny = {"Effect": "Deny", "Action": "iam:UpdateAssumeRolePolicy", "Resource": [BREAK_GLASS, arn("security")]}
    repairs = role("repairs", NOBODY, may=(allow("iam:UpdateAssumeRolePolicy", arn("*")),))
    rows = holders(answer(EXEMPT, role("security"), repairs, scps=(deny,) if guarded else ()))
    found = [row for row in rows if row.status == "refuted"]
    assert bool(found) is not guarded
    assert all(calls(row) == ["iam:UpdateAssumeRolePolicy", "sts:AssumeRole"] for row in found)


def test_a_trust_policy_is_rewritten_one_hop_before():
    """Guarding the exempt role alone leaves the role that may take it."""
    deny = {"Effect": "Deny", "Action": "iam:UpdateAssumeRolePolicy", "Resource": BREAK_GLASS}
    repairs = role("repairs", NOBODY, may=(allow("iam:UpdateAssumeRolePolicy", arn("*")),))
    (line,) = holders(answer(EXEMPT, role("security"), repairs, scps=(deny,)))
    assert calls(line) == ["iam:UpdateAssumeRolePolicy", "sts:AssumeRole", "sts:AssumeRole"]
    assert [hop.request.resource for hop in line.hops] == [arn("security"), arn("security"), BREAK_GLASS]


def test_a_role_whose_trust_was_rewritten_is_still_taken_under_the_guardrails():
    """Who rewrites a trust policy has to take the role then: SCPs, boundaries and Deny statements say whether."""
    repairs = role("repairs", NOBODY, may=(allow("iam:UpdateAssumeRolePolicy", arn("*")),))
    deny = {"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": "*"}
    (line,) = holders(answer(EXEMPT, SECURITY, repairs, scps=(deny,)))
    assert (line.status, calls(line)) == ("conditional", ["iam:UpdateAssumeRolePolicy"])  # others may be let in
    others = {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole", "Resource": "*"}
    others["Condition"] = {"ArnNotEqualsIfExists": {"aws:PrincipalArn": arn("security")}}
    (line,) = holders(answer(EXEMPT, SECURITY, repairs, scps=(deny,), rcps=(others,)))
    assert line.status == "proved"
    own = role("repairs", NOBODY, may=(allow("iam:UpdateAssumeRolePolicy", arn("*")), deny))
    (line,) = holders(answer(EXEMPT, SECURITY, own))
    assert line.status == "conditional"


def test_a_boundary_does_not_keep_from_a_role_whose_trust_names_the_session():
    """What a resource policy grants to a session of the same account, no implicit denial of a boundary takes away."""
    ceiling = policy(Kind.BOUNDARY, allow("iam:*"), name="ceiling")
    repairs = role("repairs", NOBODY, may=(allow("iam:UpdateAssumeRolePolicy", arn("*")),))
    bounded = repairs.model_copy(update={"boundary": ceiling})
    (line, *_) = holders(answer(EXEMPT, SECURITY, bounded))
    assert (line.status, calls(line)[-1]) == ("refuted", "sts:AssumeRole")


@pytest.mark.parametrize(
    ("reading", "status"), [("over", "conditional"), ("under", "conditional"), ("exact", "refuted")]
)
def test_a_path_that_rests_on_a_reading_is_a_condition(reading, status):
    """X-14: whether `2030` is a year or seconds."""
    window = {"DateLessThan": {"aws:CurrentTime": "2030"}, "DateGreaterThan": {"aws:CurrentTime": "2000-01-01"}}
    exempt = role("break-glass", trusts({"AWS": arn("other")}, **window))
    found = ask(workspace(exempt, role("other", NOBODY), role_exceptions=(EXCEPTION,)), ["C2"], Asking(reading))[0]
    (line,) = holders(found)
    assert (line.status, line.hops[0].rests_on) == (status, ("X-14",))


def test_a_role_is_passed_to_a_service_that_runs_code():
    exempt = role("break-glass", trusts({"Service": "lambda.amazonaws.com"}))
    passes = allow("iam:PassRole", "*", StringEquals={"iam:PassedToService": "lambda.amazonaws.com"})
    builder = role("builder", NOBODY, may=(allow("lambda:CreateFunction"), passes))
    other = allow("iam:PassRole", "*", StringEquals={"iam:PassedToService": "ec2.amazonaws.com"})
    held = role("builder", NOBODY, may=(allow("lambda:CreateFunction"), other))
    (line, *_) = holders(answer(exempt, builder, assumptions=("AE9.passed-role",)))
    assert (line.status, calls(line)) == ("refuted", ["iam:PassRole", "lambda:CreateFunction", "sts:AssumeRole"])
    (line,) = holders(answer(exempt, held, assumptions=("AE9.passed-role",)))
    assert line.status == "proved"


def test_code_of_what_runs_already_is_a_condition():
    """Which role a function has is not in the input: neither refuted nor proved."""
    exempt = role("break-glass", trusts({"Service": "lambda.amazonaws.com"}))
    deployer = role("deployer", NOBODY, may=(allow("lambda:UpdateFunctionCode"),))
    (line,) = holders(answer(exempt, deployer, assumptions=("AE9.passed-role",)))
    assert (line.status, calls(line)) == ("conditional", ["lambda:UpdateFunctionCode"])
    assert "no function has the role" in line.text


def test_rights_of_its_own_are_extended():
    """Who may write its own policy, may do what its account may: here, take the exempt role that trusts the account."""
    exempt = role("break-glass", trusts({"AWS": MINE}))
    writer = role("writer", NOBODY, may=(allow("iam:PutRolePolicy", arn("writer")),))
    (line, *_) = holders(answer(exempt, writer))
    assert (line.status, calls(line)) == ("refuted", ["iam:PutRolePolicy", "sts:AssumeRole"])
    deny = {"Effect": "Deny", "Action": "sts:AssumeRole", "Resource": BREAK_GLASS}
    (line, *_) = holders(answer(exempt, writer, scps=(deny,)))
    assert "sts:AssumeRole" not in calls(line)


def test_a_managed_policy_that_may_be_attached_is_a_condition():
    exempt = role("break-glass", trusts({"AWS": MINE}))
    writer = role("writer", NOBODY, may=(allow("iam:CreatePolicyVersion"),))
    (line, *_) = holders(answer(exempt, writer))
    assert line.status == "conditional"
    assert calls(line)[0] == "iam:CreatePolicyVersion"


def test_a_role_of_that_name_is_made_elsewhere():
    """An exception by a pattern is held by whoever can make a role that matches."""
    pattern = RoleException(arn="arn:aws:iam::*:role/break-glass", held_by=(arn("security"),))
    maker = role("maker", NOBODY, account=OTHER, may=(allow("iam:CreateRole"),))
    (line,) = [row for row in holders(answer(EXEMPT, SECURITY, maker, exception=pattern)) if row.status == "refuted"]
    assert calls(line) == ["iam:CreateRole"]
    assert line.hops[0].request.resource == arn("break-glass", OTHER)


def test_a_tag_is_set_on_oneself_or_on_a_session():
    exception = TagException(on="principal", key="exempt", value="yes", held_by=(arn("tagged"),))
    tagged = role("tagged", NOBODY, tags={"exempt": "yes"})
    tagger = role("tagger", NOBODY, may=(allow("iam:TagRole", arn("tagger")),))
    (line,) = [row for row in holders(answer(tagged, tagger, exception=exception)) if row.status == "refuted"]
    assert (calls(line), line.hops[0].request.context["aws:RequestTag/exempt"]) == (["iam:TagRole"], "yes")
    starter = role("starter", NOBODY, may=(allow(["sts:AssumeRole", "sts:TagSession"]),))
    job = role("job", trusts({"AWS": arn("starter")}, ["sts:AssumeRole", "sts:TagSession"]))
    found = [row for row in holders(answer(tagged, starter, job, exception=exception)) if row.status == "refuted"]
    assert [calls(row) for row in found] == [["sts:AssumeRole", "sts:TagSession"]]
    plain = role("job", trusts({"AWS": arn("starter")}))
    assert [row.status for row in holders(answer(tagged, starter, plain, exception=exception))] == ["proved"]


def test_session_tags_that_the_second_hop_asks_for_are_set_by_the_first():
    """Both ends must meet: the first hop may set the tag, or the path is none."""
    wants = {"StringEquals": {"aws:PrincipalTag/shift": "night"}}
    exempt = role("break-glass", trusts({"AWS": arn("middle")}, **wants))
    starter = role("starter", NOBODY, may=(allow(["sts:AssumeRole", "sts:TagSession"]),))
    sets = role("middle", trusts({"AWS": arn("starter")}, ["sts:AssumeRole", "sts:TagSession"]))
    (line, *_) = [row for row in holders(answer(exempt, sets, starter)) if row.status == "refuted"]
    assert calls(line) == ["sts:AssumeRole", "sts:TagSession", "sts:AssumeRole"]
    assert line.hops[1].request.context["aws:RequestTag/shift"] == "night"
    other = {"StringEquals": {"aws:RequestTag/shift": "day"}}
    day = role("middle", trusts({"AWS": arn("starter")}, ["sts:AssumeRole", "sts:TagSession"], **other))
    assert [row.status for row in holders(answer(exempt, day, starter))] == ["proved"]


def test_a_vendor_reaches_on_through_the_role_meant_for_it():
    vendor = Vendor(account=VENDOR, roles=(arn("vendor"),), external_id="none")
    entry = role("vendor", trusts({"AWS": VENDOR}), may=(allow("sts:AssumeRole", arn("data")),))
    data = role("data", trusts({"AWS": MINE}))
    line = answer(entry, data, exception=None, vendors=(vendor,)).lines[0]
    assert (line.subject, line.status) == (f"vendor {VENDOR}", "refuted")
    assert [hop.request.resource for hop in line.hops] == [arn("vendor"), arn("data")]
    meant = vendor.model_copy(update={"roles": (arn("vendor"), arn("data"))})
    assert answer(entry, data, exception=None, vendors=(meant,)).lines[0].status == "proved"


def test_tokens_and_strangers_from_outside():
    provider = f"arn:aws:iam::{MINE}:oidc-provider/idp.acme.example"
    trusted = TrustedPrincipal(provider=provider, resources=(arn("deploy"),))
    may = (allow("sts:AssumeRole", arn("data")),)
    deploy = role("deploy", trusts({"Federated": provider}, "sts:AssumeRoleWithWebIdentity"), may=may)
    data = role("data", trusts({"AWS": MINE}))
    line = answer(deploy, data, exception=None, third_principals=(trusted,)).lines[0]
    assert (line.subject, calls(line)) == (f"tokens of {provider}", ["sts:AssumeRoleWithWebIdentity", "sts:AssumeRole"])
    opened = role("open", trusts({"AWS": STRANGER}), may=may)
    line = answer(opened, data, exception=None).lines[0]
    assert (line.subject, line.status) == ("a caller from outside", "refuted")


def test_guardrails_and_trails_have_administrators():
    admin = role("admin", NOBODY, may=(allow("cloudtrail:*"),))
    rows = {line.subject: line for line in answer(admin, exception=None, administrators=(arn("admin"),)).lines}
    assert rows["the record of CloudTrail"].status == "proved"
    rows = {line.subject: line for line in answer(admin, exception=None, administrators=(arn("other"),)).lines}
    assert rows["the record of CloudTrail"].status == "refuted"
    assert rows["SCPs, RCPs and the organization itself"].status == "proved"


def test_without_principals_nothing_is_asked_and_unlisted_ones_are_a_condition():
    assert answer(exception=None).status == "not-asked"
    assert {line.status for line in answer(EXEMPT, SECURITY, listed=False).lines} <= {"conditional", "not-asked"}


def test_many_identities_are_asked_on_demand(monkeypatch):
    monkeypatch.setattr("perimeter_smt.questions.mitigations.chains._MOST", 1)
    space = workspace(EXEMPT, SECURITY, role_exceptions=(EXCEPTION,))
    assert ask(space, ["C2"], Asking())[0].status == "not-asked"
    assert ask(space, ["C2"], Asking(demanded=("C2",)))[0].status == "proved"


def _row(found, start):
    return [line for line in found.lines if line.subject.startswith(start)]


def _no_trails_but(operator, key, value):
    condition = {operator: {key: value}}
    return {"Effect": "Deny", "Action": ["cloudtrail:*", "iam:*"], "Resource": "*", "Condition": condition}


@pytest.mark.parametrize("pattern", ["*/ops-keeper", "*:role/ops-keeper", "*keeper"])
@pytest.mark.parametrize("names", [("ops-plain", "ops-keeper"), ("ops-keeper", "ops-plain")])
def test_patterns_without_colons_tell_roles_apart(names, pattern):
    """A guardrail that names a role by `*/name` makes it another kind than a role with the same policies."""
    scp = _no_trails_but("StringNotLike", "aws:PrincipalArn", pattern)
    roles = [role(name, NOBODY, may=(allow("cloudtrail:StopLogging"),)) for name in names]
    (line,) = _row(answer(*roles, exception=None, scps=(scp,), administrators=(arn("nobody"),)), "the record")
    assert (line.status, calls(line)) == ("refuted", ["cloudtrail:StopLogging"])
    assert line.hops[0].request.principal.role_arn == arn("ops-keeper")


def test_who_got_more_rights_extends_those_of_another():
    """Rights of one's own extended, then those of the role that guardrails exempt."""
    scp = {
        "Effect": "Deny",
        "Action": "cloudtrail:*",
        "Resource": "*",
        "Condition": {"ArnNotLike": {"aws:PrincipalArn": arn("trail-keeper")}},
    }
    keeper = role("trail-keeper", NOBODY, may=(allow("sqs:ListQueues"),))
    builder = role("builder", NOBODY, may=(allow("iam:PutRolePolicy", arn("builder")),))
    found = answer(keeper, builder, exception=None, scps=(scp,), administrators=(arn("nobody"),))
    (line,) = _row(found, "the record")
    assert (line.status, arn("builder") in line.text) == ("refuted", True)
    assert calls(line)[-1].startswith("cloudtrail:")


def test_two_roles_of_one_caller_extend_the_rights_of_one():
    """Who takes two roles writes a policy for one of them as the other."""
    worker = role("worker", NOBODY)
    reader = role("reader", trusts({"AWS": arn("worker")}))
    writer = role("writer", trusts({"AWS": arn("worker")}), may=(allow("iam:PutRolePolicy", arn("reader")),))
    found = answer(worker, reader, writer, exception=None, administrators=(arn("writer"),))
    (line,) = _row(found, "the record")
    assert (line.status, arn("worker") in line.text) == ("refuted", True)
    assert calls(line)[:2] == ["sts:AssumeRole", "iam:PutRolePolicy"]


@pytest.mark.parametrize(
    ("ceiling", "status"),
    [
        (("iam:PutRolePolicy", "sqs:*"), "proved"),
        (("iam:PutRolePolicy", "iam:DeleteRolePermissionsBoundary"), "refuted"),
        (("iam:PutRolePolicy", "iam:CreateRole"), "conditional"),
    ],
)
def test_boundaries_of_who_got_more_rights(ceiling, status):
    """A boundary holds, unless the extended rights take it away or make an identity without it."""
    builder = role("builder", NOBODY, may=(allow("iam:PutRolePolicy", arn("builder")),))
    bound = builder.model_copy(update={"boundary": policy(Kind.BOUNDARY, allow(list(ceiling)))})
    (line,) = _row(answer(bound, exception=None, administrators=(arn("nobody"),)), "the record")
    assert line.status == status


def rows_of(found, subject):
    return [line for line in found.lines if line.subject.startswith(subject)]


@pytest.mark.parametrize("denied", [False, True])
def test_root_users(denied):
    """An SCP that denies root users holds them; whether they have credentials is not in the input."""
    no_roots = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    no_roots["Condition"] = {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:root"}}
    found = answer(EXEMPT, SECURITY, scps=(no_roots,) if denied else ())
    (line,) = rows_of(found, "root users")
    assert line.status == ("proved" if denied else "not-asked")
    assert [hop.request.principal.type for hop in line.hops] == ([] if denied else ["root"])


@pytest.mark.parametrize("action", ["sso:CreateAccountAssignment", "identitystore:CreateGroupMembership"])
def test_who_gives_roles_of_identity_center(action):
    """Permission sets are decided in the management account, or in the one that it delegated them to."""
    center = role("center", NOBODY, account=OTHER, may=(allow(action),))
    space = workspace(center, administrators=(arn("security"),))
    delegated = (OTHER, "sso.amazonaws.com")
    told = space.organization.model_copy(update={"delegated_administrators": (delegated,)})
    nobody = space.organization.model_copy(update={"delegated_administrators": ()})
    security = {"delegated_administrators": ((MINE, "guardduty.amazonaws.com"),), "delegates_listed": False}
    some = space.organization.model_copy(update=security)  # there may be others
    tried = ((nobody, "proved"), (some, "conditional"), (space.organization, "conditional"), (told, "refuted"))
    for organization, status in tried:
        found = ask(space.model_copy(update={"organization": organization}), ["C2"], Asking())[0]
        (line,) = rows_of(found, "permission sets")
        assert line.status == status
        assert (f"{OTHER} does not administer IAM Identity Center" in line.text) is (status == "conditional")
    assert calls(line) == [action] * 3  # on the account, the instance and the permission set; group, store and user


def test_a_tag_that_somebody_else_sets_is_a_condition():
    """Two who act together: one sets the tag on the role of the other."""
    exception = TagException(on="principal", key="exempt", value="yes", held_by=(arn("tagged"),))
    tagged = role("tagged", NOBODY, tags={"exempt": "yes"})
    tagger = role("tagger", NOBODY, may=(allow("iam:TagRole", arn("worker")),))
    (line,) = holders(answer(tagged, tagger, role("worker", NOBODY), exception=exception))
    assert (line.status, calls(line)) == ("conditional", ["iam:TagRole"])
    assert arn("worker") in line.text and "does not act for it" in line.text


@pytest.mark.parametrize(
    ("may", "status"),
    [
        (allow("sqs:TagQueue"), "refuted"),
        (allow("sqs:TagQueue", "*", StringNotEquals={"aws:RequestTag/public": "yes"}), "proved"),
        (allow("sqs:TagQueue", "*", StringEquals={"aws:RequestTag/public": "no"}), "proved"),
        (allow("sqs:UntagQueue"), "proved"),
    ],
)
def test_who_tags_resources(may, status):
    """Who may put the exempting tag on a resource of mine holds the exception."""
    exception = TagException(on="resource", key="public", value="yes", held_by=(arn("security"),))
    scopes = {name: Scope(actions=("sqs:*",)) for name in exception.objectives}
    found = answer(role("tagger", NOBODY, may=(may,)), exception=exception, scopes=scopes)
    (line,) = holders(found)
    assert line.status == status
    assert status == "proved" or calls(line) == ["sqs:TagQueue"]
