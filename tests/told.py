"""One organization, told in every form that readers take: `FORMS` write it, and all must be read as the same one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

ORG, MANAGEMENT, OWN, OUTSIDER, REGION = "o-acme0000005", "999900001111", "111122223333", "888877776666", "eu-west-1"
IAM = f"arn:aws:iam::{OWN}"


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: Any, resource: Any, who: Any = None, **condition: Any) -> dict[str, Any]:
    out = {"Effect": "Allow", "Action": action, **({"Resource": resource} if resource else {})}
    return {**out, **({"Principal": who} if who else {}), **({"Condition": condition} if condition else {})}


def at(service: str, name: str) -> str:
    return f"arn:aws:{service}:{REGION}:{OWN}:{name}"


PARTNER, OURS, ANYBODY = {"AWS": f"arn:aws:iam::{OUTSIDER}:root"}, {"AWS": OWN}, "*"
BUCKET, QUEUE, TOPIC = "arn:aws:s3:::acme-invoices", at("sqs", "invoices"), at("sns", "invoices")
KEY, SECRET = at("kms", "key/11112222-3333-4444-5555-666677778888"), at("secretsmanager", "secret:till-AbCdEf")
FUNCTION, IMAGES, TABLE = at("lambda", "function:bill"), at("ecr", "repository/till"), at("dynamodb", "table/tills")
STREAM, BUS, VAULT = at("kinesis", "stream/tills"), at("events", "event-bus/till"), at("backup", "backup-vault:far")
FROM = {"StringEquals": {"aws:PrincipalOrgID": ORG}}
# Resources with their policies: open to a partner, to everybody, under a condition, and closed.
RESOURCES = {
    BUCKET: policy(allow("s3:GetObject", f"{BUCKET}/*", PARTNER), {**allow("s3:*", [BUCKET, f"{BUCKET}/*"], ANYBODY),
                   "Effect": "Deny", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}),
    QUEUE: policy(allow("sqs:SendMessage", QUEUE, ANYBODY, **FROM)),
    TOPIC: policy(allow("sns:Publish", TOPIC, ANYBODY, ArnLike={"aws:SourceArn": f"arn:aws:s3:*:{OUTSIDER}:*"})),
    KEY: policy(allow("kms:*", "*", {"AWS": f"{IAM}:root"}), allow(["kms:Decrypt", "kms:DescribeKey"], "*", PARTNER)),
    SECRET: policy(allow("secretsmanager:GetSecretValue", "*", OURS)),
    FUNCTION: policy(allow("lambda:InvokeFunction", FUNCTION, {"Service": "s3.amazonaws.com"},
                           StringEquals={"AWS:SourceAccount": OUTSIDER})),
    IMAGES: policy(allow(["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], None, PARTNER)),
    TABLE: policy(allow("dynamodb:GetItem", TABLE, PARTNER)),
    STREAM: policy(allow("kinesis:GetRecords", STREAM, OURS)),
    BUS: policy(allow("events:PutEvents", BUS, {"AWS": OUTSIDER})),
    VAULT: policy(allow("backup:CopyIntoBackupVault", "*", ANYBODY, **FROM)),
}  # fmt: skip
TRUSTS = {
    "till": policy(allow("sts:AssumeRole", None, {"Service": "ec2.amazonaws.com"})),
    "vendor": policy(allow("sts:AssumeRole", None, PARTNER, StringEquals={"sts:ExternalId": "7"})),
}
INLINE = {
    "till": policy(allow(["sqs:SendMessage", "kms:Decrypt"], "*")),
    "vendor": policy(
        allow("s3:GetObject", f"{BUCKET}/*"), {**allow("s3:GetObject", f"{BUCKET}/pay/*"), "Effect": "Deny"}
    ),
}
MANAGED = policy(allow(["s3:PutObject", "dynamodb:*"], "*", StringEquals={"aws:ResourceOrgID": ORG}))
BOUNDARY = policy(allow(["sqs:*", "s3:*", "dynamodb:GetItem"], "*"))
GROUP = policy({"Effect": "Allow", "NotAction": ["iam:*", "sts:*", "kms:*"], "Resource": "*"})
USER, TAGS = "alice", {"team": "till"}
ATTACHED, LIMIT = f"{IAM}:policy/writing", f"{IAM}:policy/limit"


def write(folder: Path, name: str, value: Any) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(json.dumps(value))


def workspace(folder: Path) -> Path:
    """`organization.yaml` (JSON is YAML) with the policies beside it."""
    files = {f"r{number}.json": found for number, found in enumerate(RESOURCES.values())}
    files |= {f"trust-{name}.json": found for name, found in TRUSTS.items()}
    files |= {f"own-{name}.json": found for name, found in INLINE.items()}
    files |= {"writing.json": MANAGED, "limit.json": BOUNDARY, "group.json": GROUP}
    for name, value in files.items():
        write(folder, name, value)
    principals = [{"arn": f"{IAM}:role/{name}", "trust": f"trust-{name}.json", "policies": [f"own-{name}.json"]}
                  for name in TRUSTS]  # fmt: skip
    principals[0] |= {"policies": ["own-till.json", "writing.json"], "boundary": "limit.json", "tags": TAGS}
    principals.append({"arn": f"{IAM}:user/{USER}", "policies": ["group.json"]})
    resources = [{"arn": arn, "policy": f"r{number}.json"} for number, arn in enumerate(RESOURCES)]
    own = {"id": OWN, "principals": principals, "resources": resources}
    found = {"id": ORG, "management_account": MANAGEMENT, "root": {"id": "r-root", "accounts": [own]}}
    write(folder, "organization.yaml", found)
    write(folder, "perimeter.yaml", {"orgs": [ORG]})
    return folder


def cli(folder: Path) -> Path:
    """Answers of the AWS CLI, each in a file of its own."""
    roles = [{"Arn": f"{IAM}:role/{name}", "RoleName": name, "AssumeRolePolicyDocument": trust, "Tags": [],
              "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": INLINE[name]}],
              "AttachedManagedPolicies": []} for name, trust in TRUSTS.items()]  # fmt: skip
    roles[0] |= {"Tags": [{"Key": key, "Value": value} for key, value in TAGS.items()],
                 "AttachedManagedPolicies": [{"PolicyName": "writing", "PolicyArn": ATTACHED}],
                 "PermissionsBoundary": {"PermissionsBoundaryArn": LIMIT}}  # fmt: skip
    user = {"Arn": f"{IAM}:user/{USER}", "UserName": USER, "GroupList": ["staff"], "AttachedManagedPolicies": [],
            "Tags": []}  # fmt: skip
    group = {"Arn": f"{IAM}:group/staff", "GroupName": "staff", "AttachedManagedPolicies": [],
             "GroupPolicyList": [{"PolicyName": "own", "PolicyDocument": GROUP}]}  # fmt: skip
    policies = [{"Arn": arn, "PolicyName": arn.rsplit("/", 1)[1], "DefaultVersionId": "v1", "PolicyVersionList": [
                 {"VersionId": "v1", "IsDefaultVersion": True, "Document": found}]}
                for arn, found in ((ATTACHED, MANAGED), (LIMIT, BOUNDARY))]  # fmt: skip
    here = f"{OWN}/{REGION}"
    write(folder, f"{OWN}/iam.json", {"RoleDetailList": roles, "UserDetailList": [user], "GroupDetailList": [group],
                                      "Policies": policies})  # fmt: skip
    text = {arn: json.dumps(found) for arn, found in RESOURCES.items()}
    write(folder, f"{here}/bucket-policy.json", {"Bucket": "acme-invoices", "Policy": text[BUCKET]})
    write(folder, f"{here}/queue.json", {"Attributes": {"QueueArn": QUEUE, "Policy": text[QUEUE]}})
    write(folder, f"{here}/topic.json", {"Attributes": {"TopicArn": TOPIC, "Policy": text[TOPIC]}})
    write(folder, f"{here}/{KEY.rsplit('/', 1)[1]}.json", {"Policy": text[KEY], "PolicyName": "default"})
    write(folder, f"{here}/secret.json", {"ARN": SECRET, "Name": "till", "ResourcePolicy": text[SECRET]})
    write(folder, f"{here}/function.json", {"Policy": text[FUNCTION], "RevisionId": "1"})
    write(folder, f"{here}/images.json", {"registryId": OWN, "repositoryName": "till", "policyText": text[IMAGES]})
    for name, arn in (("table", TABLE), ("stream", STREAM)):
        write(folder, f"{here}/{name}.json", {"ResourceArn": arn, "Policy": text[arn]})
    write(folder, f"{here}/bus.json", {"Name": "till", "Arn": BUS, "Policy": text[BUS]})
    write(folder, f"{here}/vault.json", {"BackupVaultName": "far", "BackupVaultArn": VAULT, "Policy": text[VAULT]})
    return folder


def config(folder: Path) -> Path:
    """Configuration items."""

    def item(kind: str, arn: str, found: Any, more: Any = None, tags: Any = None) -> dict[str, Any]:
        return {"version": "1.3", "resourceType": f"AWS::{kind}", "resourceId": arn.rsplit(":", 1)[1], "ARN": arn,
                "awsAccountId": OWN, "awsRegion": REGION, "configurationItemStatus": "OK", "tags": tags or {},
                "configurationItemCaptureTime": "2026-11-20T06:00:00.000Z", "configuration": found,
                "supplementaryConfiguration": more or {}}  # fmt: skip

    def encoded(found: Any) -> str:
        return quote(json.dumps(found))

    items = []
    for name, trust in TRUSTS.items():
        till = name == "till"
        items.append(item("IAM::Role", f"{IAM}:role/{name}", {
            "assumeRolePolicyDocument": encoded(trust), "rolePolicyList": [
                {"policyName": "own", "policyDocument": encoded(INLINE[name])}],
            "attachedManagedPolicies": [{"policyName": "writing", "policyArn": ATTACHED}] if till else [],
            "permissionsBoundary": {"permissionsBoundaryArn": LIMIT} if till else None,
        }, tags=TAGS if till else {}))  # fmt: skip
    items.append(item("IAM::User", f"{IAM}:user/{USER}", {"userPolicyList": [], "groupList": ["staff"],
                                                          "attachedManagedPolicies": []}))  # fmt: skip
    items.append(item("IAM::Group", f"{IAM}:group/staff", {"attachedManagedPolicies": [], "groupPolicyList": [
        {"policyName": "own", "policyDocument": encoded(GROUP)}]}))  # fmt: skip
    for arn, found in ((ATTACHED, MANAGED), (LIMIT, BOUNDARY)):
        items.append(item("IAM::Policy", arn, {"policyName": arn.rsplit("/", 1)[1], "policyVersionList": [
            {"versionId": "v1", "isDefaultVersion": True, "document": encoded(found)}]}))  # fmt: skip
    text = {arn: json.dumps(found) for arn, found in RESOURCES.items()}
    items.append(item("S3::Bucket", BUCKET, {"name": "acme-invoices"}, {"BucketPolicy": {"policyText": text[BUCKET]}}))
    kinds = {QUEUE: ("SQS::Queue", "Policy"), TOPIC: ("SNS::Topic", "Policy"), SECRET: (
             "SecretsManager::Secret", "ResourcePolicy"), IMAGES: ("ECR::Repository", "RepositoryPolicyText"),
             TABLE: ("DynamoDB::Table", "ResourcePolicy"), STREAM: ("Kinesis::Stream", "ResourcePolicy"),
             BUS: ("Events::EventBus", "Policy"), VAULT: ("Backup::BackupVault", "AccessPolicy")}  # fmt: skip
    items += [item(kind, arn, {name: text[arn]}) for arn, (kind, name) in kinds.items()]
    for arn, kind in ((KEY, "KMS::Key"), (FUNCTION, "Lambda::Function")):
        items.append(item(kind, arn, {"arn": arn}, {"Policy": json.dumps(text[arn])}))
    write(folder, "snapshot.json", {"fileVersion": "1.0", "configurationItems": items})
    return folder


def iam_collect(folder: Path) -> Path:
    """The folders of iam-collect."""
    account = f"aws/aws/accounts/{OWN}"
    for name, trust in TRUSTS.items():
        own, till = f"{account}/iam/role/{name}", name == "till"
        metadata = {"arn": f"{IAM}:role/{name}", "name": name, "tags": TAGS if till else {}}
        write(folder, f"{own}/metadata.json", {**metadata, **({"permissionBoundary": LIMIT} if till else {})})
        write(folder, f"{own}/trust-policy.json", trust)
        write(folder, f"{own}/inline-policies.json", [{"PolicyName": "own", "PolicyDocument": INLINE[name]}])
        write(folder, f"{own}/managed-policies.json", [ATTACHED] if till else [])
    for arn, found in ((ATTACHED, MANAGED), (LIMIT, BOUNDARY)):
        write(folder, f"{account}/iam/policy/{arn.rsplit('/', 1)[1]}/metadata.json", {"arn": arn})
        write(folder, f"{account}/iam/policy/{arn.rsplit('/', 1)[1]}/current-policy.json", found)
    write(folder, f"{account}/iam/user/{USER}/metadata.json", {"arn": f"{IAM}:user/{USER}"})
    write(folder, f"{account}/iam/user/{USER}/groups.json", [f"{IAM}:group/staff"])
    write(folder, f"{account}/iam/group/staff/metadata.json", {"arn": f"{IAM}:group/staff"})
    write(folder, f"{account}/iam/group/staff/inline-policies.json", [{"PolicyName": "own", "PolicyDocument": GROUP}])
    for number, (arn, found) in enumerate(RESOURCES.items()):
        own = f"{account}/{arn.split(':')[2]}/{REGION}/thing/{number}"
        write(folder, f"{own}/metadata.json", {"arn": arn})
        write(folder, f"{own}/policy.json", found)
    return folder


def template(folder: Path) -> Path:
    """A template of CloudFormation, with functions where ARNs stand."""

    def made(kind: str, **properties: Any) -> dict[str, Any]:
        return {"Type": f"AWS::{kind}", "Properties": properties}

    def own(name: str, found: Any) -> dict[str, Any]:
        return {"PolicyName": name, "PolicyDocument": found}

    text = json.dumps(RESOURCES[QUEUE]).replace(OWN, "${AWS::AccountId}").replace(REGION, "${AWS::Region}")
    found = {
        "Writing": made("IAM::ManagedPolicy", ManagedPolicyName="writing", PolicyDocument=MANAGED),
        "Limit": made("IAM::ManagedPolicy", ManagedPolicyName="limit", PolicyDocument=BOUNDARY),
        "Till": made("IAM::Role", RoleName="till", AssumeRolePolicyDocument=TRUSTS["till"], Tags=[
            {"Key": key, "Value": value} for key, value in TAGS.items()], Policies=[own("own", INLINE["till"])],
            ManagedPolicyArns=[{"Ref": "Writing"}], PermissionsBoundary={"Ref": "Limit"}),
        "Vendor": made("IAM::Role", RoleName="vendor", AssumeRolePolicyDocument=json.dumps(TRUSTS["vendor"])),
        "VendorOwn": made("IAM::Policy", Roles=[{"Ref": "Vendor"}], **own("own", INLINE["vendor"])),
        "Staff": made("IAM::Group", GroupName="staff"),
        "StaffOwn": made("IAM::GroupPolicy", GroupName={"Ref": "Staff"}, **own("own", GROUP)),
        "Alice": made("IAM::User", UserName=USER, Groups=[{"Ref": "Staff"}]),
        "Bucket": made("S3::Bucket", BucketName="acme-invoices"),
        "BucketPolicy": made("S3::BucketPolicy", Bucket={"Ref": "Bucket"}, PolicyDocument=RESOURCES[BUCKET]),
        "Queue": made("SQS::Queue", QueueName="invoices"),
        "QueuePolicy": made("SQS::QueuePolicy", Queues=[{"Ref": "Queue"}], PolicyDocument={"Fn::Sub": text}),
        "Topic": made("SNS::Topic", TopicName="invoices"),
        "TopicPolicy": made("SNS::TopicPolicy", Topics=[{"Ref": "Topic"}], PolicyDocument=RESOURCES[TOPIC]),
        "Secret": made("SecretsManager::Secret", Name="till"),
        "SecretPolicy": made("SecretsManager::ResourcePolicy", SecretId={"Ref": "Secret"},
                             ResourcePolicy=RESOURCES[SECRET]),
        "Function": made("Lambda::Function", FunctionName="bill"),
        "Permission": made("Lambda::Permission", FunctionName={"Fn::GetAtt": ["Function", "Arn"]},
                           Principal="s3.amazonaws.com", Action="lambda:InvokeFunction", SourceAccount=OUTSIDER),
        "Images": made("ECR::Repository", RepositoryName="till", RepositoryPolicyText=RESOURCES[IMAGES]),
        "Table": made("DynamoDB::Table", TableName="tills", ResourcePolicy={"PolicyDocument": RESOURCES[TABLE]}),
        "Stream": made("Kinesis::Stream", Name="tills"),
        "StreamPolicy": made("Kinesis::ResourcePolicy", ResourceArn={"Fn::GetAtt": ["Stream", "Arn"]},
                             ResourcePolicy=RESOURCES[STREAM]),
        "Bus": made("Events::EventBus", Name="till"),
        "BusPolicy": made("Events::EventBusPolicy", EventBusName={"Ref": "Bus"}, StatementId="a",
                          Statement=RESOURCES[BUS]["Statement"][0]),
        "Vault": made("Backup::BackupVault", BackupVaultName="far", AccessPolicy=RESOURCES[VAULT]),
        "Key": made("KMS::Key", KeyPolicy=RESOURCES[KEY]),
    }  # fmt: skip
    write(folder, "template.json", {"Resources": found})
    return folder / "template.json"


def plan(folder: Path) -> Path:
    """A plan of Terraform."""
    text = {arn: json.dumps(found) for arn, found in RESOURCES.items()}
    found: dict[str, dict[str, Any]] = {
        "aws_iam_policy.writing": {"name": "writing", "policy": json.dumps(MANAGED)},
        "aws_iam_policy.limit": {"name": "limit", "policy": json.dumps(BOUNDARY)},
        "aws_iam_role.till": {"name": "till", "assume_role_policy": json.dumps(TRUSTS["till"]), "tags": TAGS,
                              "permissions_boundary": LIMIT},
        "aws_iam_role_policy.till": {"role": "till", "name": "own", "policy": json.dumps(INLINE["till"])},
        "aws_iam_role_policy_attachment.till": {"role": "till", "policy_arn": ATTACHED},
        "aws_iam_role.vendor": {"name": "vendor", "assume_role_policy": json.dumps(TRUSTS["vendor"]), "inline_policy": [
            {"name": "own", "policy": json.dumps(INLINE["vendor"])}]},
        "aws_iam_group.staff": {"name": "staff"},
        "aws_iam_group_policy.staff": {"group": "staff", "name": "own", "policy": json.dumps(GROUP)},
        "aws_iam_user.alice": {"name": USER},
        "aws_iam_user_group_membership.alice": {"user": USER, "groups": ["staff"]},
        "aws_s3_bucket.b": {"bucket": "acme-invoices"},
        "aws_s3_bucket_policy.b": {"bucket": "acme-invoices", "policy": text[BUCKET]},
        "aws_sqs_queue.q": {"name": "invoices", "policy": text[QUEUE]},
        "aws_sns_topic_policy.t": {"arn": TOPIC, "policy": text[TOPIC]},
        "aws_kms_key.k": {"key_id": KEY.rsplit("/", 1)[1], "arn": KEY, "policy": text[KEY]},
        "aws_secretsmanager_secret_policy.s": {"secret_arn": SECRET, "policy": text[SECRET]},
        "aws_lambda_permission.f": {"function_name": "bill", "principal": "s3.amazonaws.com", "action":
                                    "lambda:InvokeFunction", "source_account": OUTSIDER},
        "aws_ecr_repository_policy.i": {"repository": "till", "policy": text[IMAGES]},
        "aws_dynamodb_resource_policy.t": {"resource_arn": TABLE, "policy": text[TABLE]},
        "aws_kinesis_resource_policy.s": {"resource_arn": STREAM, "policy": text[STREAM]},
        "aws_cloudwatch_event_permission.b": {"event_bus_name": "till", "principal": OUTSIDER, "statement_id": "a"},
        "aws_backup_vault_policy.v": {"backup_vault_name": "far", "policy": text[VAULT]},
    }  # fmt: skip
    resources = [{"address": address, "mode": "managed", "type": address.partition(".")[0], "values": values}
                 for address, values in found.items()]  # fmt: skip
    changes = [{"address": r["address"], "mode": "managed", "type": r["type"], "change": {
        "actions": ["create"], "before": None, "after": r["values"], "after_unknown": {}}}
        for r in resources]  # fmt: skip
    configured = [{"address": r["address"], "mode": "managed", "type": r["type"], "expressions": {
        name: {"constant_value": value} for name, value in found[str(r["address"])].items()}}
        for r in resources]  # fmt: skip
    write(folder, "plan.json", {
        "format_version": "1.2", "planned_values": {"root_module": {"resources": resources}},
        "resource_changes": changes, "configuration": {"root_module": {"resources": configured}}})  # fmt: skip
    return folder / "plan.json"


FORMS = {"workspace": workspace, "cli": cli, "config": config, "iam-collect": iam_collect, "template": template,
         "plan": plan}  # fmt: skip
