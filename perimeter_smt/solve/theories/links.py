"""Patterns that hold the values of other variables, such as `arn:aws:s3:::home/${aws:username}/*`.

What is tried, in this order:
1. Necessary conditions: every reference is replaced by a pattern that its values must match, or by the one value
   that a known text leaves (`determined.py`); if the plain patterns that result exclude each other, that is a conflict.
2. Composed texts: what is said of one is cut into what it says of its parts (`composed.py`).
3. Sufficient choices: values for the variables referred to (hints, texts that the other patterns suggest,
   short members of their languages) make every template a plain pattern; if one choice works, that is a model.
4. Inclusion with opaque letters: each reference is read as one letter of its own, matched only by the same
   reference or by a star; if the positive template lies within the refused ones, that is a conflict.
5. A solver with a string theory, under a work limit, on this component alone.

Guarantee: conflicts are proved, models are checked; whatever is left is `Undecided`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from perimeter_smt.logic.atoms import ANY, STAR, CharSet, Glob, Match, Pattern, Ref, Run, Template, Text
from perimeter_smt.logic.formula import normal
from perimeter_smt.logic.interpret import Model, holds
from perimeter_smt.solve.theories import composed, unary, word_equations
from perimeter_smt.solve.theories.alphabet import OPAQUE, is_value
from perimeter_smt.solve.theories.automaton import Automaton
from perimeter_smt.solve.theories.classes import Classes
from perimeter_smt.solve.theories.determined import determined
from perimeter_smt.solve.theories.harvest import aligned, suggestions
from perimeter_smt.solve.theories.literals import Answer, Conflict, Literal, Realised
from perimeter_smt.solve.theories.product import search
from perimeter_smt.solve.theories.work import TooLargeError, Work

_CHOICES = 12  # values tried for one variable
_ATTEMPTS = 400  # values tried in all


@dataclass
class _Task:
    classes: Classes
    literals: Sequence[Literal]
    matches: dict[str, list[tuple[Literal, Template]]]  # by class of the left side, over class names
    apart: dict[str, set[str]]
    hints: Mapping[str, tuple[str, ...]]
    work: Work
    attempts: int = 0
    likely: dict[str, str] = field(default_factory=dict)  # texts to try first
    texts: dict[str, str] = field(default_factory=dict)


def decide(literals: Sequence[Literal], hints: Mapping[str, tuple[str, ...]], work: Work) -> Answer:
    """Texts for the variables of one component that holds templates, or a conflict."""
    classes = Classes(literals)
    matches: dict[str, list[tuple[Literal, Template]]] = {}
    apart: dict[str, set[str]] = {name: set() for name in classes.members}
    for literal in literals:
        fact = literal.atom
        if literal.kind == "equal" and not literal.positive:
            left, right = (classes.names[variable] for variable in literal.variables)
            if left == right:
                return Conflict((literal, *classes.path(*literal.variables)))
            apart[left].add(right)
            apart[right].add(left)
        elif isinstance(fact, Match):
            template = tuple(Ref(classes.names[p.var], p.fold) if isinstance(p, Ref) else p for p in fact.template)
            matches.setdefault(classes.names[fact.var], []).append((literal, template))
    task = _Task(classes, literals, matches, apart, hints, work)
    for step in (_necessary, _cut, _choose, _included):
        answer = step(task)
        if answer is not None:
            return answer
    return word_equations.decide(literals, work)


def _necessary(task: _Task) -> Answer | None:
    """A conflict among plain patterns that the literals imply, if there is one."""
    fixed = determined(task.matches, task.classes.unary, task.work)
    if isinstance(fixed, Conflict):
        return task.classes.explain(fixed.literals)
    for name, own in task.classes.unary.items():
        derived: list[Literal] = []
        sources: dict[int, list[Literal]] = {}
        if name in fixed:
            derived.append(fixed[name].literal)
            sources[id(fixed[name].literal)] = list(fixed[name].because)
        for literal, template in task.matches.get(name, []):
            pattern: list[Text | Run] = []
            used: list[Literal] = [literal]
            for part in template:
                if isinstance(part, Ref):
                    known_text = fixed.get(part.var) if part.var != name else None
                    shape = _shape(task.classes.unary[part.var], part.var == name)
                    if known_text is not None and (shape is None or not _exact(shape)):
                        shape = known_text.literal
                    if shape is None or ((part.fold or not literal.positive) and not _exact(shape)):
                        pattern.append(STAR)
                        if not literal.positive:
                            break  # refusing a wider pattern would be too strong
                    else:
                        known = _pattern(shape)
                        pattern.extend(Text(p.text, True) if part.fold and isinstance(p, Text) else p for p in known)
                        used.extend(known_text.because if known_text and shape is known_text.literal else [shape])
                else:
                    pattern.append(part)
            else:
                plain = tuple(part for part in normal(tuple(pattern)) if not isinstance(part, Ref))
                extra = Literal(Glob(name, plain), literal.positive, literal.key)
                derived.append(extra)
                sources[id(extra)] = used
        found = unary.find([*own, *derived], (), (), task.work)
        if isinstance(found, Conflict):
            blamed = [x for literal in found.literals for x in sources.get(id(literal), [literal])]
            return task.classes.explain(list(dict.fromkeys(blamed)))
    return None


def _cut(task: _Task) -> Answer | None:
    """A conflict between what is said of a composed text and what is said of its parts, if there is one."""
    for name, rows in task.matches.items():
        found = composed.split(rows, task.classes.unary, task.classes.unary[name], task.work)
        if isinstance(found, Conflict):
            return task.classes.explain(found.literals)
        task.likely.update(found)
    return None


def _pattern(literal: Literal) -> Pattern:
    return literal.language.pattern if literal.language is not None else (STAR,)


def _exact(literal: Literal) -> bool:
    return literal.language is not None and literal.language.exact is not None


def _shape(own: Sequence[Literal], circular: bool) -> Literal | None:
    """The literal that tells most about the texts of a variable: an exact text, else the heaviest pattern."""
    if circular:
        return None
    globs = [x for x in own if x.positive and x.language is not None]
    return min(globs, key=lambda x: (not _exact(x), -x.language.weight if x.language else 0, x.key), default=None)


def _choose(task: _Task) -> Answer | None:
    """A model found by giving values to the variables referred to, in an order that suits the references."""
    order = _order(task)
    if order is None:
        return None
    referred = {p.var for rows in task.matches.values() for _, t in rows for p in t if isinstance(p, Ref)}
    return _extend(task, order, 0, referred)


def _order(task: _Task) -> list[str] | None:
    """The classes, each after those that its templates refer to; None if references are circular.

    A text that is composed of others comes right after these, and what its further templates refer to comes last:
    with the text known, they need not be guessed.
    """
    after: dict[str, set[str]] = {name: set() for name in task.classes.members}
    later: dict[str, set[str]] = {name: set() for name in task.classes.members}
    for name, rows in task.matches.items():
        whole = next((t for x, t in rows if x.positive and not any(isinstance(p, Run) for p in t)), None)
        for _, template in rows:
            refs = {p.var for p in template if isinstance(p, Ref)}
            if whole is None or template == whole:
                after[name] |= refs
            else:
                for ref in refs:
                    later[ref].add(name)
    return _sorted(task, {name: after[name] | later[name] for name in after}) or _sorted(
        task, {n: {p.var for _, t in task.matches.get(n, []) for p in t if isinstance(p, Ref)} for n in after}
    )


def _sorted(task: _Task, after: Mapping[str, set[str]]) -> list[str] | None:
    """The classes, each after those given for it; None if there is no such order."""
    out: list[str] = []
    state: dict[str, int] = {}
    for root in task.classes.members:
        stack = [(root, False)]
        while stack:
            name, done = stack.pop()
            if done:
                state[name] = 2
                out.append(name)
            elif state.get(name) == 1:
                return None
            elif name not in state:
                state[name] = 1
                stack.append((name, True))
                refs = after[name]
                if any(state.get(ref) == 1 for ref in refs):
                    return None
                stack.extend((ref, False) for ref in sorted(refs, reverse=True) if state.get(ref) != 2)
    return out


def _extend(task: _Task, order: Sequence[str], at: int, referred: set[str]) -> Answer | None:
    if at == len(order):
        values = {variable: task.texts[name] for variable, name in task.classes.names.items()}
        model = Model(texts=values)
        right = all(holds(literal.atom, model) == literal.positive for literal in task.literals)
        return Realised(values) if right else None
    name = order[at]
    own = [*task.classes.unary[name], *_substituted(task, name)]
    for text in _values(task, name, own, name in referred):
        task.attempts += 1
        if task.attempts > _ATTEMPTS:
            return None
        task.texts[name] = text
        answer = _extend(task, order, at + 1, referred)
        if answer is not None:
            return answer
        del task.texts[name]
    return None


def _substituted(task: _Task, name: str) -> list[Literal]:
    out = []
    for literal, template in task.matches.get(name, []):
        if any(isinstance(p, Ref) and p.var not in task.texts for p in template):
            continue
        filled = normal(tuple(Text(task.texts[p.var], p.fold) if isinstance(p, Ref) else p for p in template))
        out.append(Literal(Glob(name, filled), literal.positive, literal.key))  # type: ignore[arg-type]
    return out


def _values(task: _Task, name: str, own: list[Literal], referred: bool) -> Iterator[str]:
    """Texts that satisfy `own` and differ from the neighbours chosen so far, the most promising first."""
    avoid = sorted({task.texts[other] for other in task.apart[name] if other in task.texts})
    work = task.work
    for text in (*([task.likely[name]] if name in task.likely else []), *_read_off(task, name)):
        if text not in avoid and unary.find(own, (text,), avoid, work) == text:
            yield text
    first = unary.find(own, task.classes.hints(name, task.hints), avoid, work)
    if not isinstance(first, str):
        return
    yield first
    if not (referred or task.apart[name]):
        return
    seen = [*avoid, first]
    for text in suggestions(name, task.classes, task.matches, task.hints):
        if text not in seen and unary.find(own, (text,), avoid, work) == text:
            seen.append(text)
            yield text
    for _ in range(_CHOICES):
        more = unary.find(own, (), seen, work)
        if not isinstance(more, str):
            return
        seen.append(more)
        yield more


def _read_off(task: _Task, name: str) -> list[str]:
    """What `name` stands for in the templates of texts that are chosen already."""
    out: dict[str, None] = {}
    for target, rows in task.matches.items():
        for literal, template in rows if target in task.texts else ():
            if literal.positive and any(isinstance(p, Ref) and p.var == name for p in template):
                known = tuple(
                    Text(task.texts[p.var], p.fold) if isinstance(p, Ref) and p.var in task.texts else p
                    for p in template
                )
                out.update(dict.fromkeys(aligned(known, name, task.texts[target])))
    return [text for text in out if is_value(text)]


def _included(task: _Task) -> Answer | None:
    """A conflict if a positive template lies within the refused patterns, whatever the references stand for."""
    for name, rows in task.matches.items():
        letters: dict[str, str] = {}
        for _, template in rows:
            for part in template:
                if isinstance(part, Ref):
                    letters.setdefault(_letter(part), OPAQUE[len(letters) % len(OPAQUE)])
        if len(letters) > len(OPAQUE):
            continue
        free = "".join(letters.values())
        try:
            refused = [(x, Automaton(_opaque(t, letters, free))) for x, t in rows if not x.positive]
            for literal in task.classes.unary[name]:
                if not literal.positive and literal.language is not None:
                    refused.append((literal, Automaton(_opaque(literal.language.pattern, letters, free))))
            for literal, template in rows:
                if literal.positive:
                    wanted = Automaton(_opaque(template, letters, free))
                    if search([wanted], [a for _, a in refused], task.work, free) is None:
                        return task.classes.explain([literal, *(x for x, _ in refused)])
        except TooLargeError:
            continue
    return None


def _letter(part: Ref) -> str:
    """A value without regard to case is another unknown than the value itself."""
    return f"{part.var} without case" if part.fold else part.var


def _opaque(template: Template, letters: Mapping[str, str], free: str) -> Pattern:
    """The template over an alphabet with one more letter per reference; only an unbounded star spans letters."""
    out: list[Text | Run] = []
    for part in template:
        if isinstance(part, Ref):
            out.append(Text(letters[_letter(part)]))
        elif isinstance(part, Text):
            out.append(part)
        else:
            chars = part.chars
            narrow = CharSet(chars.chars + free, True) if chars.negated else chars
            if chars == ANY and part.high is None:
                out.extend([Run(narrow, part.low, part.low), STAR] if part.low else [STAR])
            else:
                out.append(Run(narrow, part.low, part.high))
    return tuple(out)
