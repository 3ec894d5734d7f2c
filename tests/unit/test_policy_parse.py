"""Reading policies: the shape of documents, places, values, and what is refused whatever the kind (semantics 1.1)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from perimeter_smt.errors import InputError
from perimeter_smt.policy import json_positions
from perimeter_smt.policy.document import Document, PrincipalEntry
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.operators import Quantifier
from perimeter_smt.policy.parse import load_policy, parse_object, parse_policy
from tests.growth import growth

ALLOW = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}

POLICY = """{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "First",
      "Effect": "Deny",
      "NotAction": ["s3:Get*", "s3:List*"],
      "Resource": "arn:aws:s3:::data/*",
      "Condition": {
        "ForAnyValue:StringLikeIfExists": {"aws:PrincipalOrgPaths": ["o-1/*", "o-2/*"]},
        "bool": {"AWS:SecureTransport": false},
        "NumericLessThan": {
          "s3:signatureAge": 1.50
        }
      }
    }
  ]
}"""


def read(statement: Any = ALLOW, kind: Kind = Kind.IDENTITY, *, strict: bool = True, **more: Any) -> Document:
    value = {"Version": "2012-10-17", "Statement": statement, **more}
    return parse_object(value, kind, file="p.json", name="p", strict=strict)


def error(text: str, kind: Kind = Kind.IDENTITY) -> str:
    with pytest.raises(InputError) as caught:
        parse_policy(text, kind, file="p.json")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def with_condition(condition: str) -> str:
    return '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": ' + condition + "}}"


def test_document_with_places() -> None:
    document = parse_policy(POLICY, Kind.SCP, file="scps/guard.json")
    assert (document.name, document.version, document.has_variables) == ("guard", "2012-10-17", True)
    (statement,) = document.statements
    assert (statement.index, statement.sid, statement.effect, statement.principal) == (0, "First", "Deny", None)
    assert statement.action.negated
    assert statement.action.values == ("s3:Get*", "s3:List*")
    assert (statement.action.location.path, statement.action.location.line) == ("$.Statement[0].NotAction", 7)
    assert str(statement.location) == "scps/guard.json:4"
    paths, secure, age = statement.conditions
    assert paths.operator.quantifier is Quantifier.FOR_ANY
    assert paths.operator.if_exists
    assert (secure.operator.base.name, secure.key, secure.name) == (
        "Bool",
        "AWS:SecureTransport",
        "aws:securetransport",
    )
    assert secure.values == ("false",)
    assert age.values == ("1.50",)
    assert age.location.line == 13
    assert age.location.path == '$.Statement[0].Condition.NumericLessThan["s3:signatureAge"]'


def test_one_statement_as_object() -> None:
    document = read()
    assert document.statements[0].location.path == "$.Statement"
    assert document.statements[0].resource is not None
    assert document.statements[0].resource.values == ("*",)


def test_decoded_object_has_no_lines() -> None:
    document = read([ALLOW, ALLOW])
    assert [statement.location.line for statement in document.statements] == [0, 0]
    assert document.statements[1].location.path == "$.Statement[1]"


def test_version_defaults_to_2008() -> None:
    document = parse_object({"Statement": ALLOW}, Kind.IDENTITY, file="p.json", name="p")
    assert document.version == "2008-10-17"
    assert not document.has_variables


def test_principals() -> None:
    statement = {**ALLOW, "Principal": {"AWS": ["111111111111", "*"], "Service": "logs.amazonaws.com"}}
    document = read(statement, Kind.RESOURCE)
    principal = document.statements[0].principal
    assert principal is not None
    assert [entry.type for entry in principal.entries] == ["AWS", "AWS", "Service"]
    star = read({**ALLOW, "Principal": "*"}, Kind.RESOURCE).statements[0].principal
    assert star is not None
    assert star.entries == (PrincipalEntry(type="*", value="*"),)


def test_empty_lists_are_kept() -> None:
    statement = {"Effect": "Deny", "Action": [], "Resource": [], "Condition": {"StringEquals": {"aws:username": []}}}
    found = read(statement).statements[0]
    assert found.action.values == ()
    assert found.resource is not None
    assert found.resource.values == ()
    assert found.conditions[0].values == ()
    nobody = read({**ALLOW, "Principal": {}}, Kind.RESOURCE).statements[0].principal
    assert nobody is not None
    assert nobody.entries == ()


def test_empty_sid_is_no_sid() -> None:
    assert [s.sid for s in read([{**ALLOW, "Sid": ""}, {**ALLOW, "Sid": ""}]).statements] == [None, None]


@pytest.mark.parametrize(("value", "text"), [(True, "true"), (False, "false"), (3, "3"), (1.5, "1.5"), (1e30, "1e+30")])
def test_condition_values_become_text(value: object, text: str) -> None:
    document = read({**ALLOW, "Condition": {"StringEquals": {"a:b": value}}})
    assert document.statements[0].conditions[0].values == (text,)


@pytest.mark.parametrize("number", ["0", "-1", "1.50", "1E3", "12345678901234567890.10"])
def test_numbers_keep_their_text(number: str) -> None:
    document = parse_policy(with_condition('{"NumericEquals": {"a:b": ' + number + "}}"), Kind.IDENTITY, file="p.json")
    assert document.statements[0].conditions[0].values == (number,)


REFUSED = [
    ("", "p.json:1: not valid JSON: the text ends where a value is expected, column 1"),
    ("[", "p.json:1: not valid JSON: the text ends where a value is expected, column 2"),
    ('{"a": 1,}', "p.json:1: not valid JSON: trailing comma before `}`, column 8"),
    ('{\n "a" 1}', "p.json:2: not valid JSON: expected `:` after the key `a`, column 6"),
    ('{"a": 1 "b": 2}', "p.json:1: not valid JSON: expected `,` or `}`, column 9"),
    ('{"a": [1 2]}', "p.json:1: not valid JSON: expected `,` or `]`, column 10"),
    ('{"a": NaN}', "p.json:1: not valid JSON: unexpected `N`, expected a value, column 7"),
    ('{"a": \'b\'}', "p.json:1: not valid JSON: unexpected `'`, expected a value, column 7"),
    ('{"a": "b', "p.json:1: not valid JSON: unterminated string starting, column 7"),
    ('{"a": "b\nc"}', "p.json:1: not valid JSON: invalid control character, column 9"),
    ("{} {}", "p.json:1: not valid JSON: unexpected text after the JSON document, column 4"),
    ("// x\n{}", "p.json:1: not valid JSON: unexpected `/`, expected a value, column 1"),
    ("[]", "p.json:1: $: found a list, expected a policy, an object"),
    ("null", "p.json:1: $: found null, expected a policy, an object"),
    ("{}", "p.json:1: $: element `Statement` is missing"),
    ('{"Statement": []}', "p.json:1: $.Statement: the list of statements is empty"),
    ('{"Statement": [1]}', "p.json:1: $.Statement[0]: found a number, expected a statement, an object"),
    ('{"statement": []}', "p.json:1: $.statement: unknown element `statement` in a policy, did you mean `Statement`?"),
    ('{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}', "p.json:1: $: found a single statement, expected a "
     'policy: `{"Version": "2012-10-17", "Statement": [...]}`'),
    ('{"Rules": []}', "p.json:1: $.Rules: unknown element `Rules` in a policy"),
    (
        '{"Version": "2012-10-18", "Statement": {}}',
        "p.json:1: $.Version: unknown version `2012-10-18`, expected `2012-10-17` or `2008-10-17`",
    ),
    ('{"Version": 2012, "Statement": {}}', "p.json:1: $.Version: unknown version `2012`, expected `2012-10-17` or "
     "`2008-10-17`"),
    ('{"Statement":\n{}}', "p.json:2: $.Statement: element `Effect` is missing"),
    ('{"Statement": {"Effect": "allow"}}', "p.json:1: $.Statement.Effect: unknown effect `allow`, did you mean "
     "`Allow`?, expected `Allow` or "
     "`Deny`"),
    ('{"Statement": {"Effect": null}}',
     "p.json:1: $.Statement.Effect: unknown effect null, expected `Allow` or `Deny`"),
    ('{"Statement": {"Effect": "Deny", "Action": "*", "action": "*"}}',
     "p.json:1: $.Statement.action: unknown element `action` in a statement, did you mean `Action`?"),
    ('{"Statement": {"Effect": "Deny", "Resource": "*"}}',
     "p.json:1: $.Statement: one of `Action` and `NotAction` is missing"),
    ('{"Statement": {"Effect": "Deny", "Action": "*"}}',
     "p.json:1: $.Statement: one of `Resource` and `NotResource` is missing"),
    ('{"Statement": {"Effect": "Deny", "Action": "*", "NotAction": "*", "Resource": "*"}}',
     "p.json:1: $.Statement: both `Action` and `NotAction`, expected one of them"),
    ('{"Statement": {"Effect": "Deny", "Action": 1, "Resource": "*"}}',
     "p.json:1: $.Statement.Action: found a number, expected a string"),
    ('{"Statement": {"Effect": "Deny", "Action": ["*", ["*"]], "Resource": "*"}}',
     "p.json:1: $.Statement.Action[1]: found a list, expected a string"),
    ('{"Statement": {"Effect": "Deny", "Action": "*", "Resource": null}}',
     "p.json:1: $.Statement.Resource: found null, expected a string"),
    ('{"Statement": {"Sid": 1, "Effect": "Deny", "Action": "*", "Resource": "*"}}',
     "p.json:1: $.Statement.Sid: found a number, expected a string"),
    ('{"Statement": {"Effect": "Deny", "Effect": "Allow"}}',
     "p.json:1: $.Statement.Effect: duplicate key `Effect`, first on line 1"),
    (with_condition("[]"), "p.json:1: $.Statement.Condition: found a list, expected an object of operators"),
    (with_condition('{"StringEquals": "x"}'),
     "p.json:1: $.Statement.Condition.StringEquals: found a string, expected an object of condition keys"),
    (with_condition('{"StringIs": {}}'), "p.json:1: $.Statement.Condition.StringIs: unknown condition operator "
     "`StringIs`, did you mean `StringLike`?"),
    (with_condition('{"ForAnyValues:StringEqualss": {}}'),
     'p.json:1: $.Statement.Condition["ForAnyValues:StringEqualss"]: '
     "unknown condition operator `ForAnyValues:StringEqualss`, did you mean `ForAnyValue:StringEquals`?"),
    (with_condition('{"Xy": {}}'), "p.json:1: $.Statement.Condition.Xy: unknown condition operator `Xy`"),
    (with_condition('{"NullIfExists": {}}'),
     "p.json:1: $.Statement.Condition.NullIfExists: `NullIfExists`: `Null` does not take IfExists"),
    (with_condition('{"Bool": {" ": "true"}}'),
     'p.json:1: $.Statement.Condition.Bool[" "]: a condition key is empty'),
    (with_condition('{"Bool": {"a:b": {}}}'),
     'p.json:1: $.Statement.Condition.Bool["a:b"]: a condition value is an object, expected a string, a number or a '
     "boolean"),
    (with_condition('{"Bool": {"a:b": [null]}}'),
     'p.json:1: $.Statement.Condition.Bool["a:b"][0]: a condition value is null, expected a string, a number or a '
     "boolean"),
    ('{"Id": "x\u201cy", "Statement": {}}',
     "p.json:1: $.Id: character U+201C is not allowed, expected U+0009, U+000A, U+000D or U+0020 to U+00FF"),
    ('{"Id": "\\u0000", "Statement": {}}',
     "p.json:1: $.Id: character U+0000 is not allowed, expected U+0009, U+000A, U+000D or U+0020 to U+00FF"),
    ('{"Id": "\\ud800", "Statement": {}}',
     "p.json:1: $.Id: character U+D800 is not allowed, expected U+0009, U+000A, U+000D or U+0020 to U+00FF"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_refused_with_place(text: str, message: str) -> None:
    assert error(text) == message


def test_duplicate_key_names_both_lines() -> None:
    text = '{\n "Statement": {\n  "Effect": "Allow",\n  "Action": "*",\n  "Action": "s3:*"}}'
    assert error(text) == "p.json:5: $.Statement.Action: duplicate key `Action`, first on line 4"


def test_two_spellings_of_one_key_are_two_conditions() -> None:
    document = read({**ALLOW, "Condition": {"StringEquals": {"aws:username": "a", "AWS:UserName": "b"}}})
    assert [condition.name for condition in document.statements[0].conditions] == ["aws:username"] * 2


@pytest.mark.parametrize("value", [[1], {"a": object()}, {1: 2}, float("nan"), 1 << 50_000], ids=range(5))
def test_decoded_values_that_are_not_json(value: object) -> None:
    with pytest.raises(InputError):
        read({**ALLOW, "Condition": value})
    with pytest.raises(InputError):
        read({**ALLOW, "Condition": {"StringEquals": {"a:b": value}}} if not isinstance(value, list) else value)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, '{"Statement":' + "[" * 200 + "]" * 200 + "}"])
def test_deep_nesting_is_refused(text: str) -> None:
    assert "nested more than 100 levels deep" in error(text)
    value: object = "x"
    for _ in range(5000):
        value = [value]
    with pytest.raises(InputError, match="nested more than 100 levels deep"):
        read(value)


def test_large_text_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing looks at its contents."""
    monkeypatch.setattr(json_positions, "_Reader", None)
    assert "expected at most 1000000" in error('{"Id": "%s"}' % ("x" * 10_000_000))


HOSTILE = {
    "empty lists": lambda size: error('{"Statement": [' + "[],[]," * size + "[]]}"),
    "a long key and a long list": lambda size: error('{"' + "k" * size + '": [' + "1," * size + " 1]}"),
    "stars": lambda size: read({**ALLOW, "Action": "s3:" + "*a" * size, "Resource": "arn:aws:s3:::" + "?*" * size}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_documents_take_time_in_proportion_to_their_size(name: str) -> None:
    assert growth(HOSTILE[name], 10_000) < 1.7


def test_long_input_is_cut_in_messages() -> None:
    assert len(error('{"%s": 1}' % ("k" * 10_000))) < 500
    assert len(error(with_condition('{"%s": {}}' % ("Op" * 10_000)))) < 500


@pytest.mark.parametrize("prefix", [b"", b"\xef\xbb\xbf"])
def test_files(tmp_path: Path, prefix: bytes) -> None:
    path = tmp_path / "guard.json"
    path.write_bytes(prefix + POLICY.encode())
    document = load_policy(path, Kind.SCP)
    assert (document.name, document.location.file) == ("guard", str(path))


def test_byte_order_mark_in_text() -> None:
    assert parse_policy("\ufeff" + POLICY, Kind.SCP, file="p.json").statements


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{\n"a": "\xff\xfe"}', ":2: not UTF-8 text"),
        (POLICY.encode("utf-16"), ":1: not UTF-8 text"),
        (b" " * 3_000_000, "the text has 3000000 characters, expected at most 1000000"),
    ],
)
def test_files_that_are_refused(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "p.json"
    path.write_bytes(data)
    with pytest.raises(InputError) as caught:
        load_policy(path, Kind.SCP)
    assert str(caught.value).endswith(message)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: no such file"):
        load_policy(tmp_path / "none.json", Kind.SCP)
    with pytest.raises(InputError, match="cannot be read: is a directory"):
        load_policy(tmp_path, Kind.SCP)


def test_text_and_object_agree() -> None:
    from_text = parse_policy(POLICY, Kind.SCP, file="p.json")
    from_object = parse_object(json.loads(POLICY), Kind.SCP, file="p.json", name="p")
    assert [s.action.values for s in from_text.statements] == [s.action.values for s in from_object.statements]
    assert [c.location.path for c in from_text.statements[0].conditions] == [
        c.location.path for c in from_object.statements[0].conditions
    ]
