"""Every resource type that may let somebody in is read, or named, or the table says why it lets nobody in."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from perimeter_smt.organization.readers import SourceOptions, access_types, read_source

OWN = "111122223333"
OPTIONS = SourceOptions(organization_id="o-acme0000001", management_account="999900001111", account=OWN,
                        region="eu-west-1", complete=True)  # fmt: skip
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:*",
                                                  "Resource": "*"}]}  # fmt: skip
READERS = Path(access_types.__file__).parents[1]
FORMS = ("cloudformation", "terraform")


def _named(form, affects=None):
    rows = access_types.named(form).values()
    return [row for row in rows if affects in (None, row.affects)]


def template(tmp_path, resources):
    (tmp_path / "stack.json").write_text(json.dumps({"Resources": resources}))
    return read_source(tmp_path / "stack.json", OPTIONS)


def plan(tmp_path, *resources, actions=("create",), unknown=None, **more):
    """A plan with these resources: type and values."""
    changes, planned = [], []
    for kind, values in resources:
        item = {"address": f"{kind}.x", "mode": "managed", "type": kind, "name": "x"}
        planned.append({**item, "values": values})
        change = {"actions": list(actions), "before": None, "after": values, "after_unknown": unknown or {}}
        changes.append({**item, "change": change})
    value = {"format_version": "1.2", "planned_values": {"root_module": {"resources": planned}},
             "resource_changes": changes, **more}  # fmt: skip
    (tmp_path / "plan.json").write_text(json.dumps(value))
    return read_source(tmp_path / "plan.json", OPTIONS)


def names(found, affects):
    return {unknown.name for unknown in found.unknowns if unknown.affects == affects}


def test_all_that_lets_somebody_in_by_terraform_is_named(tmp_path):
    resources = [(row.type, {name: ["x"] for name in row.members}) for row in _named("terraform")]
    found = plan(tmp_path, *resources)
    assert {f"what `{row.type}.x` gives" for row in _named("terraform", "grants")} <= names(found, "grants")
    assert {f"what `{row.type}.x` changes" for row in _named("terraform", "facts")} <= names(found, "facts")


def test_all_that_lets_somebody_in_by_cloudformation_is_named(tmp_path):
    rows = {f"R{number}": row for number, row in enumerate(_named("cloudformation"))}
    found = template(tmp_path, {logical: {"Type": row.type, "Properties": {name: ["x"] for name in row.members}}
                                for logical, row in rows.items()})  # fmt: skip
    gives = {f"what `{logical}` gives" for logical, row in rows.items() if row.affects == "grants"}
    makes = {f"what `{logical}` makes" for logical, row in rows.items() if row.affects == "facts"}
    assert gives <= names(found, "grants")
    assert makes <= names(found, "facts")


def test_the_same_types_of_the_other_provider(tmp_path):
    values = {"permissions": [{"principal": "arn:aws:quicksight:eu-west-1:444455556666:user/default/ann"}]}
    found = plan(tmp_path, ("awscc_quicksight_data_set", values), ("awscc_acmpca_permission", {}))
    assert {"what `awscc_quicksight_data_set.x` gives", "what `awscc_acmpca_permission.x` gives"} <= names(
        found, "grants"
    )


def test_policies_of_types_that_are_not_read(tmp_path):
    """Each attribute and property of the tables that holds a policy is found there."""
    attributes = access_types.table("terraform")["policy"]
    found = plan(tmp_path, *((kind, {name: json.dumps(POLICY)}) for kind, name in attributes.items()))
    assert {f"policy of `{kind}.x`" for kind in attributes} <= names(found, "grants")
    properties = access_types.table("cloudformation")["policy"]
    rows = {f"R{number}": item for number, item in enumerate(properties.items())}
    resources = {logical: {"Type": kind, "Properties": {name: POLICY}} for logical, (kind, name) in rows.items()}
    assert {f"policy of `{logical}`" for logical in rows} <= names(template(tmp_path, resources), "grants")


def test_policies_known_after_apply_of_types_that_are_not_read(tmp_path):
    attributes = access_types.table("terraform")["policy"]
    for kind, name in attributes.items():
        assert f"policy of `{kind}.x`" in names(plan(tmp_path, (kind, {}), unknown={name: True}), "grants"), kind


@pytest.mark.parametrize("form", FORMS)
def test_what_lets_nobody_in_is_not_named(tmp_path, form):
    """A data protection policy of a topic has `Statement`s, and was named as a policy that grants."""
    kinds = sorted(kind for kinds in access_types.table(form)["none"].values() for kind in kinds)
    if form == "terraform":
        found = plan(tmp_path, *((kind, {"policy": json.dumps(POLICY)}) for kind in kinds))
    else:
        found = template(tmp_path, {f"R{number}": {"Type": kind, "Properties": {"Policy": POLICY}}
                                    for number, kind in enumerate(kinds)})  # fmt: skip
    assert names(found, "grants") | names(found, "facts") <= {"accounts of the organization"}


@pytest.mark.parametrize("form", FORMS)
def test_types_that_are_read_stand_in_their_reader(form):
    text = "".join(file.read_text() for file in (READERS / form).rglob("*.py"))
    missing = [kind for kind in access_types.table(form)["read"] if f'"{kind}"' not in text]
    made_of_parts = re.compile(r"aws_iam_(role|user|group)_policy_attachment|AWS::IAM::(Role|User|Group)Policy")
    assert not [kind for kind in missing if not made_of_parts.fullmatch(kind)]


@pytest.mark.parametrize("form", FORMS)
def test_each_type_stands_once(form):
    found = access_types.table(form)
    kinds = [*found["read"], *found["policy"], *(row["type"] for row in found["named"]),
             *(kind for kinds in found["none"].values() for kind in kinds)]  # fmt: skip
    assert len(kinds) == len(set(kinds))


_TYPE = re.compile(r"polic|permission|grant|shar(e|ing)|principal|authoriz|entitle|invit|member|delegat|access|assign")
_MEMBER = re.compile(
    r"(policy(_document|_text)?|.*(resource|access|key|repository|registry|destination|group|model|permissions|s3)"
    r"_polic(y|ies)(_document|_text)?|permissions?|principals?|.*_principals|principal_arn|grants?|grantees?"
    r"|shared_accounts|share_rules|.*launch_permissions?.*|(allowed|trusted|authorized|associated)_account_ids?"
    r"|trusted_(resource_owners|signers)|read_only_access_accounts|.*default_permissions|link_sharing_configuration)"
)


def test_no_type_of_cloudformation_that_speaks_of_access_is_missing():
    """By the schemas of all types: a name or a property that speaks of it, at any depth."""
    folder = Path(pytest.importorskip("cfnlint").__file__).parent / "data" / "schemas"
    index = folder / "providers" / "us-east-1.json"
    if not index.is_file():
        pytest.skip("schemas lie elsewhere in this version")
    found = access_types.table("cloudformation")
    known = {*found["read"], *found["policy"], *access_types.named("cloudformation"),
             *access_types.harmless("cloudformation")}  # fmt: skip
    missing = []
    for kind, name in json.loads(index.read_text()).items():
        schema = json.loads((folder / "resources" / f"{name}.json").read_text())
        read_only = {path.rsplit("/", 1)[1] for path in schema.get("readOnlyProperties", ())}
        speaks = [each for each in _properties(schema) - read_only if _MEMBER.fullmatch(access_types.snake(each))]
        if (speaks or _TYPE.search(access_types.snake(kind.split("::")[2]))) and kind not in known:
            missing.append((kind, speaks))
    assert not missing


def _properties(schema):
    places = [schema, *schema.get("definitions", {}).values()]
    return {name for place in places for name in _names(place)}


def _names(place):
    if isinstance(place, dict):
        own = place.get("properties")
        yield from own if isinstance(own, dict) else ()
        for key, inner in place.items():
            if key != "definitions":
                yield from _names(inner)
    elif isinstance(place, list):
        for inner in place:
            yield from _names(inner)


IAM_DECIDES = [{"permissions": ["ALL"], "principal": [{"data_lake_principal_identifier": "IAM_ALLOWED_PRINCIPALS"}]}]


@pytest.mark.parametrize(("kind", "values"), [
    ("aws_lakeformation_permissions", {"principal": "IAM_ALLOWED_PRINCIPALS", "permissions": ["ALL"]}),
    ("aws_lakeformation_data_lake_settings", {"create_table_default_permissions": IAM_DECIDES, "admins": []}),
    ("aws_glue_catalog_database", {"create_table_default_permission": IAM_DECIDES}),
    ("aws_s3_object", {"bucket": "acme-site", "key": "a", "acl": "private"}),
    ("aws_codebuild_project", {"project_visibility": "PRIVATE"}),
    ("aws_cloudfront_distribution", {"default_cache_behavior": [{"trusted_signers": ["self"]}]}),
    ("aws_quicksight_data_set", {"permissions": []}),
])  # fmt: skip
def test_what_of_these_types_lets_nobody_in(tmp_path, kind, values):
    assert names(plan(tmp_path, (kind, values)), "grants") == set()


@pytest.mark.parametrize(("kind", "values"), [
    ("aws_lakeformation_data_lake_settings", {"admins": [f"arn:aws:iam::{OWN}:role/lake"]}),
    ("aws_lakeformation_data_lake_settings", {"trusted_resource_owners": ["444455556666"]}),
    ("aws_s3_object", {"acl": "public-read"}),
    ("aws_cloudfront_distribution", {"default_cache_behavior": [{"trusted_signers": ["444455556666"]}]}),
    ("aws_quicksight_data_source", {"permission": [{"actions": ["quicksight:PassDataSource"], "principal": "x"}]}),
])  # fmt: skip
def test_and_what_does(tmp_path, kind, values):
    assert names(plan(tmp_path, (kind, values)), "grants") == {f"what `{kind}.x` gives"}


def test_what_a_state_holds_is_named_too(tmp_path):
    """Only what a plan changes was: a state said nothing of permissions of Lake Formation, stacks and layers."""
    kinds = ["aws_lakeformation_permissions", "aws_cloudformation_stack", "aws_acmpca_permission"]
    resources = [{"address": f"{kind}.x", "mode": "managed", "type": kind, "name": "x",
                  "values": {"principal": "444455556666"}} for kind in kinds]  # fmt: skip
    state = {"format_version": "1.0", "values": {"root_module": {"resources": resources}}}
    (tmp_path / "state.json").write_text(json.dumps(state))
    found = read_source(tmp_path / "state.json", OPTIONS)
    assert len(names(found, "grants") | names(found, "facts")) == 3


def test_what_a_plan_leaves_as_it_is(tmp_path):
    """By itself a plan tells all; laid over an organization only what it changes counts."""
    share = ("aws_servicecatalog_portfolio_share", {})
    assert names(plan(tmp_path, share, actions=["no-op"]), "grants")
    (tmp_path / "base").mkdir()
    base = [{"address": "aws_iam_role.a", "mode": "managed", "type": "aws_iam_role", "name": "a", "values": {
        "name": "a", "assume_role_policy": json.dumps(POLICY)}}]  # fmt: skip
    (tmp_path / "base" / "state.json").write_text(
        json.dumps({"format_version": "1.0", "values": {"root_module": {"resources": base}}})
    )
    over = SourceOptions(organization=tmp_path / "base", organization_id="o-acme0000001", account=OWN,
                         management_account="999900001111", region="eu-west-1")  # fmt: skip
    found = read_source(tmp_path / "plan.json", over)
    assert "what `aws_servicecatalog_portfolio_share.x` gives" not in names(found, "grants")


def test_conditions_and_functions_around_permissions(tmp_path):
    found = template(tmp_path, {
        "Set": {"Type": "AWS::QuickSight::DataSet", "Properties": {
            "Permissions": {"Fn::If": ["Open", [{"Principal": "x", "Actions": ["a"]}], {"Ref": "AWS::NoValue"}]}}},
        "None": {"Type": "AWS::QuickSight::Theme", "Properties": {"Permissions": {"Ref": "AWS::NoValue"}}},
    })  # fmt: skip
    assert "what `Set` gives" in names(found, "grants")
    assert "what `None` gives" not in names(found, "grants")


def test_access_that_a_change_takes_away_opens_nothing(tmp_path):
    state = {"address": "aws_sqs_queue.q", "mode": "managed", "type": "aws_sqs_queue", "name": "q",
             "values": {"name": "q", "arn": f"arn:aws:sqs:eu-west-1:{OWN}:q"}}  # fmt: skip
    (tmp_path / "base.json").write_text(
        json.dumps({"format_version": "1.0", "values": {"root_module": {"resources": [state]}}})
    )
    over = SourceOptions(organization=tmp_path / "base.json", organization_id="o-acme0000001", account=OWN,
                         management_account="999900001111", region="eu-west-1")  # fmt: skip
    for kind, counted in (("aws_quicksight_theme", False), ("aws_cloudformation_stack", True)):
        gone = {"actions": ["delete"], "before": {"permissions": [{"principal": "x"}]}, "after": None}
        change = {"address": f"{kind}.x", "mode": "managed", "type": kind, "name": "x", "change": gone}
        value = {"format_version": "1.2", "planned_values": {"root_module": {}}, "resource_changes": [change]}
        (tmp_path / "plan.json").write_text(json.dumps(value))
        assert bool(names(read_source(tmp_path / "plan.json", over), "facts")) == counted


def test_administrators_of_services_are_delegated_ones(tmp_path):
    """Organizations lists them; each was a fact not known, or nothing."""
    found = plan(tmp_path, ("aws_guardduty_organization_admin_account", {"admin_account_id": "444455556666"}),
                 ("aws_inspector2_delegated_admin_account", {"account_id": "444455556666"}))  # fmt: skip
    services = ("guardduty.amazonaws.com", "inspector2.amazonaws.com")
    assert found.organization.delegated_administrators == tuple(("444455556666", service) for service in services)
    assert found.organization.all_delegated_administrators is None
    other = template(tmp_path, {"A": {"Type": "AWS::SecurityHub::DelegatedAdmin",
                                      "Properties": {"AdminAccountId": "444455556666"}}})  # fmt: skip
    assert other.organization.delegated_administrators == (("444455556666", "securityhub.amazonaws.com"),)


def test_an_administrator_that_is_not_known(tmp_path):
    found = plan(tmp_path, ("aws_fms_admin_account", {}), unknown={"account_id": True})
    assert "account of `aws_fms_admin_account.x`" in names(found, "facts")
    other = template(tmp_path, {"A": {"Type": "AWS::Detective::OrganizationAdmin",
                                      "Properties": {"AccountId": {"Ref": "Untold"}}}})  # fmt: skip
    assert "account of `A`" in names(other, "facts")


def test_every_type_that_is_read_in_templates_is_named_of_the_other_provider(tmp_path):
    """`awscc_lambda_permission` and its like hold no policy and were silent."""
    kinds = [
        "lambda_permission",
        "ram_resource_share",
        "sso_assignment",
        "iam_user",
        "iam_group",
        "events_event_bus_policy",
    ]
    found = plan(tmp_path, *((f"awscc_{kind}", {"principal": "444455556666"}) for kind in kinds))
    assert {f"what `awscc_{kind}.x` gives" for kind in kinds} <= names(found, "grants")
