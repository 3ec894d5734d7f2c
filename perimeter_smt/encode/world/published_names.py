"""Buckets that AWS publishes as those of its services belong to AWS: names of buckets are unique (AR29).

Only the names that patterns of policies admit are spoken of, with every Region of the partition in them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from perimeter_smt.encode.world.governs import HAS_ACCOUNT, arn_of_service
from perimeter_smt.logic.atoms import STAR, Text
from perimeter_smt.logic.formula import Formula, both, disj, either, glob, is_text, neg
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.organization.published import bucket_names
from perimeter_smt.policy.document import Document
from perimeter_smt.request.partitions import partitions

AXIOM, SYMBOL = "AR29", "bucket.published-elsewhere"
_BUCKET = re.compile(r"arn:[^:]*:s3:[^:]*:[^:]*:([^/]+)(?:/.*)?", re.DOTALL)
_OPEN = re.compile(r"\$\{[^}]*\}|[*?]")
_MOST = 500  # names that the patterns of a workspace admit


def definitions(workspace: Workspace, documents: Iterable[Document]) -> dict[str, Formula]:
    """Calls on such a bucket that is not AWS's own; nothing where no policy admits one by a name of its own."""
    known = dict.fromkeys(_patterns(documents))
    if not known:
        return {}
    listed = {r.arn for account, _ in workspace.organization.accounts() for r in account.resources}
    names = bucket_names(partitions()[workspace.organization.partition].regions)
    fits = [re.compile("".join(_parts(text)), re.DOTALL) for text in known]
    found = [
        name for name in names if any(one.fullmatch(name) for one in fits) and f"arn:aws:s3:::{name}" not in listed
    ]
    if not found or len(found) > _MOST:
        return {}
    here = disj(either(is_text("resource.name", n), glob("resource.name", (Text(f"{n}/"), STAR))) for n in found)
    return {SYMBOL: both(arn_of_service("s3"), neg(HAS_ACCOUNT), here, neg(is_text("resource.account", "aws")))}


def _patterns(documents: Iterable[Document]) -> Iterator[str]:
    """How policies name buckets; what names all of them names none."""
    for document in documents:
        for statement in document.statements:
            for text in statement.resource.values if statement.resource else ():
                bucket = _BUCKET.fullmatch(text)
                if bucket and _OPEN.sub("", bucket[1]):
                    yield bucket[1]


def _parts(text: str) -> Iterator[str]:
    """A regular expression of a pattern; variables stand for any text."""
    place = 0
    for found in _OPEN.finditer(text):
        yield re.escape(text[place : found.start()])
        yield "." if found[0] == "?" else ".*"
        place = found.end()
    yield re.escape(text[place:])
