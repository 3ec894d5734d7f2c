"""The form without a workspace: policies given by themselves, with a synthetic organization around them (design 6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from pathlib import Path

from perimeter_smt.errors import InputError
from perimeter_smt.organization.model import Account, Endpoint, Guardrails, Organization, Unit
from perimeter_smt.organization.perimeter import Perimeter, Vpc, Workspace
from perimeter_smt.organization.readers import agreement, values
from perimeter_smt.organization.readers import partition as partitions
from perimeter_smt.organization.readers.perimeter_file import read_perimeter
from perimeter_smt.organization.readers.yaml import Node, read_yaml
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import load_policy
from perimeter_smt.request.partitions import partition_of_region
from perimeter_smt.request.partitions import partitions as known_partitions
from perimeter_smt.request.variables import refuse_unset

MANAGEMENT_ACCOUNT = "999999999999"
MEMBER_ACCOUNT = "111122223333"
REGION = "us-east-1"
VPC = "vpc-0123456789abcdef0"
_SUFFIX = "_endpoint_policy"
_NOTHING: Mapping[str, str] = {}
# Endpoint services whose name is not the service prefix of IAM actions (PrivateLink guide, services that integrate).
PREFIXES = {
    "aps-workspaces": "aps",
    "email-smtp": "ses",
    "git-codecommit": "codecommit",
    "kinesis-firehose": "firehose",
    "kinesis-streams": "kinesis",
    "monitoring": "cloudwatch",
    "notebook": "sagemaker",
    "sync-states": "states",
}


def workspace_from_options(
    org_id: str,
    scps: Sequence[Path] = (),
    rcps: Sequence[Path] = (),
    endpoint_policies: Sequence[Path] = (),
    fill: Mapping[str, str] = _NOTHING,
    *,
    cidrs: Sequence[str] = (),
    vpcs: Sequence[str] = (),
    management_account: str | None = None,
    accounts: Sequence[str] = (),
    perimeter_file: Path | None = None,
    partition: str | None = None,
) -> Workspace:
    """An organization whose root has these SCPs and RCPs, whose accounts are all alike, and grants unknown.

    A file `SERVICE_endpoint_policy.json` is the policy of the endpoints of that service (`ecr.api` is one of `ecr`),
    `default_endpoint_policy.json` that of all others. `vpcs` are `VPC` or `VPC/REGION`; every VPC has every endpoint.
    `perimeter_file` is a `perimeter.yaml` of claims, exceptions and trusted parties; organization, VPCs and ranges of
    the options are added to it. `partition` is told from what is given, if it is not said. InputError names the option
    that is wrong.
    """
    values.checked("--org-id", values.organization_id, [org_id])
    ids = values.checked("--account", values.account_id, accounts) or [MEMBER_ACCOUNT]
    management = values.checked("--management-account", values.account_id, [management_account or MANAGEMENT_ACCOUNT])[
        0
    ]
    for number, account in enumerate(ids):
        if account == management or account in ids[:number]:
            raise InputError(f"duplicate account {quoted(account)}", path="--account")
    claims = read_yaml(perimeter_file) if perimeter_file else None
    guardrails = Guardrails(
        scps=tuple(refuse_unset(load_policy(path, Kind.SCP, fill)) for path in scps),
        rcps=tuple(refuse_unset(load_policy(path, Kind.RCP, fill)) for path in rcps),
    )
    lies_in = _partition(partition, vpcs, claims, guardrails)
    networks = _vpcs(vpcs, lies_in)
    ranges = tuple(values.checked("--cidr", values.cidr, cidrs))
    declared = read_perimeter(claims) if claims else Perimeter(orgs=(org_id,))
    perimeter = declared.model_copy(
        update={
            "orgs": tuple(dict.fromkeys((org_id, *declared.orgs))),
            "vpcs": (*declared.vpcs, *networks),
            "cidrs": (*declared.cidrs, *ranges),
        }
    )
    endpoints = _endpoints(endpoint_policies, fill, networks or [Vpc(id=VPC, region=_region(lies_in))], ids[0])
    root = Unit(
        id="r-root",
        name="root",
        guardrails=guardrails,
        accounts=tuple(Account(id=account, endpoints=endpoints if account == ids[0] else ()) for account in ids),
    )
    organization = Organization(id=org_id, management_account=management, root=root, partition=lies_in)
    agreement.check(perimeter, organization, claims, drawn=False)
    return Workspace(
        organization=organization,
        perimeter=perimeter,
        name=org_id,
        grants_given=False,
    )


def endpoint_service(path: Path) -> str | None:
    """The service whose endpoints a policy file is for, None for `default`; InputError if the name tells none."""
    prefix, found, _ = path.stem.rpartition(_SUFFIX)
    if not found or not prefix:
        raise InputError(
            f"file name {quoted(path.name)} tells no service, expected one such as `s3{_SUFFIX}.json`",
            file=str(path),
            path="--endpoint-policy",
        )
    if prefix == "default":
        return None
    first = prefix.partition(".")[0].removesuffix("-fips")
    try:
        return values.service(PREFIXES.get(first, first))
    except ValueError as error:
        raise InputError(str(error), file=str(path), path="--endpoint-policy") from None


def _endpoints(paths: Sequence[Path], fill: Mapping[str, str], vpcs: list[Vpc], owner: str) -> tuple[Endpoint, ...]:
    services = [endpoint_service(path) for path in paths]
    named = tuple(dict.fromkeys(service for service in services if service))
    policies = [refuse_unset(load_policy(path, Kind.ENDPOINT, fill)) for path in paths]
    out = []
    for number, (vpc, (service, policy)) in enumerate(product(vpcs, zip(services, policies, strict=True))):
        out.append(
            Endpoint(
                id=f"vpce-0{number:016x}",
                account=owner,
                vpc=vpc.id,
                vpc_account=owner,
                region=vpc.region,
                services=(service,) if service else (),
                except_services=() if service else named,
                policy=policy,
            )
        )
    return tuple(out)


def _partition(said: str | None, vpcs: Iterable[str], claims: Node | None, guardrails: Guardrails) -> str:
    """The partition that was said, or told from Regions and ARNs, which must agree (W-1)."""
    found = values.checked("--partition", values.partition, [said])[0] if said else None
    place = "`--partition`" if said else ""
    for text in vpcs:
        region = text.partition("/")[2]
        if not region:
            continue
        other = partition_of_region(values.checked("--vpc", values.region, [region])[0])
        if found is not None and other != found:
            error = f"Region {quoted(region)} lies in partition `{other}`, but {place} in `{found}`"
            raise InputError(f"{error}: an organization lies in one partition", path="--vpc")
        if found is None:
            found, place = other, f"{quoted(region)} of `--vpc`"
    told = partitions.told((claims,) if claims else (), found, place)
    return told or partitions.of_documents((*guardrails.scps, *guardrails.rcps))


def _region(partition: str) -> str:
    return REGION if partition == partitions.DEFAULT else known_partitions()[partition].global_region


def _vpcs(texts: Iterable[str], partition: str) -> list[Vpc]:
    out: list[Vpc] = []
    for text in texts:
        vpc, _, region = text.partition("/")
        out.append(
            Vpc(
                id=values.checked("--vpc", values.vpc_id, [vpc])[0],
                region=values.checked("--vpc", values.region, [region or _region(partition)])[0],
            )
        )
    return out
