"""Multi-Region Access Points of S3: their ARN and what can be called through them (semantics 3.7)."""

from __future__ import annotations

import re
from functools import lru_cache

from perimeter_smt.request.keys import support_list

_POINT = re.compile(r"arn:[^:]+:s3::[0-9]{12}:accesspoint/[a-z0-9]+\.mrap")


def is_multi_region(arn: str) -> bool:
    """Whether an ARN is that of a Multi-Region Access Point, whose alias AWS makes (S3 guide, naming rules)."""
    return _POINT.fullmatch(arn) is not None


@lru_cache(maxsize=1)
def multi_region_actions() -> frozenset[str]:
    """What is called through a Multi-Region Access Point, in lower case (S3 guide, supported API operations)."""
    return frozenset(action.lower() for action in support_list("multi-region-operations"))
