"""Plans and states of Terraform: what is planned, what refers to what, what is known after apply only."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.cli.main import run
from perimeter_smt.errors import InputError
from perimeter_smt.organization.readers import SourceOptions, read_source
from perimeter_smt.questions.perimeter import prove

ORG, OWN, MANAGEMENT = "o-acme0000001", "111122223333", "999900001111"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
)


def allow(action, resource="*", **more):
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


ONLY_MINE = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Deny",
                "Action": "*",
                "Resource": "*",
                "Condition": {"StringNotEqualsIfExists": {"aws:ResourceOrgID": ORG}},
            }
        ],
    }
)


class Plan:
    """A plan as `terraform show -json` prints it, made resource by resource."""

    def __init__(self):
        self.resources, self.changes, self.configured = {}, [], {}

    def add(self, address, values, *, unknown=(), refers=None, actions=("create",), data=False):
        *modules, kind, name = address.removeprefix("data.").replace(".data.", ".").rsplit(".", 2)
        module = modules[0] if modules else ""
        item = {"address": address, "mode": "data" if data else "managed", "type": kind,
                "name": name.partition("[")[0], "values": values}  # fmt: skip
        self.resources.setdefault(module, []).append(item)
        marks = dict.fromkeys(unknown, True)
        self.changes.append({**{k: item[k] for k in ("address", "mode", "type", "name")},
                             "change": {"actions": list(actions), "before": None, "after": values,
                                        "after_unknown": marks}})  # fmt: skip
        local = f"{'data.' if data else ''}{kind}.{name.partition('[')[0]}"
        expressions = {name: {"references": found} for name, found in (refers or {}).items()}
        self.configured.setdefault(module, {})[local] = {"address": local, "expressions": expressions}
        return self

    def value(self):
        children = [{"address": m, "resources": found} for m, found in self.resources.items() if m]
        calls = {m.removeprefix("module.").partition("[")[0]: {"module": {"resources": list(found.values())}}
                 for m, found in self.configured.items() if m}  # fmt: skip
        return {
            "format_version": "1.2",
            "terraform_version": "1.9.0",
            "planned_values": {"root_module": {"resources": self.resources.get("", []), "child_modules": children}},
            "resource_changes": self.changes,
            "configuration": {
                "provider_config": {"aws": {"name": "aws", "expressions": {"region": {"constant_value": "eu-west-1"}}}},
                "root_module": {"resources": list(self.configured.get("", {}).values()), "module_calls": calls},
            },
        }

    def write(self, path):
        path.write_text(json.dumps(self.value()))
        return path


OPTIONS = SourceOptions(organization_id=ORG, management_account=MANAGEMENT, account=OWN)


def read(tmp_path, plan, options=OPTIONS):
    return read_source(plan.write(tmp_path / "plan.json"), options)


def account(workspace, own=OWN):
    return next(a for a, _ in workspace.organization.accounts() if a.id == own)


def test_roles_with_all_kinds_of_policies(tmp_path):
    """Inline, attached, by reference to a policy of the same plan; known by name although it has no ARN yet."""
    plan = Plan()
    plan.add("aws_iam_role.app", {"name": "app", "path": "/svc/", "assume_role_policy": TRUST, "tags_all": {"a": "b"}},
             unknown=["arn", "id"])  # fmt: skip
    plan.add("aws_iam_role_policy.inline", {"name": "in", "policy": allow("sqs:*")}, unknown=["role"],
             refers={"role": ["aws_iam_role.app.id", "aws_iam_role.app"]})  # fmt: skip
    plan.add("aws_iam_policy.own", {"name": "own", "path": "/", "policy": allow("s3:GetObject")}, unknown=["arn"])
    plan.add("aws_iam_role_policy_attachment.own", {"role": "app"}, unknown=["policy_arn"],
             refers={"policy_arn": ["aws_iam_policy.own.arn", "aws_iam_policy.own"]})  # fmt: skip
    plan.add("aws_iam_role_policy_attachment.admin",
             {"role": "app", "policy_arn": "arn:aws:iam::aws:policy/AdministratorAccess"})  # fmt: skip
    found = read(tmp_path, plan)
    (role,) = account(found).principals
    assert role.arn == f"arn:aws:iam::{OWN}:role/svc/app"
    assert sorted(s.action.values for d in role.policies for s in d.statements) == [
        ("*",), ("s3:GetObject",), ("sqs:*",)]  # fmt: skip
    assert role.tags == {"a": "b"}
    assert {u.name for u in found.unknowns} == {"SCPs and RCPs"}


def test_a_policy_known_after_apply_is_not_an_empty_one(tmp_path):
    plan = Plan()
    plan.add("aws_iam_role.app", {"name": "app", "assume_role_policy": TRUST}, unknown=["arn"])
    plan.add("aws_iam_role_policy.inline", {"name": "in", "role": "app"}, unknown=["policy"],
             refers={"policy": ["aws_kms_key.k.arn", "aws_kms_key.k"]})  # fmt: skip
    options = SourceOptions(organization_id=ORG, management_account=MANAGEMENT, account=OWN, complete=True)
    found = read(tmp_path, plan, options)
    assert not account(found).principals
    assert not account(found).listed
    (unknown,) = [u for u in found.unknowns if u.affects == "grants"]
    assert unknown.name == f"policy of `arn:aws:iam::{OWN}:role/app`"
    assert "known after apply (`aws_iam_role_policy.inline`)" in unknown.reason
    report = prove(found, objectives=["O3"], services=["sqs"], mode="grants", availability=False)
    assert {v.status for v in report.verdicts} == {"refuted"}


def test_policy_documents_are_read_where_all_of_them_is_known(tmp_path):
    """A data source is not read before apply when something it depends on changes; its blocks stand in the plan."""
    block = {"effect": "Allow", "actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::acme-reports/*"],
             "principals": [{"type": "AWS", "identifiers": [OWN]}],
             "condition": [{"test": "Bool", "variable": "aws:SecureTransport", "values": ["true"]}]}  # fmt: skip
    plan = Plan()
    plan.add("aws_s3_bucket.b[0]", {"bucket": "acme-reports"}, unknown=["arn", "policy", "id"])
    plan.add("data.aws_iam_policy_document.d", {"statement": [block]}, unknown=["json"], actions=["read"], data=True)
    plan.add("aws_s3_bucket_policy.p", {}, unknown=["bucket", "policy"],
             refers={"bucket": ["aws_s3_bucket.b[0].id", "aws_s3_bucket.b[0]", "aws_s3_bucket.b"],
                     "policy": ["data.aws_iam_policy_document.d.json", "data.aws_iam_policy_document.d"]})  # fmt: skip
    plan.add("aws_s3_bucket_public_access_block.p", {"restrict_public_buckets": True}, unknown=["bucket"],
             refers={"bucket": ["aws_s3_bucket.b[0].id", "aws_s3_bucket.b"]})  # fmt: skip
    (bucket,) = account(read(tmp_path, plan)).resources
    assert bucket.arn == "arn:aws:s3:::acme-reports"
    assert bucket.block_public_access
    (statement,) = bucket.policy.statements
    assert statement.conditions[0].key == "aws:SecureTransport"


def test_the_same_with_a_part_that_is_not_known(tmp_path):
    plan = Plan()
    plan.add("aws_s3_bucket.b", {"bucket": "acme-reports"}, unknown=["arn", "policy"])
    plan.add("data.aws_iam_policy_document.d", {"statement": [{"actions": ["s3:*"]}]}, unknown=["json", "statement"],
             actions=["read"], data=True)  # fmt: skip
    plan.add("aws_s3_bucket_policy.p", {"bucket": "acme-reports"}, unknown=["policy"],
             refers={"policy": ["data.aws_iam_policy_document.d.json"]})  # fmt: skip
    found = read(tmp_path, plan)
    assert not account(found).resources
    assert any("arn:aws:s3:::acme-reports" in u.name for u in found.unknowns)


def test_the_organization_in_a_plan(tmp_path):
    """Units and SCPs that the plan makes, attached to each other before any of them has an id."""
    plan = Plan()
    plan.add("aws_organizations_organization.o", {"id": ORG, "master_account_id": MANAGEMENT,
             "roots": [{"id": "r-ac00", "name": "Root"}], "accounts": [{"id": OWN, "name": "orders"}]},
             actions=["no-op"])  # fmt: skip
    plan.add("aws_organizations_organizational_unit.u", {"name": "workloads", "parent_id": "r-ac00"}, unknown=["id"])
    plan.add("aws_organizations_account.a", {"id": OWN, "name": "orders"}, unknown=["parent_id"], actions=["update"],
             refers={"parent_id": ["aws_organizations_organizational_unit.u.id"]})  # fmt: skip
    plan.add("aws_organizations_policy.p", {"name": "only-mine", "type": "SERVICE_CONTROL_POLICY",
             "content": ONLY_MINE}, unknown=["id"])  # fmt: skip
    plan.add("aws_organizations_policy_attachment.p", {"target_id": "r-ac00"}, unknown=["policy_id"],
             refers={"policy_id": ["aws_organizations_policy.p.id", "aws_organizations_policy.p"]})  # fmt: skip
    found = read(tmp_path, plan, SourceOptions())
    assert found.organization.root.id == "r-ac00"
    assert [d.name for d in found.organization.root.guardrails.scps] == ["only-mine"]
    report = prove(found, objectives=["O3"], services=["sqs"], availability=False)
    assert {c.kind for v in report.verdicts for c in v.counterexamples} <= {"beyond"}
    assert found.organization.path(OWN) == f"{ORG}/r-ac00/aws_organizations_organizational_unit.u/"


def test_an_attachment_known_after_apply_stops_nothing(tmp_path):
    plan = Plan()
    plan.add("aws_organizations_policy.p", {"name": "only-mine", "content": ONLY_MINE}, unknown=["id"])
    plan.add("aws_organizations_policy_attachment.p", {}, unknown=["policy_id", "target_id"],
             refers={"policy_id": ["aws_organizations_policy.p.id"]})  # fmt: skip
    found = read(tmp_path, plan)
    assert not found.organization.root.guardrails.scps
    assert [u.affects for u in found.unknowns if "target of" in u.name] == ["guardrails"]


def test_modules_endpoints_queues_and_functions(tmp_path):
    queue, topic = f"arn:aws:sqs:eu-west-1:{OWN}:q", f"arn:aws:sns:eu-west-1:{OWN}:t"
    plan = Plan()
    plan.add("module.net.aws_vpc.v", {}, unknown=["id", "arn"])
    plan.add("module.net.aws_vpc_endpoint.e", {"service_name": "com.amazonaws.eu-west-1.s3", "policy":
             allow("*", Principal="*"), "vpc_endpoint_type": "Gateway"}, unknown=["id", "vpc_id"],
             refers={"vpc_id": ["aws_vpc.v.id", "aws_vpc.v"]})  # fmt: skip
    plan.add("aws_sqs_queue.q", {"name": "q", "arn": queue, "policy": ""}, actions=["no-op"])
    plan.add("aws_sqs_queue_policy.q", {"queue_url": f"https://sqs.eu-west-1.amazonaws.com/{OWN}/q",
             "policy": allow("sqs:*", queue, Principal="*")})  # fmt: skip
    plan.add("aws_sns_topic.t", {"name": "t"}, unknown=["arn", "policy"])
    plan.add("aws_lambda_function.f", {"function_name": "f"}, unknown=["arn"])
    plan.add("aws_lambda_permission.f", {"action": "lambda:InvokeFunction", "principal": "s3.amazonaws.com",
             "source_account": OWN, "function_name": "f"}, unknown=["statement_id_prefix"])  # fmt: skip
    found = account(read(tmp_path, plan))
    policies = {r.arn: r.policy for r in found.resources}
    assert set(policies) == {queue, topic, f"arn:aws:lambda:eu-west-1:{OWN}:function:f"}
    assert policies[queue]
    assert policies[topic] is None
    function = policies[f"arn:aws:lambda:eu-west-1:{OWN}:function:f"]
    assert function.statements[0].conditions[0].name == "aws:sourceaccount"
    (endpoint,) = found.endpoints
    assert (endpoint.gateway, endpoint.services, endpoint.region) == (True, ("s3",), "eu-west-1")
    assert endpoint.policy


def test_states_are_read_too(tmp_path):
    values = {"name": "app", "arn": f"arn:aws:iam::{OWN}:role/app", "assume_role_policy": TRUST, "inline_policy":
              [{"name": "in", "policy": allow("sqs:*")}], "managed_policy_arns": []}  # fmt: skip
    item = {"address": "aws_iam_role.app", "mode": "managed", "type": "aws_iam_role", "name": "app", "values": values}
    shown = {"format_version": "1.0", "terraform_version": "1.9.0", "values": {"root_module": {"resources": [item]}}}
    raw = {"version": 4, "terraform_version": "1.9.0", "resources": [
        {"mode": "managed", "type": "aws_iam_role", "name": "app", "instances": [{"attributes": values}]}]}  # fmt: skip
    for number, state in enumerate((shown, raw)):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps(state))
        (role,) = account(read_source(path, SourceOptions(organization_id=ORG))).principals
        assert len(role.policies) == 1


def test_a_plan_changes_an_organization(tmp_path):
    """`--org` is the rest of the world: a role there gets another policy, a queue is replaced and one deleted."""
    folder = tmp_path / "acme"
    folder.mkdir()
    (folder / "perimeter.yaml").write_text(f"orgs: [{ORG}]\naccepted: [management-account, service-linked-roles]\n")
    (folder / "organization.yaml").write_text(
        f"""
id: {ORG}
management_account: "{MANAGEMENT}"
root:
  id: r-ac00
  scps: [FullAWSAccess, only-mine.json]
  accounts:
    - id: "{OWN}"
      principals:
        - {{arn: "arn:aws:iam::{OWN}:role/app", policies: [read.json], trust: trust.json}}
      resources:
        - {{arn: "arn:aws:sqs:eu-west-1:{OWN}:gone"}}
        - {{arn: "arn:aws:sqs:eu-west-1:{OWN}:q"}}
"""
    )
    for name, text in (("only-mine", ONLY_MINE), ("read", allow("sqs:ReceiveMessage")), ("trust", TRUST)):
        (folder / f"{name}.json").write_text(text)
    plan = Plan()
    plan.add("aws_iam_role_policy.more", {"name": "more", "role": "app", "policy": allow("s3:*")})
    plan.add("aws_sqs_queue.q", {"name": "q", "arn": f"arn:aws:sqs:eu-west-1:{OWN}:q",
             "policy": allow("sqs:*", Principal="*")}, actions=["update"])  # fmt: skip
    plan.add("aws_organizations_policy.p", {"name": "only-mine", "id": "p-onlymine1", "content": allow("*")},
             actions=["update"])  # fmt: skip
    value = plan.value()
    gone = {"arn": f"arn:aws:sqs:eu-west-1:{OWN}:gone"}
    value["resource_changes"].append({"address": "aws_sqs_queue.gone", "mode": "managed", "type": "aws_sqs_queue",
                                      "change": {"actions": ["delete"], "before": gone, "after": None}})  # fmt: skip
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(value))
    before = read_source(folder)
    after = read_source(path, SourceOptions(organization=folder, account=OWN))
    (role,) = account(after).principals
    assert [s.action.values for d in role.policies for s in d.statements] == [("s3:*",), ("sqs:ReceiveMessage",)]
    assert [(r.arn, bool(r.policy)) for r in account(after).resources] == [(f"arn:aws:sqs:eu-west-1:{OWN}:q", True)]
    assert account(after).listed
    asked = {"objectives": ["O3"], "services": ["sqs"], "availability": False}
    assert {v.status for v in prove(before, **asked).verdicts} == {"proved"}
    assert {v.status for v in prove(after, **asked).verdicts} == {"refuted"}


def test_what_is_no_plan_that_can_be_read(tmp_path, capsys):
    value = Plan().value()
    (tmp_path / "plan.json").write_text(json.dumps({**value, "format_version": "2.0"}))
    with pytest.raises(InputError, match=r"plan format `2.0`, expected 1.x"):
        read_source(tmp_path / "plan.json", OPTIONS)
    (tmp_path / "plan.json").write_text(json.dumps(value))
    assert run(["prove", str(tmp_path / "plan.json")]) == 2
    assert "expected `--org-id` or `--org`" in capsys.readouterr().err


def test_a_guess_of_the_account_is_named(tmp_path):
    plan = Plan().add("aws_iam_role.app", {"name": "app", "assume_role_policy": TRUST}, unknown=["arn"])
    found = read(tmp_path, plan, SourceOptions(organization_id=ORG, management_account=MANAGEMENT))
    assert "account of the plan" in {u.name for u in found.unknowns if u.affects == "facts"}


@pytest.mark.parametrize("kept", [True, False])
def test_a_computed_policy_is_none_only_where_nobody_writes_it(tmp_path, kept):
    """A new queue has no policy, but one whose configuration is not in the plan may have any."""
    value = Plan().add("aws_sqs_queue.q", {"name": "q"}, unknown=["arn", "policy"]).value()
    if not kept:
        value["configuration"] = {}
    (tmp_path / "plan.json").write_text(json.dumps(value))
    found = read_source(tmp_path / "plan.json", OPTIONS)
    assert len(account(found).resources) == int(kept)
    assert any("policy of" in u.name for u in found.unknowns) is not kept


def test_policies_from_locals_are_not_known(tmp_path):
    plan = Plan().add("aws_sqs_queue.q", {"name": "q"}, unknown=["arn", "policy"],
                      refers={"policy": ["local.policy"]})  # fmt: skip
    found = read(tmp_path, plan)
    assert not account(found).resources


def test_policies_of_types_that_are_not_read_are_named(tmp_path):
    """Whether their text is planned or known after apply; what cannot hold a policy is not."""
    plan = Plan()
    plan.add("aws_media_store_container_policy.files", {"policy": allow("mediastore:GetObject", Principal="*")})
    plan.add("aws_glue_resource_policy.data", {}, unknown=["policy", "id"], refers={"policy": ["aws_x.y"]})
    plan.add("aws_ecr_lifecycle_policy.old", {"policy": '{"rules": []}'}, unknown=["id"])
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan.value()))
    found = read_source(path, SourceOptions(organization_id=ORG, account=OWN))
    named = [u.name for u in found.unknowns if "is no type whose" in u.reason]
    assert named == ["policy of `aws_media_store_container_policy.files`", "policy of `aws_glue_resource_policy.data`"]


def test_a_resource_without_an_address_is_bad_input(tmp_path, capsys):
    plan = Plan().add("aws_sqs_queue.q", {"name": "orders"}).value()
    plan["resource_changes"].append({"type": "aws_s3_bucket", "change": {"actions": ["create"]}})
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan))
    assert run(["inventory", str(path), "--org-id", ORG, "--account", OWN]) == 2
    assert "a resource without `address`" in capsys.readouterr().err


def test_plans_as_other_shells_and_hands_write_them(tmp_path):
    """A redirection of PowerShell writes UTF-16; an attachment to a user without a name is to nobody."""
    plan = Plan()
    plan.add("aws_iam_group.team", {"name": "team", "path": "/"}, unknown=["arn", "id"])
    plan.add("aws_iam_user.alice", {"name": "alice", "path": "/"}, unknown=["arn", "id"])
    plan.add("aws_iam_group_membership.team", {"group": "team", "name": "m", "users": ["alice"]}, unknown=["id"])
    plan.add("aws_iam_policy.own", {"name": "own", "path": "/", "policy": allow("sqs:*")}, unknown=["arn"])
    plan.add("aws_iam_policy_attachment.a", {"groups": ["team"], "users": [""], "roles": None}, unknown=["policy_arn"],
             refers={"policy_arn": ["aws_iam_policy.own"]})  # fmt: skip
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(plan.value()), encoding="utf-16")
    found = read_source(path, OPTIONS)
    (alice,) = account(found).principals
    assert [d.statements[0].action.values for d in alice.policies] == [("sqs:*",)]
    assert not [u for u in found.unknowns if u.affects == "grants"]
    path.write_bytes(b"\xff\xfe{\x00\x00\xd8")
    with pytest.raises(InputError, match="UTF-16"):
        read_source(path, OPTIONS)
