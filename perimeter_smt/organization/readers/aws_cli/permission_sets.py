"""Permission sets as the roles that they make in each account (IAM Identity Center guide, permission sets).

Where the roles of an account were read, they are there already: `AWSReservedSSO_NAME_...`.  Elsewhere a role stands for
the one that Identity Center made, under a made-up ending of its name.
"""

from __future__ import annotations

from typing import Any

from perimeter_smt.organization.readers.aws_cli.answer import Answer, tags_of

_ENDING = "0000000000000000"


def permission_set(answer: Answer) -> None:
    """One permission set, with the accounts that it is provisioned to."""
    found = answer.value
    name = found["PermissionSet"]["Name"]
    for account in found.get("AccountIds") or ():
        beginning = f"arn:{answer.partition}:iam::{account}:role/aws-reserved/sso.amazonaws.com/"
        made = f"AWSReservedSSO_{name}_"
        roles = [arn for arn in answer.draft.principals if arn.startswith(beginning)]
        if any(arn.rsplit("/", 1)[1].startswith(made) for arn in roles):
            continue
        boundary = found.get("PermissionsBoundary") or {}
        inline = found.get("InlinePolicy")
        own = found.get("CustomerManagedPolicyReferences") or ()
        answer.draft.principal(
            f"{beginning}{made}{_ENDING}",
            answer.at,
            own=[("AwsSSOInlinePolicy", inline, answer.at.at("InlinePolicy"))] if inline else [],
            attached=[
                *(policy["Arn"] for policy in found.get("AttachedManagedPolicies") or ()),
                *(_own(answer, account, policy) for policy in own),
            ],
            boundary=boundary.get("ManagedPolicyArn") or _of_customer(answer, account, boundary),
            trust=_trust(answer, account),
            tags=tags_of(found.get("Tags")),
        )


def _of_customer(answer: Answer, account: str, boundary: dict[str, Any]) -> str | None:
    found = boundary.get("CustomerManagedPolicyReference")
    return _own(answer, account, found) if found else None


def _own(answer: Answer, account: str, policy: dict[str, str]) -> str:
    return f"arn:{answer.partition}:iam::{account}:policy{policy.get('Path') or '/'}{policy['Name']}"


def _trust(answer: Answer, account: str) -> dict[str, Any]:
    """The trust policy that Identity Center gives its roles; the provider has an ending of its own, too."""
    provider = f"arn:{answer.partition}:iam::{account}:saml-provider/AWSSSO_{_ENDING}_DO_NOT_DELETE"
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"],
        "Condition": {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}
