"""Any source as a workspace: folders, plans, templates, exports, collections; told apart by what they hold."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from perimeter_smt.errors import InputError, did_you_mean
from perimeter_smt.files import printable
from perimeter_smt.organization.default_policies import untold_authorization
from perimeter_smt.organization.model import IDLE, Organization, Unknown
from perimeter_smt.organization.perimeter import Collected, Perimeter, Vpc, Workspace
from perimeter_smt.organization.readers import agreement, values
from perimeter_smt.organization.readers.draft import Draft
from perimeter_smt.organization.readers.draft.assemble import SOME_MANAGEMENT, SOME_ROOT, assemble
from perimeter_smt.organization.readers.draft.overlay import overlay
from perimeter_smt.organization.readers.draft.still_untold import still_untold
from perimeter_smt.organization.readers.fields import Check, members, named_texts, required, text
from perimeter_smt.organization.readers.inferred import organization_ids, partition_of, tests_paths
from perimeter_smt.organization.readers.perimeter_file import read_perimeter
from perimeter_smt.organization.readers.recognise import Form, recognise
from perimeter_smt.organization.readers.untold_region import STANDS_IN, hangs_on_region, open_template
from perimeter_smt.organization.readers.untold_tags import name_untold_tags, told_by, untold_tags
from perimeter_smt.organization.readers.workspace import PERIMETER_FILE, load_workspace
from perimeter_smt.organization.readers.yaml import Node, read_yaml
from perimeter_smt.policy.json_positions import quoted
from perimeter_smt.policy.kinds import Kind

SOME_ORGANIZATION = "o-nottold0000"  # stands in where neither a source nor its policies tell one
_ANSWERS = "answers of `aws organizations` in one folder with it tell them, or `perimeter collect`"
_CHANGES = (Form.TERRAFORM, Form.CLOUDFORMATION)  # what a source is laid over
_TOLD_BY = {  # where guardrails stand that a form does not hold
    Form.CLI: f": {_ANSWERS}",
    Form.CONFIG: f": no item is one; {_ANSWERS}",
    Form.IAM_COLLECT: ": its folder `organizations` tells them where it was run for the management account",
    **dict.fromkeys(_CHANGES, ": `--org SOURCE` tells them"),
}
_SOURCE = ("path", "organization", "management_account", "account", "region", "complete", "org", "org_account",
           "parameter", "set")  # fmt: skip


@dataclass(frozen=True)
class SourceOptions:
    """What the user says beside a source.

    `organization` is another source that this one changes, `organization_account` the account of what in it tells none;
    `account` and `region` are where a template or plan will be deployed; `complete`: the source holds everything there
    is; `through`: the folders whose `perimeter.yaml` led here; `account_option` is the option that tells `account`.
    """

    fill: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    organization: Path | None = None
    organization_id: str | None = None
    management_account: str | None = None
    account: str | None = None
    organization_account: str | None = None
    region: str | None = None
    perimeter_file: Path | None = None
    cidrs: Sequence[str] = ()
    vpcs: Sequence[Vpc] = ()
    complete: bool = False
    through: tuple[Path, ...] = ()
    account_option: str = "--account"

    def of_organization(self) -> SourceOptions:
        """The options for the organization that the source changes: `account` speaks of the change alone."""
        return replace(self, organization=None, account=self.organization_account, account_option="--org-account")


def read_source(path: Path, options: SourceOptions = SourceOptions()) -> Workspace:
    """The workspace that a path holds, whatever form it has. InputError where it is of no known form."""
    collecting = gc.isenabled()
    gc.disable()  # millions of small objects, all of them kept: looking through them takes half the time
    try:
        return _read(path, options)
    finally:
        if collecting:
            gc.enable()


def _read(path: Path, options: SourceOptions) -> Workspace:
    form = recognise(path)
    if form is Form.WORKSPACE and options.organization is not None:
        raise InputError("a workspace, which has an organization of its own: expected no `--org`, or a change",
                         file=str(path))  # fmt: skip
    if form is Form.WORKSPACE:
        if options.perimeter_file is None:
            return load_workspace(path, options.fill)
        return load_workspace(path, options.fill, perimeter_file=options.perimeter_file)
    if form is Form.PERIMETER:
        return _beside(path, options)
    draft = draft_of(path, form, options)
    if options.organization is not None and form is Form.POLICIES:
        raise InputError("policies by themselves, which do not tell what they change: expected a plan or template",
                         file=str(path))  # fmt: skip
    if options.organization is not None:
        base = read_source(options.organization, options.of_organization())
        _refuse_swapped(base, path, form, options.organization)
        return _changed(base, draft, path, options.account)
    declared, node = _declared(path, options)
    own = _organization_id(draft, options, declared, some=form is Form.POLICIES)
    organization = _organization(draft, form, options, own)
    _in_regions(organization, path)
    perimeter = _perimeter(declared, organization.id, options)
    untagged = untold_tags(draft)
    name_untold_tags(draft, untagged, organization, perimeter)
    if perimeter.paths and draft.root is None:
        draft.unknown("root of the organization", "its id is not told, and `paths` need it", "facts")
    agreement.check(perimeter, organization, node, drawn=draft.root is not None)
    return Workspace(
        organization=organization,
        perimeter=perimeter,
        name=_name(path),
        grants_given=draft.accounts_listed or options.complete,
        unknowns=(*_weighed(draft, path, form, organization, perimeter), *untold_authorization(organization)),
        others=tuple(sorted(draft.others.items())),
        unread=tuple(draft.unread),
        collected=Collected.of(draft.collected),
        taken=tuple((text, str(at)) for text, at in draft.taken),
        untagged=untagged,
        versions=tuple(sorted((arn, len(found) - 1) for arn, found in draft.versions.items() if len(found) > 1)),
    )


def _refuse_swapped(base: Workspace, path: Path, form: Form, organization: Path) -> None:
    """InputError where what is there is to be laid over a plan or template that tells no organization."""
    if form in _CHANGES or base.grants_given or recognise(organization) not in _CHANGES:
        return
    if not any(document.kind in (Kind.SCP, Kind.RCP) for document in base.organization.documents()):
        raise InputError(f"a plan or template that tells no organization: expected it as the source, and `{path}` as "
                         "`--org`", file=str(organization), path="--org")  # fmt: skip


def _weighed(draft: Draft, path: Path, form: Form, own: Organization, perimeter: Perimeter) -> Iterator[Unknown]:
    """The unknowns; a Region that stands in and that nothing looks at is marked as one."""
    for unknown in draft.unknowns.values():
        if unknown.name in STANDS_IN and _open(path, form) and not hangs_on_region(own, perimeter):
            yield unknown.model_copy(update={"idle": True, "reason": unknown.reason + IDLE})
        else:
            yield unknown


def _open(path: Path, form: Form) -> bool:
    """Whether what is read is the same in every Region; a template may choose by it."""
    return form is not Form.CLOUDFORMATION or open_template(path)


def changed(base: Workspace, path: Path, options: SourceOptions = SourceOptions()) -> Workspace:
    """The workspace with a plan or template laid over it; InputError for a source that is no change."""
    form = recognise(path)
    if form in (Form.WORKSPACE, Form.PERIMETER):
        raise InputError("a workspace, expected a plan or template that changes one", file=str(path))
    if form is Form.POLICIES:
        raise InputError("policies by themselves, expected a plan or template that tells what it changes",
                         file=str(path))  # fmt: skip
    return _changed(base, draft_of(path, form, options, over=True), path, options.account)


def draft_of(path: Path, form: Form, options: SourceOptions, *, over: bool = False) -> Draft:
    """What the source says, before it is put together; `over`: it is laid over an organization."""
    draft = Draft(options.fill)
    draft.over = over or options.organization is not None
    draft.whole = options.complete
    draft.account_option = options.account_option
    _reader(form)(path, draft, options)
    if draft.accounts_listed and not draft.over:
        known = {*draft.accounts, draft.management, options.management_account}
        _account_of_list(options.account, known, options.account_option)
    return draft


def _account_of_list(account: str | None, known: Collection[str | None], option: str = "--account") -> None:
    """Refuse an account that a list does not hold and that is nearly one of it; others may be new, or of a stranger."""
    near = did_you_mean(account, filter(None, known)) if account is not None and account not in known else ""
    if near:
        raise InputError(f"`{account}` is none of the accounts of the organization{near}", path=option)


def _reader(form: Form) -> Callable[[Path, Draft, SourceOptions], None]:
    """The reader of a form; loaded when it is needed."""
    from importlib import import_module

    module = import_module(f"perimeter_smt.organization.readers.{form.value}.read")
    return module.read  # type: ignore[no-any-return]


def named_by(folder: Path) -> tuple[Path, ...]:
    """The paths that `source` in the `perimeter.yaml` of a folder names; InputError where one is not there."""
    node = read_yaml(folder / PERIMETER_FILE)
    assert isinstance(node.value, dict)
    source = node.value["source"]
    found = {"path": source} if isinstance(source.value, str) else members(source, _SOURCE, "a source")
    return tuple(_named(folder, found[name])[1] for name in ("path", "org") if name in found)


def _beside(folder: Path, options: SourceOptions) -> Workspace:
    """A folder whose `perimeter.yaml` names its source: a path, or a mapping with what the source does not tell."""
    node = read_yaml(folder / PERIMETER_FILE)
    assert isinstance(node.value, dict)
    source = node.value["source"]
    found = {"path": source} if isinstance(source.value, str) else members(source, _SOURCE, "a source")
    where, path = _named(folder, required(found, "path", source, "a source"))
    through = (*options.through, folder.resolve())
    _no_circle(found["path"], where, path, through)
    base = options.organization
    if base is None and "org" in found:
        where, base = _named(folder, found["org"])
        _no_circle(found["org"], where, base, through)
    if "org_account" in found and base is None:
        raise found["org_account"].key_error("says nothing without `org`: expected `account`")

    def given(name: str, check: Check) -> str | None:
        return text(found[name], check) if name in found else None

    chosen = replace(
        options,
        perimeter_file=options.perimeter_file or folder / PERIMETER_FILE,
        organization_id=options.organization_id or given("organization", values.organization_id),
        management_account=options.management_account or given("management_account", values.account_id),
        account=options.account or given("account", values.account_id),
        region=options.region or given("region", values.region),
        complete=options.complete or given("complete", values.any_text) == "true",
        organization=base,
        organization_account=options.organization_account or given("org_account", values.account_id),
        parameters={**named_texts(found.get("parameter"), "parameters"), **options.parameters},
        fill={**named_texts(found.get("set"), "placeholders"), **options.fill},
        through=through,
    )
    return read_source(path, chosen).model_copy(update={"name": _name(folder)})


def _named(folder: Path, node: Node) -> tuple[str, Path]:
    """The path that a member of `source` names, as it is written and from here."""
    where = text(node, values.any_text)
    path = folder / where
    short = Path(os.path.normpath(path))
    if short.resolve() == path.resolve():  # else a link leads elsewhere than its name says
        path = short
    if not path.exists():
        raise node.error(f"no such file or folder: `{where}`")
    return where, path


def _no_circle(node: Node, where: str, path: Path, through: tuple[Path, ...]) -> None:
    if path.resolve() in through:
        raise node.error(f"`{where}` leads back to a `perimeter.yaml` that was read, expected another source")


def _changed(base: Workspace, draft: Draft, path: Path, account: str | None) -> Workspace:
    if base.grants_given:
        ids = {account.id for account, _ in base.organization.accounts()}
        _account_of_list(account, {*ids, base.organization.management_account, *draft.accounts})
    before = still_untold(base.unknowns, draft)
    organization = overlay(base.organization, draft)
    _in_regions(organization, path)
    untagged = tuple((arn, at) for arn, at in base.untagged if not told_by(draft, arn))
    name_untold_tags(draft, untagged, organization, base.perimeter)  # what the change adds may look at tags
    fresh = {(unknown.name, unknown.reason) for unknown in draft.unknowns.values()}
    kept = (unknown for unknown in before if (unknown.name, unknown.reason) not in fresh)
    unknowns = (*kept, *draft.unknowns.values())
    return base.model_copy(
        update={
            "organization": organization,
            "unknowns": unknowns,
            "untagged": untagged,
            "taken": (*base.taken, *((text, str(at)) for text, at in draft.taken)),
            "name": f"{base.name} with {_name(path)}",
        }
    )


def _in_regions(organization: Organization, path: Path) -> None:
    """Refuse resources that are nowhere, such as those in a Region that is none (W-2)."""
    for account, _ in organization.accounts():
        for resource in account.resources:
            try:
                values.somewhere(resource.arn)
            except ValueError as error:
                raise InputError(f"resource {quoted(resource.arn)}: {error}", file=str(path)) from None


def _organization(draft: Draft, form: Form, options: SourceOptions, own: str) -> Organization:
    management = options.management_account or draft.management
    if management is None:
        draft.unknown("management account", "not told: SCPs and RCPs do not bind it, whichever it is; say "
                      "`--management-account`", "facts")  # fmt: skip
    _missing_guardrails(draft, form)
    found = assemble(draft, own, management=management or SOME_MANAGEMENT, complete=options.complete)
    if options.complete and all(account.id == management for account, _ in found.accounts()):
        draft.unknown("accounts of the organization", "none is told: claims on them are about nothing", "facts")
    if found.root.id == SOME_ROOT and tests_paths(found):
        draft.unknown("root of the organization", "its id is not told, and policies test organization paths", "facts")
    return found.model_copy(update={"partition": partition_of(found)})


def _missing_guardrails(draft: Draft, form: Form) -> None:
    """Name the kinds of guardrails of which the source holds none, where that does not mean that there are none."""
    there = {control.type for control in draft.controls.values()}
    told = draft.guardrails_told if there else set()
    missing = [name for kind, name in (("scp", "SCPs"), ("rcp", "RCPs")) if kind not in there | told]
    if missing:
        draft.unknown(" and ".join(missing), f"none in the source{_TOLD_BY.get(form, '')}", "guardrails")


def _organization_id(draft: Draft, options: SourceOptions, declared: Perimeter | None, *, some: bool) -> str:
    """The organization: said, told by the source, the only one that is mine, or the only one that policies name.

    `some`: where nothing tells it, any stands in, and is named.
    """
    if options.organization_id is not None:
        try:
            own = values.organization_id(options.organization_id)
        except ValueError as error:
            raise InputError(str(error), path="--org-id") from None
        if draft.organization not in (None, own):
            raise InputError(f"the source is of organization `{draft.organization}`, not of `{own}`", path="--org-id")
        return own
    if draft.organization is not None:
        return draft.organization
    mine = declared.orgs if declared else ()
    if len(mine) == 1 and mine[0] != SOME_ORGANIZATION:
        return mine[0]
    found = organization_ids(draft)
    if some and not found:
        reason = f"not told, and no policy names one: `{SOME_ORGANIZATION}` stands in; say `--org-id`"
        draft.unknown("organization", reason, "facts")
        return SOME_ORGANIZATION
    if len(found) != 1:
        seen = f" (its policies name {', '.join(f'`{own}`' for own in sorted(found)[:3])})" if found else ""
        raise InputError(f"the source tells no organization{seen}: expected `--org-id` or `--org`")
    (own,) = found
    draft.unknown("organization", f"`{own}` is the only one that policies name; say `--org-id`", "facts")
    return own


def _declared(path: Path, options: SourceOptions) -> tuple[Perimeter | None, Node | None]:
    """The perimeter that an option or a file in the source tells, and where it was read from."""
    file = options.perimeter_file
    if file is None and path.is_dir() and (path / PERIMETER_FILE).is_file():
        file = path / PERIMETER_FILE
    node = read_yaml(file) if file else None
    return (read_perimeter(node) if node else None), node


def _perimeter(declared: Perimeter | None, organization: str, options: SourceOptions) -> Perimeter:
    """The perimeter with what options add; without one the organization is mine."""
    declared = declared or Perimeter(orgs=(organization,))
    more = {"cidrs": (*declared.cidrs, *options.cidrs), "vpcs": (*declared.vpcs, *options.vpcs)}
    return declared.model_copy(update=more)


def _name(path: Path) -> str:
    found = path.resolve()
    return printable(found.name if found.is_dir() else found.stem)
