"""Templates that do not show everything: loops, secrets, what SAM makes, parts that are not known, types not read."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.errors import InputError
from perimeter_smt.organization.readers import SourceOptions, read_source

OWN, OTHER = "111122223333", "444455556666"
OPTIONS = {"organization_id": "o-acme0000004", "management_account": "999900001111", "account": OWN,
           "region": "eu-west-1"}  # fmt: skip
BILLS = "arn:aws:s3:::acme-bills"
FUNCTION = f"arn:aws:lambda:eu-west-1:{OWN}:function:f"
SURE = ('{Sid: Sure, Effect: Deny, Principal: "*", Action: "s3:*", Resource: "*", '
        'Condition: {StringNotEquals: {"aws:PrincipalOrgID": o-acme0000004}}}')  # fmt: skip


def read(tmp_path, resources, top=""):
    path = tmp_path / "template.yaml"
    path.write_text(f'AWSTemplateFormatVersion: "2010-09-09"\n{top}\nResources:\n{resources}\n')
    return read_source(path, SourceOptions(**OPTIONS))


def account(found):
    return next(a for a, _ in found.organization.accounts() if a.id == OWN)


def resources(found):
    return {r.arn: r for r in account(found).resources}


def sids(policy):
    return [s.sid for s in policy.statements] if policy else None


def unknowns(found, affects):
    return [u.name for u in found.unknowns if u.affects == affects]


def bucket_policy(*statements):
    listed = ", ".join(statements)
    return (f"  P: {{Type: AWS::S3::BucketPolicy, Properties: {{Bucket: acme-bills, PolicyDocument: "
            f'{{Version: "2012-10-17", Statement: [{listed}]}}}}}}')  # fmt: skip


LOOP = """
  'Fn::ForEach::Team':
    - Team
    - !Ref Teams
    - 'Fn::ForEach::Way':
        - Way
        - [in, out]
        - 'Queue&{Team}${Way}': {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub '${Team}-${Way}'}}
"""
TEAMS = "Transform: AWS::LanguageExtensions\nParameters: {Teams: {Type: CommaDelimitedList%s}}"


def test_loops_make_resources(tmp_path):
    """The resources of a loop were passed over in silence."""
    found = read(tmp_path, LOOP, TEAMS % ", Default: 'a-b,c'")
    assert [arn.rsplit(":", 1)[1] for arn in resources(found)] == ["a-b-in", "a-b-out", "c-in", "c-out"]
    found = read(tmp_path, LOOP, TEAMS % "")
    assert unknowns(found, "facts") == ["what `Fn::ForEach::Team` makes"]


def test_loops_in_properties_and_mappings_with_a_default(tmp_path):
    text = """
  Q: {Type: AWS::SQS::Queue, Properties: {'Fn::ForEach::P': [N, [QueueName], {'${N}': !FindInMap [M, x, y,
     {DefaultValue: other}]}]}}"""
    found = read(tmp_path, text, "Transform: AWS::LanguageExtensions\nMappings: {M: {a: {y: z}}}")
    assert unknowns(found, "grants") == []


@pytest.mark.parametrize("text", [
    "  Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://x/y}}",
    "  N: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: 'https://x.example/y'}}",
    "  N: {Type: AWS::CloudFormation::StackSet, Properties: {StackSetName: s}}",
    "  N: {Type: AWS::Serverless::Application, Properties: {Location: x.yaml}}",
    "  N: {Type: 'Acme::S3::Bucket::MODULE'}",
    "  N: {Type: AWS::Serverless::Connector, Properties: {Permissions: [Read]}}",
    "  N: {Type: AWS::SQS::Queue, Connectors: {C: {}}}",
    "  N: {Type: AWS::Organizations::Account, Properties: {AccountName: x}}",
])  # fmt: skip
def test_what_makes_more_than_the_template_shows(tmp_path, text):
    assert len(unknowns(read(tmp_path, text), "facts")) == 1


ACCESS_POINT = "AWS::S3ObjectLambda::AccessPointPolicy"
ANY = "Effect: Allow, Principal: '*', Action: 'logs:PutLogEvents', Resource: '*'"
TEXT = '{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}'


@pytest.mark.parametrize("text", [
    f"  P: {{Type: AWS::Logs::ResourcePolicy, Properties: {{PolicyDocument: '{TEXT}'}}}}",
    f"  P: {{Type: AWS::Logs::ResourcePolicy, Properties: {{PolicyDocument: !Sub '{TEXT}'}}}}",
    "  P: {Type: AWS::MediaStore::Container, Properties: {Policy: !Ref X}}",
    f"  P: {{Type: {ACCESS_POINT}, Properties: {{PolicyDocument: {{Statement: [{{{ANY}}}]}}}}}}",
    "  P: {Type: AWS::Serverless::Api, Properties: {Auth: {ResourcePolicy: {CustomStatements: []}}}}",
])  # fmt: skip
def test_policies_as_texts_and_behind_functions_are_named(tmp_path, text):
    found = read(tmp_path, text)
    assert "policy of `P`" in unknowns(found, "grants")
    assert not account(found).listed


@pytest.mark.parametrize(("value", "top"), [
    ("!Sub '{{resolve:ssm:/org/${AWS::Region}}}'", ""),
    ("!Join ['', ['{{resolve:ssm:/org}}', '']]", ""),
    ("!Ref Org", "Parameters: {Org: {Type: String, Default: '{{resolve:ssm:/org}}'}}"),
])  # fmt: skip
def test_dynamic_references_inside_functions(tmp_path, value, top):
    """They stood in conditions as they are written, so that everybody was denied."""
    deny = SURE.replace("o-acme0000004", value).replace("Sure", "Later")
    found = read(tmp_path, bucket_policy(SURE, deny), top)
    assert sids(resources(found)[BILLS].policy) == ["Sure"]
    assert unknowns(found, "grants") == ["statement 2 of `P`"]


def test_statements_that_are_known_count(tmp_path):
    """One import made the whole policy unknown."""
    later = "{Sid: Later, Effect: Allow, Principal: {AWS: !ImportValue x}, Action: 's3:*', Resource: !ImportValue y}"
    found = read(tmp_path, bucket_policy(SURE, later))
    deny, allow = resources(found)[BILLS].policy.statements
    assert (deny.sid, allow.sid, allow.resource.values) == ("Sure", "Later", ("*",))
    assert unknowns(found, "grants") == ["statement 2 of `P`"]
    assert BILLS not in resources(read(tmp_path, bucket_policy(later)))


def test_many_conditions_each_in_its_statement(tmp_path):
    """With more than five, nothing of the policy counted."""
    names = range(12)
    top = "Parameters:\n" + "".join(f"  P{n}: {{Type: String}}\n" for n in names)
    top += "Conditions:\n" + "".join(f"  C{n}: !Equals [!Ref P{n}, x]\n" for n in names)
    some = [f"!If [C{n}, {{Sid: S{n}, Effect: {e}, Principal: {{AWS: '{OTHER}'}}, Action: 's3:*', Resource: '*'}}, "
            "!Ref AWS::NoValue]" for n, e in zip(names, ["Allow"] * 10 + ["Deny"] * 2, strict=True)]  # fmt: skip
    found = read(tmp_path, bucket_policy(SURE, *some), top)
    assert sids(resources(found)[BILLS].policy) == ["Sure", *(f"S{n}" for n in range(10))]


def function(properties, top=""):
    return (f"  F: {{Type: AWS::Serverless::Function, Properties: {{FunctionName: f, {properties}}}}}",
            f"Transform: AWS::Serverless-2016-10-31\n{top}")  # fmt: skip


@pytest.mark.parametrize("own", [True, False])
def test_urls_without_authentication_are_public(tmp_path, own):
    """SAM writes the statements, which no template shows."""
    url = "FunctionUrlConfig: {AuthType: NONE}"
    text, top = function(url) if own else function("Handler: x", f"Globals: {{Function: {{{url}}}}}")
    policy = resources(read(tmp_path, text, top))[FUNCTION].policy
    assert [s.action.values for s in policy.statements] == [("lambda:InvokeFunctionUrl",), ("lambda:InvokeFunction",)]


def test_roles_of_functions_as_they_are_written(tmp_path):
    trust = "{Statement: [{Sid: Mine, Effect: Allow, Principal: {AWS: '*'}, Action: 'sts:AssumeRole'}]}"
    text, top = function(f"AssumeRolePolicyDocument: {trust}")
    (role,) = account(read(tmp_path, text, top)).principals
    assert sids(role.trust) == ["Mine"]
    assert role.policies[0].name == "AWSLambdaBasicExecutionRole"


def test_events_let_services_in(tmp_path):
    text, top = function("Events: {A: {Type: Api}, S: {Type: SNS, Properties: {Topic: 'arn:aws:sns:eu-west-1:"
                         f"{OTHER}:t'}}}}, Q: {{Type: SQS}}, B: {{Type: S3}}}}")  # fmt: skip
    policy = resources(read(tmp_path, text, top))[FUNCTION].policy
    assert [entry.value for s in policy.statements for entry in s.principal.entries] == [
        "apigateway.amazonaws.com", "sns.amazonaws.com", "s3.amazonaws.com"]  # fmt: skip
    text, top = function("Events: {A: {Type: Unheard}}")
    assert FUNCTION not in resources(read(tmp_path, text, top))


def test_state_machines_have_roles(tmp_path):
    text = ("  M: {Type: AWS::Serverless::StateMachine, Properties: {Policies: [{Statement: [{Sid: Work, "
            "Effect: Allow, Action: 'sqs:*', Resource: '*'}]}]}}")  # fmt: skip
    (role,) = account(read(tmp_path, text, "Transform: AWS::Serverless-2016-10-31")).principals
    assert [sids(policy) for policy in role.policies] == [["Work"]]


@pytest.mark.parametrize("properties", [
    "Statement: {Effect: Allow, Principal: '*', Action: 'events:PutEvents', Resource: '*'}", "Principal: '*'",
])  # fmt: skip
def test_policies_of_event_buses(tmp_path, properties):
    found = read(tmp_path, f"  P: {{Type: AWS::Events::EventBusPolicy, Properties: {{StatementId: s, {properties}}}}}")
    (bus,) = resources(found).values()
    assert (bus.arn, len(bus.policy.statements)) == (f"arn:aws:events:eu-west-1:{OWN}:event-bus/default", 1)


def test_answers_of_the_cli(tmp_path):
    """The template inside `get-template` is read; a change set holds no policies."""
    queue = {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q"}}}
    path = tmp_path / "answer.json"
    path.write_text(json.dumps({"TemplateBody": {"Resources": queue}, "StagesAvailable": ["Original"]}))
    assert list(resources(read_source(path, SourceOptions(**OPTIONS)))) == [f"arn:aws:sqs:eu-west-1:{OWN}:q"]
    path.write_text(json.dumps({"ChangeSetName": "c", "Changes": []}))
    with pytest.raises(InputError, match="a change set"):
        read_source(path, SourceOptions(**OPTIONS))


@pytest.mark.parametrize("properties", [
    "DefinitionBody: {'Fn::Transform': {Name: AWS::Include, Parameters: {Location: api.yaml}}}",
    "DefinitionUri: x.yaml",
])  # fmt: skip
def test_apis_that_are_defined_in_another_file_are_named(tmp_path, properties):
    """A policy in the definition is that of the API."""
    found = read(tmp_path, f"  P: {{Type: AWS::Serverless::Api, Properties: {{StageName: s, {properties}}}}}",
                 "Transform: AWS::Serverless-2016-10-31")  # fmt: skip
    assert unknowns(found, "grants") == ["policy of `P`"]


def test_apis_have_ids_that_stand_for_those_of_aws(tmp_path):
    """Their permissions made the policy of the function unknown."""
    found = read(tmp_path, """
  A: {Type: AWS::ApiGateway::RestApi, Properties: {Name: a}}
  L: {Type: AWS::Lambda::Function, Properties: {FunctionName: f}}
  P: {Type: AWS::Lambda::Permission, Properties: {FunctionName: !Ref L, Action: 'lambda:InvokeFunction',
      Principal: apigateway.amazonaws.com, SourceArn: !Sub 'arn:aws:execute-api:eu-west-1:1:${A}/*/GET/'}}
""")  # fmt: skip
    assert "execute-api" in repr(resources(found)[FUNCTION].policy.statements[0].conditions)
    assert unknowns(found, "grants") == []


def test_arns_of_log_groups_end_in_a_star(tmp_path):
    """What stood for them reached the group and none of its streams."""
    found = read(tmp_path, """
  G: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: g}}
  M: {Type: AWS::IAM::Role, Properties: {RoleName: m, AssumeRolePolicyDocument: {Statement: [{Effect: Allow,
      Principal: {Service: ec2.amazonaws.com}, Action: 'sts:AssumeRole'}]}, Policies: [{PolicyName: p, PolicyDocument:
      {Statement: [{Effect: Allow, Action: 'logs:PutLogEvents', Resource: !GetAtt G.Arn}]}}]}}
""")  # fmt: skip
    (role,) = account(found).principals
    assert role.policies[0].statements[0].resource.values == (f"arn:aws:logs:eu-west-1:{OWN}:log-group:g:*",)
