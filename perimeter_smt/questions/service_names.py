"""Names of AWS services that differ in a Region alone: `logs.amazonaws.com` and `logs.eu-west-1.amazonaws.com`.

Each is a principal of its own, so that a policy, and `services` of perimeter.yaml, may trust one and not the other (IAM
guide, aws:PrincipalServiceNamesList: "Regional service principals to indicate a particular instance of the service
within a specific Region. You can limit access to a resource to a particular instance of the service"; read
2026-11-28).  They are kept apart here, and a counterexample by one says that the other is trusted.
"""

from __future__ import annotations

from perimeter_smt.evaluate.perimeter import breaks
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.request.partitions import partition_of_region
from perimeter_smt.request.request import Facts, Request

_DOMAIN = ".amazonaws.com"


def beside_trusted(objective: str, workspace: Workspace, request: Request, facts: Facts) -> str:
    """The line that `services` lacks, where it names the caller's service by another Region or none; empty otherwise.

    Only where that line would make the request one of the perimeter's own.
    """
    perimeter = workspace.perimeter
    if facts.kind != "service" or not facts.service:
        return ""
    named = [name for name in perimeter.services if without_region(name) == without_region(facts.service)]
    if not named or facts.service in named:
        return ""
    more = perimeter.model_copy(update={"services": (*perimeter.services, facts.service)})
    added = workspace.model_copy(update={"perimeter": more})
    if breaks(objective, added, request, facts):
        return ""
    return (
        f"; `services` of perimeter.yaml names {', '.join(named)}, and a name with a Region is a principal of its own: "
        f"`services: [{facts.service}]` trusts this one"
    )


def without_region(name: str) -> str:
    """The name of a service without the Region in it: `logs.amazonaws.com` for `logs.eu-west-1.amazonaws.com`."""
    own, domain, rest = name.partition(_DOMAIN)
    parts = [part for part in own.split(".") if partition_of_region(part) is None]
    return ".".join(parts) + domain + rest
