"""The statement that Lambda writes into the policy of a function for a permission.

Lambda API reference, AddPermission; CloudFormation, AWS::Lambda::Permission.
"""

from __future__ import annotations

from typing import Any

_SERVICES = (".amazonaws.com", ".amazonaws.com.cn", ".amazon.com")  # alexa-appkit.amazon.com is a service, too


def permission_statement(
    arn: str,
    principal: str,
    action: str,
    *,
    source_arn: str = "",
    source_account: str = "",
    organization: str = "",
    url_auth: str = "",
    token: str = "",
    through_url: bool = False,
) -> dict[str, Any]:
    """An Allow for a service, account or everybody, with the conditions that the parameters stand for."""
    equals = {
        "AWS:SourceAccount": source_account,
        "aws:PrincipalOrgID": organization,
        "lambda:FunctionUrlAuthType": url_auth,
        "lambda:EventSourceToken": token,
    }
    condition: dict[str, dict[str, str]] = {}
    if found := {key: value for key, value in equals.items() if value}:
        condition["StringEquals"] = found
    if through_url:
        condition["Bool"] = {"lambda:InvokedViaFunctionUrl": "true"}
    if source_arn:
        condition["ArnLike"] = {"AWS:SourceArn": source_arn}
    who: Any = "*" if principal == "*" else {"Service" if principal.endswith(_SERVICES) else "AWS": principal}
    out = {"Effect": "Allow", "Principal": who, "Action": action, "Resource": arn}
    return {**out, "Condition": condition} if condition else out
