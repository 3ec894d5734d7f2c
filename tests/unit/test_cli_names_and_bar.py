"""Kinds told by file names, and the progress bar that only people see."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from perimeter_smt.cli import output
from perimeter_smt.cli.progress import Bar
from perimeter_smt.errors import InputError
from perimeter_smt.policy.kind_of_file import kind_of_file

KINDS = {
    "identity_perimeter_rcp.json": "rcp",
    "resource_perimeter_scp.json": "scp",
    "s3_endpoint_policy.json": "endpoint",
    "default_endpoint_policy.json": "endpoint",
    "orders-bucket-policy.json": "bucket",
    "scps/base.json": "scp",
    "service_control_policies/more/base.json": "scp",
    "scp/service_rcp.json": "rcp",
    "app-trust.json": "trust",
    "BOUNDARY.json": "boundary",
    "key_policy.json": "kms",
    "ServiceControlPolicies/base.json": "scp",
    "ResourceControlPolicies/S3OnlyOurs.json": "rcp",
    "resource-control-policies/01-trusted-identity.json": "rcp",  # the end names what it is about
    "scp/only-through-endpoints.json": "scp",
    "scp/guard-boundaries.json": "scp",
    "trust-policies/app.json": "trust",
    "identity/app-endpoint-policy.json": "endpoint",
}


@pytest.mark.parametrize("name", KINDS)
def test_the_end_of_the_name_tells_the_kind(name):
    assert kind_of_file(Path("top", name), Path("top")).value == KINDS[name]


@pytest.mark.parametrize("name", ["policy.json", "inscp.json", "scp_old/../x.json", "2012.json"])
def test_no_kind_is_guessed_from_anything_else(name):
    with pytest.raises(InputError, match="--type"):
        kind_of_file(Path("top", name.rpartition("/")[2]), Path("top"))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def shown(monkeypatch, stream, *, no_color: bool = False) -> str:
    monkeypatch.setattr(sys, "stderr", stream)
    with Bar(no_color=no_color, delay=0) as bar:
        bar._timer.join()
        bar("O1 only trusted identities", 3, 7)
        if bar._bar is not None:
            bar._bar.refresh()
    return stream.getvalue()


def test_people_see_the_bar(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    text = shown(monkeypatch, Terminal())
    assert "O1 only trusted identities" in text
    assert "\x1b[3" in text or "\x1b[9" in text


@pytest.mark.parametrize("how", ["option", "environment"])
def test_the_bar_without_colour(monkeypatch, how):
    monkeypatch.setenv("TERM", "xterm")
    if how == "environment":
        monkeypatch.setenv("NO_COLOR", "1")
    else:
        monkeypatch.delenv("NO_COLOR", raising=False)
    text = shown(monkeypatch, Terminal(), no_color=how == "option")
    assert "O1 only trusted identities" in text
    assert "\x1b[3" not in text
    assert "\x1b[9" not in text


def test_nobody_else_sees_it(monkeypatch):
    bar = Bar(delay=0)
    assert bar._wanted is False
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with Bar(delay=0) as bar:
        bar("O1", 0, 1)
    assert bar._bar is None
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert Bar()._wanted is False


def test_colours_are_for_terminals_that_want_them(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert output.colors(Terminal(), no_color=False)
    assert not output.colors(Terminal(), no_color=True)
    assert not output.colors(io.StringIO(), no_color=False)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not output.colors(Terminal(), no_color=False)
