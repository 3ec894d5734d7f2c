"""One question as data that other processes and machines can work on: what is asked, of which workspace.

The obligations of a task are its objectives, the user's own assertions and availability.  Those of one *chain* are
decided one after the other by one engine, each profiting from what the ones before it learned; different chains know
nothing of each other.  How a task falls into chains hangs on the task alone, so that its answers do not depend on how
many workers there are (docs/scaling.md).
"""

from __future__ import annotations

from dataclasses import dataclass

from perimeter_smt.encode.world.world import all_documents
from perimeter_smt.organization.model import Account, Unit
from perimeter_smt.organization.perimeter import Workspace
from perimeter_smt.questions.encoded import Mode
from perimeter_smt.questions.run import Reading
from perimeter_smt.questions.user_assertions import Source
from perimeter_smt.solve.result import Limits

OWN, AVAILABILITY = "own assertions", "availability"
Chain = tuple[str, ...]
_LARGE = 400  # statements, principals and resources: from here on each obligation is a chain of its own
_TWO_CHAINS = 48  # from here on, two halves are worth more side by side than what one would have learned from the other


@dataclass(frozen=True, eq=False)
class Task:
    """What `prove` was asked. `workspace` holds all that the obligations look at (see `bearing`).

    `whole` is the organization with all accounts and grants, for the questions about first hops that go beyond;
    None where `workspace` is that. `merge`: accounts of it that nothing tells apart may be merged.
    """

    workspace: Workspace
    whole: Workspace | None
    merge: bool
    objectives: tuple[str, ...]
    services: tuple[str, ...] | None
    mode: Mode
    reading: Reading
    enumerate_all: bool
    limit: int
    availability: bool
    assertions: tuple[Source, ...]
    limits: Limits

    @property
    def obligations(self) -> tuple[str, ...]:
        """The names of what is asked, in the order of the report."""
        own = (OWN,) if self.assertions else ()
        return (*self.objectives, *own, *((AVAILABILITY,) if self.availability else ()))

    def chains(self) -> tuple[Chain, ...]:
        """The obligations in chains."""
        found, heavy = self.obligations, weight(self.workspace, self.mode)
        if self.assertions or len(found) < 2:
            return (found,)
        if heavy >= _LARGE:
            return tuple((name,) for name in found)
        return (found[: len(found) // 2], found[len(found) // 2 :]) if heavy >= _TWO_CHAINS else (found,)

    @property
    def large(self) -> bool:
        """Whether it is worth workers that encode the workspace once more, each for itself."""
        return large(self.workspace, self.mode)


def large(workspace: Workspace, mode: Mode) -> bool:
    """Whether a workspace is so large that everything is done to make less of it."""
    return weight(workspace, mode) >= _LARGE


def weight(workspace: Workspace, mode: Mode) -> int:
    """How large the formulas get: statements, and with grants principals and resources."""
    grants = mode == "grants"
    statements = sum(len(document.statements) for document in all_documents(workspace, grants_too=grants))
    if not grants:
        return statements
    return statements + sum(len(a.principals) + len(a.resources) for a, _ in workspace.organization.accounts())


def bearing(workspace: Workspace, mode: Mode) -> Workspace:
    """The workspace without what the mode does not look at: guardrails alone do not ask what is granted.

    What was not told is left out as well: it bears on the report, not on the formulas.
    """
    workspace = workspace.model_copy(update={"unknowns": ()})
    if mode == "grants":
        return workspace
    organization = workspace.organization
    return workspace.model_copy(
        update={"organization": organization.model_copy(update={"root": _ungranted(organization.root)})}
    )


def _ungranted(unit: Unit) -> Unit:
    accounts = tuple(map(_without_grants, unit.accounts))
    return unit.model_copy(update={"accounts": accounts, "units": tuple(map(_ungranted, unit.units))})


def _without_grants(account: Account) -> Account:
    nothing = {"policies": (), "boundary": None, "trust": None}
    principals = tuple(principal.model_copy(update=nothing) for principal in account.principals)
    resources = tuple(resource.model_copy(update={"policy": None}) for resource in account.resources)
    return account.model_copy(update={"principals": principals, "resources": resources})
