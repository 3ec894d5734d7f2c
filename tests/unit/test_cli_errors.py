"""Bad input is one line on stderr and exit code 2, whatever the command; what is odd but legal gets its verdict."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from perimeter_smt.cli.main import run

ORG = "o-acme0000001"
RCP = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "OnlyMine",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sqs:*",
            "Resource": "*",
            "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG}},
        }
    ],
}


def statement(**changes: object) -> str:
    """The RCP with a changed statement; None removes an element."""
    changed = {name: value for name, value in ({**RCP["Statement"][0], **changes}).items() if value is not None}
    return json.dumps({**RCP, "Statement": [changed]})


@pytest.fixture
def call(capsys, monkeypatch, tmp_path):
    """Run a command in an empty folder: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(list(arguments))
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return code, out, err

    return call


def write(name: str, text: str) -> str:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text, encoding="utf-8")
    return name


def bad(result: tuple[int, str, str], *words: str) -> None:
    code, out, err = result
    assert code == 2
    assert out == ""
    assert err.startswith("error: ")
    assert err.endswith("\n")
    assert err.count("\n") == 1
    for word in words:
        assert word in err


POLICIES = {
    "empty file": ("", ("rcp.json:1",)),
    "malformed": ('{\n  "Version": "2012-10-17",\n  "Statement" [],\n}', ("rcp.json:3", "column 15")),
    "not an object": ("[]", ("rcp.json",)),
    "unknown operator": (statement(Condition={"StringIs": {"aws:PrincipalOrgID": "x"}}), ("`StringIs`",)),
    "unknown element": (statement(Conditions={}), ("`Conditions`",)),
    "unknown effect": (statement(Effect="Forbid"), ("`Forbid`",)),
    "wrong kind": (statement(Principal=None), ("Principal",)),
    "unfilled placeholder": (
        statement(Condition={"StringNotEquals": {"aws:PrincipalOrgID": "<my-org-id>"}}),
        ("rcp.json:1", "$.Statement[0].Condition.StringNotEquals", "`<my-org-id>`", "--set my-org-id=VALUE"),
    ),
    "deeply nested": ("[" * 100_000, ("rcp.json", "nested")),
    "deeply nested objects": ('{"Statement":' * 50_000, ("rcp.json", "nested")),
    "10 MB": (statement(Sid="x" * 10_000_000), ("rcp.json", "4000000")),
    "duplicate key": ('{"Statement": [],\n "Statement": []}', ("rcp.json:2", "`Statement`")),
}


@pytest.mark.parametrize("name", POLICIES)
def test_bad_policy(call, name):
    text, words = POLICIES[name]
    write("rcp.json", text)
    bad(call("prove", "--org-id", ORG, "--rcp", "rcp.json", "--service", "sqs"), *words)
    bad(call("compare", "rcp.json", "rcp.json", "--type", "rcp"), words[0])
    code, _, err = call("lint", "rcp.json")
    assert code == 2
    assert err.count("\n") == 1


ACME = Path(__file__).resolve().parents[2] / "docs" / "examples" / "acme"
OPTIONS = {
    "nothing": ((), "expected a workspace"),
    "missing file": (("--org-id", ORG, "--rcp", "none.json"), "none.json"),
    "missing workspace": (("none",), "none"),
    "account": (("--org-id", ORG, "--account", "12345"), "`12345`"),
    "management account": (("--org-id", ORG, "--management-account", "1234567890123"), "`1234567890123`"),
    "organization": (("--org-id", "acme"), "`acme`"),
    "range": (("--org-id", ORG, "--cidr", "10.0.0.0/33"), "--cidr"),
    "vpc": (("--org-id", ORG, "--vpc", "here"), "`here`"),
    "objective": (("--org-id", ORG, "--objective", "O7"), "`O7`"),
    "service": (("--org-id", ORG, "--service", "nosuch"), "`nosuch`"),
    "set": (("--org-id", ORG, "--set", "x"), "NAME=VALUE"),
    "set twice": (("--org-id", ORG, "--set", "x=1", "--set", "x=2"), "`--set x`"),
    "both": ((str(ACME), "--org-id", ORG), "`--org-id`"),
    "no source": ((".", "--org-id", ORG), "expected a workspace"),
    "limit": (("--org-id", ORG, "--limit", "0"), "--limit"),
    "unknown option": (("--colour",), "--colour"),
    "unknown mode": (("--org-id", ORG, "--mode", "some"), "some"),
    "assertion": (("--org-id", ORG, "--service", "sqs", "--assertion", "none.smt2"), "none.smt2"),
    "output folder": (("--org-id", ORG, "--output", "none/out.txt"), "none"),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_bad_option(call, name):
    arguments, word = OPTIONS[name]
    bad(call("prove", *arguments), word)


def workspace(perimeter: str, organization: str) -> str:
    write("ws/perimeter.yaml", perimeter)
    write("ws/organization.yaml", organization)
    return "ws"


GOOD_ORGANIZATION = f"id: {ORG}\nmanagement_account: '999999999999'\nroot:\n  id: r-0001\n"
WORKSPACES = {
    "names a missing file": (
        f"orgs: [{ORG}]\n",
        GOOD_ORGANIZATION + "  rcps: [rcp/none.json]\n",
        ("organization.yaml:5", "`rcp/none.json`"),
    ),
    "cyclic": (
        f"orgs: [{ORG}]\n",
        GOOD_ORGANIZATION
        + "units:\n  - {id: ou-0001-aaaaaaaa, parent: ou-0001-bbbbbbbb}\n"
        + "  - {id: ou-0001-bbbbbbbb, parent: ou-0001-aaaaaaaa}\n",
        ("organization.yaml", "lies in itself"),
    ),
    "empty perimeter": ("cidrs: [10.0.0.0/8]\n", GOOD_ORGANIZATION, ("perimeter.yaml", "empty perimeter")),
    "account": (
        f"orgs: [{ORG}]\n",
        GOOD_ORGANIZATION + "  accounts:\n    - id: '1234'\n",
        ("organization.yaml:6", "`1234`"),
    ),
    "not yaml": ("orgs: [\n", GOOD_ORGANIZATION, ("perimeter.yaml",)),
}


@pytest.mark.parametrize("name", WORKSPACES)
def test_bad_workspace(call, name):
    perimeter, organization, words = WORKSPACES[name]
    folder = workspace(perimeter, organization)
    bad(call("prove", folder, "--service", "sqs"), *words)
    bad(call("encode", folder, "--output", "out", "--service", "sqs"), *words)
    assert not Path("out").exists()
    code, _, err = call("lint", folder)
    assert code == 2
    assert words[0] in err
    assert err.count("\n") == 1


CASES = {
    "missing file": (None, ("cases.json",)),
    "empty": ("\n\n", ("cases.json",)),
    "malformed": ('{"policies": {},\n "request" 1}', ("cases.json:2", "column")),
    "cut off": ('{"policies": {},\n', ("cases.json",)),
    "malformed line": ("{}x\n", ("cases.json:1", "column 3")),
    "no case": ('{"policies": {}}', ("cases.json:1", "`request`")),
    "number": ("3", ("cases.json:1",)),
    "duplicate": ('{"policies": {}, "policies": {}}', ("cases.json:1", "`policies`")),
    "nan": ('{"policies": NaN}', ("cases.json:1", "`NaN`")),
    "nested": ("[" * 200_000, ("cases.json:1",)),
    "after the array": ("[]\n{}", ("cases.json:2",)),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_case(call, name):
    text, words = CASES[name]
    if text is not None:
        write("cases.json", text)
    code, out, err = call("evaluate", "cases.json")
    assert all("error" in json.loads(line) for line in out.splitlines()), "a case that is none is a record"
    bad((code, "", err), *words)


def test_not_utf8(call):
    Path("rcp.json").write_bytes(b'{"Version": "\xff"}')
    bad(call("prove", "--org-id", ORG, "--rcp", "rcp.json"), "rcp.json:1", "UTF-8")
    code, out, err = call("evaluate", "rcp.json")
    assert json.loads(out) == {"id": "1", "error": {"message": "not UTF-8 text", "path": "", "line": 1}}
    bad((code, "", err), "UTF-8")


def test_names_with_line_breaks_stay_on_one_line(call):
    bad(call("prove", "--org-id", "o-\nacme\n\nx"))
    bad(call("lint", "no\nsuch.json"))


def test_ten_thousand_stars_have_their_verdict(call):
    write("one.json", statement(Action="sqs:" + "*" * 10_000))
    write("two.json", statement())
    code, out, err = call("compare", "one.json", "two.json", "--type", "resource")
    assert (code, err) == (0, "")
    assert out.startswith("equivalent")


def test_unknown_command_and_schema(call):
    bad(call("prov"), "prov")
    bad(call("schema", "nosuch"), "`nosuch`", "prove")
    bad(call("--verbose"), "--version")


def test_a_bug_leaves_a_dump_and_one_line(call, monkeypatch):
    from perimeter_smt.errors import InternalError

    def fail(*_: object, **__: object) -> None:
        raise InternalError("model does not replay", dump="(assert false)\n")

    monkeypatch.setattr("perimeter_smt.organization.readers.workspace_from_options", fail)
    Path("perimeter-bug-1.json").write_text("mine", encoding="utf-8")
    for number in (2, 3):
        code, out, err = call("prove", "--org-id", ORG)
        assert (code, out, err.count("\n")) == (3, "", 1)
        assert f"perimeter-bug-{number}.smt2" in err
        assert Path(f"perimeter-bug-{number}.smt2").read_text(encoding="utf-8") == "(assert false)\n"
    assert Path("perimeter-bug-1.json").read_text(encoding="utf-8") == "mine"


def test_an_unexpected_error_is_no_traceback(call, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("perimeter_smt.organization.readers.workspace_from_options", fail)
    code, _, err = call("prove", "--org-id", ORG)
    assert (code, err.count("\n")) == (3, 1)
    dump = json.loads(Path("perimeter-bug-1.json").read_text(encoding="utf-8"))
    assert dump["error"] == "ZeroDivisionError: by zero"
    assert any("fail" in frame for frame in dump["frames"])


def test_interrupt(call, monkeypatch):
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("perimeter_smt.organization.readers.workspace_from_options", stop)
    code, out, err = call("prove", "--org-id", ORG)
    assert (code, out.strip(), err.strip()) == (130, "", "")


def test_closed_pipe(call, monkeypatch):
    def closed(*_: object, **__: object) -> None:
        raise BrokenPipeError

    monkeypatch.setattr("perimeter_smt.cli.main.os.dup2", lambda *_: None)
    monkeypatch.setattr("perimeter_smt.cli.output.click.echo", closed)
    assert call("schema", "prove") == (141, "", "")
    assert sys.stdout is not None


def test_a_short_account_on_the_command_line_needs_no_quotes(tmp_path, capsys):
    file = tmp_path / "p.json"
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}
    file.write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    assert run(["findings", str(file), "--account", "12"]) == 2
    assert capsys.readouterr().err == "error: --account: `12` is not an account id, expected 12 digits\n"
