"""The collection as pieces of work: done in parallel, written one by one, skipped where they are done already."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from perimeter_smt.collect import organizations
from perimeter_smt.collect.aws import Aws, pages, reason
from perimeter_smt.collect.permission_sets import permission_sets
from perimeter_smt.collect.services import SERVICES
from perimeter_smt.errors import InputError

MANIFEST = "collected.json"
_AFFECTS = {"tree": "facts", "permission-sets": "grants"}
Progress = Callable[[str, int, int], None]


@dataclass
class Collection:
    """What came of it: how many files, and what was not read."""

    folder: Path
    accounts: list[str] = field(default_factory=list)
    files: int = 0
    kept: int = 0
    missing: list[dict[str, str]] = field(default_factory=list)


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
) -> Collection:
    """Read an organization into `folder`. Files that are there stay: an interrupted collection goes on.

    Without a role to assume, only the own account is read; the others are named as not read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    out = Collection(folder)
    members = _organization(out, aws)
    own, _ = aws.identity()
    out.accounts = list(accounts or members or [own])
    pieces = []
    for account in out.accounts:
        if account != own and not aws.role_name:
            _note(out, f"everything in account `{account}`", "no role to assume there: say `--role-name`", account)
            continue
        for region in regions or _regions(out, aws, account):
            pieces += [_Piece(account, region, s) for s in _asked(services) if not SERVICES[s][1]]
        pieces += [_Piece(account, "", s) for s in _asked(services) if SERVICES[s][1]]
    _work(out, aws, pieces, workers, progress)
    _write(folder / MANIFEST, {"collection": 1, "accounts": out.accounts, "missing": out.missing})
    return out


def _asked(services: Sequence[str]) -> list[str]:
    for name in services:
        if name not in SERVICES:
            raise InputError(f"unknown service `{name}`, expected one of {', '.join(SERVICES)}", path="--service")
    return [name for name in SERVICES if not services or name in services]


def _organization(out: Collection, aws: Aws) -> list[str]:
    """The tree and its policies; the ids of the accounts. Without an organization, the own account alone."""
    where = out.folder / "organization"

    def missing(what: str, error: Exception, affects: str) -> None:
        _note(out, what, reason(error), "", affects)

    parts: tuple[tuple[str, Callable[[], Any]], ...] = (
        ("tree", lambda: organizations.tree(aws)),
        ("policies", lambda: organizations.policies(aws, missing)),
        ("delegated", lambda: organizations.delegated(aws)),
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
            missing(f"{name} of the organization", error, _AFFECTS.get(name, "guardrails"))
            continue
        if len(out.missing) == before:
            _write(file, found)
        else:  # asked again next time
            _write(where / f"{name}.partial.json", found)
        out.files += 1
    tree = where / "tree.json"
    answers = json.loads(tree.read_text("utf-8")) if tree.is_file() else []
    listed: list[dict[str, Any]] = next((a["Accounts"] for a in answers if "Accounts" in a and "ParentId" not in a), [])
    return [account["Id"] for account in listed if account.get("Status", "ACTIVE") == "ACTIVE"]


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
                    out.files += 1
                elif isinstance(error, InputError):
                    raise error
                else:
                    affects = "guardrails" if piece.service == "ec2" else "grants"
                    _note(out, piece.what, reason(error), piece.account, affects)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _one(folder: Path, aws: Aws, piece: _Piece) -> None:
    ask, _ = SERVICES[piece.service]
    _write(folder / piece.file, list(ask(aws, piece.account, piece.region)))


def _note(out: Collection, what: str, why: str, account: str, affects: str = "grants") -> None:
    found = {"what": what, "reason": why, "affects": affects}
    out.missing.append({**found, "account": account} if account else found)


def _write(path: Path, value: Any) -> None:
    """Whole or not at all, so that an interrupt leaves no half file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".part")
    draft.write_text(json.dumps(value, default=_plain, sort_keys=True), "utf-8")
    draft.replace(path)


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
