"""One configuration item, in any of the spellings of Config's answers and files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import orjson

from perimeter_smt.organization.readers.aws_cli.answer import tags_of
from perimeter_smt.organization.readers.draft import Place

_NEVER = float("-inf")
_DEPTH, _TEXTS = 6, 3  # how deep members are looked for, and how often a text may be one of a text


@dataclass(frozen=True, slots=True)
class Item:
    """A configuration item; `configuration` and `more` (supplementary) are decoded.

    `time` is in seconds, minus infinity where it is not told; `tags` is None where the item tells none, not even that
    there are none; `torn` says why it cannot be told which of several items counts.
    """

    type: str
    id: str
    arn: str
    account: str
    region: str
    status: str
    time: float
    configuration: dict[str, Any]
    more: dict[str, Any]
    tags: dict[str, str] | None
    at: Place
    torn: str = ""

    @staticmethod
    def of(value: dict[str, Any], at: Place, account: str) -> Item | None:
        """The item; None without a type. Some tools write the names of members with a capital letter."""
        if "resourceType" not in value:
            value = {**{key[:1].lower() + key[1:]: found for key, found in value.items() if found is not None}, **value}
        kind = value.get("resourceType")
        if not isinstance(kind, str):
            return None
        configuration = as_object(value.get("configuration"))
        more = {str(k): decoded(v) for k, v in as_object(value.get("supplementaryConfiguration")).items()}
        return Item(
            type=kind,
            id=str(value.get("resourceId") or value.get("resourceName") or value.get("arn") or ""),
            arn=str(value.get("ARN") or value.get("arn") or ""),
            account=str(value.get("awsAccountId") or value.get("accountId") or account),
            region=str(value.get("awsRegion") or ""),
            status=str(value.get("configurationItemStatus") or ""),
            time=seconds(value.get("configurationItemCaptureTime")),
            configuration=configuration,
            more=more,
            tags=_tags(value, configuration, more),
            at=at,
        )

    @property
    def name(self) -> str:
        """How messages call it."""
        return self.arn or f"{self.type} {self.id}"


def seconds(found: Any) -> float:
    """A time as Config's answers write it: ISO 8601 with any offset, or seconds; minus infinity for anything else."""
    if isinstance(found, (int, float)) and not isinstance(found, bool):
        return float(found)
    try:
        when = datetime.fromisoformat(str(found))
    except ValueError:
        return _NEVER
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()


def as_object(value: Any) -> dict[str, Any]:
    """An object, also as its JSON text; empty for anything else."""
    found = decoded(value)
    return found if isinstance(found, dict) else {}


def decoded(value: Any) -> Any:
    """Config writes objects as such, or as their JSON text."""
    if isinstance(value, str) and value[:1] in "{[" and value:
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    return value


def members(value: Any, depth: int = _DEPTH) -> Iterator[tuple[str, Any]]:
    """Every member of an object with its name, also below, and in objects that are written as their JSON text."""
    value = decoded(value)
    if isinstance(value, dict):
        for name, inner in value.items():
            yield str(name), inner
            if depth and (isinstance(inner, (dict, list)) or _is_json(inner)):
                yield from members(inner, depth - 1)
    elif isinstance(value, list) and depth:
        for inner in value:
            if isinstance(inner, (dict, list)) or _is_json(inner):
                yield from members(inner, depth - 1)


def policy_text(value: Any) -> bool:
    """Whether a value is a policy document: as it is, as a JSON text, the text of a text, or as IAM encodes URLs."""
    if not isinstance(value, dict) and not (isinstance(value, str) and "tatement" in value):
        return False
    for _ in range(_TEXTS):
        if not isinstance(value, str):
            break
        text = unquote(value) if value.startswith("%7B") else value
        if "tatement" not in text or text[:1] not in '{["':
            return False
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError:
            return False
    if not isinstance(value, dict):
        return False
    found = next((inner for name, inner in value.items() if str(name).lower() == "statement"), None)
    listed = found if isinstance(found, list) else [found]
    return any(isinstance(each, dict) and "effect" in {str(name).lower() for name in each} for each in listed)


def _is_json(value: Any) -> bool:
    return isinstance(value, str) and value[:1] in ("{", "[")


def _tags(value: dict[str, Any], configuration: dict[str, Any], more: dict[str, Any]) -> dict[str, str] | None:
    """All tags; answers without a member for them have them inside the configuration, or tell none."""
    found = [configuration.get("tags"), configuration.get("Tags"), more.get("Tags"), decoded(value.get("tags"))]
    sets = more.get("BucketTaggingConfiguration")
    for each in (sets.get("tagSets") or ()) if isinstance(sets, dict) else ():
        found.append(each.get("tags"))
    if all(each is None for each in found) and "tags" not in value:
        return None
    return {key: text for each in found for key, text in tags_of(each).items()}
