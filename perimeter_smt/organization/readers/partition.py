"""The one partition that an organization lies in: said, or told from the ARNs and Regions of the input (W-1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from perimeter_smt.policy.document import Document
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.request.partitions import partition_of_region, partitions

if TYPE_CHECKING:
    from perimeter_smt.organization.readers.yaml import Node

_ARN = re.compile(r"arn:([a-z0-9-]+):")
DEFAULT = "aws"
_FREE_TEXT = ("name", "reason", "tags", "value")  # members whose texts are nobody's ARN


def told(nodes: Iterable[Node], said: str | None = None, where: str = "") -> str | None:
    """The partition of every ARN and Region below the nodes, or `said`; None: nothing tells it.

    `where` is the option of `said`. InputError at the first text of another partition than one before it, which is
    named with its place: requests do not cross partitions.
    """
    first, place = said, where
    for node in nodes:
        for found, partition in _places(node):
            if first is None:
                first, place = partition, f"{quoted(str(found.value))} on line {found.line} of {found.file}"
            elif partition != first:
                raise found.error(
                    f"{quoted(str(found.value))} lies in partition `{partition}`, but {place} in `{first}`: "
                    "an organization lies in one partition"
                )
    return first


def named(documents: Iterable[Document]) -> frozenset[str]:
    """The partitions that the ARNs of policies name; wildcards name none."""
    texts = (text for document in documents for s in document.statements for text in s.texts())
    return frozenset(partition for text in texts for partition in _ARN.findall(text) if partition in partitions())


def of_documents(documents: Iterable[Document]) -> str:
    """The partition of an organization of which only policies are known: the one that they name, else `aws`."""
    found = named(documents)
    return next(iter(found)) if len(found) == 1 else DEFAULT


def _places(node: Node, member: str = "") -> Iterator[tuple[Node, str]]:
    """Every text below a node that lies in a partition, with that partition."""
    if member in _FREE_TEXT:
        return
    if isinstance(node.value, dict):
        for name, inner in node.value.items():
            yield from _places(inner, name)
    elif isinstance(node.value, list):
        for inner in node.value:
            yield from _places(inner, member)
    elif isinstance(node.value, str):
        text = node.value
        arn = _ARN.match(text)
        if member == "region":
            found = partition_of_region(text)
        elif member == "partition":
            found = text
        else:
            found = arn[1] if arn else None
        if found in partitions():
            assert found is not None
            yield node, found
