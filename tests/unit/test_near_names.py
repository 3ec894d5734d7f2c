"""A name that is nearly right is refused with the right one, wherever a user writes names."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from perimeter_smt.cli.main import run

ACME = Path(__file__).parents[2] / "docs/examples/acme"


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs a command that is refused, and gives what it says."""

    def say(*args: str) -> str:
        assert run(list(args)) == 2
        return capsys.readouterr().err

    return say


@pytest.mark.parametrize(
    ("file", "old", "new", "hint"),
    [
        ("perimeter.yaml", "egress: proxy", "egress: proxie", "proxy"),
        ("perimeter.yaml", "[eu-west-1]", "[eu-wst-1]", "eu-west-1"),
        ("perimeter.yaml", "accepted:", "acepted:", "accepted"),
        ("perimeter.yaml", "- management-account", "- managment-account", "management-account"),
        ("organization.yaml", "- FullAWSAccess", "- FullAWSAcces", "FullAWSAccess"),
        ("organization.yaml", "- RCPFullAWSAccess", "- RCPFulAWSAccess", "RCPFullAWSAccess"),
        ("organization.yaml", "scp/network-perimeter.json", "scp/network-perimetr.json", "scp/network-perimeter.json"),
        ("organization.yaml", "trust:", "trusts:", "trust"),
        ("scp/network-perimeter.json", '"Effect"', '"Efect"', "Effect"),
        ("scp/network-perimeter.json", '"Deny"', '"Denny"', "Deny"),
        ("scp/network-perimeter.json", '"BoolIfExists"', '"BoolIfExist"', "BoolIfExists"),
        ("resource/orders-queue.json", '"Principal": {"Service"', '"Principal": {"Sevice"', "Service"),
    ],
)
def test_in_files(refused: Callable[..., str], tmp_path: Path, file: str, old: str, new: str, hint: str) -> None:
    workspace = shutil.copytree(ACME, tmp_path / "acme")
    text = (workspace / file).read_text(encoding="utf-8")
    assert old in text
    (workspace / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    assert f"did you mean `{hint}`?" in refused("prove", str(workspace), "--no-mitigations")


@pytest.mark.parametrize(
    ("args", "hint"),
    [
        (("prov",), "prove"),
        (("prove", str(ACME), "--mode", "grant"), "grants"),
        (("prove", str(ACME), "--service", "ss3"), "s3"),
        (("prove", str(ACME), "--format", "jsn"), "json"),
        (("findings", str(ACME), "--direction", "ot"), "out"),
        (("findings", str(ACME), "--zone", "organisation"), "organization"),
        (("findings", str(ACME), "--type", "trusted"), "trust"),
        (("measure", str(ACME / "scp/network-perimeter.json"), "--type", "spc"), "scp"),
        (("who-can", "s3:GetObjct", "--resource", "arn:aws:s3:::acme-exchange/a"), "s3:GetObject"),
        (("schema", "inventry"), "inventory"),
        (("lint", str(ACME), "--select", "PL0033"), "PL033"),
    ],
)
def test_on_the_command_line(refused: Callable[..., str], args: tuple[str, ...], hint: str) -> None:
    assert f"did you mean `{hint}`" in refused(*args)
