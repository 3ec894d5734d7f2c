"""The short form of API Gateway in resource policies: `execute-api:/stage/METHOD/path`."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.errors import InputError
from perimeter_smt.evaluate import decide
from perimeter_smt.lint import lint
from perimeter_smt.organization.readers import read_source
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions.compare import compare
from perimeter_smt.questions.perimeter import prove
from perimeter_smt.request.case import read_case

ORG, OWN, HEAD, API = "o-acme0000001", "111122223333", "999900001111", "abcdef1234"
ARN = f"arn:aws:execute-api:eu-west-1:{OWN}:{API}"


def policy(*statements):
    base = {"Principal": "*", "Action": "execute-api:Invoke"}
    return {"Version": "2012-10-17", "Statement": [{**base, **statement} for statement in statements]}


def allow(resource, **more):
    return {"Effect": "Allow", "Resource": resource, **more}


def read(value, kind=Kind.RESOURCE, strict=True):
    return parse_object(value, kind, file="api.json", name="api", strict=strict)


def test_by_itself_stars_stand_for_the_api():
    (statement,) = read(policy(allow(["execute-api:/prod/GET/pets", "execute-api:/*", "*"]))).statements
    assert statement.resource.values == ("arn:*:execute-api:*:*:*/prod/GET/pets", "arn:*:execute-api:*:*:*/*", "*")
    assert statement.resource.written == ("execute-api:/prod/GET/pets", "execute-api:/*", "*")


@pytest.mark.parametrize("kind", [Kind.IDENTITY, Kind.BUCKET, Kind.SCP])
def test_in_other_policies_it_is_no_resource(kind):
    value = policy(allow("execute-api:/prod/*"))
    if kind is not Kind.BUCKET:
        del value["Statement"][0]["Principal"]
    with pytest.raises(InputError, match="`execute-api:/prod/\\*` is not `\\*` or an ARN"):
        read(value, kind)


@pytest.mark.parametrize(
    ("written", "called", "allowed"),
    [
        ("execute-api:/prod/GET/pets", f"{ARN}/prod/GET/pets", True),
        ("execute-api:/prod/GET/pets", f"{ARN}/prod/GET/pets/7", False),
        ("execute-api:/prod/GET/pets", f"{ARN}/test/GET/prod/GET/pets", False),  # the id is no star where it is known
        ("execute-api:/prod/*", f"{ARN}/prod/POST/orders", True),
        ("execute-api:/prod/*", f"{ARN}/test/POST/orders", False),
        ("execute-api:/*", f"{ARN}/test/POST/orders", True),
    ],
)
def test_the_evaluator_reads_it_as_the_api_that_is_called(written, called, allowed):
    request = {"principal": {"type": "anonymous"}, "action": "execute-api:Invoke", "resource": called,
               "resource_account": OWN, "context": {}}  # fmt: skip
    case = read_case({"policies": {"resource": policy(allow(written))}, "request": request}, file="c", default_id="c")
    assert decide(case).allowed is allowed
    negated = {"Effect": "Allow", "NotResource": written}
    case = read_case({"policies": {"resource": policy(negated)}, "request": request}, file="c", default_id="c")
    assert decide(case).allowed is not allowed


def workspace(folder, arn, document):
    (folder / "api.json").write_text(json.dumps(document))
    (folder / "perimeter.yaml").write_text(
        f'orgs: [{ORG}]\nscopes: {{O1: ["execute-api:Invoke"]}}\n'
        "accepted: [management-account, service-linked-roles, service-principals]\n"
    )
    (folder / "organization.yaml").write_text(
        f"""
id: {ORG}
management_account: "{HEAD}"
root:
  id: r-ab12
  scps: [FullAWSAccess]
  accounts:
    - id: "{OWN}"
      principals: []
      resources:
        - {{arn: "{arn}", policy: api.json}}
"""
    )
    return read_source(folder)


@pytest.mark.parametrize("arn", [ARN, "arn:aws:apigateway:eu-west-1::/restapis/abcdef1234"])
def test_the_encoding_reads_it_as_the_api_that_it_belongs_to(tmp_path, arn):
    stranger = {"Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG}}}
    space = workspace(tmp_path, arn, policy(allow("execute-api:/prod/GET/pets")))
    ((account, _),) = space.organization.accounts()
    (resource,) = account.resources
    (statement,) = resource.policy.statements
    assert statement.resource.values == (f"arn:aws:execute-api:eu-west-1:{OWN}:{API}/prod/GET/pets",)
    (verdict,) = prove(space, objectives=["O1"], mode="grants", availability=False, mitigations=()).verdicts
    assert verdict.status == "refuted"
    assert verdict.counterexamples[0].request.resource == f"{ARN}/prod/GET/pets"
    deny = {"Effect": "Deny", "Resource": "execute-api:/*", **stranger}
    held = workspace(tmp_path, arn, policy(allow("execute-api:/prod/GET/pets"), deny))
    (verdict,) = prove(held, objectives=["O1"], mode="grants", availability=False, mitigations=()).verdicts
    assert verdict.status == "proved"
    other = {**deny, "Resource": "execute-api:/test/*"}
    opened = workspace(tmp_path, arn, policy(allow("execute-api:/prod/GET/pets"), other))
    (verdict,) = prove(opened, objectives=["O1"], mode="grants", availability=False, mitigations=()).verdicts
    assert verdict.status == "refuted"


def test_two_documents_are_compared_by_what_the_short_forms_mean():
    one, two = (read(policy(allow(f"execute-api:/{stage}/*"))) for stage in ("prod", "*"))
    assert compare(one, two).relation == "more"
    assert compare(one, one).relation == "equivalent"


def test_lint_speaks_of_what_was_written():
    assert "PL002" not in {finding.rule for finding in lint(read(policy(allow("execute-api:/prod/*"))))}
    assert "PL002" in {finding.rule for finding in lint(read(policy(allow("arn:*:execute-api:*:*:*"))))}
