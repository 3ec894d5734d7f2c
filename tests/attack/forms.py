"""Forms of values, and names of keys and calls that several axioms of semantics 4.8 speak of."""

from __future__ import annotations

import re

from tests.attack.cast import NO_OWNER

POINT = re.compile(  # the forms that AWS gives
    r"arn:[^:]+:(?:s3(?:-object-lambda)?:[^:]+:\d{12}:accesspoint/[a-z0-9][a-z0-9-]*"
    r"|s3::\d{12}:accesspoint/[a-z0-9-]+\.mrap|s3-outposts:[^:]+:\d{12}:outpost/[a-z0-9-]+/accesspoint/[a-z0-9-]+)"
)
VPC_KEYS = (
    *("aws:sourcevpce", "aws:sourcevpc", "aws:vpcsourceip", "aws:sourcevpcarn", "aws:vpceaccount"),
    *("aws:vpceorgid", "aws:vpceorgpaths"),
)
EC2_KEYS = ("aws:ec2instancesourcevpc", "aws:ec2instancesourceprivateipv4", "ec2:roledelivery")
EXCEPTION_E = NO_OWNER | {
    *("auditmanager:updateassessmentframeworkshare", "detective:acceptinvitation", "ds:acceptshareddirectory"),
    *("guardduty:acceptadministratorinvitation", "macie2:acceptinvitation", "es:acceptinboundconnection"),
    *("route53:associatevpcwithhostedzone", "route53:createvpcassociationauthorization"),
    "securityhub:acceptadministratorinvitation",
}
