"""An accelerator configuration as a draft: units, accounts, SCPs, RCPs, VPC endpoints.

Reference: the accelerator's configuration reference (organization, accounts and network configuration).
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perimeter_smt.errors import InputError
from perimeter_smt.organization.readers import values
from perimeter_smt.organization.readers.aws_cli import network
from perimeter_smt.organization.readers.draft import Draft, NotKnown, Place, sizes
from perimeter_smt.organization.readers.draft.assemble import SOME_ROOT
from perimeter_smt.organization.readers.lza import unread
from perimeter_smt.organization.readers.lza.folder import Folder
from perimeter_smt.policy.kinds import Kind

if TYPE_CHECKING:
    from perimeter_smt.organization.readers.sources import SourceOptions

_ORGANIZATION, _ACCOUNTS, _NETWORK = "organization-config.yaml", "accounts-config.yaml", "network-config.yaml"
_PARTS = (("serviceControlPolicies", Kind.SCP), ("resourceControlPolicies", Kind.RCP))


def read(path: Path, draft: Draft, options: SourceOptions) -> None:
    """Read the folder. Ids that it does not hold are given by `--set NAME=ID`, or stand-ins that are named."""
    try:
        _Reader(Folder(path, options.fill), draft).read()
    except KeyError as error:
        raise InputError(f"something without `{error.args[0]}`, expected a configuration of the accelerator",
                         file=str(path)) from None  # fmt: skip
    except (TypeError, AttributeError, ValueError):
        raise InputError("a configuration of another form than the accelerator reads", file=str(path)) from None
    sizes.check(draft)


class _Reader:
    def __init__(self, folder: Folder, draft: Draft) -> None:
        self.folder, self.draft = folder, draft
        self.units = {"Root": SOME_ROOT}
        self.accounts: dict[str, str] = {}
        self.unit_of: dict[str, str] = {}
        self.ignored: set[str] = set()

    def at(self, name: str, *steps: str | int) -> Place:
        return Place(str(self.folder.path / name), steps)

    def read(self) -> None:
        organization = self.folder.yaml(_ORGANIZATION)
        self._units(organization)
        self._accounts(self.folder.yaml(_ACCOUNTS))
        if str(organization.get("enable")).lower() == "false":
            reason = "it is false: the accelerator makes no units and attaches no policies"
            self.draft.unknown("`enable` of the configuration", reason, "guardrails", self.at(_ORGANIZATION, "enable"))
            organization = {**organization, **dict.fromkeys((part for part, _ in _PARTS), ())}
        for part, kind in _PARTS:
            for index, item in enumerate(organization.get(part) or ()):
                self._control(item, kind, self.at(_ORGANIZATION, part, index))
        self._network(self.folder.yaml(_NETWORK))
        unread.read(self.folder, self.draft, self.at)

    def _units(self, found: dict[str, Any]) -> None:
        ids = {item["name"]: item["id"] for item in found.get("organizationalUnitIds") or () if item.get("id")}
        if "Root" in ids:
            self.units["Root"] = ids["Root"]
        self.draft.root = self.units["Root"]
        self.draft.unit(self.draft.root, self.at(_ORGANIZATION), name="Root")
        for index, item in enumerate(found.get("organizationalUnits") or ()):
            name = item["name"]
            self.units[name] = ids.get(name) or f"ou-{name}"
            if str(item.get("ignore")).lower() == "true" or name.rpartition("/")[0] in self.ignored:
                self.ignored.add(name)
            above = self.units.get(name.rpartition("/")[0] or "Root", self.draft.root)
            self.draft.unit(self.units[name], self.at(_ORGANIZATION, "organizationalUnits", index), name=name,
                            parent=above)  # fmt: skip

    def _accounts(self, found: dict[str, Any]) -> None:
        ids = {item["email"].lower(): self._id(item, index) for index, item in enumerate(found.get("accountIds") or ())}
        for part in ("mandatoryAccounts", "workloadAccounts"):
            for index, item in enumerate(found.get(part) or ()):
                name, at = item["name"], self.at(_ACCOUNTS, part, index)
                own = ids.get(str(item.get("email", "")).lower()) or self.folder.values.get(name)
                if own is None:
                    own = f"{int(sha256(name.encode()).hexdigest(), 16) % 10**12:012d}"
                    reason = f"not told, taken to be `{own}`: say `--set {name}=ID`"
                    self.draft.unknown(f"id of account `{name}`", reason, "facts", at)
                if name in self.accounts:
                    raise InputError(f"account `{name}` stands twice", file=at.file)
                unit = item.get("organizationalUnit") or "Root"
                if unit not in self.units:
                    raise InputError(f"account `{name}` lies in `{unit}`, which is no unit of the configuration",
                                     file=at.file)  # fmt: skip
                self.accounts[name], self.unit_of[name] = own, unit
                self.draft.account(own, at, name=name, parent=self.units[unit])
                if name == "Management":
                    self.draft.management = own
        self.draft.accounts_listed = bool(self.accounts)

    def _id(self, item: dict[str, Any], index: int) -> str:
        """An account id as it is written; samples leave words there."""
        try:
            return values.account_id(str(item["accountId"]))
        except ValueError as error:
            place = self.at(_ACCOUNTS, "accountIds", index)
            raise InputError(str(error), file=place.file, path=str(place).partition(": ")[2]) from None

    def _control(self, item: dict[str, Any], kind: Kind, at: Place) -> None:
        name = item["name"]
        policy = self.folder.policy(str(item.get("policy", "")))
        own = f"{kind.value}:{name}"
        self.draft.control(own, name, kind, policy, Place(str(self.folder.path / str(item.get("policy", "")))))
        targets = item.get("deploymentTargets") or {}
        if targets.get("excludedAccounts") and targets.get("organizationalUnits"):
            self.draft.unknown(f"targets of {kind.value.upper()} `{name}`", "units with excluded accounts: the policy "
                               "is taken to stop nothing in these units", "guardrails", at)  # fmt: skip
            targets = {"accounts": targets.get("accounts")}
        for where, known in (("organizationalUnits", self.units), ("accounts", self.accounts)):
            for target in targets.get(where) or ():
                if target not in known:
                    raise InputError(f"policy `{name}` is for `{target}`, which is not in the configuration",
                                     file=at.file)  # fmt: skip
                if where == "organizationalUnits" and target in self.ignored:
                    reason = f"unit `{target}` is ignored by the accelerator: the policy is taken to stop nothing there"
                    self.draft.unknown(f"targets of {kind.value.upper()} `{name}`", reason, "guardrails", at)
                    continue
                self.draft.attach(own, known[target], at)
                if item.get("strategy") == "allow-list":
                    self.draft.targets_known.add(known[target])

    def _network(self, found: dict[str, Any]) -> None:
        documents = {item["name"]: item["document"] for item in found.get("endpointPolicies") or ()}
        for part in ("vpcs", "vpcTemplates"):
            for index, vpc in enumerate(found.get(part) or ()):
                at = self.at(_NETWORK, part, index)
                for account in self._owners(vpc, at):
                    self._vpc(vpc, account, documents, at)

    def _owners(self, vpc: dict[str, Any], at: Place) -> Iterator[str]:
        if vpc.get("account"):
            if vpc["account"] in self.accounts:
                yield vpc["account"]
            else:
                reason = "no account of the configuration: the endpoints of its VPCs are not read"
                self.draft.unknown(f"account `{vpc['account']}` of VPC `{vpc.get('name')}`", reason, "facts", at)
            return
        targets = vpc.get("deploymentTargets") or {}
        units = set(targets.get("organizationalUnits") or ())
        for name in self.accounts:
            inside = "Root" in units or self.unit_of[name] in units
            if (inside or name in (targets.get("accounts") or ())) and name not in (
                targets.get("excludedAccounts") or ()
            ):
                yield name

    def _vpc(self, vpc: dict[str, Any], account: str, documents: dict[str, str], at: Place) -> None:
        region = vpc.get("region") or ""
        own = f"vpc-{_digest(account, region, vpc['name'])}"
        self.draft.vpcs[own, region] = self.accounts[account]
        for part, kind in (("gatewayEndpoints", "Gateway"), ("interfaceEndpoints", "Interface")):
            found = vpc.get(part) or {}
            for endpoint in found.get("endpoints") or ():
                name = endpoint.get("policy") or found.get("defaultPolicy")
                document = documents.get(name or "")
                policy = self.folder.policy(document) if document else None
                if name and not document:
                    policy = NotKnown(f"no `{name}` among the `endpointPolicies` of the configuration")
                item = {
                    "VpcEndpointId": f"vpce-{_digest(own, endpoint['service'])}",
                    "VpcEndpointType": kind,
                    "VpcId": own,
                    "ServiceName": f"com.amazonaws.{region}.{endpoint['service']}",
                    "PolicyDocument": policy,
                }
                network.endpoint(self.draft, item, at.at(part), self.accounts[account], region)


def _digest(*parts: str) -> str:
    return sha256("/".join(parts).encode()).hexdigest()[:17]
