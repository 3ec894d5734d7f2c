"""What resources of a template are called: their ARNs, and what `Ref` and `Fn::GetAtt` give.

A resource without a name of its own gets one from CloudFormation, which nobody knows before; any stands for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from perimeter_smt.organization.readers.cloudformation import aside
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
    "AWS::KMS::ReplicaKey": ("", "kms", "key/{}", False),
    "AWS::EFS::FileSystem": ("", "elasticfilesystem", "file-system/{}", False),
    "AWS::ApiGateway::RestApi": ("", "execute-api", "{}", False),
    "AWS::S3Express::DirectoryBucket": ("BucketName", "s3express", "bucket/{}", False),
    "AWS::Lambda::Function": ("FunctionName", "lambda", "function:{}", False),
    "AWS::Serverless::Function": ("FunctionName", "lambda", "function:{}", False),
    "AWS::ECR::Repository": ("RepositoryName", "ecr", "repository/{}", False),
    "AWS::SecretsManager::Secret": ("Name", "secretsmanager", "secret:{}-AbCdEf", True),
    "AWS::DynamoDB::Table": ("TableName", "dynamodb", "table/{}", False),
    "AWS::DynamoDB::GlobalTable": ("TableName", "dynamodb", "table/{}", False),
    "AWS::Serverless::SimpleTable": ("TableName", "dynamodb", "table/{}", False),
    "AWS::StepFunctions::StateMachine": ("StateMachineName", "states", "stateMachine:{}", True),
    "AWS::Serverless::StateMachine": ("Name", "states", "stateMachine:{}", True),
    "AWS::Kinesis::Stream": ("Name", "kinesis", "stream/{}", False),
    "AWS::Events::EventBus": ("Name", "events", "event-bus/{}", False),
    "AWS::Backup::BackupVault": ("BackupVaultName", "backup", "backup-vault:{}", False),
    "AWS::Backup::LogicallyAirGappedBackupVault": ("BackupVaultName", "backup", "backup-vault:{}", False),
    "AWS::OpenSearchService::Domain": ("DomainName", "es", "domain/{}", False),
    "AWS::Elasticsearch::Domain": ("DomainName", "es", "domain/{}", False),
    "AWS::CodeArtifact::Domain": ("DomainName", "codeartifact", "domain/{}", True),
    "AWS::CodeArtifact::Repository": ("RepositoryName", "codeartifact", "repository/{}", True),
    "AWS::S3Tables::TableBucket": ("TableBucketName", "s3tables", "bucket/{}", True),
    "AWS::S3::AccessPoint": ("Name", "s3", "accesspoint/{}", False),
    "AWS::S3::MultiRegionAccessPoint": ("Name", "s3", "accesspoint/{}.mrap", False),
    "AWS::SSO::PermissionSet": ("", "sso", "permissionSet/ssoins-1a2b3c4d5e6f7a8b/{}", False),
    "AWS::Logs::LogGroup": ("LogGroupName", "logs", "log-group:{}", False),
    "AWS::Events::Rule": ("Name", "events", "rule/{}", False),
    "AWS::IoT::TopicRule": ("RuleName", "iot", "rule/{}", False),
    "AWS::KinesisFirehose::DeliveryStream": ("DeliveryStreamName", "firehose", "deliverystream/{}", False),
    "AWS::CodeBuild::Project": ("Name", "codebuild", "project/{}", False),
    "AWS::IAM::Role": ("RoleName", "iam", "role{}", False),
    "AWS::IAM::User": ("UserName", "iam", "user{}", False),
    "AWS::IAM::Group": ("GroupName", "iam", "group{}", False),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName", "iam", "policy{}", True),
}

_MULTI_REGION = "AWS::S3::MultiRegionAccessPoint"

# How long the names are that CloudFormation makes up: what the API references of the services admit.
_LONGEST = {
    "AWS::S3::Bucket": 63, "AWS::S3::AccessPoint": 50, "AWS::S3Tables::TableBucket": 63, _MULTI_REGION: 50,
    "AWS::S3Express::DirectoryBucket": 40, "AWS::Backup::LogicallyAirGappedBackupVault": 50, "AWS::SQS::Queue": 75,
    "AWS::Lambda::Function": 64, "AWS::Serverless::Function": 64, "AWS::StepFunctions::StateMachine": 80,
    "AWS::Serverless::StateMachine": 80, "AWS::Kinesis::Stream": 128, "AWS::OpenSearchService::Domain": 28,
    "AWS::Elasticsearch::Domain": 28, "AWS::Backup::BackupVault": 50, "AWS::CodeArtifact::Domain": 50,
    "AWS::CodeArtifact::Repository": 100, "AWS::IAM::Role": 64, "AWS::IAM::User": 64, "AWS::IAM::Group": 128,
    "AWS::IAM::ManagedPolicy": 128,
}  # fmt: skip
_LONG = 255  # any other
_ENDING = "1a2b3c4d5e6f"
# Types whose names have no capitals.
_LOWER = frozenset([
    "AWS::S3::Bucket", "AWS::S3::AccessPoint", _MULTI_REGION, "AWS::S3Tables::TableBucket", "AWS::ECR::Repository",
    "AWS::OpenSearchService::Domain", "AWS::Elasticsearch::Domain", "AWS::CodeArtifact::Domain",
    "AWS::S3Express::DirectoryBucket",
])  # fmt: skip

# Types whose `Ref` (or attribute of that name) is an id that AWS makes up, with its length.
_IDS = {
    "AWS::ApiGateway::RestApi": 10, "AWS::Serverless::Api": 10, "AWS::ApiGatewayV2::Api": 10,
    "AWS::Serverless::HttpApi": 10, "AWS::ApiGateway::Authorizer": 6, "AWS::ApiGatewayV2::Authorizer": 6,
    "AWS::AppSync::GraphQLApi": 26,
}  # fmt: skip
_LOG_GROUP = "AWS::Logs::LogGroup"
# Types whose `Ref` is an id that begins so; most of them are ids of EC2, hexadecimal.
_BEGINNINGS = {
    "AWS::EC2::VPC": "vpc-", "AWS::EC2::VPCEndpoint": "vpce-", "AWS::EC2::Subnet": "subnet-",
    "AWS::EC2::SecurityGroup": "sg-", "AWS::EC2::Instance": "i-", "AWS::EFS::FileSystem": "fs-",
    "AWS::EFS::AccessPoint": "fsap-",
}  # fmt: skip
# Types whose `Ref` is the name that the template gives, by its property.
_NAMED = {"AWS::ApiGateway::Stage": "StageName", "AWS::Logs::LogStream": "LogStreamName", "AWS::SSM::Parameter": "Name"}


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
            "AWS::StackId": f"arn:{self.partition}:cloudformation:{self.region}:{self.account}:stack/{self.stack}/"
            + str(uuid5(NAMESPACE_URL, self.stack)),
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
        if form.endswith(".mrap"):
            return f"arn:{self.partition}:s3::{self.account}:{form.format(self._made_up_id(logical, 13))}"
        if service == "s3" and form == "{}":
            return f"arn:{self.partition}:s3:::{name}"
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{form.format(name)}"

    def name(self, logical: str, resolver: Resolver) -> str:
        """The name that the template gives, or one that stands for what CloudFormation will choose."""
        node = resolver.resources[logical]
        kind, row = _type(node), _TYPES.get(_type(node))
        if kind in _BEGINNINGS or kind in _IDS:
            return str(self.ref(logical, resolver))
        given = resolver.text(_properties(node).get(row[0])) if row and row[0] else None
        if given:
            return given
        if kind == "AWS::KMS::ReplicaKey":  # it has the id of its primary key (KMS guide, multi-Region keys)
            return str(resolver.text(_properties(node).get("PrimaryKeyArn"))).rsplit("/", 1)[-1]
        if kind == "AWS::KMS::Key":
            return str(uuid5(NAMESPACE_URL, f"{self.stack}/{logical}"))
        if kind == "AWS::S3Express::DirectoryBucket":
            return f"{self.made_up(kind, logical)}--{resolver.text(_properties(node).get('LocationName'))}--x-s3"
        fifo = {"FifoQueue", "FifoTopic"} & _properties(node).keys()
        ending = ".fifo" if any(str(_properties(node)[name].value).lower() == "true" for name in fifo) else ""
        return self.made_up(kind, logical) + ending

    def made_up(self, kind: str, logical: str) -> str:
        """A name as CloudFormation makes them: of the stack, the resource and an ending, cut to what the type admits.

        CloudFormation guide, name type. One that no resource can have would never be called.
        """
        made, longest = f"{self.stack}-{logical}-{_ENDING}", _LONGEST.get(kind, _LONG)
        if len(made) > longest:
            ending = uuid5(NAMESPACE_URL, f"{self.stack}/{logical}").hex[: min(12, longest // 3)]
            room = longest - len(ending) - 2
            stack = self.stack[: max(room // 2, room - len(logical))].rstrip("-")
            made = f"{stack}-{logical[: room - len(stack)]}-{ending}"
        return made.lower() if kind in _LOWER else made

    def ref(self, logical: str, resolver: Resolver) -> str | None:
        """What `Ref` gives."""
        kind = _type(resolver.resources[logical])
        if kind in aside.TYPES:
            return aside.arn(self, logical, resolver)
        if kind == "AWS::SQS::Queue":
            suffix = partitions()[self.partition].dns_suffix
            return f"https://sqs.{self.region}.{suffix}/{self.account}/{self.name(logical, resolver)}"
        if kind in _IDS and kind != "AWS::AppSync::GraphQLApi":
            return self._made_up_id(logical, _IDS[kind])
        if kind in _BEGINNINGS:
            return _BEGINNINGS[kind] + self._made_up_id(logical, 17)
        if kind == "AWS::CloudFront::Distribution":
            return f"E{self._made_up_id(logical, 13).upper()}"
        if kind == "AWS::Cognito::UserPool":
            return f"{self.region}_{self._made_up_id(logical, 9)}"
        if kind == "AWS::Cognito::IdentityPool":
            return f"{self.region}:{uuid5(NAMESPACE_URL, f'{self.stack}/{logical}')}"
        if kind in _NAMED:
            given = resolver.text(_properties(resolver.resources[logical]).get(_NAMED[kind]))
            return given or self.made_up(kind, logical)
        row = _TYPES.get(kind)
        if row is None:
            return None
        return self.arn(logical, resolver) if row[3] else self.name(logical, resolver)

    def attribute(self, logical: str, attribute: str, resolver: Resolver) -> str | None:
        """What `Fn::GetAtt` gives; None for attributes that only AWS knows.

        The ARN of a log group ends in `:*` (CloudWatch Logs guide, overview of managing access permissions: it is
        returned so, and written so in policies for all actions but those on tags; read 2026-11-28).
        """
        kind = _type(resolver.resources[logical])
        if kind in aside.TYPES:
            return aside.attribute(self, logical, attribute, resolver)
        if kind in aside.TABLES and attribute == "StreamArn":
            return aside.stream(str(self.arn(logical, resolver)))
        if kind == _MULTI_REGION and attribute == "Alias":
            return str(self.arn(logical, resolver)).rpartition("/")[2]
        if kind == _LOG_GROUP and attribute == "Arn":
            return f"{self.arn(logical, resolver)}:*"
        if kind in _IDS and attribute in ("RestApiId", "ApiId", "AuthorizerId"):
            return self._made_up_id(logical, _IDS[kind])
        if kind == "AWS::Cognito::UserPool" and attribute == "Arn":
            pool = self.ref(logical, resolver)
            return f"arn:{self.partition}:cognito-idp:{self.region}:{self.account}:userpool/{pool}"
        if kind in ("AWS::CloudFront::Distribution", "AWS::Cognito::UserPool") and attribute in ("Id", "UserPoolId"):
            return self.ref(logical, resolver)
        if kind == "AWS::EC2::VPC" and attribute in ("VpcId", "DefaultSecurityGroup"):
            made = self._made_up_id(f"{logical}.default", 17)
            return self.ref(logical, resolver) if attribute == "VpcId" else f"sg-{made}"
        if kind == "AWS::EFS::FileSystem" and attribute == "FileSystemId":
            return self.ref(logical, resolver)
        if kind in ("AWS::EC2::SecurityGroup", "AWS::EC2::VPCEndpoint") and attribute in ("GroupId", "Id", "VpcId"):
            return self.ref(logical, resolver) if attribute != "VpcId" else None
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
