"""Sessions and clients: profiles, roles in other accounts, back-off, and errors as reasons."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from perimeter_smt.errors import InputError

# IAM guide, troubleshoot access denied error messages.
_STOPPED_BY = re.compile(r"explicit deny in an? (service control policy|resource control policy|permissions boundary)")
_DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "403")


@dataclass
class Aws:
    """Access to one organization. `endpoint_url` is for stand-ins of AWS; `attempts` bounds the tries of a call."""

    profile: str | None = None
    role_name: str | None = None
    endpoint_url: str | None = None
    attempts: int = 8
    home_region: str = "us-east-1"
    _sessions: dict[str, Any] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def identity(self) -> tuple[str, str]:
        """Own account and partition."""
        found = self.client("sts").get_caller_identity()
        return found["Account"], found["Arn"].split(":")[1]

    def client(self, service: str, region: str | None = None, account: str | None = None) -> Any:
        """A client of a service; in another account with the role that is assumed there."""
        from botocore.config import Config

        session = self._session(account)
        config = Config(
            retries={"mode": "standard", "max_attempts": self.attempts}, connect_timeout=10, read_timeout=60,
            max_pool_connections=4,
        )  # fmt: skip
        with self._lock:  # making clients is not safe in threads
            found = session.client(service, region_name=region or self.home_region, endpoint_url=self.endpoint_url,
                                   config=config)  # fmt: skip
        if service == "s3control" and (self.endpoint_url or os.environ.get("AWS_ENDPOINT_URL")):
            found.meta.events.register("before-sign.s3-control", without_account)
        return found

    def forget(self, account: str) -> None:
        """Take the role of an account anew with the next call."""
        with self._lock:
            self._sessions.pop(account, None)

    def _session(self, account: str | None) -> Any:
        try:
            import boto3
            from botocore.exceptions import BotoCoreError
        except ImportError:
            raise InputError("boto3 is not installed, expected `pip install 'perimeter-smt[aws]'`") from None
        with self._lock:
            if "" not in self._sessions:
                try:
                    self._sessions[""] = boto3.Session(profile_name=self.profile)
                except BotoCoreError as error:
                    raise InputError(str(error).lower(), path="--profile") from None
        if not account:
            return self._sessions[""]
        if account not in self._sessions:
            own, partition = self.identity()
            if account == own:
                session = self._sessions[""]
            else:
                arn = f"arn:{partition}:iam::{account}:role/{self.role_name}"
                found = self.client("sts").assume_role(RoleArn=arn, RoleSessionName="perimeter-collect")["Credentials"]
                session = boto3.Session(
                    aws_access_key_id=found["AccessKeyId"], aws_secret_access_key=found["SecretAccessKey"],
                    aws_session_token=found["SessionToken"], botocore_session=_alike(self._sessions[""]),
                )  # fmt: skip
            self._sessions[account] = session
        return self._sessions[account]


def expired(error: BaseException) -> bool:
    """Whether credentials ran out, which those of a role do while a long collection goes on."""
    return code(error) in ("ExpiredToken", "ExpiredTokenException", "RequestExpired")


def _alike(session: Any) -> Any:
    """A session that shares the descriptions of services, which take longer to read than most calls."""
    from botocore.session import Session

    out = Session()
    out.register_component("data_loader", session._session.get_component("data_loader"))
    return out


def without_account(request: Any, **_: Any) -> None:
    """The account before the host of an address: stand-ins of AWS have one name only."""
    request.url = re.sub(r"//[0-9]{12}\.", "//", request.url)


def pages(client: Any, operation: str, member: str, **parameters: Any) -> Iterator[Any]:
    """The items of every page of a call."""
    if not client.can_paginate(operation):
        yield from getattr(client, operation)(**parameters).get(member) or ()
        return
    for page in client.get_paginator(operation).paginate(**parameters):
        yield from page.get(member) or ()


def code(error: BaseException) -> str:
    """The error code of AWS; the name of the error where there is none."""
    response = getattr(error, "response", None)
    found = response.get("Error", {}).get("Code") if isinstance(response, dict) else None
    return str(found or type(error).__name__)


def reason(error: BaseException) -> str:
    """Why something could not be read."""
    found = code(error)
    response = getattr(error, "response", None)
    message = str(response.get("Error", {}).get("Message")) if isinstance(response, dict) else ""
    if policy := _STOPPED_BY.search(message):
        return f"a {policy[1]} denies it ({found})"
    return f"not allowed to read it ({found})" if found in _DENIED else f"not read ({found})"
