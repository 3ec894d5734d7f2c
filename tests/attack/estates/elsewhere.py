"""An estate in another partition: the same world, with the ARNs and Regions of that (W-1, W-2).

The cast lives in `aws`. What was drawn is moved: every text of the workspace, of its policies and of a request.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel

from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.render import to_json
from tests.attack.policies import document

# Regions of each partition that stand for those of the cast, the one of global services first (AWS general reference).
REGIONS = {
    "aws": ("us-east-1", "eu-west-1"), "aws-cn": ("cn-north-1", "cn-northwest-1"),
    "aws-us-gov": ("us-gov-west-1", "us-gov-east-1"),
}  # fmt: skip


class Move:
    """From one partition to another."""

    def __init__(self, source: str, target: str) -> None:
        self.pairs = [(f"arn:{source}:", f"arn:{target}:"), *zip(REGIONS[source], REGIONS[target], strict=True)]
        self.target = target
        self.documents: dict[int, tuple[Document, Document]] = {}  # one document stays one

    def workspace(self, space: Workspace) -> Workspace:
        """The workspace there."""
        found = self.value(space)
        organization = found.organization.model_copy(update={"partition": self.target})
        return found.model_copy(update={"organization": organization})  # type: ignore[no-any-return]

    def value(self, value: Any) -> Any:
        """Any part of a workspace or a request there."""
        if isinstance(value, Document):
            return self._document(value)
        if isinstance(value, BaseModel):
            fields = {name: self.value(getattr(value, name)) for name in type(value).model_fields}
            return value.model_copy(update=fields)
        if isinstance(value, dict):
            return {self.value(key): self.value(part) for key, part in value.items()}
        if isinstance(value, tuple | list):
            return type(value)(self.value(part) for part in value)
        return self._text(value) if isinstance(value, str) else value

    def _document(self, found: Document) -> Document:
        if id(found) not in self.documents:
            text = self._text(json.dumps(to_json(found)["Statement"]))
            self.documents[id(found)] = (found, document(found.kind, found.name, json.loads(text)))
        return self.documents[id(found)][1]

    def _text(self, text: str) -> str:
        for old, new in self.pairs:
            text = text.replace(old, new)
        return text
