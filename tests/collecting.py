"""Collecting from the stand-in of AWS that tests start, and looking at what came of it."""

from __future__ import annotations

from datetime import datetime

from perimeter_smt.collect.aws import Aws
from perimeter_smt.collect.run import collect
from tests.small_organization import REGION

SERVICES = ("iam", "s3", "ec2", "kms", "sqs")


def aws(organization, **more):
    """Access to the stand-in, with the role that every account of it has."""
    return Aws(role_name="reader", endpoint_url=organization["url"], attempts=2, **more)


def gather(folder, organization, access=None, **more):
    """One run of the collector, of few services in one Region."""
    chosen = {"regions": [REGION], "services": SERVICES, "workers": 4, **more}
    return collect(folder, access or aws(organization), **chosen)


def account(workspace, own):
    """An account of the workspace."""
    return next(a for a, _ in workspace.organization.accounts() if a.id == own)


def on(day):
    """A clock that stands in the morning of a day."""
    return lambda: datetime.fromisoformat(f"{day}T08:30:00+00:00")
