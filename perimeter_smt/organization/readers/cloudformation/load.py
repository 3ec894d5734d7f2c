"""Templates as nodes with their lines; short forms such as `!Ref` become their long ones."""

from __future__ import annotations

import re
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.nodes import Node as YamlNode

from perimeter_smt.errors import InputError
from perimeter_smt.policy.json_positions import MAX_DEPTH, Node, Number, clipped, read_json

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_WORDS = {"true": True, "True": True, "false": False, "False": False, "null": None, "~": None, "": None}
_MAX_NODES = 500_000


def load_template(path: Path, text: str) -> Node:
    """The template; InputError with the line where it is no JSON or YAML."""
    if text.lstrip().startswith("{"):
        return read_json(text, file=str(path))
    try:
        found = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        if "found another document" in str(error.problem):
            raise InputError(
                "a second document, expected one", file=str(path), line=mark.line + 1 if mark else 0
            ) from None
        what = clipped(" ".join(str(error.problem or error.context).split()), 150)
        raise InputError(f"not YAML: {what}", file=str(path), line=mark.line + 1 if mark else 0) from None
    except (YAMLError, ValueError) as error:
        raise InputError(f"not YAML: {clipped(' '.join(str(error).split()), 150)}", file=str(path)) from None
    if not isinstance(found, MappingNode):
        raise InputError("not a template, expected a mapping", file=str(path))
    return _Converter(str(path)).node(found, None, None, 0)


class _Converter:
    """Counts what it makes, so that aliases cannot blow a file up."""

    def __init__(self, file: str) -> None:
        self.file, self.count = file, 0

    def node(self, found: YamlNode, parent: Node | None, step: str | int | None, depth: int) -> Node:
        line = found.start_mark.line + 1
        self.count += 1
        if depth > MAX_DEPTH or self.count > _MAX_NODES:
            raise InputError("nested too deeply, or aliases make it too large", file=self.file, line=line)
        out = Node(None, line, self.file, parent, step)
        tag = str(found.tag or "")
        if tag.startswith("!") and len(tag) > 1:
            name = tag[1:]
            long = name if name in ("Ref", "Condition") else f"Fn::{name}"
            inner = Node(None, line, self.file, out, long)
            self.fill(inner, found, depth + 1, plain=False)
            if name == "GetAtt" and isinstance(inner.value, str):
                first, _, rest = inner.value.partition(".")
                inner.value = [Node(part, line, self.file, inner, i) for i, part in enumerate((first, rest))]
            out.value = {long: inner}
            return out
        self.fill(out, found, depth, plain=isinstance(found, ScalarNode) and found.style is None)
        return out

    def fill(self, out: Node, found: YamlNode, depth: int, *, plain: bool) -> None:
        if isinstance(found, MappingNode):
            members: dict[str, Node] = {}
            for key, value in found.value:
                if not isinstance(key, ScalarNode):
                    raise InputError("a key that is no word", file=self.file, line=key.start_mark.line + 1)
                members[key.value] = self.node(value, out, key.value, depth + 1)
            out.value = members
        elif isinstance(found, SequenceNode):
            out.value = [self.node(item, out, index, depth + 1) for index, item in enumerate(found.value)]
        elif plain and found.value in _WORDS:
            out.value = _WORDS[found.value]
        elif plain and _NUMBER.fullmatch(found.value):
            out.value = Number(found.value)
        else:
            out.value = found.value
