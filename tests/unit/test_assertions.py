"""Assertions in Python: they mean what one reads, and a broken one shows the request that breaks it."""

from __future__ import annotations

import ipaddress
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from perimeter_smt import load_workspace, prove_perimeter
from perimeter_smt.assertions import (
    PerimeterBrokenError,
    account,
    address,
    all_of,
    any_of,
    assert_holds,
    check,
    key,
    my_account,
    my_iam,
    my_network,
    my_resource,
    on,
    principal_name,
    resource_account,
    trusted_iam,
)
from perimeter_smt.errors import InputError

ROOT = Path(__file__).resolve().parents[2]
ACME = ROOT / "docs" / "examples" / "acme"
a, b, c, d = my_iam, my_network, my_resource, trusted_iam


def test_implication_binds_loosest():
    assert str(a & b >> c) == str((a & b) >> c) == "(=> (and my-iam my-network) my-resource)"
    assert str(a | b >> c) == str((a | b) >> c)
    assert str(a >> b & c) == str(a >> (b & c)) == "(=> my-iam (and my-network my-resource))"
    assert str(a & b >> c & d) == "(=> (and my-iam my-network) (and my-resource trusted-iam))"
    assert str(a >> b & c & d) == "(=> my-iam (and (and my-network my-resource) trusted-iam))"
    assert str(a | b >> c & d) == "(=> (or my-iam my-network) (and my-resource trusted-iam))"
    over_lines = (
        a
        & b  # a comment with (a parenthesis
        >> c
    )
    assert str(over_lines) == str((a & b) >> c)


def test_parentheses_count():
    assert str(a & (b >> c)) == "(and my-iam (=> my-network my-resource))"
    assert str((a >> b) & c) == "(and (=> my-iam my-network) my-resource)"
    assert str((a >> b) & (c >> d)) == "(and (=> my-iam my-network) (=> my-resource trusted-iam))"
    assert str((a >> b) >> c) == "(=> (=> my-iam my-network) my-resource)"
    rule = a >> b
    assert str(rule & c) == str(all_of(rule, c)) == "(and (=> my-iam my-network) my-resource)"
    assert str(c | rule) == str(any_of(c, rule))
    assert str(~(a >> b) & c) == "(and (not (=> my-iam my-network)) my-resource)"


def test_what_nobody_can_read_is_refused():
    with pytest.raises(TypeError, match="parentheses"):
        a >> b >> c
    with pytest.raises(TypeError, match="two implications"):
        a >> b & c >> d
    with pytest.raises(TypeError, match="no source"):
        eval("a & b >> c")
    with pytest.raises(TypeError, match="no truth"):
        bool(a)
    with pytest.raises(TypeError, match="no formula"):
        a & "my-network"  # type: ignore[operator]


def test_services_of_which_something_is_said():
    assert (my_iam & on("s3:*") >> my_network).services == ("s3",)
    assert (on("s3:GetObject", "sqs:*") >> my_iam).services == ("s3", "sqs")
    assert (my_iam >> on("s3:*")).services is None
    assert (on("s3:*") & on("s3:Get*") >> my_iam).services == ("s3",)
    assert (~on("s3:*")).services == ("s3",)
    assert all_of(on("s3:*") >> my_iam, my_iam >> my_network).services is None


def test_names_are_checked():
    with pytest.raises(InputError, match="did you mean `secretsmanager`"):
        on("secretmanager:*")
    with pytest.raises(InputError, match="did you mean `GetObject`"):
        on("s3:GetObjct")
    with pytest.raises(InputError, match="unknown condition key"):
        key("aws:SourceIpp")
    with pytest.raises(InputError, match="several values"):
        key("aws:PrincipalOrgPaths")
    with pytest.raises(InputError, match="no address range"):
        address.within("203.0.113.1/24")
    with pytest.raises(InputError, match="says nothing"):
        check(ACME, on("s3:*") & on("sqs:*") >> my_iam, services=())


def test_ranges_are_the_leading_bits():
    low = int(ipaddress.ip_address("203.0.113.0")) >> 8
    assert f"(= ((_ extract 128 8) (address source.address)) (_ bv{low} 121))" in str(address.within("203.0.113.0/24"))
    six = (1 << 128 | int(ipaddress.ip_address("2001:db8::"))) >> 96
    assert f"(_ bv{six} 33)" in str(address.within("2001:db8::/32"))


def test_holds_and_does_not():
    exempt = principal_name.like("role/break-glass", "role/aws-service-role/*")
    held = my_account & on("s3:GetObject") & ~exempt & (account == "111122223333") >> my_network
    assert assert_holds(ACME, held, reading="exact").status == "proved"
    assert check(ACME, held).status == "conditional"
    assert assert_holds(ACME, held, accept=("conditional",)).reason.endswith("X-38")
    with pytest.raises(PerimeterBrokenError, match="s3:GetObject") as caught:
        assert_holds(ACME, my_account & on("s3:GetObject") >> my_network, name="inside")
    assert caught.value.verdict.status == "refuted"
    assert "`inside` is refuted" in str(caught.value)


def test_a_premise_that_no_request_meets_proves_nothing():
    impossible = on("s3:GetObject") & (resource_account == "1") & (resource_account == "2")
    with pytest.raises(PerimeterBrokenError, match="no request meets the premise"):
        assert_holds(ACME, impossible >> my_network)


def test_an_assertion_in_a_file_speaks_of_every_service(tmp_path):
    """The scopes of perimeter.yaml do not apply, whatever the objectives claim."""
    own = tmp_path / "own.smt2"
    own.write_text('(assert (! (not (= action "lambda:InvokeFunction")) :named no-lambda))')
    found = prove_perimeter(load_workspace(ACME), objectives=("O3",), availability=False, assertions=(own,))
    assert [(v.objective, v.status) for v in found.verdicts] == [("O3", "proved"), ("no-lambda", "refuted")]
    assert found.verdicts[1].counterexamples[0].request.action == "lambda:InvokeFunction"


TESTS = """
    from perimeter_smt.assertions import my_account, my_iam, my_network, on

    def test_broken(perimeter):
        perimeter.holds(my_account & on("s3:GetObject") >> my_network)

    def test_fine(perimeter):
        perimeter.holds(on("s3:GetObject") >> (my_iam | ~my_iam))
"""


@pytest.mark.parametrize("ini", [True, False])
def test_plugin(tmp_path, ini):
    (tmp_path / "test_it.py").write_text(textwrap.dedent(TESTS))
    (tmp_path / "pytest.ini").write_text(f"[pytest]\nperimeter_workspace = {ACME}\n" if ini else "[pytest]\n")
    more = [] if ini else [f"--perimeter={ACME}"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *more]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "1 failed, 1 passed" in found.stdout, found.stdout + found.stderr
    assert "action    s3:GetObject" in found.stdout
    assert "test_it.py:5" in found.stdout
    assert "Traceback" not in found.stdout and "holds.py" not in found.stdout


def test_plugin_without_a_workspace(tmp_path):
    (tmp_path / "test_it.py").write_text(textwrap.dedent(TESTS))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "no workspace: expected `--perimeter PATH`" in found.stdout + found.stderr


@pytest.mark.parametrize(
    "said",
    [
        '(=> (in-organization vpc.account) (str.prefixof "r-" (units vpc.account)))',
        '(=> (= caller role) (not (= principal.session "a b")))',
    ],
)
def test_axioms_on_what_an_assertion_speaks_of_count_though_no_policy_tests_it(tmp_path, said):
    own = tmp_path / "own.smt2"
    own.write_text(f"(assert (! {said} :named own))", encoding="utf-8")
    found = prove_perimeter(
        load_workspace(ACME), objectives=("O1",), services=("s3",), availability=False, assertions=(own,)
    )
    assert [v.status for v in found.verdicts if v.objective == "own"] == ["proved"]


def test_what_is_no_formula_is_refused():
    for wrong in (True, None, "(assert my-iam)", (a >> b, "why"), account):
        with pytest.raises(TypeError, match="no formula"):
            check(ACME, wrong, services=["s3"])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="no workspace"):
        check([ACME], a >> b)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="iff"):
        a == b  # noqa: B015
    with pytest.raises(TypeError, match="compares nothing"):
        a != b  # noqa: B015


def test_a_text_is_no_truth():
    """`account and rule` would be `rule` alone."""
    for slip in (lambda: account and a, lambda: b if key("aws:SourceVpce") else a, lambda: bool(account)):
        with pytest.raises(TypeError, match="no truth by itself"):
            slip()


def test_answers_are_no_truth():
    """`assert check(...)` would pass whatever the verdict says."""
    verdict = check(ACME, my_account & on("s3:GetObject") >> my_network)
    assert verdict.status == "refuted"
    with pytest.raises(TypeError, match="Verdict is no truth value"):
        assert verdict


def test_misspelled_options_are_refused():
    rule = my_account & on("s3:GetObject") >> my_network
    with pytest.raises(InputError, match="unknown mode `grant`, did you mean `grants`"):
        check(ACME, rule, mode="grant")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="unknown reading `ovr`"):
        check(ACME, rule, reading="ovr")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="unknown status `refused`"):
        assert_holds(ACME, rule, accept=("refused",))  # type: ignore[arg-type]
    with pytest.raises(InputError, match="statuses are a list"):
        assert_holds(ACME, rule, accept="refuted")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="services are a list"):
        check(ACME, rule, services="s3")


def test_words_are_held_to_their_types():
    for wrong in (lambda: on(3), lambda: on(["s3:*"]), lambda: key(3), lambda: account == 111122223333):  # type: ignore
        with pytest.raises(TypeError, match="no text"):
            wrong()
    with pytest.raises(InputError, match="is no address"):
        account.within("203.0.113.0/24")
    with pytest.raises(InputError, match="cannot be written"):
        key("aws:PrincipalTag/te|am")
    with pytest.raises(InputError, match="names a service"):
        on("s3")
    assert "(address |aws:SourceIp|)" in str(key("AWS:sourceip").within("203.0.113.0/24"))


def test_bad_input_in_a_test_shows_its_line_alone(tmp_path):
    (tmp_path / "test_it.py").write_text(
        "from perimeter_smt.assertions import my_iam, on\n\n"
        "def test_slip(perimeter):\n    perimeter.holds(on('s3:GetObjekt') >> my_iam)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--perimeter={ACME}", "test_it.py"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 1
    assert "test_it.py:4\nno action of `s3` is `s3:GetObjekt`, did you mean `GetObject`?\n" in ran.stdout
    assert "def _action" not in ran.stdout
