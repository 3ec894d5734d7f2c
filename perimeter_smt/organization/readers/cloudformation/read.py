"""Templates as a draft."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perimeter_smt.errors import InputError
from perimeter_smt.organization.readers.cloudformation import assembly, iam, nested, resources, stack_sets
from perimeter_smt.organization.readers.cloudformation.exports import Exports
from perimeter_smt.organization.readers.cloudformation.functions import Resolver, plain
from perimeter_smt.organization.readers.cloudformation.load import load_template
from perimeter_smt.organization.readers.cloudformation.names import Names
from perimeter_smt.organization.readers.cloudformation.nested import Nested
from perimeter_smt.organization.readers.cloudformation.sam import connectors, roles
from perimeter_smt.organization.readers.cloudformation.stack import Stack
from perimeter_smt.organization.readers.draft import Draft, Place, sizes
from perimeter_smt.organization.readers.options import MEMBER_ACCOUNT, REGION
from perimeter_smt.policy.json_positions import Node

if TYPE_CHECKING:
    from perimeter_smt.organization.readers.sources import SourceOptions

_SUFFIXES = (".json", ".yaml", ".yml", ".template")


def read(path: Path, draft: Draft, options: SourceOptions) -> None:
    """Read a template, or every template of a folder."""
    from perimeter_smt.organization.readers.recognise import Form, recognise

    found = [path] if path.is_file() else sorted(f for f in path.rglob("*") if f.suffix in _SUFFIXES and f.is_file())
    files = []
    for file in found:
        try:
            form = recognise(file)
        except InputError as error:
            _passed_over(draft, path, file, error)
            continue
        if form is Form.CLOUDFORMATION:
            files.append(file)
        else:
            draft.unread.append(file.relative_to(path).as_posix())
    places = assembly.deployed(files)
    chosen = [(file, _chosen(options, places.get(file)), name) for file, name in _stacks(files, path)]
    templates = [(file, own, _template(file, name, draft, own)) for file, own, name in chosen]
    Exports((stack.resolver, stack.template) for _, _, stack in templates)
    inside = {file for _, _, stack in templates if stack.resolver.nested for file in stack.resolver.nested.files()}
    for file, own, stack in templates:
        if file.resolve() not in inside:  # those that another one nests are read there, with what it passes
            _account(stack, own)
            _read(stack)
    sizes.check(draft)


def _passed_over(draft: Draft, folder: Path, file: Path, error: InputError) -> None:
    """Name a file that looks like a template and is none, which may make anything, and list a policy by itself."""
    if not folder.is_dir():
        return
    data = file.read_bytes()
    shown = file.relative_to(folder).as_posix()
    if b"AWS::" in data and b"Resources" in data:
        draft.unknown(f"what is in `{shown}`", f"no template that can be read: {error.message}", "grants",
                      Place(str(file), line=error.line or 0), account="*")  # fmt: skip
        draft.unread.append(shown)
    elif data.lstrip()[:1] == b"{" and b'"Statement"' in data:
        draft.unread.append(shown)


def _chosen(options: SourceOptions, place: assembly.Deployed | None) -> SourceOptions:
    """The options for one stack: a cloud assembly says where each is deployed, and how it is called."""
    if place is None:
        return options
    return replace(options, account=place.account or options.account, region=place.region or options.region,
                   parameters={**place.parameters, **options.parameters})  # fmt: skip


def _stacks(files: list[Path], folder: Path) -> list[tuple[Path, str]]:
    """The templates with a name of their stack: that of the file, with its folders where several files have one name.

    What stands in the name of a resource that CloudFormation makes up must differ between stacks, as it does there.
    """
    places = assembly.deployed(files)
    stems = [places[file].name if file in places else file.stem.removesuffix(".template") for file in files]
    names = Counter(map(_stack_name, stems))
    out = []
    for file, stem in zip(files, stems, strict=True):
        alone = names[_stack_name(stem)] == 1
        out.append((file, _stack_name(stem if alone else "-".join((*file.relative_to(folder).parent.parts, stem)))))
    return out


def _stack_name(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9-]+", "-", text).strip("-").lower() or "stack"


def _template(file: Path, stack_name: str, draft: Draft, options: SourceOptions) -> Stack:
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("not UTF-8 text", file=str(file)) from None
    node = _unwrapped(load_template(file, text), file)
    if not isinstance(node.value, dict) or not isinstance(getattr(node.value.get("Resources"), "value", None), dict):
        raise InputError("a template without `Resources`", file=str(file))
    account, region = options.account or MEMBER_ACCOUNT, options.region or REGION
    parameters = _parameters(node.value.get("Parameters"), options.parameters)
    resolver = Resolver(node.value, parameters, Names(account, region, stack_name))
    Nested(file, resolver, _parameters)
    return Stack(draft, resolver, account, region, str(file), node)


def _account(stack: Stack, options: SourceOptions) -> None:
    """Name an account or Region that nobody told."""
    taken = (("account", options.account, stack.account), ("Region", options.region, stack.region))
    for name, value, guess in taken:
        if value is None:
            reason = f"not told, taken to be `{guess}`: say `--{name.lower()}`"
            stack.draft.unknown(f"{name} of the template", reason, "facts", Place(stack.file))


def _read(stack: Stack) -> None:
    """Everything that a template makes, and the templates that it nests."""
    _transforms(stack.template, stack.draft, Place(stack.file))
    iam.read(stack)
    resources.read(stack)
    roles.roles(stack)
    connectors.roles(stack)
    assert stack.resolver.nested is not None
    for item in stack.of(*nested.TYPES):
        if (found := stack.resolver.nested.of(item.logical)) is not None:
            file, template, resolver = found
            _read(Stack(stack.draft, resolver, stack.account, stack.region, str(file), template, doubt=item.doubt))
    for item in stack.of(stack_sets.TYPE):
        for inner in stack_sets.stacks(item, _parameters) or ():
            _read(inner)


def read_text(draft: Draft, text: str, at: Place, account: str, region: str, name: str, given: Mapping[str, str],
              unknown: frozenset[str] = frozenset()) -> bool:  # fmt: skip
    """Read a template that another source holds as a text; False where it is none."""
    stack = stack_sets.stack_of(draft, text, str(at), account, region, _stack_name(name), given, _parameters, unknown)
    if stack is not None:
        _read(stack)
    return stack is not None


def _unwrapped(node: Node, file: Path) -> Node:
    """The template inside an answer of `aws cloudformation get-template`, where it is one."""
    body = node.value.get("TemplateBody") if isinstance(node.value, dict) and "Resources" not in node.value else None
    if body is None:
        return node
    return load_template(file, body.value) if isinstance(body.value, str) else body


def _parameters(
    declared: Node | None, given: Mapping[str, str], unknown: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """Values given and defaults; lists where the type says so. Values of other templates' parameters do no harm.

    `unknown`: parameters that are given values which are not known, so that no default counts.
    """
    out: dict[str, Any] = dict(given)
    for name, node in declared.value.items() if declared and isinstance(declared.value, dict) else ():
        members = node.value if isinstance(node.value, dict) else {}
        if name not in out and name not in unknown and "Default" in members:
            out[name] = str(plain(members["Default"]))
        kind = str(members["Type"].value) if "Type" in members else "String"
        if kind.startswith("AWS::SSM::Parameter::Value"):
            out.pop(name, None) if name not in given else None  # the default is the name of the parameter
        if name in out and (kind.startswith(("List<", "CommaDelimitedList"))):
            out[name] = [part.strip() for part in str(out[name]).split(",")]
    return out


def _transforms(node: Node, draft: Draft, at: Place) -> None:
    """Macros may add and change anything; SAM is read here."""
    assert isinstance(node.value, dict)
    found = node.value.get("Transform")
    names = [] if found is None else found.value if isinstance(found.value, list) else [found]
    for name in names:
        text = str(name.value)
        if isinstance(name.value, str) and (text.startswith("AWS::Serverless") or text == "AWS::LanguageExtensions"):
            continue
        draft.unknown(f"transform `{clip(text)}`", "what it makes of the template", "facts", at)


def clip(text: str) -> str:
    """A short form for messages."""
    return text if len(text) < 60 else f"{text[:57]}..."
