"""Which account, Region and ARN a resource of a plan has, also before it is made."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from perimeter_smt.organization.readers.draft import Draft, NotKnown, Place
from perimeter_smt.organization.readers.options import MEMBER_ACCOUNT, REGION
from perimeter_smt.organization.readers.terraform import regions
from perimeter_smt.organization.readers.terraform.plan import AFTER_APPLY, Plan, Resource
from perimeter_smt.organization.readers.terraform.providers import DEFAULT, Provider, providers_of
from perimeter_smt.request.partitions import partition_of_region, partitions

if TYPE_CHECKING:
    from perimeter_smt.organization.readers.sources import SourceOptions

# How the ARN of a new resource follows from its attributes: service, form of the name, attributes. `-` has no Region.
_ARNS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "aws_s3_bucket": ("s3", "{}", ("bucket",)),
    "aws_sqs_queue": ("sqs", "{}", ("name",)),
    "aws_sns_topic": ("sns", "{}", ("name",)),
    "aws_lambda_function": ("lambda", "function:{}", ("function_name",)),
    "aws_ecr_repository": ("ecr", "repository/{}", ("name",)),
    "aws_dynamodb_table": ("dynamodb", "table/{}", ("name",)),
    "aws_kinesis_stream": ("kinesis", "stream/{}", ("name",)),
    "aws_cloudwatch_event_bus": ("events", "event-bus/{}", ("name",)),
    "aws_backup_vault": ("backup", "backup-vault:{}", ("name",)),
    "aws_opensearch_domain": ("es", "domain/{}", ("domain_name",)),
    "aws_elasticsearch_domain": ("es", "domain/{}", ("domain_name",)),
    "aws_s3_access_point": ("s3", "accesspoint/{}", ("name",)),
    "aws_secretsmanager_secret": ("secretsmanager", "secret:{}-AbCdEf", ("name",)),
    "aws_kms_key": ("kms", "key/{}", ("key_id",)),
    "aws_kms_external_key": ("kms", "key/{}", ("key_id",)),
    "aws_kms_replica_key": ("kms", "key/{}", ("key_id",)),
    "aws_kms_replica_external_key": ("kms", "key/{}", ("key_id",)),
    "aws_efs_file_system": ("elasticfilesystem", "file-system/{}", ("id",)),
    "aws_codeartifact_domain": ("codeartifact", "domain/{}", ("domain",)),
    "aws_codeartifact_repository": ("codeartifact", "repository/{}/{}", ("domain", "repository")),
    "aws_s3tables_table_bucket": ("s3tables", "bucket/{}", ("name",)),
    "aws_api_gateway_rest_api": ("execute-api", "{}", ("id",)),
}
# Types of which AWS makes the id up, with its length; any will do before it is known.
_IDS = {"aws_kms_key": 36, "aws_kms_external_key": 36, "aws_kms_replica_key": 36, "aws_kms_replica_external_key": 36,
        "aws_api_gateway_rest_api": 10, "aws_efs_file_system": 17}  # fmt: skip
KEYS = tuple(kind for kind, (service, _, _) in _ARNS.items() if service == "kms")
_IAM = {"aws_iam_role": "role", "aws_iam_user": "user", "aws_iam_group": "group", "aws_iam_policy": "policy"}


_REST_API = "aws_api_gateway_rest_api"
_NOWHERE = Provider()


@dataclass
class Here:
    """Where a plan is applied."""

    plan: Plan
    draft: Draft
    account: str
    region: str
    guessed: set[str]
    at: Place
    providers: dict[str, Provider] = field(default_factory=dict)
    with_policy: set[str] = field(default_factory=set)  # ARNs of resources whose policy is a resource of its own
    stacks: set[str] = field(default_factory=set)  # addresses of stacks whose template is read

    @property
    def partition(self) -> str:
        """Where the plan is applied: told by its Region, or by ARNs that it holds."""
        return partition_of_region(self.region) or "aws"

    def account_of(self, resource: Resource) -> str:
        """The account of a resource: of its ARN, its provider, or the plan."""
        for name in ("arn", "owner_id", "account_id", "domain_owner"):
            value = resource.text(name)
            found = value.split(":")[4] if value.count(":") >= 5 else value
            if len(found) == 12 and found.isdigit():
                return found
        return self.owner(resource)

    def owner(self, resource: Resource) -> str:
        """The account in which a resource is made, whatever account its attributes name."""
        found = self.providers.get(resource.provider, _NOWHERE)
        if found.account:
            return found.account
        others = any(each.own_account for key, each in self.providers.items() if key != DEFAULT)
        handed_down = resource.provider not in self.plan.providers and resource.provider.endswith(":aws") and others
        if (found.own_account and resource.provider != DEFAULT) or handed_down:
            self._guess(resource.provider, "account", self.account)
        self.tell("account")
        return self.account

    def region_of(self, resource: Resource) -> str:
        """The Region of a resource."""
        if found := resource.text("region"):
            return found
        provider = self.providers.get(resource.provider, _NOWHERE)
        if resource.provider != DEFAULT and provider.own_region:
            if provider.region:
                return provider.region
            self._guess(resource.provider, "Region", self.region)
        self.tell("region")
        return self.region

    def _guess(self, provider: str, what: str, taken: str) -> None:
        """Name a provider that goes elsewhere, nobody knows where."""
        reason = f"known to Terraform alone, taken to be `{taken}`: read what it makes by itself, with `--account`"
        self.draft.unknown(f"{what} of provider `{provider}`", reason, "facts", self.at)

    def tell(self, what: str) -> None:
        """Name a guess, once it is leant on."""
        if what in self.guessed:
            name, option, value = (
                ("account", "--account", self.account) if what == "account" else ("Region", "--region", self.region)
            )
            reason = f"not told, taken to be `{value}`: say `{option}`"
            self.draft.unknown(f"{name} of the plan", reason, "facts", self.at)

    def arn(self, resource: Resource) -> str | None:
        """The ARN, as it is or as it will be; None where its name is not known either."""
        if (known := resource.text("arn")) and known.count(":") >= 5 and resource.type != _REST_API:
            return known  # that of a REST API is of its administration
        if resource.type in _IAM:
            name, path = resource.text("name") or _made_up(resource, "name"), resource.text("path") or "/"
            if not name:
                return None
            return f"arn:{self.partition}:iam::{self.account_of(resource)}:{_IAM[resource.type]}{path}{name}"
        row = _ARNS.get(resource.type)
        if row is None:
            return None
        service, form, names = row
        parts = [resource.text(name) for name in names]
        if resource.type in _IDS and not parts[0]:
            parts = [_stand_in(resource)]
        elif not parts[-1]:
            parts[-1] = _made_up(resource, names[-1])
        if not all(parts):
            return None
        if resource.type == "aws_s3_bucket":
            return f"arn:{self.partition}:s3:::{parts[0]}"
        place = f"arn:{self.partition}:{service}:{self.region_of(resource)}:{self.account_of(resource)}"
        return f"{place}:{form.format(*parts)}"


def _made_up(resource: Resource, name: str) -> str:
    """A name as the provider makes it up where none is written: behind the prefix, if one is; empty where one is."""
    if not resource.fresh or not resource.configured or resource.writes(name):
        return ""
    prefix = resource.text(f"{name}_prefix")
    if not prefix and resource.writes(f"{name}_prefix"):
        return ""
    return f"{prefix or 'terraform-'}{_made_up_id(resource.address).replace('-', '')[:26]}"


def _stand_in(resource: Resource) -> str:
    """An id as AWS makes it up; a replica has that of its primary key (KMS guide, multi-Region keys)."""
    if primary := resource.text("primary_key_arn"):
        return primary.rsplit("/", 1)[-1]
    made = _made_up_id(resource.address)[: _IDS[resource.type]]
    return f"fs-{made.replace('-', '')}" if resource.type == "aws_efs_file_system" else made


def _made_up_id(address: str) -> str:
    from uuid import NAMESPACE_URL, uuid5

    return str(uuid5(NAMESPACE_URL, address))


def here(plan: Plan, draft: Draft, options: SourceOptions, at: Place) -> Here:
    """What options, data sources, providers and ARNs tell of the account and Region of a plan."""
    providers = providers_of(plan)
    default = providers.get(DEFAULT, _NOWHERE)
    account, region, guessed = options.account or default.account, options.region or default.region, set()
    nobody = [resource for resource in plan.resources.values() if not resource.provider]  # no configuration in the plan
    for resource in nobody if not default.account else ():
        if resource.type == "aws_caller_identity":
            account = account or resource.text("account_id")
    for resource in nobody if not default.region else ():
        if resource.type == "aws_region":
            region = region or resource.text("region") or resource.text("name") or resource.text("id")
    arns = [resource.text("arn").split(":") for resource in plan.resources.values() if not resource.data]
    for index, name in ((4, "account"), (3, "region")):
        seen = Counter(parts[index] for parts in arns if len(parts) > 5 and parts[index])
        likely = seen.most_common(1)[0][0] if seen else ""
        if name == "account" and not account:
            account = likely
        if name == "region" and not region:
            region = likely
    region = region or regions.in_use(nobody)
    told = next((r.text("partition") for r in plan.of("aws_partition")), "") or next(
        (a[1] for a in arns if len(a) > 5), ""
    )
    if not region and told in partitions() and told != "aws":
        region = next(iter(sorted(partitions()[told].regions)), region)
        guessed.add("region")
    if not account:
        guessed.add("account")
    if not region:
        guessed.add("region")
    if options.account and not default.own_account:  # what is said wins over what its resources look like
        providers[DEFAULT] = replace(default, account=options.account)
    return Here(plan, draft, account or MEMBER_ACCOUNT, region or REGION, guessed, at, providers)


def not_known(address: str) -> NotKnown:
    """A value of this resource that is known after apply."""
    return NotKnown(f"{AFTER_APPLY} (`{address}`)")
