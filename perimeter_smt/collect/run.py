"""The collection as pieces of work: done in parallel, written one by one, skipped where they are done already."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from perimeter_smt.collect import organizations
from perimeter_smt.collect.aws import Aws, code, expired, pages, reason
from perimeter_smt.collect.permission_sets import permission_sets
from perimeter_smt.collect.services import SERVICES
from perimeter_smt.errors import InputError

MANIFEST = "collected.json"
_AFFECTS = {"tree": "facts", "permission-sets": "grants", "resource-policy": "grants"}
_STOPPED = {"what": "the collection", "reason": "it did not come to its end: run it again", "affects": "grants"}
Progress = Callable[[str, int, int], None]
Clock = Callable[[], datetime]


@dataclass
class Collection:
    """What came of it: how many files, and what was not read."""

    folder: Path
    accounts: list[str] = field(default_factory=list)
    files: int = 0
    kept: int = 0
    missing: list[dict[str, str]] = field(default_factory=list)
    times: dict[str, str] = field(default_factory=dict)  # when each file was collected, in UTC
    now: Clock = lambda: datetime.now(UTC)

    def wrote(self, file: str) -> None:
        """Note a file that was collected now."""
        self.files += 1
        self.times[file] = _time(self.now())


@dataclass(frozen=True)
class _Piece:
    account: str
    region: str
    service: str

    @property
    def file(self) -> str:
        where = f"{self.region}/" if self.region else ""
        return f"accounts/{self.account}/{where}{self.service}.json"

    @property
    def what(self) -> str:
        where = f" in {self.region}" if self.region else ""
        return f"answers of {self.service} for account `{self.account}`{where}"


def collect(
    folder: Path,
    aws: Aws,
    *,
    regions: Sequence[str] = (),
    accounts: Sequence[str] = (),
    services: Sequence[str] = (),
    workers: int = 8,
    progress: Progress | None = None,
    now: Clock = lambda: datetime.now(UTC),
) -> Collection:
    """Read an organization into `folder`. Files that are there stay: an interrupted collection goes on.

    Its record says when each file was collected, by the clock `now`.

    Without a role to assume, only the own account is read; the others are named as not read.
    """
    asked = _asked(services)
    folder.mkdir(parents=True, exist_ok=True)
    out = Collection(folder, now=now)
    before, times = _before(folder)
    _write(folder / MANIFEST, {"collection": 1, "accounts": [], "missing": [*before, _STOPPED], "collected": times})
    members = _organization(out, aws, accounts)
    own, _ = aws.identity()
    out.accounts = list(accounts or members or [own])
    pieces = []
    for account in out.accounts:
        if account != own and not aws.role_name:
            _note(out, f"everything in account `{account}`", "no role to assume there: say `--role-name`", account)
            continue
        if why := _closed(aws, account):
            _note(out, f"everything in account `{account}`", why, account)
            continue
        for region in regions or _regions(out, aws, account):
            pieces += [_Piece(account, region, s) for s in asked if not SERVICES[s][1]]
        pieces += [_Piece(account, "", s) for s in asked if SERVICES[s][1]]
    _work(out, aws, pieces, workers, progress)
    told = {item["what"] for item in out.missing}
    out.missing += [item for item in before if item["what"] not in told and _still_missing(out, item)]
    out.times = {**_kept(folder, times), **out.times}
    manifest = {"collection": 1, "accounts": out.accounts, "missing": out.missing, "collected": out.times}
    _write(folder / MANIFEST, {**manifest, "not_asked": _not_asked(folder, asked, regions)})
    return out


def _before(folder: Path) -> tuple[list[dict[str, str]], dict[str, str]]:
    """What an earlier run into the same folder did not read, and when it collected what it did."""
    try:
        record = json.loads((folder / MANIFEST).read_text("utf-8"))
        found, times = record["missing"], record.get("collected") or {}
    except (OSError, ValueError, KeyError, TypeError):
        return [], {}
    return [item for item in found if item != _STOPPED], times


def _kept(folder: Path, before: dict[str, str]) -> dict[str, str]:
    """When files were collected, as an earlier record says, or, where that run broke off, when they were written."""
    files = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*.json") if file.name != MANIFEST}
    return {
        name: before.get(name) or _time(datetime.fromtimestamp(file.stat().st_mtime, UTC))
        for name, file in files.items()
    }


def _time(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def _still_missing(out: Collection, item: dict[str, str]) -> bool:
    """Whether what an earlier run did not read is missing: this run has not written its file, nor asked for it."""
    if "file" in item:
        return not (out.folder / item["file"]).is_file()
    return "account" in item and item["account"] not in out.accounts


def _not_asked(folder: Path, asked: Sequence[str], regions: Sequence[str]) -> list[str]:
    """What no run into this folder was asked for."""
    there = {file.stem for file in (folder / "accounts").rglob("*.json")} | set(asked)
    out = [name for name in SERVICES if name not in there]
    return [*out, *([f"Regions beside {', '.join(sorted(regions))}"] if regions else [])]


def _closed(aws: Aws, account: str) -> str:
    """Why nothing can be asked in an account; empty where its role can be taken."""
    try:
        aws.client("sts", account=account)
    except InputError:
        raise
    except Exception as error:
        return f"its role cannot be taken ({code(error)})"
    return ""


def _asked(services: Sequence[str]) -> list[str]:
    for name in services:
        if name not in SERVICES:
            raise InputError(f"unknown service `{name}`, expected one of {', '.join(SERVICES)}", path="--service")
    return [name for name in SERVICES if not services or name in services]


def _organization(out: Collection, aws: Aws, asked: Sequence[str]) -> list[str]:
    """The tree and its policies; the ids of the accounts. Without an organization, the own account alone."""
    where = out.folder / "organization"

    def missing(what: str, error: Exception, affects: str) -> None:
        _note(out, what, reason(error), "", affects)

    def management() -> str:
        answers = json.loads((where / "tree.json").read_text("utf-8")) if (where / "tree.json").is_file() else []
        found = (a["Organization"].get("MasterAccountId", "") for a in answers if "Organization" in a)
        return next(found, "")

    parts: tuple[tuple[str, Callable[[], Any]], ...] = (
        ("tree", lambda: organizations.tree(aws, missing)),
        ("policies", lambda: organizations.policies(aws, missing)),
        ("delegated", lambda: organizations.delegated(aws)),
        ("resource-policy", lambda: organizations.resource_policy(aws)),
        ("permission-sets", lambda: permission_sets(aws)),
    )
    for name, ask in parts:
        file = where / f"{name}.json"
        if file.is_file():
            out.kept += 1
            continue
        before = len(out.missing)
        try:
            found = ask()
        except Exception as error:
            what, affects = f"{name} of the organization", _AFFECTS.get(name, "guardrails")
            whose = management() if name == "resource-policy" else ""
            _note(out, what, reason(error), whose, affects, f"organization/{name}.json")
            continue
        partial = "" if len(out.missing) == before else ".partial"  # those are asked again next time
        _write(where / f"{name}{partial}.json", found)
        out.wrote(f"organization/{name}{partial}.json")
    tree = where / "tree.json"
    answers = json.loads(tree.read_text("utf-8")) if tree.is_file() else []
    listed: list[dict[str, Any]] = next((a["Accounts"] for a in answers if "Accounts" in a and "ParentId" not in a), [])
    states = {account["Id"]: account.get("State") or account.get("Status") or "ACTIVE" for account in listed}
    for account, state in states.items():
        if state != "ACTIVE" and not asked:
            _note(out, f"everything in account `{account}`", f"it is {state.lower().replace('_', ' ')}", account)
    return [account for account, state in states.items() if state == "ACTIVE"]


def _regions(out: Collection, aws: Aws, account: str) -> list[str]:
    try:
        client = aws.client("ec2", account=account)
        return [found["RegionName"] for found in pages(client, "describe_regions", "Regions")]
    except Exception as error:
        _note(out, f"Regions of account `{account}`", reason(error), account)
        return [aws.home_region]


def _work(out: Collection, aws: Aws, pieces: list[_Piece], workers: int, progress: Progress | None) -> None:
    waiting = [piece for piece in pieces if not (out.folder / piece.file).is_file()]
    out.kept += len(pieces) - len(waiting)
    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        running = {pool.submit(_one, out.folder, aws, piece): piece for piece in waiting}
        try:
            for number, done in enumerate(as_completed(running), 1):
                piece = running[done]
                if progress:
                    progress(piece.what, number, len(waiting))
                error = done.exception()
                if error is None:
                    out.wrote(piece.file)
                elif isinstance(error, InputError):
                    raise error
                else:
                    affects = "guardrails" if piece.service == "ec2" else "grants"
                    _note(out, piece.what, reason(error), piece.account, affects, piece.file)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _one(folder: Path, aws: Aws, piece: _Piece) -> None:
    ask, _ = SERVICES[piece.service]
    try:
        found = list(ask(aws, piece.account, piece.region))
    except Exception as error:
        if not expired(error):
            raise
        aws.forget(piece.account)
        found = list(ask(aws, piece.account, piece.region))
    _write(folder / piece.file, found)


def _note(out: Collection, what: str, why: str, account: str, affects: str = "grants", file: str = "") -> None:
    found = {"what": what, "reason": why, "affects": affects, **({"file": file} if file else {})}
    out.missing.append({**found, "account": account} if account else found)


def _write(path: Path, value: Any) -> None:
    """Whole or not at all, so that an interrupt leaves no half file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".part")
    draft.write_text(json.dumps(value, default=_plain, sort_keys=True), "utf-8")
    draft.replace(path)


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
