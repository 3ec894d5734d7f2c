"""A problem as a standard SMT-LIB 2.6 script that z3 and cvc5 accept.

Text variables are strings.  Numbers, instants and addresses are views of a text: uninterpreted functions
`number`, `instant` (to reals) and `address` (to 129 bits, bit 128 set for IPv6), with `parses-...` for whether
the text denotes a value.  Where a text is only looked at through its views the script is exact; otherwise it
over-approximates: `unsat` still is a proof.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from perimeter_smt.logic.atoms import (
    Atom,
    CharSet,
    Compare,
    Equal,
    Glob,
    Is,
    Match,
    Member,
    Order,
    Parses,
    Ref,
    Run,
    Text,
    Within,
    variables,
)
from perimeter_smt.logic.formula import Formula, walk
from perimeter_smt.logic.problem import Catalogue, Problem
from perimeter_smt.logic.sexpr import quote_string, quote_symbol

ALPHABET = '(re.range "\\u{20}" "\\u{ff}")'


def script(problem: Problem, assumptions: Sequence[Formula] = (), *, logic: str = "ALL", comment: str = "") -> str:
    """The script whose `check-sat` answers whether the problem with the assumptions is satisfiable."""
    formulas = [*(a.formula for a in problem.assertions), *assumptions]
    writer = _Writer(problem)
    body = [
        f"(assert (! {writer.formula(a.formula)} :named {quote_symbol(f'{number} {a.name}')}))"
        for number, a in enumerate(problem.assertions)
    ]
    body += [f"(assert {writer.formula(formula)})" for formula in assumptions]
    sets: list[str] = []
    rows: list[str] = []
    for name, catalogue in problem.catalogues.items():
        defined, asserted = writer.catalogue(name, catalogue, formulas)
        sets += defined
        rows += asserted
    head = [f"; {line}" for line in comment.splitlines()]
    head += [f"(set-logic {logic})"]
    return "\n".join([*head, *writer.declarations(), *sets, *writer.definitions, *rows, *body, "(check-sat)", ""])


class _Writer:
    """Collects declarations while formulas are written; shared subformulas become definitions."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.texts: dict[str, None] = {}
        self.symbols: dict[str, None] = {}
        self.definitions: list[str] = []
        self.done: dict[int, str] = {}
        self.keep: list[Formula] = []
        self.classes = {name: f"row {name}" for name in problem.catalogues}

    def declarations(self) -> list[str]:
        """Sorts, constants and view functions that the formulas use."""
        out = []
        for name, values in self.problem.enums.items():
            out.append(
                f"(declare-datatypes ((|sort {name}| 0)) (({' '.join(f'({quote_symbol(v)})' for v in values)})))"
            )
            out.append(f"(declare-const {quote_symbol(name)} |sort {name}|)")
        out += [
            "(declare-fun number (String) Real)",
            "(declare-fun folded (String) String)",
            "(declare-fun instant (String) Real)",
            "(declare-fun address (String) (_ BitVec 129))",
            *(f"(declare-fun parses-{view} (String) Bool)" for view in ("number", "instant", "address")),
        ]
        out += [f"(declare-const {quote_symbol(row)} Int)" for row in self.classes.values()]
        out += [f"(declare-const {quote_symbol(name)} String)" for name in self.texts]
        out += [f"(declare-const {quote_symbol(name)} Bool)" for name in self.symbols]
        return out

    def formula(self, root: Formula) -> str:
        """`root` as a term; every connective below it is defined once."""
        for node in walk(root):
            if id(node) in self.done:
                continue
            self.keep.append(node)
            args = " ".join(self.done[id(arg)] for arg in node.args)
            text: str
            match node.op:
                case "true" | "false":
                    text = str(node.op)
                case "sym":
                    self.symbols[node.payload] = None
                    text = quote_symbol(node.payload)
                case "atom":
                    text = self.atom(node.payload)
                case "iff":
                    text = f"(= {args})"
                case _:
                    text = f"({node.op} {args})"
            if node.op in ("and", "or", "iff") and len(text) > 60:
                name = f"part-{len(self.definitions)}"
                self.definitions.append(f"(define-fun {name} () Bool {text})")
                text = name
            self.done[id(node)] = text
        return self.done[id(root)]

    def atom(self, fact: Atom) -> str:
        """One atom."""
        for var in variables(fact):
            self.texts[var] = None
        match fact:
            case Glob(var=var, pattern=pattern):
                return _glob(quote_symbol(var), pattern)
            case Match(var=var, template=template):
                return self._match(quote_symbol(var), template)
            case Equal(left=left, right=right):
                return f"(= {quote_symbol(left)} {quote_symbol(right)})"
            case Compare(var=var, view=view, relation=relation, bound=bound):
                x = quote_symbol(var)
                return f"(and (parses-{view} {x}) ({relation} ({view} {x}) {_real(bound)}))"
            case Order(left=left, right=right, view=view, relation=relation):
                x, y = quote_symbol(left), quote_symbol(right)
                return f"(and (parses-{view} {x}) (parses-{view} {y}) ({relation} ({view} {x}) ({view} {y})))"
            case Within(var=var, family=family, network=network, prefix=prefix):
                return self._within(quote_symbol(var), family, network, prefix)
            case Parses(var=var, view="arn"):
                colons = " ".join(['(str.to_re ":") re.all'] * 5)
                return f'(str.in_re {quote_symbol(var)} (re.++ (str.to_re "arn") {colons}))'
            case Parses(var=var, view=view):
                return f"(parses-{view} {quote_symbol(var)})"
            case Is(var=var, value=value):
                return f"(= {quote_symbol(var)} {quote_symbol(value)})"
            case Member(var=var, name=name):
                return quote_symbol(f"{var}: {name}")
        raise TypeError(f"unhandled atom {fact!r}")

    def _within(self, x: str, family: int, network: int, prefix: int) -> str:
        width = 32 if family == 4 else 128
        low = width - prefix
        value = (network >> low) | (1 << (128 - low) if family == 6 else 0)
        return f"(and (parses-address {x}) (= ((_ extract 128 {low}) (address {x})) (_ bv{value} {129 - low})))"

    def _match(self, x: str, template: Sequence[Text | Run | Ref]) -> str:
        """A template with references: the parts between them are existential texts of their own."""
        pieces = []
        facts = []
        for part in template:
            if isinstance(part, Ref) and not part.fold:
                self.texts[part.var] = None
                pieces.append(quote_symbol(part.var))
            elif isinstance(part, Text) and not part.fold:
                pieces.append(quote_string(part.text))
            elif any(isinstance(part, Ref) and part.fold for part in template):
                return self._match_folded(x, template)
            else:
                return self._match_by_cases(x, template)
        facts.append(f"(= {x} {_concat(pieces)})")
        return facts[0] if len(facts) == 1 else f"(and {' '.join(facts)})"

    def _match_folded(self, x: str, template: Sequence[Text | Run | Ref]) -> str:
        """A template without regard to case: `folded` is left uninterpreted, so that only `unsat` counts."""
        pieces: list[str] = []
        names: list[str] = []
        facts: list[str] = []
        for part in template:
            if isinstance(part, Ref):
                self.texts[part.var] = None
                pieces.append(f"(folded {quote_symbol(part.var)})")
            elif isinstance(part, Text):
                pieces.append(quote_string(part.text.lower()))
            else:
                names.append(name := f"w{len(names)}")
                facts.append(f"(str.in_re {name} {_regex((part,))})")
                pieces.append(name)
        same = f"(= (folded {x}) {_concat(pieces)})"
        if not names:
            return same
        return f"(exists ({' '.join(f'({name} String)' for name in names)}) (and {same} {' '.join(facts)}))"

    def _match_by_cases(self, x: str, template: Sequence[Text | Run | Ref]) -> str:
        """Wildcards beside references: prefix, suffix and containment where they suffice, else a quantifier."""
        names: list[str] = []
        pieces: list[str] = []
        facts: list[str] = []
        for part in template:
            if isinstance(part, Ref):
                self.texts[part.var] = None
                pieces.append(quote_symbol(part.var))
            elif isinstance(part, Text) and not part.fold:
                pieces.append(quote_string(part.text))
            else:
                names.append(name := f"w{len(names)}")
                facts.append(f"(str.in_re {name} {_regex((part,))})")
                pieces.append(name)
        inner = [
            i for i, part in enumerate(template) if isinstance(part, Run) or (isinstance(part, Text) and part.fold)
        ]
        if len(inner) == 1 and template[inner[0]] == Run(CharSet("", True)):
            if inner[0] == len(template) - 1:
                return f"(str.prefixof {_concat(pieces[:-1])} {x})"
            if inner[0] == 0:
                return f"(str.suffixof {_concat(pieces[1:])} {x})"
        if inner == [0, len(template) - 1] and all(template[i] == Run(CharSet("", True)) for i in inner):
            return f"(str.contains {x} {_concat(pieces[1:-1])})"
        bound = " ".join(f"({name} String)" for name in names)
        return f"(exists ({bound}) (and (= {x} {_concat(pieces)}) {' '.join(facts)}))"

    def catalogue(self, name: str, catalogue: Catalogue, formulas: Iterable[Formula]) -> tuple[list[str], list[str]]:
        """Definitions of the sets, and assertions; rows that nothing tells apart are one value."""
        used = {
            node.payload.name
            for formula in formulas
            for node in walk(formula)
            if node.op == "atom" and isinstance(node.payload, Member) and node.payload.var == name
        }
        classes: list[tuple[int, str]] = []
        everything = (1 << catalogue.size) - 1
        groups = catalogue.groups or ()
        for group in groups:
            demands = " ".join(self.formula(f) for f in group.requires)
            classes += [(b, f"(and {demands})" if demands else "true") for b in _split(group.rows, catalogue, used)]
        if not groups:
            classes = [(b, "true") for b in _split(everything, catalogue, used)]
        row = quote_symbol(self.classes[name])
        defined = []
        for member in sorted(used):
            inside = [f"(= {row} {i})" for i, (bits, _) in enumerate(classes) if bits & catalogue.sets[member]]
            term = "false" if not inside else inside[0] if len(inside) == 1 else f"(or {' '.join(inside)})"
            defined.append(f"(define-fun {quote_symbol(f'{name}: {member}')} () Bool {term})")
        asserted = [f"(assert (and (<= 0 {row}) (< {row} {len(classes)})))"]
        asserted += [
            f"(assert (=> (= {row} {i}) {demand}))" for i, (_, demand) in enumerate(classes) if demand != "true"
        ]
        return defined, asserted


def _split(rows: int, catalogue: Catalogue, used: set[str]) -> list[int]:
    blocks = [rows]
    for name in sorted(used):
        members = catalogue.sets[name]
        blocks = [part for block in blocks for part in (block & members, block & ~members) if part]
    return [block for block in blocks if block]


def _glob(x: str, pattern: Sequence[Text | Run]) -> str:
    if all(isinstance(part, Text) and not part.fold for part in pattern):
        return f"(= {x} {quote_string(''.join(p.text for p in pattern if isinstance(p, Text)))})"
    return f"(str.in_re {x} {_regex(pattern)})"


def _regex(pattern: Sequence[Text | Run | Ref]) -> str:
    parts = []
    for part in pattern:
        if isinstance(part, Text):
            parts += [_folded(char) for char in part.text] if part.fold else [f"(str.to_re {quote_string(part.text)})"]
        elif isinstance(part, Run):
            parts.append(_run(part))
    if not parts:
        return '(str.to_re "")'
    return parts[0] if len(parts) == 1 else f"(re.++ {' '.join(parts)})"


def _folded(char: str) -> str:
    both = sorted({char.lower(), char.upper()})
    if len(both) == 1 or any(len(c) != 1 for c in both):
        return f"(str.to_re {quote_string(char)})"
    return f"(re.union {' '.join(f'(str.to_re {quote_string(c)})' for c in both)})"


def _run(part: Run) -> str:
    chars = _chars(part.chars)
    if part.high is None:
        if part.low == 0:
            return "re.all" if chars == "re.allchar" else f"(re.* {chars})"
        tail = f"(re.* {chars})"
        return f"(re.++ {' '.join([chars] * part.low)} {tail})"
    if part.low == part.high == 1:
        return chars
    return f"((_ re.loop {part.low} {part.high}) {chars})"


def _chars(chars: CharSet) -> str:
    if chars.negated and not chars.chars:
        return "re.allchar"
    inner = [f"(str.to_re {quote_string(c)})" for c in chars.chars]
    union = "re.none" if not inner else inner[0] if len(inner) == 1 else f"(re.union {' '.join(inner)})"
    return f"(re.diff re.allchar {union})" if chars.negated else union


def _concat(pieces: Sequence[str]) -> str:
    if not pieces:
        return '""'
    return pieces[0] if len(pieces) == 1 else f"(str.++ {' '.join(pieces)})"


def _real(value: Fraction) -> str:
    text = (
        f"{abs(value.numerator)}.0" if value.denominator == 1 else f"(/ {abs(value.numerator)}.0 {value.denominator}.0)"
    )
    return f"(- {text})" if value < 0 else text
