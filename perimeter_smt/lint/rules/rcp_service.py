"""Resource control policy for a service that has none."""

from __future__ import annotations

from collections.abc import Iterator

from perimeter_smt.lint.facts import listed, services_named
from perimeter_smt.lint.rule import ORGANIZATIONS_GUIDE, Finding, StatementRule
from perimeter_smt.policy.document import Statement
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.request.keys import support_list


class RcpService(StatementRule):
    """Rule PL025."""

    id = "PL025"
    title = "resource control policy for a service that has none"
    text = (
        "Resource control policies bind the services of a list only. A statement on any other service has no "
        "effect. Protect its resources by their own policies."
    )
    source = f"{ORGANIZATIONS_GUIDE}orgs_manage_policies_rcps.html#rcp-supported-services"
    kinds = frozenset((Kind.RCP,))

    def statement(self, statement: Statement) -> Iterator[Finding]:
        """The findings in one statement."""
        outside = (services_named(statement.action) or frozenset()) - support_list("rcp-services")
        if outside:
            yield self.found(f"resource control policies do not bind {listed(outside)}", statement.action.location)
