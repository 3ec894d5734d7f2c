"""Ways through: by which Allow statement callers get through, and which part of which Deny exempts them.

Guarantee: once no request is left that `Ways.new` admits, every request is admitted by none but statements that were
shown, and passes some Deny that was shown by none but parts that were shown.  Whoever takes those statements and
parts away therefore closes the objective. Kinds of callers are shown besides, once each, for people.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from perimeter_smt.encode.world.world import World
from perimeter_smt.logic.formula import FALSE, Formula, both, conj, disj, either, neg
from perimeter_smt.logic.interpret import truth
from perimeter_smt.questions.explain import blame
from perimeter_smt.questions.objectives import OBJECTIVES
from perimeter_smt.questions.verdicts import Blame, Counterexample
from perimeter_smt.solve.result import Result

_OWNERS = ("O1", "O2", "O6")  # whose grants are those of the resource; of the others those of the identity


@dataclass
class Ways:
    """The ways and the kinds of callers that were shown."""

    world: World
    objective: str
    _kinds: list[Formula] = field(default_factory=list)
    _admitted: set[str] = field(default_factory=set)
    _exempt: dict[str, set[int]] = field(default_factory=dict)

    def add(self, kind: Formula, result: Result, example: Counterexample) -> bool:
        """Remember the kind and the way of a request; whether it shows anything that was not shown before."""
        model = result.model
        assert model is not None
        names: dict[
            object, str
        ] = {}  # of several names, of which all but one ask about a bucket behind a point: that one
        for called, found in self.world.policies.statements.items():
            names.setdefault(_place(blame(*found)), called)
        known = any(kind is seen for seen in self._kinds)
        if not known:
            self._kinds.append(kind)
        before = self._shown()
        self._admitted |= {names[_place(b)] for b in example.through if _place(b) in names}
        if example.closest is not None and (name := names.get(_place(example.closest.statement))):
            parts = self.world.policies.parts[name]
            failed = {i for i, part in enumerate(parts) if not truth(part, model)}
            if failed:
                self._exempt.setdefault(name, set()).update(failed)
        new = not known or before != self._shown()
        if not new:  # what matches and is not named has no say
            statements = self.world.policies.statements
            self._admitted |= {n for n in self._allows() if truth(self.world.policies.selected(*statements[n]), model)}
            for name, shown in self._exempt.items():
                parts = self.world.policies.parts[name]
                shown |= {i for i, part in enumerate(parts) if not truth(part, model)}

        return new

    def _shown(self) -> object:
        return frozenset(self._admitted), tuple((name, frozenset(parts)) for name, parts in self._exempt.items())

    def new(self) -> Formula:
        """Requests of another kind, or that get through in a way that was not shown."""
        statements = self.world.policies.statements
        admitted = disj(
            self.world.policies.selected(*statements[name]) for name in self._allows() if name not in self._admitted
        )
        exempt = conj(
            disj(neg(part) for i, part in enumerate(self.world.policies.parts[name]) if i not in shown)
            for name, shown in self._exempt.items()
        )
        other = both(*(neg(kind) for kind in self._kinds))
        return either(other, admitted, exempt if self._exempt else FALSE)

    def _allows(self) -> Iterable[str]:
        """The Allow statements that count as ways: of endpoint policies, and in mode grants of the side at fault."""
        known = OBJECTIVES.get(self.objective)
        seen: set[tuple[int, int]] = set()
        for name, (document, statement) in self.world.policies.statements.items():
            if statement.effect != "Allow" or (id(document), statement.index) in seen:
                continue
            seen.add((id(document), statement.index))
            kind = document.kind
            if kind.is_endpoint:
                counts = known is None or known.enforced_by == "endpoint"
            elif self.world.free_grants:
                counts = False
            else:
                counts = kind.is_resource_type if self.objective in _OWNERS else kind.value == "identity"
            if counts:
                yield name


def _place(found: Blame) -> tuple[str, str, int]:
    """What tells a statement from all others, whatever slot it was looked at in."""
    return found.file, found.document, found.index
