"""Variables merged by positive equalities, with the chains that explain why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from perimeter_smt.solve.theories.literals import Conflict, Literal, named


class Classes:
    """The variables of some literals, merged by the positive equalities among them."""

    def __init__(self, literals: Sequence[Literal]) -> None:
        self.names: dict[str, str] = {}
        for literal in literals:
            for variable in literal.variables:
                self.names.setdefault(variable, variable)
        self._edges: dict[str, list[tuple[str, Literal]]] = {variable: [] for variable in self.names}
        for literal in literals:
            if literal.kind == "equal" and literal.positive:
                left, right = literal.variables
                self._edges[left].append((right, literal))
                self._edges[right].append((left, literal))
                first, second = sorted((self.names[left], self.names[right]))
                if first != second:
                    self.names = {v: first if name == second else name for v, name in self.names.items()}
        self.members: dict[str, list[str]] = {}
        for variable in sorted(self.names):
            self.members.setdefault(self.names[variable], []).append(variable)
        self.unary: dict[str, list[Literal]] = {name: [] for name in self.members}
        for literal in literals:
            if literal.unary:
                self.unary[self.names[literal.variables[0]]].append(literal)

    def path(self, left: str, right: str) -> list[Literal]:
        """The equalities of a shortest chain from `left` to `right`, members of one class."""
        came: dict[str, tuple[str, Literal]] = {}
        queue = [left]
        for node in queue:
            for target, literal in self._edges[node]:
                if target != left and target not in came:
                    came[target] = (node, literal)
                    queue.append(target)
        out: list[Literal] = []
        while right != left:
            right, literal = came[right]
            out.append(literal)
        return out

    def explain(self, literals: Sequence[Literal]) -> Conflict:
        """The conflict over `literals`, with the equalities that bring their variables together."""
        links: list[Literal] = []
        anchor: dict[str, str] = {}
        for literal in literals:
            for variable in literal.variables if literal.key >= 0 else ():
                start = anchor.setdefault(self.names[variable], variable)
                links.extend(self.path(start, variable))
        return named(list(dict.fromkeys([*literals, *links])))

    def hints(self, name: str, hints: Mapping[str, tuple[str, ...]]) -> list[str]:
        """The hints of all members of a class, in order."""
        return list(dict.fromkeys(text for member in self.members[name] for text in hints.get(member, ())))
