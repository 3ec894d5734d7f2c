"""Plans that do not tell everything: documents known in part, providers elsewhere, what is deferred, types not read."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.errors import InputError
from perimeter_smt.organization.readers import SourceOptions, read_source

ORG, OWN, OTHER, PARTNER = "o-acme0000002", "111122223333", "444455556666", "210987654321"
QUEUE = f"arn:aws:sqs:eu-west-1:{OWN}:bills"
FUNCTION = f"arn:aws:lambda:eu-west-1:{OWN}:function:bills"


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


ANYBODY = {"Sid": "Anybody", "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
SURE = {"sid": "Sure", "effect": "Deny", "actions": ["*"], "resources": ["*"], "principals": [
        {"type": "*", "identifiers": ["*"]}], "condition": [
        {"test": "StringNotEquals", "variable": "aws:PrincipalOrgID", "values": [ORG]}]}  # fmt: skip
ALLOW = {"sid": "Open", "effect": "Allow", "actions": ["sqs:SendMessage"], "resources": [None],
         "principals": [{"type": "AWS", "identifiers": [OWN]}]}  # fmt: skip
DENY = {**ALLOW, "effect": "Deny"}


def change(address, after=None, actions=("create",), *, before=None, unknown=None, **more):
    kind = address.removeprefix("data.").split(".")[0] if not address.startswith("module.") else address.split(".")[-2]
    mode = "data" if address.startswith("data.") else "managed"
    found = {"actions": list(actions), "before": before, "after": after, "after_unknown": unknown or {}}
    return {"address": address, "mode": mode, "type": kind, "change": found, **more}


def configured(address, provider="aws", **references):
    expressions = {name: {"references": found} for name, found in references.items()}
    return {"address": address, "provider_config_key": provider, "expressions": expressions}


def plan(path, *changes, config=(), providers=None, calls=None, **more):
    planned = [{"address": c["address"], "mode": c["mode"], "type": c["type"], "values": c["change"]["after"]}
               for c in changes if c["change"]["after"] is not None and c["mode"] == "managed"]  # fmt: skip
    value = {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": planned}},
        "resource_changes": list(changes),
        "configuration": {
            "provider_config": providers or {},
            "root_module": {"resources": list(config), "module_calls": calls or {}},
        },
    }
    file = path / "plan.json"
    file.write_text(json.dumps({**value, **more}))
    return file


def read(file, **options):
    chosen = {"organization_id": ORG, "management_account": "999900001111", "account": OWN, "region": "eu-west-1"}
    return read_source(file, SourceOptions(**{**chosen, **options}))


def account(found, own=OWN):
    return next(a for a, _ in found.organization.accounts() if a.id == own)


def resources(found, own=OWN):
    return {r.arn: r for r in account(found, own).resources}


def sids(policy):
    return [s.sid for s in policy.statements] if policy else None


def unknowns(found, affects):
    return [u.name for u in found.unknowns if u.affects == affects]


def of_queue(tmp_path, *blocks, masks=()):
    """A queue whose policy comes from a data source with these statements."""
    marks = [*masks, *({} for _ in blocks[len(masks) :])]
    data = change("data.aws_iam_policy_document.d", {"statement": list(blocks)}, ["read"],
                  unknown={"json": True, "statement": marks})  # fmt: skip
    policy = change("aws_sqs_queue_policy.p", {"queue_url": f"https://sqs.eu-west-1.amazonaws.com/{OWN}/bills"},
                    unknown={"policy": True})  # fmt: skip
    refers = ["data.aws_iam_policy_document.d.json", "data.aws_iam_policy_document.d"]
    return read(plan(tmp_path, data, policy, config=[configured("aws_sqs_queue_policy.p", policy=refers)]))


def test_a_deny_that_is_not_known_denies_nothing_and_the_others_count(tmp_path):
    found = of_queue(tmp_path, SURE, DENY)
    assert sids(resources(found)[QUEUE].policy) == ["Sure"]
    assert unknowns(found, "grants") == ["statement 2 (`Open`) of `data.aws_iam_policy_document.d`"]


def test_a_deny_of_which_one_resource_is_known(tmp_path):
    found = of_queue(tmp_path, {**DENY, "resources": [QUEUE, None]})
    assert resources(found)[QUEUE].policy.statements[0].resource.values == (QUEUE,)


@pytest.mark.parametrize("part", ["condition", "not_resources"])
def test_a_deny_whose_exceptions_are_not_known_denies_nothing(tmp_path, part):
    """With fewer exceptions it would deny more than it will."""
    condition = {"test": "StringNotEquals", "variable": "aws:SourceVpc", "values": [None]}
    block = {**DENY, "resources": ["*"], part: [condition] if part == "condition" else [QUEUE, None]}
    assert sids(resources(of_queue(tmp_path, SURE, block))[QUEUE].policy) == ["Sure"]


def test_an_allow_that_is_not_known_allows_anything_there(tmp_path):
    found = of_queue(tmp_path, SURE, ALLOW)
    deny, allow = resources(found)[QUEUE].policy.statements
    assert (deny.sid, allow.resource.values) == ("Sure", ("*",))
    assert unknowns(found, "grants")


@pytest.mark.parametrize(("more", "kept"), [
    ({"test": "StringEquals", "variable": "aws:SourceVpc", "values": [None]}, ["aws:principalorgid"]),
    ({"test": "StringEquals", "variable": "aws:PrincipalOrgID", "values": [None]}, []),  # one condition, more values
    ({"test": "StringEquals", "variable": "aws:PrincipalOrgId"}, []),
    ({"test": "StringEquals", "variable": None, "values": ["o-acme0000009"]}, []),
    (None, []),
])  # fmt: skip
def test_a_condition_that_is_not_known_takes_those_with_it_whose_values_it_adds_to(tmp_path, more, kept):
    told = {"test": "StringEquals", "variable": "aws:PrincipalOrgID", "values": [ORG]}
    block = {**ALLOW, "resources": ["*"], "condition": [told, more]}
    found = of_queue(tmp_path, SURE, block, masks=[{}, {"condition": [{}, {"values": True}]}])
    allow = resources(found)[QUEUE].policy.statements[1]
    assert [c.name for c in allow.conditions] == kept


@pytest.mark.parametrize("name", ["source_json", "override_json"])
def test_documents_that_others_are_put_into(tmp_path, name):
    """Attributes of older versions of the provider."""
    refers = ["data.aws_iam_policy_document.d.json", "data.aws_iam_policy_document.d"]
    data = change("data.aws_iam_policy_document.d", {"statement": [SURE, ALLOW], name: document(ANYBODY)}, ["read"],
                  unknown={"json": True, "statement": [{}, {}]})  # fmt: skip
    policy = change("aws_sqs_queue_policy.p", {"queue_url": f"https://sqs.eu-west-1.amazonaws.com/{OWN}/bills"},
                    unknown={"policy": True})  # fmt: skip
    found = read(plan(tmp_path, data, policy, config=[configured("aws_sqs_queue_policy.p", policy=refers)]))
    assert QUEUE not in resources(found)


@pytest.mark.parametrize("block", [
    ALLOW,  # without a Deny that is known nothing is gained
    {**SURE, "effect": None, "sid": None, "resources": [None]},
    {**ALLOW, "resources": ["*"], "principals": [{"type": "Service", "identifiers": [None]}]},
])  # fmt: skip
def test_a_policy_of_which_nothing_is_sure(tmp_path, block):
    found = of_queue(tmp_path, block)
    assert QUEUE not in resources(found)
    assert not account(found).listed


def test_an_scp_that_is_known_in_part(tmp_path):
    scp = {key: value for key, value in SURE.items() if key != "principals"}
    other = {**scp, "sid": "Later", "resources": [None]}
    data = change("data.aws_iam_policy_document.d", {"statement": [scp, other]}, ["read"],
                  unknown={"json": True, "statement": [{}, {"resources": [True]}]})  # fmt: skip
    policy = change("aws_organizations_policy.p", {"name": "p"}, unknown={"id": True, "content": True})
    attached = change("aws_organizations_policy_attachment.a", {"target_id": "r-ac00"}, unknown={"policy_id": True})
    refers = ["data.aws_iam_policy_document.d.json", "data.aws_iam_policy_document.d"]
    own = ["aws_organizations_policy.p.id", "aws_organizations_policy.p"]
    config = [configured("aws_organizations_policy.p", content=refers),
              configured("aws_organizations_policy_attachment.a", policy_id=own)]  # fmt: skip
    found = read(plan(tmp_path, data, policy, attached, config=config))
    assert [sids(d) for d in found.organization.root.guardrails.scps] == [["Sure"]]
    assert "statement 2 (`Later`) of `data.aws_iam_policy_document.d`" in unknowns(found, "guardrails")


def test_a_choice_of_two_is_not_guessed(tmp_path):
    """`cond ? a.id : b.id`: the first one was taken."""
    buckets = [change(f"aws_s3_bucket.{n}", {"bucket": f"acme-{n}"}, unknown={"id": True}) for n in "ab"]
    policy = change("aws_s3_bucket_policy.p", {"policy": document(ANYBODY)}, unknown={"bucket": True})
    refers = ["var.x", "aws_s3_bucket.a.id", "aws_s3_bucket.a", "aws_s3_bucket.b.id", "aws_s3_bucket.b"]
    found = read(plan(tmp_path, *buckets, policy, config=[configured("aws_s3_bucket_policy.p", bucket=refers)]))
    assert "resource of `aws_s3_bucket_policy.p`" in unknowns(found, "grants")
    assert not account(found).listed


def test_variables_and_outputs_of_modules_are_followed(tmp_path):
    bucket = change('module.store["a]b"].aws_s3_bucket.this', {"bucket": "acme-ab"}, unknown={"id": True})
    policy = change("module.rules.aws_s3_bucket_policy.this", {"policy": document(ANYBODY)}, unknown={"bucket": True})
    output = {"expression": {"references": ["aws_s3_bucket.this.id", "aws_s3_bucket.this"]}}
    calls = {
        "store": {"module": {"resources": [configured("aws_s3_bucket.this")], "outputs": {"name": output}}},
        "rules": {
            "expressions": {"bucket": {"references": ["module.store.name", "module.store"]}},
            "module": {"resources": [configured("aws_s3_bucket_policy.this", bucket=["var.bucket"])]},
        },
    }
    found = read(plan(tmp_path, bucket, policy, calls=calls))
    assert sids(resources(found)["arn:aws:s3:::acme-ab"].policy) == ["Anybody"]


def test_the_policy_of_a_stream_is_not_that_of_its_table(tmp_path):
    table = change("aws_dynamodb_table.t", {"name": "t"}, unknown={"arn": True})
    policy = change("aws_dynamodb_resource_policy.p", {"policy": document(ANYBODY)}, unknown={"resource_arn": True})
    refers = ["aws_dynamodb_table.t.stream_arn", "aws_dynamodb_table.t"]
    config = [configured("aws_dynamodb_table.t"), configured("aws_dynamodb_resource_policy.p", resource_arn=refers)]
    found = read(plan(tmp_path, table, policy, config=config))
    assert resources(found)[f"arn:aws:dynamodb:eu-west-1:{OWN}:table/t"].policy is None
    assert unknowns(found, "grants")


def alias(name, **expressions):
    return {f"aws.{name}": {"name": "aws", "alias": name, "expressions": expressions}}


def queue_of(tmp_path, provider, providers, **more):
    queue = change("aws_sqs_queue.q", {"name": "far"}, unknown={"arn": True})
    return read(plan(tmp_path, queue, config=[configured("aws_sqs_queue.q", provider)], providers=providers, **more))


def test_an_alias_makes_things_in_its_own_region(tmp_path):
    """They were taken to lie in the Region of the plan."""
    found = queue_of(tmp_path, "aws.far", alias("far", region={"constant_value": "us-east-1"}))
    assert list(resources(found)) == [f"arn:aws:sqs:us-east-1:{OWN}:far"]


def test_a_role_that_a_variable_names(tmp_path):
    """The account of the plan was taken without a word."""
    role = [{"role_arn": {"references": ["var.deploy"]}}]
    found = queue_of(tmp_path, "aws.far", alias("far", assume_role=role))
    assert unknowns(found, "facts") == ["account of provider `aws.far`"]
    told = {"deploy": {"value": f"arn:aws:iam::{OTHER}:role/deploy"}}
    found = queue_of(tmp_path, "aws.far", alias("far", assume_role=role), variables=told)
    assert list(resources(found, OTHER)) == [f"arn:aws:sqs:eu-west-1:{OTHER}:far"]
    part = {"deploy": {"value": "deploy"}}  # a text around a variable
    assert unknowns(queue_of(tmp_path, "aws.far", alias("far", assume_role=role), variables=part), "facts")


def test_an_identity_belongs_to_its_provider(tmp_path):
    """The first data source told the account of the whole plan, whoever's it was."""
    prior = [{"address": f"data.aws_caller_identity.{n}", "mode": "data", "type": "aws_caller_identity",
              "values": {"account_id": own}} for n, own in (("far", OTHER), ("own", OWN))]  # fmt: skip
    queues = [change(f"aws_sqs_queue.{n}", {"name": n}, unknown={"arn": True}) for n in ("far", "own")]
    config = [configured(f"{kind}.{n}", provider) for n, provider in (("far", "aws.far"), ("own", "aws"))
              for kind in ("aws_sqs_queue", "data.aws_caller_identity")]  # fmt: skip
    providers = alias("far", profile={"references": ["var.p"]})
    state = {"values": {"root_module": {"resources": prior}}}
    file = plan(tmp_path, *queues, config=config, providers=providers, prior_state=state)
    found = read(file, account=None)
    assert [list(resources(found, own)) for own in (OTHER, OWN)] == [
        [f"arn:aws:sqs:eu-west-1:{OTHER}:far"],
        [f"arn:aws:sqs:eu-west-1:{OWN}:own"],
    ]


def test_what_a_plan_says_that_it_leaves_out(tmp_path):
    later = {"reason": "provider_config_unknown", "resource_change": change("aws_s3_bucket_policy.p", {})}
    found = read(plan(tmp_path, complete=False, deferred_changes=[later]))
    assert "what `aws_s3_bucket_policy.p` will be" in unknowns(found, "facts")
    assert "what the plan leaves out" in unknowns(read(plan(tmp_path, complete=False)), "facts")
    assert unknowns(read(plan(tmp_path, complete=True)), "facts") == []
    file = plan(tmp_path, change("aws_sqs_queue.q", {"name": "q"}))
    value = json.loads(file.read_text())
    del value["resource_changes"]
    file.write_text(json.dumps(value))
    assert "what the plan changes" in unknowns(read(file), "facts")


@pytest.mark.parametrize("key", ["deposed_key", "deposed"])
def test_deposed_objects_are_still_there(tmp_path, key):
    """What was replaced and could not be deleted took the place of what replaced it."""
    values = [{"arn": f"arn:aws:sqs:eu-west-1:{OWN}:{n}", "name": n} for n in ("new", "old")]
    item = {"address": "aws_sqs_queue.q", "mode": "managed", "type": "aws_sqs_queue", "name": "q"}
    if key == "deposed_key":
        both = [{**item, "values": values[0]}, {**item, "values": values[1], key: "ab12cd34"}]
        value = {"format_version": "1.0", "values": {"root_module": {"resources": both}}}
    else:
        instances = [{"attributes": values[0]}, {"attributes": values[1], key: "ab12cd34"}]
        value = {"version": 4, "terraform_version": "1.9.0", "resources": [{**item, "instances": instances}]}
    (tmp_path / "state.json").write_text(json.dumps(value))
    assert len(resources(read(tmp_path / "state.json"))) == 2


def test_an_encrypted_state(tmp_path):
    (tmp_path / "state.json").write_text(json.dumps({"encrypted_data": "x", "encryption_version": "v0"}))
    with pytest.raises(InputError, match="encrypted state or plan of OpenTofu"):
        read(tmp_path / "state.json")


NESTED = [{"name": "m", "policy": document(ANYBODY)}]


@pytest.mark.parametrize(("address", "after", "unknown"), [
    ("aws_s3control_multi_region_access_point_policy.p", {"details": NESTED}, {}),
    ("aws_s3control_multi_region_access_point_policy.p", {}, {"details": [{"policy": True}]}),
    ("awscc_s3_bucket_policy.p", {"policy_document": document(ANYBODY)}, {}),
    ("awscc_s3_bucket_policy.p", {}, {"policy_document": True}),
    ("aws_organizations_resource_policy.p", {}, {"content": True}),
])  # fmt: skip
def test_policies_in_blocks_and_of_other_providers_are_named(tmp_path, address, after, unknown):
    found = read(plan(tmp_path, change(address, after, unknown=unknown)))
    assert f"policy of `{address}`" in unknowns(found, "grants")
    assert not account(found).listed


@pytest.mark.parametrize("kind", [
    "aws_ssoadmin_account_assignment", "aws_iam_role_policies_exclusive", "aws_iam_policy_attachment",
])  # fmt: skip
def test_what_gives_access_without_a_policy_is_named(tmp_path, kind):
    values = {"policy_arn": "arn:aws:iam::aws:policy/AdministratorAccess"}
    found = read(plan(tmp_path, change(f"{kind}.x", values)))
    assert f"what `{kind}.x` changes" in unknowns(found, "facts")
    assert not unknowns(read(plan(tmp_path, change(f"{kind}.x", values, ["no-op"]))), "facts")


def test_a_policy_of_another_type_that_goes(tmp_path):
    """A file system without its policy lets in every client of its network."""
    found = read(plan(tmp_path, change("aws_efs_file_system_policy.p", None, ["delete"],
                                       before={"policy": document(ANYBODY)})))  # fmt: skip
    assert "what `aws_efs_file_system_policy.p` takes away" in unknowns(found, "facts")


@pytest.mark.parametrize("url", [
    f"https://eu-west-1.queue.amazonaws.com/{OWN}/bills", f"https://sqs.eu-west-1.amazonaws.com/{OWN}/bills",
])  # fmt: skip
def test_older_urls_of_queues(tmp_path, url):
    found = read(plan(tmp_path, change("aws_sqs_queue_policy.p", {"queue_url": url, "policy": document(ANYBODY)})))
    assert list(resources(found)) == [QUEUE]


def test_directory_buckets(tmp_path):
    values = {"bucket": "bills--euw1-az1--x-s3", "policy": document(ANYBODY)}
    found = read(plan(tmp_path, change("aws_s3_bucket_policy.p", values)))
    assert list(resources(found)) == [f"arn:aws:s3express:eu-west-1:{OWN}:bucket/bills--euw1-az1--x-s3"]


def test_conditions_of_permissions(tmp_path):
    values = {"function_name": "bills", "action": "lambda:InvokeFunctionUrl", "principal": "*",
              "function_url_auth_type": "AWS_IAM", "event_source_token": "t"}  # fmt: skip
    found = read(plan(tmp_path, change("aws_lambda_permission.p", values)))
    (statement,) = resources(found)[FUNCTION].policy.statements
    assert {c.name for c in statement.conditions} == {"lambda:functionurlauthtype", "lambda:eventsourcetoken"}


def test_permissions_of_event_buses(tmp_path):
    found = read(
        plan(tmp_path, change("aws_cloudwatch_event_permission.p", {"principal": PARTNER, "statement_id": "s"}))
    )
    (bus,) = resources(found).values()
    assert (bus.arn, len(bus.policy.statements)) == (f"arn:aws:events:eu-west-1:{OWN}:event-bus/default", 1)


def test_a_permission_of_an_event_bus_whose_condition_is_not_known(tmp_path):
    address, told = "aws_cloudwatch_event_permission.p", {"key": "aws:PrincipalOrgID", "type": "StringEquals"}
    values = {"principal": "*", "statement_id": "s", "condition": [told]}
    made = change(address, values, unknown={"condition": [{"value": True}]})
    found = read(plan(tmp_path, made, config=[configured(address, condition=["aws_organizations_organization.o.id"])]))
    assert not resources(found)
    assert not account(found).listed


def test_an_endpoint_whose_service_is_not_known(tmp_path):
    values = {"vpc_id": "vpc-0a000000000000002", "vpc_endpoint_type": "Interface"}
    found = read(plan(tmp_path, change("aws_vpc_endpoint.e", values, unknown={"service_name": True})))
    assert "endpoint `aws_vpc_endpoint.e`" in unknowns(found, "facts")


def test_an_account_that_the_plan_makes(tmp_path):
    values = {"name": "new", "parent_id": "r-ac00"}
    found = read(plan(tmp_path, change("aws_organizations_account.a", values, unknown={"id": True})))
    assert "account `aws_organizations_account.a`" in unknowns(found, "facts")


TRUST = document({"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"})
ROLE = f"arn:aws:iam::{OWN}:role/clerk"


def of_role(tmp_path, values, unknown, *others, **references):
    role = change("aws_iam_role.r", {"name": "clerk", "assume_role_policy": TRUST, **values},
                  unknown={"arn": True, **unknown})  # fmt: skip
    return read(plan(tmp_path, role, *others, config=[configured("aws_iam_role.r", name=["var.n"], **references)]))


@pytest.mark.parametrize(("values", "unknown", "written"), [
    ({"inline_policy": [{"name": "x"}]}, {"inline_policy": [{"policy": True}]}, "inline_policy"),
    ({}, {"inline_policy": True}, "inline_policy"),
    ({"managed_policy_arns": [None]}, {"managed_policy_arns": [True]}, "managed_policy_arns"),
    ({}, {"managed_policy_arns": True}, "managed_policy_arns"),
])  # fmt: skip
def test_policies_of_a_role_that_are_known_after_apply(tmp_path, values, unknown, written):
    """They were passed over in silence: the role was taken to have none of them."""
    found = of_role(tmp_path, values, unknown, **{written: ["aws_x.y.arn", "aws_x.y"]})
    assert account(found).principals == ()
    assert any(ROLE in name for name in unknowns(found, "grants"))
    found = of_role(tmp_path, {}, dict.fromkeys(unknown, True))  # AWS fills it in: nobody writes one
    assert [p.arn for p in account(found).principals] == [ROLE]


def test_policies_of_the_same_plan_in_lists(tmp_path):
    work = {"Sid": "Work", "Effect": "Allow", "Action": "sqs:*", "Resource": "*"}
    policy = change("aws_iam_policy.p", {"name": "p", "policy": document(work)}, unknown={"arn": True})
    refers = ["aws_iam_policy.p.arn", "aws_iam_policy.p"]
    (role,) = account(of_role(tmp_path, {"managed_policy_arns": [None]}, {"managed_policy_arns": [True]}, policy,
                              managed_policy_arns=refers, permissions_boundary=refers)).principals  # fmt: skip
    assert ([sids(p) for p in role.policies], role.boundary) == ([["Work"]], None)
    (role,) = account(of_role(tmp_path, {}, {"permissions_boundary": True}, policy,
                              permissions_boundary=refers)).principals  # fmt: skip
    assert sids(role.boundary) == ["Work"]


def test_tags_that_are_known_after_apply(tmp_path):
    found = of_role(tmp_path, {"tags": {"team": "a"}}, {"tags": {"exempt": True}}, tags=["aws_x.y"])
    assert "tags of `aws_iam_role.r`" in unknowns(found, "facts")


@pytest.mark.parametrize(("address", "values", "unknown"), [
    ("aws_iam_group_membership.m", {"group": "g", "users": ["eve", None]}, {"users": [False, True]}),
    ("aws_db_snapshot.s", {"db_snapshot_identifier": "s", "shared_accounts": [None]}, {"shared_accounts": [True]}),
    ("aws_ssm_document.d", {"name": "d"}, {"permissions": {"account_ids": True}}),
])  # fmt: skip
def test_members_and_parties_that_are_known_after_apply(tmp_path, address, values, unknown):
    found = read(plan(tmp_path, change(address, values, unknown=unknown)))
    assert not account(found).listed
    assert any(address in name for name in unknowns(found, "grants"))


def test_modules_of_older_versions_do_not_tell_their_provider(tmp_path):
    queue = change("module.m.aws_sqs_queue.q", {"name": "q"}, unknown={"arn": True})
    calls = {"m": {"module": {"resources": [configured("aws_sqs_queue.q", "m:aws")]}}}
    role = [{"role_arn": {"constant_value": f"arn:aws:iam::{OTHER}:role/deploy"}}]
    found = read(plan(tmp_path, queue, calls=calls, providers=alias("far", assume_role=role)))
    assert unknowns(found, "facts") == ["account of provider `m:aws`"]
    assert unknowns(read(plan(tmp_path, queue, calls=calls)), "facts") == []
