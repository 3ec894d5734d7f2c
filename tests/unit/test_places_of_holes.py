"""An outsider planted at every place of a template, plan or item where a policy may stand: found, or named as not read.

What is neither of both was read as nothing, so that nobody outside had access, proved.
"""

from __future__ import annotations

import json

import pytest

from perimeter_smt.organization.readers import SourceOptions, read_source
from perimeter_smt.questions.findings.answer import findings_of_workspace

ORG, OWN, OUTSIDER, REGION = "o-acme0000004", "111122223333", "888877776666", "eu-west-1"
PARTNER = f"arn:aws:iam::{OUTSIDER}:root"
CLOSED = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": OWN},
          "Action": "s3:GetObject", "Resource": "arn:aws:s3:::acme-ledger/*"}]}  # fmt: skip
OPEN = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": PARTNER}, "Action": "*", "Resource": "*"}]}  # fmt: skip
ONE = "Ledger"
PARAMETERS = {"Parameters": {"Text": {"Type": "String"}, "Stage": {"Type": "String"}},
              "Conditions": {"Live": {"Fn::Equals": [{"Ref": "Stage"}, "live"]}}}  # fmt: skip


def read(path, value):
    path.write_text(json.dumps(value))
    return read_source(path, SourceOptions(organization_id=ORG, management_account="999900001111", account=OWN,
                                           region=REGION))  # fmt: skip


def reached(workspace):
    return {finding.resource for finding in findings_of_workspace(workspace).findings}


def named(workspace):
    return [u for u in workspace.unknowns if u.affects in ("grants", "facts")]


def template(*resources, **more):
    named_ones = {f"Own{number}": found for number, found in enumerate(resources)}
    closed = {"Type": "AWS::S3::BucketPolicy", "Properties": {"Bucket": "acme-ledger", "PolicyDocument": CLOSED}}
    return {**more, "Resources": {"Closed": closed, **named_ones}}


def made(kind, **properties):
    return {"Type": f"AWS::{kind}", "Properties": properties}


def at(service, name, region=REGION):
    return f"arn:aws:{service}:{region}:{OWN}:{name}"


FUNCTION = made("Lambda::Function", FunctionName="bills")
ALIAS = made("Lambda::Alias", FunctionName={"Ref": "Own0"}, Name="live", FunctionVersion="1")
VERSION = made("Lambda::Version", FunctionName={"Ref": "Own0"})
TOLD = {
    "table": ([made("DynamoDB::Table", TableName=ONE, ResourcePolicy={"PolicyDocument": OPEN})],
              at("dynamodb", f"table/{ONE}")),
    "stream": ([made("DynamoDB::Table", TableName=ONE, StreamSpecification={
        "StreamViewType": "NEW_IMAGE", "ResourcePolicy": {"PolicyDocument": OPEN}})],
        at("dynamodb", f"table/{ONE}/stream/2026-01-01T00:00:00.000")),
    "replica": ([made("DynamoDB::GlobalTable", TableName=ONE, Replicas=[
        {"Region": REGION}, {"Region": "eu-north-1", "ResourcePolicy": {"PolicyDocument": OPEN}}])],
        at("dynamodb", f"table/{ONE}", "eu-north-1")),
    "replicated key": ([made("KMS::ReplicaKey", KeyPolicy=OPEN, PrimaryKeyArn=at(
        "kms", "key/mrk-11112222333344445555666677778888", "eu-north-1"))],
        at("kms", "key/mrk-11112222333344445555666677778888")),
    "airgap": ([made("Backup::LogicallyAirGappedBackupVault", BackupVaultName="far", AccessPolicy=OPEN)],
               at("backup", "backup-vault:far")),
    "directory bucket": ([made("S3Express::BucketPolicy", Bucket="acme--euw1-az1--x-s3", PolicyDocument=OPEN)],
                         at("s3express", "bucket/acme--euw1-az1--x-s3")),
    "alias": ([FUNCTION, ALIAS, made("Lambda::Permission", FunctionName={"Ref": "Own1"}, Principal=OUTSIDER,
                                     Action="lambda:InvokeFunction")], at("lambda", "function:bills:live")),
    "version": ([FUNCTION, VERSION, made("Lambda::Permission", FunctionName={"Ref": "Own1"}, Principal=OUTSIDER,
                                         Action="lambda:InvokeFunction")], at("lambda", "function:bills:1")),
    "consumer": ([made("Kinesis::Stream", Name="bills"), made("Kinesis::StreamConsumer", ConsumerName="till",
                  StreamARN={"Fn::GetAtt": ["Own0", "Arn"]}),
                  made("Kinesis::ResourcePolicy", ResourceArn={"Ref": "Own1"}, ResourcePolicy=OPEN)],
                 at("kinesis", "stream/bills/consumer/till:1767225600")),
    "alexa": ([FUNCTION, made("Lambda::Permission", FunctionName="bills", Principal="alexa-appkit.amazon.com",
                              Action="lambda:InvokeFunction", EventSourceToken="amzn1.ask.skill.0001")],
              at("lambda", "function:bills")),
}  # fmt: skip


@pytest.mark.parametrize("place", TOLD)
def test_outsiders_of_templates_are_found(tmp_path, place):
    """Policies of streams were passed over, those of the others not read; Alexa was no service that could call."""
    resources, arn = TOLD[place]
    assert reached(read(tmp_path / "t.json", template(*resources))) == {arn}


@pytest.mark.parametrize(("kind", "name"), [
    ("EFS::FileSystem", "FileSystemPolicy"), ("ApiGateway::RestApi", "Policy"), ("ApiGateway::RestApi", "Body"),
])  # fmt: skip
def test_policies_of_what_has_an_id_of_aws(tmp_path, kind, name):
    policy = {"openapi": "3.0.1", "x-amazon-apigateway-policy": OPEN} if name == "Body" else OPEN
    (arn,) = reached(read(tmp_path / "t.json", template(made(kind, **{name: policy}))))
    assert arn.startswith(at("elasticfilesystem" if name == "FileSystemPolicy" else "execute-api", ""))


@pytest.mark.parametrize(("kind", "properties", "provider"), [
    ("IAM::OIDCProvider", {"Url": "https://login.acme.example"}, "oidc-provider/login.acme.example"),
    ("IAM::SAMLProvider", {"Name": "staff", "SamlMetadataDocument": "x"}, "saml-provider/staff"),
])  # fmt: skip
def test_providers_that_the_template_makes(tmp_path, kind, properties, provider):
    """A role that trusts `!Ref Provider` was left out as one whose trust policy is not known."""
    how = "SAML" if "SAML" in kind else "WebIdentity"
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"Federated": {"Ref": "Own0"}},
                            "Action": f"sts:AssumeRoleWith{how}"}]}  # fmt: skip
    role = made("IAM::Role", RoleName="till", AssumeRolePolicyDocument=trust)
    (finding,) = findings_of_workspace(read(tmp_path / "t.json", template(made(kind, **properties), role))).findings
    assert finding.elements.principals == (("Federated", f"arn:aws:iam::{OWN}:{provider}"),)


# Types that no reader reads, with where their policy stands (CloudFormation's resource schemas).
PLACES = """
ECR::RepositoryCreationTemplate RepositoryPolicy | ECR::RegistryPolicy PolicyText | ECR::PublicRepository
RepositoryPolicyText | Logs::ResourcePolicy PolicyDocument | Logs::Destination DestinationPolicy |
Logs::DeliveryDestination DeliveryDestinationPolicy.DeliveryDestinationPolicy | Logs::LogGroup
ResourcePolicyDocument | SageMaker::ModelPackageGroup ModelPackageGroupPolicy | Redshift::Cluster
NamespaceResourcePolicy | RedshiftServerless::Namespace NamespaceResourcePolicy | Organizations::ResourcePolicy
Content | RUM::AppMonitor ResourcePolicy.PolicyDocument | OSIS::Pipeline ResourcePolicy.Policy |
FSx::S3AccessPointAttachment S3AccessPoint.Policy | Omics::SequenceStore S3AccessPolicy |
Comprehend::DocumentClassifier ModelPolicy | AIOps::InvestigationGroup InvestigationGroupPolicy |
MediaStore::Container Policy | Oam::Sink Policy | EventSchemas::RegistryPolicy Policy | Lex::ResourcePolicy Policy |
VpcLattice::AuthPolicy Policy | VpcLattice::ResourcePolicy Policy | XRay::ResourcePolicy PolicyDocument |
SSM::ResourcePolicy Policy | S3ObjectLambda::AccessPointPolicy PolicyDocument | S3::MultiRegionAccessPointPolicy
Policy | S3Outposts::BucketPolicy PolicyDocument | S3Outposts::AccessPoint Policy | S3Express::AccessPoint Policy |
S3Tables::TablePolicy ResourcePolicy | S3Vectors::VectorBucketPolicy Policy | S3Files::FileSystemPolicy Policy |
MSK::ClusterPolicy Policy | APS::ResourcePolicy PolicyDocument | Bedrock::ResourcePolicy PolicyDocument |
BedrockAgentCore::ResourcePolicy Policy | DSQL::Cluster PolicyDocument | PaymentCryptography::Key Policy |
MediaPackageV2::ChannelPolicy Policy | MediaTailor::ChannelPolicy Policy | ApiGateway::DomainNameV2 Policy |
Lambda::ResourcePolicy PolicyDocument | EventsV2::ResourcePolicy PolicyDocument | Backup::BackupVault AccessPolicy |
Events::EventBus Policy | OpenSearchService::Domain AccessPolicies | KMS::Key KeyPolicy | S3::AccessPoint Policy |
ECR::Repository RepositoryPolicyText | DynamoDB::Table ResourcePolicy.PolicyDocument | DynamoDB::Table
StreamSpecification.ResourcePolicy.PolicyDocument | EFS::FileSystem FileSystemPolicy | ApiGateway::RestApi Policy
"""
FORMS = {
    "object": OPEN, "text": json.dumps(OPEN), "parameter": {"Ref": "Text"}, "import": {"Fn::ImportValue": "policy"},
    "substituted": {"Fn::Sub": json.dumps(OPEN).replace(":iam:", ":${Stage}iam:")},
    "joined": {"Fn::Join": ["", ['{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "', {"Ref": "Text"},
                                 '"}, "Action": "*", "Resource": "*"}]}']]},
    "chosen": {"Fn::If": ["Live", OPEN, {"Ref": "AWS::NoValue"}]},
    "statement": {"Statement": [{"Fn::If": ["Live", OPEN["Statement"][0], {"Ref": "AWS::NoValue"}]}]},
    "caller": {"Statement": [{**OPEN["Statement"][0], "Principal": {"AWS": {"Ref": "Text"}}}]},
    "transform": {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://acme/policy.json"}}},
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_no_policy_of_a_template_is_passed_over(tmp_path, form):
    for place in " ".join(PLACES.split()).split(" | "):
        kind, path = place.split()
        value = FORMS[form]
        for step in reversed(path.split(".")):
            value = {step: value}
        extra = {"Bucket": "acme-own", "Name": "own", "DomainName": "own"}
        found = read(tmp_path / "t.json", template(made(kind, **{**extra, **value}), **PARAMETERS))
        assert OUTSIDER in repr(found.organization) or named(found), f"{kind} {path}"


@pytest.mark.parametrize("kind", ["Table", "Replicas"])
def test_a_policy_in_a_chosen_part(tmp_path, kind):
    """`ResourcePolicy: !If [...]` has no member `PolicyDocument`: it was read as no policy."""
    chosen = {"Fn::If": ["Live", {"PolicyDocument": OPEN}, {"Ref": "AWS::NoValue"}]}
    replicas = [{"Region": REGION, "ResourcePolicy": chosen}]
    table = made("DynamoDB::GlobalTable", TableName=ONE, Replicas=replicas)
    if kind == "Table":
        table = made("DynamoDB::Table", TableName=ONE, ResourcePolicy=chosen)
    assert named(read(tmp_path / "t.json", template(table, **PARAMETERS)))


@pytest.mark.parametrize(("kind", "properties"), [
    ("EC2::VPCEndpointServicePermissions", {"ServiceId": "vpce-svc-0123", "AllowedPrincipals": [PARTNER]}),
    ("RAM::PrincipalAssociation", {"Principal": OUTSIDER, "ResourceShareArn": "x"}),
    ("Signer::ProfilePermission", {"Principal": OUTSIDER, "Action": "signer:StartSigningJob"}),
    ("QBusiness::Permission", {"Principal": PARTNER, "Actions": ["qbusiness:Chat"]}),
    ("SecurityLake::Subscriber", {"SubscriberIdentity": {"Principal": OUTSIDER, "ExternalId": "x"}}),
    ("ServiceCatalog::PortfolioShare", {"AccountId": OUTSIDER, "PortfolioId": "p"}),
    ("CodeGuruProfiler::ProfilingGroup", {"AgentPermissions": {"Principals": [PARTNER]}}),
    ("ImageBuilder::DistributionConfiguration", {"Distributions": [{"AmiDistributionConfiguration": {
        "LaunchPermissionConfiguration": {"UserIds": [OUTSIDER]}}}]}),
    ("Serverless::Api", {"StageName": "v1", "Auth": {"ResourcePolicy": {"AwsAccountWhitelist": [OUTSIDER]}}}),
])  # fmt: skip
def test_what_lets_outsiders_in_without_a_policy_is_named(tmp_path, kind, properties):
    """They were passed over in silence."""
    found = read(tmp_path / "t.json", template(made(kind, **properties), Transform="AWS::Serverless-2016-10-31"))
    assert any("Own0" in u.name for u in named(found))


def test_policies_that_custom_resources_write_are_named(tmp_path):
    """CDK writes what CloudFormation cannot by a call, which is a text in the text of a custom resource."""
    call = {"service": "OpenSearch", "action": "updateDomainConfig",
            "parameters": {"DomainName": "own", "AccessPolicies": json.dumps(OPEN)}}  # fmt: skip
    custom = {"Type": "Custom::AccessPolicy", "Properties": {"ServiceToken": "x", "Create": json.dumps(call)}}
    assert any("Own0" in u.name for u in named(read(tmp_path / "t.json", template(custom))))


def test_permission_of_a_url_is_no_permission_of_plain_calls(tmp_path):
    permission = made("Lambda::Permission", FunctionName="bills", Principal="*", Action="lambda:InvokeFunction",
                      InvokedViaFunctionUrl=True)  # fmt: skip
    (finding,) = findings_of_workspace(read(tmp_path / "t.json", template(FUNCTION, permission))).findings
    assert "invokedviafunctionurl" in repr(finding.elements).lower()


def plan(kind, values, *, unknown=(), written=(), more=()):
    """A plan that makes a resource of a type, and a bucket nobody outside reaches."""
    bucket = {"bucket": "acme-ledger", "policy": json.dumps(CLOSED)}
    made_ones = [("aws_s3_bucket_policy.closed", bucket), (f"{kind}.own", values), *more]
    resources = [{"address": address, "mode": "managed", "type": address.split(".")[0], "values": found}
                 for address, found in made_ones]  # fmt: skip
    changes = [{**{key: r[key] for key in ("address", "mode", "type")}, "change": {
        "actions": ["create"], "before": None, "after": r["values"],
        "after_unknown": dict.fromkeys(unknown, True) if r["address"] == f"{kind}.own" else {}}}
        for r in resources]  # fmt: skip
    config = [{"address": r["address"], "mode": "managed", "type": r["type"], "provider_config_key": "aws",
               "expressions": {name: {"constant_value": found} for name, found in r["values"].items()}}
              for r in resources]  # fmt: skip
    config[1]["expressions"] |= {name: {"references": ["var.anything"]} for name in (*unknown, *written)}
    return {"format_version": "1.2", "planned_values": {"root_module": {"resources": resources}},
            "resource_changes": changes, "configuration": {"root_module": {"resources": config}}}  # fmt: skip


URL = {"function_name": "bills", "authorization_type": "NONE"}


def test_a_url_for_everybody_in_a_plan(tmp_path):
    """The provider lets everybody call a URL that asks for no authentication; it was passed over."""
    found = read(tmp_path / "plan.json", plan("aws_lambda_function_url", URL))
    assert reached(found) == {at("lambda", "function:bills")}
    alias = read(tmp_path / "plan.json", plan("aws_lambda_function_url", {**URL, "qualifier": "live"}))
    assert reached(alias) == {at("lambda", "function:bills:live")}
    closed = read(tmp_path / "plan.json", plan("aws_lambda_function_url", {**URL, "authorization_type": "AWS_IAM"}))
    assert not reached(closed)
    assert not named(closed)
    later = plan("aws_lambda_function_url", {"function_name": "bills"}, unknown=["authorization_type"])
    assert named(read(tmp_path / "plan.json", later))


@pytest.mark.parametrize(("kind", "values", "arn"), [
    ("aws_efs_file_system_policy", {"file_system_id": "fs-0123456789abcdef0"},
     at("elasticfilesystem", "file-system/fs-0123456789abcdef0")),
    ("aws_kms_replica_key", {"primary_key_arn": at("kms", "key/mrk-11112222333344445555666677778888", "eu-north-1")},
     at("kms", "key/mrk-11112222333344445555666677778888")),
    ("aws_kms_external_key", {"arn": at("kms", "key/11112222-3333-4444-5555-666677778888")},
     at("kms", "key/11112222-3333-4444-5555-666677778888")),
])  # fmt: skip
def test_policies_of_plans_are_found(tmp_path, kind, values, arn):
    assert reached(read(tmp_path / "plan.json", plan(kind, {**values, "policy": json.dumps(OPEN)}))) == {arn}


def test_grants_of_keys_in_plans(tmp_path):
    """A grant to an outsider was lost where the plan tells nothing of other grants of the key."""
    grant = {"grantee_principal": f"arn:aws:iam::{OUTSIDER}:role/till", "operations": ["Decrypt"]}
    key = at("kms", "key/11112222-3333-4444-5555-666677778888")
    elsewhere = read(tmp_path / "plan.json", plan("aws_kms_grant", {**grant, "key_id": key}))
    assert f"grants of `{key}`" in {u.name for u in named(elsewhere)}
    own = plan("aws_kms_grant", grant, unknown=["key_id"], more=[("aws_kms_key.own", {})])
    own["configuration"]["root_module"]["resources"][1]["expressions"]["key_id"] = {
        "references": ["aws_kms_key.own.key_id", "aws_kms_key.own"]}  # fmt: skip
    (made_one,) = reached(read(tmp_path / "plan.json", own))
    assert made_one.startswith(at("kms", "key/"))


PLANNED = """
aws_ecr_repository_creation_template repository_policy | aws_ecr_registry_policy policy | aws_glacier_vault
access_policy | aws_glue_resource_policy policy | aws_cloudwatch_log_resource_policy policy_document |
aws_cloudwatch_log_destination_policy access_policy | aws_cloudwatch_log_delivery_destination_policy
delivery_destination_policy | aws_acmpca_policy policy | aws_vpclattice_auth_policy policy |
aws_networkfirewall_resource_policy policy | aws_redshift_resource_policy policy | aws_ses_identity_policy policy |
aws_schemas_registry_policy policy | aws_oam_sink_policy policy | aws_msk_cluster_policy policy |
aws_xray_resource_policy policy_document | aws_organizations_resource_policy content | aws_ssm_resource_policy
policy | aws_s3tables_table_policy resource_policy | aws_media_store_container_policy policy |
awscc_s3_bucket_policy policy_document | aws_elasticsearch_domain_policy access_policies |
aws_s3control_object_lambda_access_point_policy policy
"""


@pytest.mark.parametrize("form", ["text", "unknown"])
def test_no_policy_of_a_plan_is_passed_over(tmp_path, form):
    for place in " ".join(PLANNED.split()).split(" | "):
        kind, attribute = place.split()
        value = plan(kind, {attribute: json.dumps(OPEN)}) if form == "text" else plan(kind, {}, unknown=[attribute])
        found = read(tmp_path / "plan.json", value)
        assert OUTSIDER in repr(found.organization) or named(found), place


@pytest.mark.parametrize(("kind", "values"), [
    ("aws_vpc_endpoint_service", {"allowed_principals": [PARTNER]}),
    ("aws_vpc_endpoint_service_allowed_principal", {"principal_arn": PARTNER}),
    ("aws_signer_signing_profile_permission", {"principal": OUTSIDER}),
    ("aws_securitylake_subscriber", {"subscriber_identity": [{"principal": OUTSIDER}]}),
    ("aws_servicecatalog_portfolio_share", {"principal_id": OUTSIDER}),
    ("aws_redshift_data_share_authorization", {"consumer_identifier": OUTSIDER}),
    ("aws_imagebuilder_distribution_configuration", {"distribution": [{"ami_distribution_configuration": [
        {"launch_permission": [{"user_ids": [OUTSIDER]}]}]}]}),
])  # fmt: skip
def test_what_lets_outsiders_in_by_a_plan_is_named(tmp_path, kind, values):
    """They were passed over in silence."""
    assert any(f"{kind}.own" in u.name for u in named(read(tmp_path / "plan.json", plan(kind, values))))


@pytest.mark.parametrize("kind", ["aws_vpc_endpoint_service", "aws_imagebuilder_distribution_configuration"])
def test_what_lets_nobody_in_is_not_named(tmp_path, kind):
    values = {"name": "own", "allowed_principals": [], "distribution": [{"ami_distribution_configuration": []}]}
    assert not named(read(tmp_path / "plan.json", plan(kind, values)))
