"""What resources of a template are called: their ARNs, and what `Ref` and `Fn::GetAtt` give.

A resource without a name of its own gets one from CloudFormation, which nobody knows before; any stands for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from perimeter_smt.policy.json_positions import Node
from perimeter_smt.request.partitions import partition_of_region, partitions

if TYPE_CHECKING:
    from perimeter_smt.organization.readers.cloudformation.functions import Resolver

# Type: property of the name, service, form of the ARN's last field, whether `Ref` gives the ARN.
_TYPES: dict[str, tuple[str, str, str, bool]] = {
    "AWS::S3::Bucket": ("BucketName", "s3", "{}", False),
    "AWS::SQS::Queue": ("QueueName", "sqs", "{}", False),
    "AWS::SNS::Topic": ("TopicName", "sns", "{}", True),
    "AWS::KMS::Key": ("", "kms", "key/{}", False),
    "AWS::Lambda::Function": ("FunctionName", "lambda", "function:{}", False),
    "AWS::Serverless::Function": ("FunctionName", "lambda", "function:{}", False),
    "AWS::ECR::Repository": ("RepositoryName", "ecr", "repository/{}", False),
    "AWS::SecretsManager::Secret": ("Name", "secretsmanager", "secret:{}-AbCdEf", True),
    "AWS::DynamoDB::Table": ("TableName", "dynamodb", "table/{}", False),
    "AWS::Serverless::SimpleTable": ("TableName", "dynamodb", "table/{}", False),
    "AWS::StepFunctions::StateMachine": ("StateMachineName", "states", "stateMachine:{}", True),
    "AWS::Serverless::StateMachine": ("Name", "states", "stateMachine:{}", True),
    "AWS::Kinesis::Stream": ("Name", "kinesis", "stream/{}", False),
    "AWS::Events::EventBus": ("Name", "events", "event-bus/{}", False),
    "AWS::Backup::BackupVault": ("BackupVaultName", "backup", "backup-vault:{}", False),
    "AWS::OpenSearchService::Domain": ("DomainName", "es", "domain/{}", False),
    "AWS::Elasticsearch::Domain": ("DomainName", "es", "domain/{}", False),
    "AWS::CodeArtifact::Domain": ("DomainName", "codeartifact", "domain/{}", True),
    "AWS::CodeArtifact::Repository": ("RepositoryName", "codeartifact", "repository/{}", True),
    "AWS::S3Tables::TableBucket": ("TableBucketName", "s3tables", "bucket/{}", True),
    "AWS::S3::AccessPoint": ("Name", "s3", "accesspoint/{}", False),
    "AWS::SSO::PermissionSet": ("", "sso", "permissionSet/ssoins-1a2b3c4d5e6f7a8b/{}", False),
    "AWS::Logs::LogGroup": ("LogGroupName", "logs", "log-group:{}", False),
    "AWS::IAM::Role": ("RoleName", "iam", "role{}", False),
    "AWS::IAM::User": ("UserName", "iam", "user{}", False),
    "AWS::IAM::Group": ("GroupName", "iam", "group{}", False),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName", "iam", "policy{}", True),
}


# Types whose `Ref` (or attribute of that name) is an id that AWS makes up, with its length.
_IDS = {
    "AWS::ApiGateway::RestApi": 10, "AWS::Serverless::Api": 10, "AWS::ApiGatewayV2::Api": 10,
    "AWS::Serverless::HttpApi": 10, "AWS::ApiGateway::Authorizer": 6, "AWS::ApiGatewayV2::Authorizer": 6,
    "AWS::AppSync::GraphQLApi": 26,
}  # fmt: skip
_LOG_GROUP = "AWS::Logs::LogGroup"


class Names:
    """Where a template is deployed, and what its resources are called there."""

    def __init__(self, account: str, region: str, stack: str) -> None:
        self.account, self.region, self.stack = account, region, stack
        self.partition = partition_of_region(region) or "aws"
        self._known: dict[str, str] = {}

    def pseudo(self, name: str) -> str | None:
        """A pseudo parameter."""
        found = {
            "AWS::AccountId": self.account,
            "AWS::Region": self.region,
            "AWS::Partition": self.partition,
            "AWS::URLSuffix": partitions()[self.partition].dns_suffix,
            "AWS::StackName": self.stack,
            "AWS::StackId": f"arn:{self.partition}:cloudformation:{self.region}:{self.account}:stack/{self.stack}/0",
        }
        return found.get(name)

    def arn(self, logical: str, resolver: Resolver) -> str | None:
        """The ARN of a resource; None for types that the table does not know. Gap if its name is not known."""
        row = _TYPES.get(_type(resolver.resources[logical]))
        if row is None:
            return None
        _, service, form, _ = row
        name = self.name(logical, resolver)
        if service == "iam":
            path = resolver.text(_properties(resolver.resources[logical]).get("Path")) or "/"
            return f"arn:{self.partition}:iam::{self.account}:{form.format(path + name)}"
        if service == "sso":
            return f"arn:{self.partition}:sso:::{form.format(logical)}"
        if service == "s3" and form == "{}":
            return f"arn:{self.partition}:s3:::{name}"
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{form.format(name)}"

    def name(self, logical: str, resolver: Resolver) -> str:
        """The name that the template gives, or one that stands for what CloudFormation will choose."""
        node = resolver.resources[logical]
        row = _TYPES.get(_type(node))
        given = resolver.text(_properties(node).get(row[0])) if row and row[0] else None
        if given:
            return given
        if _type(node) == "AWS::KMS::Key":
            return str(uuid5(NAMESPACE_URL, f"{self.stack}/{logical}"))
        made = f"{self.stack}-{logical}-1a2b3c4d5e6f"
        return made.lower() if _type(node) == "AWS::S3::Bucket" else made

    def ref(self, logical: str, resolver: Resolver) -> str | None:
        """What `Ref` gives."""
        kind = _type(resolver.resources[logical])
        if kind == "AWS::SQS::Queue":
            suffix = partitions()[self.partition].dns_suffix
            return f"https://sqs.{self.region}.{suffix}/{self.account}/{self.name(logical, resolver)}"
        if kind in _IDS and kind != "AWS::AppSync::GraphQLApi":
            return self._made_up_id(logical, _IDS[kind])
        row = _TYPES.get(kind)
        if row is None:
            return None
        return self.arn(logical, resolver) if row[3] else self.name(logical, resolver)

    def attribute(self, logical: str, attribute: str, resolver: Resolver) -> str | None:
        """What `Fn::GetAtt` gives; None for attributes that only AWS knows. The ARN of a log group ends in `:*`."""
        kind = _type(resolver.resources[logical])
        if kind == _LOG_GROUP and attribute == "Arn":
            return f"{self.arn(logical, resolver)}:*"
        if kind in _IDS and attribute in ("RestApiId", "ApiId", "AuthorizerId"):
            return self._made_up_id(logical, _IDS[kind])
        if attribute in (
            "Arn",
            "TopicArn",
            "TableArn",
            "DomainArn",
            "BackupVaultArn",
            "PolicyArn",
            "TableBucketARN",
            "PermissionSetArn",
        ):
            return self.arn(logical, resolver)
        if attribute in ("QueueName", "TopicName", "Name", "RepositoryName"):
            return self.name(logical, resolver)
        if attribute == "KeyId":
            return self.name(logical, resolver)
        return None

    def _made_up_id(self, logical: str, length: int) -> str:
        return uuid5(NAMESPACE_URL, f"{self.stack}/{logical}").hex[:length]


def _type(node: Node) -> str:
    found = node.value.get("Type") if isinstance(node.value, dict) else None
    return str(found.value) if found is not None else ""


def _properties(node: Node) -> dict[str, Node]:
    found: Any = node.value.get("Properties") if isinstance(node.value, dict) else None
    return found.value if found is not None and isinstance(found.value, dict) else {}
