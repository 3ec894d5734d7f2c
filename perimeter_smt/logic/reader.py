"""SMT-LIB text to formulas: the subset in which the formal text of `encodings/` is written.

Strings become text variables; a function of one text becomes one variable per argument, with the
congruence of equal arguments; a defined string becomes a template over other variables.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

from perimeter_smt.errors import InputError
from perimeter_smt.logic import regexes, sexpr
from perimeter_smt.logic.atoms import (
    STAR,
    CharSet,
    Compare,
    Is,
    Member,
    Order,
    Parses,
    Ref,
    Run,
    Template,
    Text,
    Within,
)
from perimeter_smt.logic.compose import glob_on
from perimeter_smt.logic.formula import (
    FALSE,
    TRUE,
    Formula,
    atom,
    boolean,
    both,
    conj,
    disj,
    equal,
    iff,
    implies,
    ite,
    neg,
    sym,
)
from perimeter_smt.logic.schemas import Schema, filled, schema_of
from perimeter_smt.logic.sexpr import Expr, Sequence, String, Symbol


@dataclass(frozen=True)
class Axiom:
    """A named assertion of the text; `premise` is the left side of an implication, None for anything else."""

    name: str
    formula: Formula
    strength: str
    source: str
    file: str
    line: int
    premise: Formula | None = None


@dataclass(frozen=True)
class Macro:
    """A defined function with parameters, expanded where it is used."""

    parameters: tuple[str, ...]
    body: Expr
    file: str


Value = Formula | Template
Values = Callable[[str], Iterable[tuple[Formula, Template]]]  # presence and text of each value of a key


@dataclass
class Script:
    """What the text declares: sorts of symbols, definitions, axioms, values of enumerations.

    `catalogue_vars` maps a string symbol such as `action` to the catalogue that decides it; Boolean symbols
    whose name starts with `call: ` are sets of that catalogue.  `tables` are the rows that `row-of` looks at.
    """

    catalogue: str = "call"
    catalogue_vars: tuple[str, ...] = ("action", "service")
    sorts: dict[str, str] = field(default_factory=dict)
    enums: dict[str, tuple[str, ...]] = field(default_factory=dict)
    texts: dict[str, Template] = field(default_factory=dict)
    formulas: dict[str, Formula] = field(default_factory=dict)
    macros: dict[str, Macro] = field(default_factory=dict)
    functions: set[str] = field(default_factory=set)
    applications: dict[str, tuple[str, str]] = field(default_factory=dict)
    axioms: list[Axiom] = field(default_factory=list)
    constructors: dict[str, str] = field(default_factory=dict)
    schemas: list[Schema] = field(default_factory=list)
    values: Values | None = None
    filling: tuple[Mapping[str, str], Mapping[str, str]] = ({}, {})
    tables: Callable[[str], Iterable[Mapping[str, Any]]] = lambda _: ()

    def read(self, text: str, file: str) -> None:
        """Add the commands of `text`; InputError with file and line where a command is not understood."""
        self.take(sexpr.parse(text, file), file)

    def take(self, commands: Iterable[Expr], file: str) -> None:
        """Add commands that were read already."""
        for command in commands:
            if not isinstance(command, Sequence):
                raise InputError("expected a command in parentheses", file=file, line=command.line)
            self._command(command, file)

    def congruence(self, used: Container[str]) -> list[Formula]:
        """Equal arguments give equal results: one formula per pair of applications of one function.

        Applications that are not `used` are left out: nothing is asked of them, so that they can always be given
        the result that their argument has elsewhere.
        """
        out = []
        by_function: dict[str, list[tuple[str, str]]] = {}
        for name, (function, argument) in self.applications.items():
            if name not in used:
                continue
            by_function.setdefault(function, []).append((name, argument))
        for pairs in by_function.values():
            for (left, x), (right, y) in combinations(pairs, 2):
                out.append(implies(equal(x, y), equal(left, right)))
        return out

    def formula(self, expr: Expr, file: str, scope: Mapping[str, Value] | None = None) -> Formula:
        """The Boolean term `expr`."""
        value = self._term(expr, file, scope or {})
        if not isinstance(value, Formula):
            raise InputError("expected a Boolean term", file=file, line=expr.line)
        return value

    def _command(self, command: Sequence, file: str) -> None:
        items = command.items
        match command.head:
            case "set-logic" | "set-info" | "set-option" | "check-sat" | "exit":
                return
            case "declare-const":
                self._declare(_name(items[1], file), items[2], file)
            case "declare-fun":
                name, parameters = _name(items[1], file), items[2]
                if isinstance(parameters, Sequence) and parameters.items:
                    self.functions.add(name)
                else:
                    self._declare(name, items[3], file)
            case "declare-datatypes":
                self._datatypes(command, file)
            case "define-fun":
                self._define(command, file)
            case "assert":
                self._assert(items[1], file)
            case head:
                raise InputError(f"unknown command `{head}`", file=file, line=command.line)

    def _declare(self, name: str, sort: Expr, file: str) -> None:
        if not isinstance(sort, Symbol):
            raise InputError("expected the name of a sort", file=file, line=sort.line)
        if self.sorts.setdefault(name, sort.text) != sort.text:
            raise InputError(f"`{name}` is declared twice with different sorts", file=file, line=sort.line)

    def _datatypes(self, command: Sequence, file: str) -> None:
        names, bodies = command.items[1], command.items[2]
        if not (isinstance(names, Sequence) and isinstance(bodies, Sequence)):
            raise InputError("expected lists of datatypes", file=file, line=command.line)
        for name, body in zip(names.items, bodies.items, strict=True):
            assert isinstance(name, Sequence) and isinstance(body, Sequence)
            sort = name.head
            values = tuple(v.head if isinstance(v, Sequence) else _name(v, file) for v in body.items)
            self.constructors.update(dict.fromkeys(values, sort))
            self.enums[f"sort {sort}"] = values

    def _define(self, command: Sequence, file: str) -> None:
        name, parameters, body = _name(command.items[1], file), command.items[2], command.items[4]
        if isinstance(parameters, Sequence) and parameters.items:
            names = tuple(p.head for p in parameters.items if isinstance(p, Sequence))
            self.macros[name] = Macro(names, body, file)
            return
        value = self._term(body, file, {})
        if isinstance(value, Formula):
            self.formulas[name] = value
        else:
            self.texts[name] = value

    def _assert(self, expr: Expr, file: str) -> None:
        attributes: dict[str, str] = {}
        body = expr
        if isinstance(expr, Sequence) and expr.head == "!":
            body = expr.items[1]
            for key, value in zip(expr.items[2::2], expr.items[3::2], strict=True):
                attributes[_name(key, file)] = "" if isinstance(value, Sequence) else value.text
        name = attributes.get(":named", f"{file}:{expr.line}")
        if schema := schema_of(name, body, attributes, file, expr.line):
            self.schemas.append(schema)
            return
        self.axioms.append(
            Axiom(
                attributes.get(":named", f"{file}:{expr.line}"),
                self.formula(body, file),
                attributes.get(":strength", "hard"),
                attributes.get(":source", ""),
                file,
                expr.line,
                self._premise(body, file),
            )
        )

    def _premise(self, body: Expr, file: str) -> Formula | None:
        if isinstance(body, Sequence) and body.head == "=>":
            return conj(self.formula(left, file) for left in body.items[1:-1])
        return None

    def instance(
        self, schema: Schema, symbols: Mapping[str, str], texts: Mapping[str, str], values: Values | None = None
    ) -> Axiom:
        """The axiom of a schema for one key: `symbols` and `texts` are the names that its placeholders stand for.

        `values` gives the values of multivalued keys.
        """
        for placeholder, name in symbols.items():
            self.sorts.setdefault(name, self.sorts[placeholder])
        inner = replace(self, values=values, filling=(symbols, texts))
        formula = inner.formula(filled(schema.body, symbols, texts), schema.file)
        return Axiom(schema.name, formula, schema.strength, schema.source, schema.file, schema.line)

    def _some_value(self, expr: Sequence, file: str, scope: Mapping[str, Value]) -> Formula:
        """`(some-value KEY x body)`: some value of a multivalued key satisfies the body."""
        if self.values is None:
            raise InputError("`some-value` outside an axiom on keys", file=file, line=expr.line)
        name, body = _name(expr.items[2], file), expr.items[3]
        return disj(
            both(has, self.formula(body, file, {**scope, name: term}))
            for has, term in self.values(_name(expr.items[1], file).lower())
        )

    def _term(self, expr: Expr, file: str, scope: Mapping[str, Value]) -> Value:
        if isinstance(expr, String):
            return (Text(expr.text),) if expr.text else ()
        if isinstance(expr, Symbol):
            return self._symbol(expr, file, scope)
        head = expr.head
        if head in self.macros:
            macro = self.macros[head]
            values = [self._term(arg, file, scope) for arg in expr.items[1:]]
            named = dict(zip(macro.parameters, values, strict=True))
            return self._term(filled(macro.body, *self.filling), macro.file, named)
        if head in self.functions:
            argument = self._variable(expr.items[1], file, scope)
            name = f"{head}({argument})"
            self.applications[name] = (head, argument)
            return (Ref(name),)
        if head == "str.++":
            out: list[Text | Run | Ref] = []
            for arg in expr.items[1:]:
                out += self._text(arg, file, scope)
            return tuple(out)
        return self._boolean(expr, file, scope)

    def _symbol(self, expr: Symbol, file: str, scope: Mapping[str, Value]) -> Value:
        name = expr.text
        if name in scope:
            return scope[name]
        if not expr.quoted and name in ("true", "false"):
            return boolean(name == "true")
        if name in self.formulas:
            return self.formulas[name]
        if name in self.texts:
            return self.texts[name]
        sort = self.sorts.get(name)
        if sort == "Bool":
            prefix = "call: "
            return atom(Member(self.catalogue, name.removeprefix(prefix))) if name.startswith(prefix) else sym(name)
        if sort == "String":
            return (Ref(name),)
        raise InputError(f"`{name}` is not declared", file=file, line=expr.line)

    def _boolean(self, expr: Sequence, file: str, scope: Mapping[str, Value]) -> Formula:
        args = expr.items[1:]

        def sub(index: int) -> Formula:
            value = self._term(args[index], file, scope)
            if not isinstance(value, Formula):
                raise InputError("expected a Boolean term", file=file, line=expr.line)
            return value

        match expr.head:
            case "and":
                return conj(sub(i) for i in range(len(args)))
            case "or":
                return disj(sub(i) for i in range(len(args)))
            case "not":
                return neg(sub(0))
            case "=>":
                result = sub(len(args) - 1)
                for i in reversed(range(len(args) - 1)):
                    result = implies(sub(i), result)
                return result
            case "ite":
                return ite(sub(0), sub(1), sub(2))
            case "=":
                return self._equality(expr, file, scope)
            case "distinct":
                return neg(self._equality(expr, file, scope))
            case "str.in_re":
                return disj(
                    glob_on(self._text(args[0], file, scope), pattern) for pattern in regexes.patterns(args[1], file)
                )
            case "str.prefixof":
                return glob_on(self._text(args[1], file, scope), (*self._text(args[0], file, scope), STAR))
            case "str.suffixof":
                return glob_on(self._text(args[1], file, scope), (STAR, *self._text(args[0], file, scope)))
            case "str.contains":
                return glob_on(self._text(args[0], file, scope), (STAR, *self._text(args[1], file, scope), STAR))
            case "parses":
                view = _name(args[1], file)
                return atom(Parses(self._variable(args[0], file, scope), view))  # type: ignore[arg-type]
            case "some-value":
                return self._some_value(expr, file, scope)
            case "row-of":
                return self._row_of(expr, file, scope)
            case "<" | "<=" | ">" | ">=":
                return self._order(expr, file, scope)
            case head:
                raise InputError(f"unknown function `{head}`", file=file, line=expr.line)

    def _row_of(self, expr: Sequence, file: str, scope: Mapping[str, Value]) -> Formula:
        """`(row-of TABLE (field term) ...)`: some row of the table has these terms in these fields.

        A field that is a list holds the term if one of its members is it.
        """
        rows = tuple(self.tables(_name(expr.items[1], file)))
        if not rows:
            raise InputError(f"no table `{_name(expr.items[1], file)}`", file=file, line=expr.line)
        fields = [item.items for item in expr.items[2:] if isinstance(item, Sequence)]
        return disj(
            conj(self._one_of(term, row.get(_name(name, file), ()), file, scope) for name, term in fields)
            for row in rows
        )

    def _one_of(self, term: Expr, values: str | Iterable[str], file: str, scope: Mapping[str, Value]) -> Formula:
        texts = [values] if isinstance(values, str) else list(values)
        if isinstance(term, Symbol) and term.text in self.catalogue_vars:
            return disj(atom(Member(self.catalogue, f"{term.text}={text.lower()}")) for text in texts)
        value = self._text(term, file, scope)
        if len(value) == 1 and isinstance(value[0], Ref) and len(texts) > 1:
            return disj(glob_on(value, pattern) for pattern in _merged(texts))
        return disj(equal_texts(value, (Text(text),)) for text in texts)

    def _equality(self, expr: Sequence, file: str, scope: Mapping[str, Value]) -> Formula:
        left, right = expr.items[1], expr.items[2]
        for a, b in ((left, right), (right, left)):
            if isinstance(a, Symbol) and self.sorts.get(a.text) in self.constructors.values():
                return atom(Is(a.text, _name(b, file)))
            if isinstance(a, Symbol) and a.text in self.catalogue_vars and isinstance(b, String):
                return atom(Member(self.catalogue, f"{a.text}={b.text.lower()}"))
            if isinstance(a, Sequence) and isinstance(a.items[0], Sequence) and a.items[0].items[1:2]:
                return self._within(a, b, file, scope)
            if isinstance(a, Sequence) and a.head in ("instant", "number"):
                return self._order(expr, file, scope)
        x, y = self._term(left, file, scope), self._term(right, file, scope)
        if isinstance(x, Formula) and isinstance(y, Formula):
            return iff(x, y)
        if isinstance(x, Formula) or isinstance(y, Formula):
            raise InputError("the two sides of `=` have different sorts", file=file, line=expr.line)
        return equal_texts(x, y)

    def _within(self, left: Sequence, right: Expr, file: str, scope: Mapping[str, Value]) -> Formula:
        """`(= ((_ extract 128 k) (address x)) (_ bvN w))`: the first bits of an address; bit 128 is the family."""
        extract, argument = left.items[0], left.items[1]
        assert isinstance(extract, Sequence) and isinstance(argument, Sequence) and isinstance(right, Sequence)
        low, value = int(_name(extract.items[3], file)), int(_name(right.items[1], file).removeprefix("bv"))
        var = self._variable(argument.items[1], file, scope)
        if value >> (128 - low):
            return atom(Within(var, 6, (value - (1 << (128 - low))) << low, 128 - low))
        return atom(Within(var, 4, value << low, 32 - low))

    def _order(self, expr: Sequence, file: str, scope: Mapping[str, Value]) -> Formula:
        relation = expr.head
        left, right = expr.items[1], expr.items[2]
        if relation in (">", ">=") and isinstance(right, Sequence):
            left, right, relation = right, left, {">": "<", ">=": "<="}[relation]
        assert isinstance(left, Sequence)
        var = self._variable(left.items[1], file, scope)
        view = left.head
        if isinstance(right, Sequence):
            other = self._variable(right.items[1], file, scope)
            return atom(Order(var, other, view, relation))  # type: ignore[arg-type]
        from fractions import Fraction

        return atom(Compare(var, view, relation, Fraction(_name(right, file))))  # type: ignore[arg-type]

    def _text(self, expr: Expr, file: str, scope: Mapping[str, Value]) -> Template:
        value = self._term(expr, file, scope)
        if isinstance(value, Formula):
            raise InputError("expected a string term", file=file, line=expr.line)
        return value

    def _variable(self, expr: Expr, file: str, scope: Mapping[str, Value]) -> str:
        value = self._text(expr, file, scope)
        if len(value) == 1 and isinstance(value[0], Ref):
            return value[0].var
        raise InputError("expected a string variable", file=file, line=expr.line)


def equal_texts(left: Template, right: Template) -> Formula:
    """Equality of two texts built from literals and variables."""
    if all(isinstance(part, Text) for part in right):
        return glob_on(left, right)
    if all(isinstance(part, Text) for part in left):
        return glob_on(right, left)
    for a, b in ((left, right), (right, left)):
        if len(a) == 1 and isinstance(a[0], Ref):
            return glob_on(a, b)
    return TRUE if left == right else _composed(left, right)


def _merged(texts: Iterable[str]) -> list[Template]:
    """Patterns of these texts; those that differ in their last character share one."""
    ends: dict[str, str] = {}
    for text in texts:
        ends[text[:-1]] = ends.get(text[:-1], "") + text[-1:]
    return [
        (Text(head + end),) if len(end) == 1 else (Text(head), Run(CharSet(end), 1, 1)) for head, end in ends.items()
    ]


def _composed(left: Template, right: Template) -> Formula:
    """Equality of two compositions of one shape, part by part; other shapes are not supported by the reader."""
    if len(left) != len(right):
        raise InputError("equality of two composed texts of different shape is not supported")
    out = []
    for a, b in zip(left, right, strict=True):
        if isinstance(a, Text) and isinstance(b, Text):
            if a != b:
                return FALSE
        elif isinstance(a, Ref) and isinstance(b, Ref):
            out.append(equal(a.var, b.var))
        else:
            raise InputError("equality of two composed texts of different shape is not supported")
    return both(*out)


def _name(expr: Expr, file: str) -> str:
    if isinstance(expr, Sequence):
        raise InputError("expected a name", file=file, line=expr.line)
    return expr.text
