"""Access points of VPC origin: who comes by an endpoint, as keys or the case tell it."""

from __future__ import annotations

import pytest

from perimeter_smt.evaluate import decide
from perimeter_smt.request.case import read_case

POINT = "arn:aws:s3:eu-west-1:111122223333:accesspoint/inner"
ALLOW = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}


@pytest.mark.parametrize(("by_endpoint", "allowed"), [(True, True), (False, False)])
def test_a_service_that_comes_by_an_endpoint_tells_it_in_no_key(by_endpoint, allowed):
    """The encoding let such a call through and the replay did not: an internal error."""
    flags = {"via_access_point": POINT, "access_point_origin": "vpc", "access_point_vpc": "vpc-0a000000000000001",
             "via_endpoint": by_endpoint}  # fmt: skip
    policies = {
        "resource": {"Version": "2012-10-17", "Statement": [{**ALLOW, "Resource": "arn:aws:s3:::acme-data/*"}]},
        "access_point": {"Version": "2012-10-17", "Statement": [{**ALLOW, "Resource": f"{POINT}/object/*"}]},
    }
    request = {"principal": {"type": "service", "arn": "cloudtrail.amazonaws.com"}, "action": "s3:GetObject",
               "resource": "arn:aws:s3:::acme-data/a", "resource_account": "111122223333",
               "context": {"aws:PrincipalIsAWSService": "true"}}  # fmt: skip
    case = read_case({"id": "x", "flags": flags, "policies": policies, "request": request}, file="x", default_id="x")
    assert decide(case).allowed is allowed
