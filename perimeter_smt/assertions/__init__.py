"""Assertions in Python: what must hold of every request that gets through, over the vocabulary of `encodings/`.

    from perimeter_smt.assertions import assert_holds, my_iam, my_network, on

    assert_holds("acme/", my_iam & on("s3:*") >> my_network)

`>>` is "implies" and binds loosest, as one reads it. Every assertion is SMT-LIB text (`assertion.smtlib`), which is
what the engine reads; `docs/assertions.md` lists the words.
"""

from perimeter_smt.assertions.formula import Formula, all_of, any_of
from perimeter_smt.assertions.holds import PerimeterBrokenError, assert_holds, check
from perimeter_smt.assertions.words import (
    Text,
    account,
    address,
    anonymous,
    aws_service,
    false,
    forwarded,
    iam_identity,
    key,
    my_account,
    my_iam,
    my_network,
    my_resource,
    on,
    organization,
    principal_name,
    region,
    resource_account,
    resource_name,
    resource_region,
    root_user,
    service_principal,
    session_name,
    true,
    trusted_iam,
    trusted_resource,
    vpc,
    vpc_endpoint,
)

__all__ = [
    "Formula", "PerimeterBrokenError", "Text", "account", "address", "all_of", "anonymous", "any_of", "assert_holds",
    "aws_service", "check", "false", "forwarded", "iam_identity", "key", "my_account", "my_iam", "my_network",
    "my_resource", "on", "organization", "principal_name", "region", "resource_account", "resource_name",
    "resource_region", "root_user", "service_principal", "session_name", "true", "trusted_iam", "trusted_resource",
    "vpc", "vpc_endpoint",
]  # fmt: skip
