"""Names of buckets in the account regional namespace: they tell whose bucket it is (AR24).

S3 guide, namespaces for general purpose buckets (read 2026-11-28): names `PREFIX-ACCOUNT-REGION-an` are a reserved
subdivision of the global namespace in which only that account can create buckets.  Only the accounts and Regions that
patterns of policies name in this way are spoken of; a Region has to be written, an account may be a variable.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from perimeter_smt.encode.world.accounts import member_ids
from perimeter_smt.encode.world.governs import HAS_ACCOUNT, arn_of_service
from perimeter_smt.logic.atoms import STAR, CharSet, Run, Text
from perimeter_smt.logic.formula import Formula, both, disj, either, glob, is_text, neg
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.policy.document import Document
from perimeter_smt.request.partitions import partition_of_region

AXIOM, SYMBOL = "AR24", "bucket.of-other-namespace"
_BUCKET = re.compile(r"arn:[^:]*:s3:[^:]*:[^:]*:([^/]+)(?:/.*)?", re.DOTALL)
_ENDING = r"-(?P<region>[a-z]{2}[a-z0-9-]*-[0-9])-an"
_NAMES = (re.compile(r".*-(?P<account>[0-9]{12})" + _ENDING), re.compile(r".*-(?P<account>[^-]*[*?$][^-]*)" + _ENDING))
_MOST = 200  # accounts that one wildcard or variable stands for
_PREFIX = Run(CharSet("/", True), 1)


def definitions(workspace: Workspace, documents: Iterable[Document]) -> dict[str, Formula]:
    """Calls on buckets in the namespace of an account that does not own them; nothing where no policy names one."""
    partition = workspace.organization.partition
    of_account: dict[str, set[str]] = defaultdict(set)
    for account, region in _named(documents):
        members = [account] if account.isdigit() else member_ids(workspace.organization)
        if partition_of_region(region) == partition and len(members) <= _MOST:  # else such a name is in no namespace
            for own in members:
                of_account[own].add(region)
    here = both(arn_of_service("s3"), neg(HAS_ACCOUNT))
    wrong = (
        both(
            neg(is_text("resource.account", account)),
            disj(map(_ending, (f"-{account}-{r}-an" for r in sorted(regions)))),
        )
        for account, regions in sorted(of_account.items())
    )
    return {SYMBOL: both(here, disj(wrong))} if of_account else {}


def _ending(text: str) -> Formula:
    return either(
        glob("resource.name", (_PREFIX, Text(text))), glob("resource.name", (_PREFIX, Text(f"{text}/"), STAR))
    )


def _named(documents: Iterable[Document]) -> Iterator[tuple[str, str]]:
    """Accounts and Regions that patterns of resources name in this way; either may hold wildcards or variables."""
    for document in documents:
        for statement in document.statements:
            for text in statement.resource.values if statement.resource else ():
                bucket = _BUCKET.fullmatch(text)
                ways = (form.fullmatch(bucket[1]) for form in _NAMES) if bucket else iter(())
                if (found := next(filter(None, ways), None)) is not None:
                    yield found["account"], found["region"]
