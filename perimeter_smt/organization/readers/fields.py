"""Typed access to the members of a YAML mapping; what is not as expected is an InputError at its line."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from perimeter_smt.errors import InputError, SeveralInputError, did_you_mean
from perimeter_smt.organization.readers.yaml import Node
from perimeter_smt.policy.json_positions import quoted

Check = Callable[[str], str]
_T = TypeVar("_T")
_MANY = 10  # names in one message


class Gather:
    """The errors of one reading, so that all of them are told at once."""

    def __init__(self) -> None:
        self._errors: list[InputError] = []

    def add(self, error: InputError) -> None:
        """Note an error."""
        self._errors.append(error)

    def __call__(self, read: Callable[[], _T], default: _T) -> _T:
        """What `read` returns, or the default where it fails: the error is noted."""
        try:
            return read()
        except InputError as error:
            self.add(error)
            return default

    def each(self, nodes: Iterable[Node], read: Callable[[Node], _T]) -> tuple[_T, ...]:
        """What `read` returns for every node for which it does not fail."""
        found: list[_T] = []
        for node in nodes:
            self(lambda node=node: found.append(read(node)), None)  # type: ignore[misc]
        return tuple(found)

    def done(self) -> None:
        """Raise what was noted, if anything."""
        if self._errors:
            raise SeveralInputError(self._errors)


def members(node: Node, names: tuple[str, ...], what: str) -> dict[str, Node]:
    """The members of a mapping, all of them among `names`; those without a value are left out."""
    if not isinstance(node.value, dict):
        raise node.key_error(f"found {node.shown}, expected {what}: a mapping")
    unknown = [name for name in node.value if name not in names]
    if unknown:
        raise node.value[unknown[0]].key_error(_unknown(unknown, names, what))
    return {name: member for name, member in node.value.items() if not member.is_null}


def _unknown(unknown: list[str], names: tuple[str, ...], what: str) -> str:
    """One line for all unknown members of a mapping, with the nearest names."""
    hints = [did_you_mean(name, names) for name in unknown[:_MANY]]
    expected = "" if all(hints) else f", expected one of {', '.join(names)}"
    if len(unknown) == 1:
        return f"unknown member {quoted(unknown[0])} of {what}{hints[0]}{expected}"
    shown = [quoted(name) + (f" ({hint[2:]})" if hint else "") for name, hint in zip(unknown, hints, strict=False)]
    more = f" and {len(unknown) - _MANY} more" if len(unknown) > _MANY else ""
    return f"unknown members {', '.join(shown)}{more} of {what}{expected}"


def required(found: dict[str, Node], name: str, node: Node, what: str) -> Node:
    """The member `name`; `node` is the mapping that must hold it."""
    if name not in found:
        raise node.error(f"{what} has no `{name}`")
    return found[name]


def text(node: Node, check: Check) -> str:
    """A scalar that passes the check."""
    if not isinstance(node.value, str):
        raise node.key_error(f"found {node.shown}, expected a text")
    try:
        return check(node.value)
    except ValueError as error:
        raise node.error(str(error)) from None


def items(node: Node | None) -> list[Node]:
    """The elements of a list; an absent list is empty."""
    if node is None:
        return []
    if not isinstance(node.value, list):
        raise node.key_error(f"found {node.shown}, expected a list")
    return node.value


def texts(node: Node | None, check: Check, default: tuple[str, ...] = ()) -> tuple[str, ...]:
    """A list of scalars that pass the check; `default` if there is none."""
    if node is None:
        return default
    gather = Gather()
    found = gather.each(items(node), lambda item: text(item, check))
    gather.done()
    return found


def some_texts(node: Node | None, check: Check, default: tuple[str, ...]) -> tuple[str, ...]:
    """As `texts`, not empty where it is written: an empty list would say `never`."""
    if node is not None and not items(node):
        raise node.key_error("an empty list, expected at least one entry")
    return texts(node, check, default)


def flag(node: Node | None, default: bool) -> bool:
    """A truth value."""
    if node is None:
        return default
    if node.flag is None:
        quotes = " without quotes" if node.value in ("true", "false") else ""
        raise node.key_error(f"found {node.shown}, expected `true` or `false`{quotes}")
    return node.flag


def tags(node: Node | None) -> dict[str, str]:
    """A mapping of texts, each as it is written."""
    return named_texts(node, "tags")


def named_texts(node: Node | None, what: str) -> dict[str, str]:
    """Texts by name, such as values of parameters, each as it is written; none where nothing is."""
    if node is None:
        return {}
    if not isinstance(node.value, dict):
        raise node.key_error(f"found {node.shown}, expected {what}: a mapping")
    return {key: text(value, lambda found: found) for key, value in node.value.items()}
