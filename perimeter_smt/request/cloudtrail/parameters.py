"""What the parameters of an event name: values by name, and those that fill an open part of an ARN.

CloudTrail guide, `requestParameters`; API references of the services for how a parameter names its resource.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_ALIASES = {
    "objectname": ("key",),
    "bucketname": ("bucketName", "bucket"),
    "keyid": ("keyId",),
    "clustername": ("clusterName", "cluster", "name"),
    "repositoryname": ("repositoryName",),
    "loggroupname": ("logGroupName",),
    "securitygroupid": ("groupId",),
    "naclid": ("networkAclId",),
    "vpcflowlogid": ("flowLogId",),
    "keypairname": ("keyName",),
    "dbinstancename": ("dBInstanceIdentifier",),
    "dbclusterinstancename": ("dBClusterIdentifier",),
    "snapshotname": ("dBSnapshotIdentifier",),
    "clustersnapshotname": ("dBClusterSnapshotIdentifier",),
    "parameternamewithoutleadingslash": ("name",),
}
_NAMED_ELSE = ("bucketname", "loadbalancername")  # `name` is of a load balancer with an id: ELB API reference
_ACCOUNT = re.compile(r"[0-9]{12}")
_OF_DATABASES = frozenset(("dbinstancename", "dbclusterinstancename", "snapshotname", "clustersnapshotname"))
_FUNCTION = re.compile(r"([0-9]{12}):function:(.+)")  # Lambda API reference: a partial ARN
_HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"


class Parameters:
    """The texts of `requestParameters` by lower-cased name; several where a list or set of items names them.

    EC2 wraps newer calls as `{"DeleteFlowLogsRequest": {...}}` and sets as `{"instancesSet": {"items": [...]}}`.
    """

    def __init__(self, event: Mapping[str, Any]) -> None:
        told = event.get("requestParameters")
        given: Mapping[str, Any] = told if isinstance(told, Mapping) else {}
        name, only = next(iter(given.items())) if len(given) == 1 else ("", None)
        if name.endswith("Request") and isinstance(only, Mapping):
            given = only
        self.raw = given
        self._texts: dict[str, tuple[str, ...]] = {}
        self._nested: dict[str, tuple[str, ...]] = {}
        for name, value in given.items():
            self._add(name.lower(), value)

    def _add(self, name: str, value: Any) -> None:
        if isinstance(value, str):
            self._texts[name] = (value,)
        elif isinstance(value, Mapping) and isinstance(value.get("content"), str):
            self._texts[name] = (value["content"],)
        elif isinstance(value, Mapping) and name.endswith("set") and isinstance(value.get("items"), list):
            for item in value["items"]:
                for inner, text in item.items() if isinstance(item, Mapping) else ():
                    if isinstance(text, str):
                        self._nested[inner.lower()] = (*self._nested.get(inner.lower(), ()), text)
        elif isinstance(value, list) and value and all(isinstance(text, str) for text in value):
            self._nested.setdefault(name.removesuffix("s"), tuple(value))

    def arns(self) -> tuple[str, ...]:
        """The ARNs that parameters hold as they are."""
        return tuple(
            text
            for texts in (*self._texts.values(), *self._nested.values())
            for text in texts
            if text.startswith("arn:")
        )

    def one(self, name: str) -> str | None:
        """The text of a parameter that has one."""
        found = self._texts.get(name.lower(), ())
        return found[0] if found and found[0] and found[0] != _HIDDEN else None

    def account(self) -> str | None:
        """The owner that parameters name: of a queue (https://sqs.REGION.amazonaws.com/ACCOUNT/NAME), a registry, a
        catalogue, or a function by a partial ARN.
        """
        url, function = self.one("queueUrl"), _FUNCTION.fullmatch(self.one("functionName") or "")
        owners = url.split("/")[-2:-1] if url else []
        if function:
            owners.append(function[1])
        owners += [text for name in ("registryId", "catalogId") if (text := self.one(name))]
        return next((owner for owner in owners if _ACCOUNT.fullmatch(owner)), None)

    def values(self, part: str, *, alone: bool) -> tuple[str, ...]:
        """The values of an open part, in lower case; `alone`: the ARN has no other, so that `name` is meant.

        Names that are no part of the ARN are left out: a secret's, which lacks the random end, and a key's alias.
        """
        if part == "secretid":
            return ()
        own = ("name",) if alone and part.endswith("name") and part not in _NAMED_ELSE else ()
        for name in (part, *_ALIASES.get(part, ()), *own):
            found = self._texts.get(name.lower()) or self._nested.get(name.lower(), ())
            texts = tuple(text for text in map(_bare(part), found) if text and text != _HIDDEN)
            if texts and not any(text.startswith(("arn:", "http")) for text in texts):
                return () if _elsewhere(part, texts) else self._qualified(part, texts)
        url = self.one("queueUrl")
        return (url.rsplit("/", 1)[-1],) if part == "queuename" and url else ()

    def _qualified(self, part: str, texts: tuple[str, ...]) -> tuple[str, ...]:
        qualifier = self.one("qualifier")
        return tuple(f"{text}:{qualifier}" for text in texts) if part == "functionname" and qualifier else texts


def _bare(part: str) -> Any:
    """How a name stands in the ARN of its resource."""
    if part == "parameternamewithoutleadingslash":
        return lambda text: text.removeprefix("/")
    if part == "functionname":
        return lambda text: found[2] if (found := _FUNCTION.fullmatch(text)) else text
    if part in _OF_DATABASES:  # RDS API reference: stored as lowercase strings
        return str.lower
    return str


def _elsewhere(part: str, texts: tuple[str, ...]) -> bool:
    """Whether names are of something else: aliases of keys, and documents that AWS owns."""
    if part == "keyid":
        return any(text.startswith("alias/") for text in texts)
    return part == "documentname" and any(text.startswith("AWS") for text in texts)
