"""The mitigations of the perimeter beside its six objectives: a module per question, each with `ask`.

The names are those of `organization.perimeter.MITIGATIONS`. A question takes the workspace and how it is asked, builds
the world that it needs, and answers with a `Mitigation` (docs/mitigations.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, cast

from perimeter_smt.errors import InputError, did_you_mean
from perimeter_smt.questions.left_open import LEFT_OPEN, known
from perimeter_smt.stages import stage

if TYPE_CHECKING:
    from perimeter_smt.organization.perimeter import Workspace
    from perimeter_smt.questions.mitigations.model import Asking, Mitigation

ALL = "all"


@dataclass(frozen=True)
class Question:
    """A question: its id, its title, and the module that asks it, which is loaded when it is asked."""

    id: str
    title: str
    module: str

    def ask(self, workspace: Workspace, asking: Asking) -> Mitigation:
        """The answer for a workspace."""
        found = import_module(f"{__name__}.{self.module}").ask
        asked = partial(cast("Callable[[Workspace, Asking], Mitigation]", found), workspace, asking)
        return known(asked) or self._left_open()

    def _left_open(self) -> Mitigation:
        from perimeter_smt.questions.mitigations.model import Line, Mitigation

        return Mitigation(self.id, self.title, "unknown", (Line("all of it", "unknown", LEFT_OPEN),))


QUESTIONS: dict[str, Question] = {
    question.id: question
    for question in (
        Question("C1", "only who is trusted gets credentials of mine", "credentials"),
        Question("C2", "nobody becomes an identity or holds an exception over hops that were not meant", "chains"),
        Question("N1", "my identities start compute only inside my VPCs", "compute"),
        Question("N2", "credentials of mine are of no use elsewhere", "elsewhere"),
        Question("E1", "my identities call only my Regions, and nothing leaves unseen", "regions"),
        Question("E2", "no service is told to carry data out", "carriers"),
        Question("S1", "services whose data planes no policy sees", "data_planes"),
        Question("L1", "no wildcard grant reaches a resource outside", "least_privilege"),
    )
}  # fmt: skip


def chosen(names: Iterable[str], *, where: str = "") -> tuple[str, ...]:
    """The questions of these names in the order of the registry; `all` is every one. InputError for unknown names."""
    wanted = {name.upper() if name.lower() != ALL else ALL for name in names}
    for name in sorted(wanted - {ALL}):
        if name not in QUESTIONS:
            hint = did_you_mean(name, QUESTIONS)
            text = f"unknown mitigation `{name}`{hint}: expected `{ALL}` or one of {', '.join(QUESTIONS)}"
            raise InputError(text, file=where, path="$.mitigations" if where else "")
    return tuple(name for name in QUESTIONS if ALL in wanted or name in wanted)


# Questions of one world together, what takes longest first.
_APART = (("N1", "N2", "E1", "E2", "S1"), ("C2",), ("C1",), ("L1",))


def apart(names: Iterable[str]) -> list[tuple[str, ...]]:
    """The questions in groups that have nothing in common, so that several processes can answer them."""
    wanted = set(names)
    groups = (tuple(name for name in group if name in wanted) for group in _APART)
    return [group for group in groups if group]


def ask(
    workspace: Workspace, names: Sequence[str], asking: Asking, progress: Callable[[str, int, int], None] | None = None
) -> tuple[Mitigation, ...]:
    """The answers to these questions."""
    out = []
    for number, name in enumerate(names):
        if progress:
            progress(f"{name} {QUESTIONS[name].title}", number, len(names))
        with stage(name):
            out.append(QUESTIONS[name].ask(workspace, asking))
    return tuple(out)
