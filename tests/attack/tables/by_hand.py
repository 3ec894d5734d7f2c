"""Worlds written by hand toward one row of a table each, where rows drawn at random tell nothing.

Most rows of these tables overlap with others, or with what the service reference says: a world asks for a row that
alone says something.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from perimeter_smt.encode.world.world import build
from perimeter_smt.organization.model import AclGrant, OwnedPrincipal, OwnedResource
from perimeter_smt.organization.perimeter import RoleException, Scope, Workspace
from perimeter_smt.organization.published import is_published_bucket
from perimeter_smt.policy.document import Document
from perimeter_smt.policy.kinds import Kind
from perimeter_smt.policy.parse import parse_object
from perimeter_smt.questions import objectives as questions
from perimeter_smt.questions import service_calls
from perimeter_smt.questions.mitigations import QUESTIONS
from perimeter_smt.questions.mitigations.model import Asking
from perimeter_smt.questions.perimeter import prove
from perimeter_smt.questions.prepare import prepare
from perimeter_smt.questions.verdicts import presumes
from perimeter_smt.solve.result import Limits
from tests.attack.directed.asked import of_objective, of_own
from tests.attack.directed.by_hand import contexts_of_mine, deny, space
from tests.attack.directed.worlds import MANAGEMENT, MINE, OFFICE, ORG
from tests.attack.directed.worlds import workspace as guarded
from tests.attack.tables.answers import command, folder
from tests.attack.tables.swap import list_of, tables, without


@dataclass(frozen=True)
class RowByHand:
    """A question, and the row of a table without which its answer is another one."""

    table: str
    what: str
    row: Callable[[Any], bool]
    ask: Callable[[], str]

    def flips(self) -> bool:
        """Whether the answer is another one without the row."""
        known = tables()[self.table]
        rows = [row for row in known[list_of(known)] if self.row(row)]
        before = self.ask()
        if not rows or self.ask() != before:  # asked twice: no name of a folder may pass for a change
            return False
        with without(self.table, rows):
            return self.ask() != before


def _open_by_list() -> str:
    entry = AclGrant(grantee="AllUsers", permission="READ")
    own = OwnedResource(arn="arn:aws:s3:::acme-orders", account=MINE, acls=True, acl=(entry,))
    found = space(resources=(own,), listed=True, actions=("s3:ListBucket",))
    return of_objective(found, "O1", "s3", actions={"s3:listbucket"})


def _purged() -> str:
    found = space(listed=True, actions=("sqs:PurgeQueue",))
    return of_objective(found, "O6", "sqs", actions={"sqs:purgequeue"})


def _simulated() -> str:
    action = "iam:SimulatePrincipalPolicy"
    return of_objective(space(scp=(deny(action, "arn:*:*:*:*:*"),), actions=(action,)), "O5", "iam",
                        actions={action.lower()})  # fmt: skip


def _denied(objective: str, action: str, *limits: str) -> str:
    """An objective on one action that the guardrail denies to everybody; `limits` count as breaches."""
    found = guarded(objective, [{"Effect": "Deny", "Action": "*", "Resource": "*"}], action)
    return of_objective(found, objective, action.partition(":")[0], actions={action.lower()}, limits=limits)


def _through_an_endpoint() -> str:
    elsewhere = {"StringNotEqualsIfExists": {"aws:ResourceOrgID": ORG}}
    deny_elsewhere = {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": elsewhere}
    found = guarded("O4", [deny_elsewhere], "sqs:SendMessage")
    report = prove(found, services=["sqs"], objectives=["O4"], availability=False)
    return str([(v.status, presumes(v.assumptions)) for v in report.verdicts])


def _through_multi_region() -> str:
    return of_own(space(), '(=> on-multi-region (not (= action "s3:GetObject")))')


def _shared() -> str:
    action = "rds:RestoreDBInstanceFromDBSnapshot"
    found = space(scp=(deny(action, StringEquals={"aws:ResourceAccount": "aws"}),), actions=(action,))
    return of_objective(found, "O3", "rds", actions={action.lower()})


def _signed_in() -> str:
    found = space(rcp=(deny("signin:*"),), actions=("signin:*",))
    world = build(found, ("signin",), free_grants=True, objectives=("O6",), actions={"signin:authenticate"})
    run = prepare(world, ("O6",), "over", False, 1, Limits(seconds=60), ())
    return run.ask(questions.hole(world, "O6"), run.over).status


def _carried_on() -> str:
    action = "athena:StartQueryExecution"
    guard = deny(action, NotIpAddressIfExists={"aws:SourceIp": OFFICE}, BoolIfExists={"aws:ViaAWSService": "false"})
    found = space(scp=(guard,), actions=(action,))
    accepted = ("forward-access-sessions", "management-account", "service-linked-roles", "service-networks")
    perimeter = found.perimeter.model_copy(update={"accepted": accepted})
    asked: Workspace = found.model_copy(update={"perimeter": perimeter})
    report = prove(asked, services=["athena"], objectives=["O5"], availability=False, reading="exact")
    return str([verdict.status for verdict in report.verdicts])


def _printed(name: str, document: dict[str, Any], *arguments: str) -> str:
    with folder() as place:
        path = Path(place) / name
        path.write_text(json.dumps({"Version": "2012-10-17", "Statement": [document]}), encoding="utf-8")
        return command(arguments[0], str(path), *arguments[1:]).replace(place, "")


def _pinned() -> str:
    condition = {"StringEquals": {"aws:PrincipalAccount": MINE}}
    body = {"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*", "Condition": condition}
    return _printed("queue.json", body, "public", "--resource-type", "AWS::SQS::Queue")


def _several() -> str:
    key = "cognito-identity.amazonaws.com:amr"
    body = {
        "Effect": "Allow", "Principal": {"Federated": "cognito-identity.amazonaws.com"},
        "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {key: "authenticated"}},
    }  # fmt: skip
    return _printed("trust.json", body, "lint", "--format", "json")


def _of_config() -> str:
    arn = "arn:aws:acm-pca:eu-west-1:111122223333:certificate-authority/a"
    item = {
        "resourceType": "AWS::ACMPCA::CertificateAuthority", "resourceId": arn, "ARN": arn, "awsAccountId": MINE,
        "awsRegion": "eu-west-1", "configurationItemStatus": "OK", "configuration": {"status": "ACTIVE"},
        "configurationItemCaptureTime": "2026-05-01T00:00:00Z", "supplementaryConfiguration": {},
    }  # fmt: skip
    with folder() as place:
        path = Path(place) / "snapshot.json"
        path.write_text(json.dumps({"fileVersion": "1.0", "configurationItems": [item]}), encoding="utf-8")
        return command("inventory", str(path), "--org-id", ORG).replace(place, "")


def _mitigation(name: str, found: Workspace) -> str:
    answer = QUESTIONS[name].ask(found, Asking(limits=Limits(seconds=60)))
    return str([(line.subject, line.status) for line in answer.lines])


def _handed_out() -> str:
    return _mitigation("N2", space(actions=("lambda:*",)))


def _unseen() -> str:
    cluster = OwnedResource(arn=f"arn:aws:rds:eu-west-1:{MINE}:cluster:orders", account=MINE)
    return _mitigation("S1", space(resources=(cluster,)))


def _roles(*allowed: str, on: str = "*", runs_as: str = "codebuild.amazonaws.com") -> Workspace:
    """A role that may do this, and an exempt one that a service may run as."""
    builder, exempt = (f"arn:aws:iam::{MINE}:role/{name}" for name in ("builder", "exempt"))
    grant = _document(Kind.IDENTITY, {"Effect": "Allow", "Action": list(allowed), "Resource": on})
    runs = {"Effect": "Allow", "Principal": {"Service": runs_as}, "Action": "sts:AssumeRole"}
    comes = {"Effect": "Allow", "Principal": {"Federated": f"arn:aws:iam::{MINE}:saml-provider/acme"},
             "Action": "sts:AssumeRoleWithSAML"}  # fmt: skip
    found = space(listed=True, principals=(
        OwnedPrincipal(arn=builder, type="role", account=MINE, policies=(grant,), trust=_document(Kind.TRUST, comes)),
        OwnedPrincipal(arn=exempt, type="role", account=MINE, trust=_document(Kind.TRUST, runs)),
    ))  # fmt: skip
    perimeter = found.perimeter.model_copy(update={"role_exceptions": (RoleException(arn=exempt, objectives=("O5",)),)})
    return found.model_copy(update={"perimeter": perimeter})


def _document(kind: Kind, statement: dict[str, Any]) -> Document:
    raw = {"Version": "2012-10-17", "Statement": [statement]}
    return parse_object(raw, kind, file="d.json", name="d", strict=False)


def _passed() -> str:
    return _mitigation("C2", _roles("iam:PassRole", "codebuild:CreateProject", "codebuild:StartBuild"))


def _commanded() -> str:
    return _mitigation("C2", _roles("ssm:SendCommand", on="arn:aws:ec2:*:*:instance/*", runs_as="ec2.amazonaws.com"))


def _tagged_pods() -> str:
    trust = {"Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"},
             "Action": ["sts:AssumeRole", "sts:TagSession"]}  # fmt: skip
    pod = OwnedPrincipal(
        arn=f"arn:aws:iam::{MINE}:role/pod", type="role", account=MINE, trust=_document(Kind.TRUST, trust),
        policies=(_document(Kind.IDENTITY, {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}),),
    )  # fmt: skip
    exempt = deny("sqs:*", StringNotEqualsIfExists={"aws:ResourceOrgID": ORG},
                  StringNotEquals={"aws:PrincipalTag/team": "free"})  # fmt: skip
    roots = deny("*", ArnLike={"aws:PrincipalArn": "arn:aws:iam::*:root"})
    found = space(listed=True, principals=(pod,), scp=(exempt, roots), actions=("sqs:SendMessage",))
    return of_objective(found, "O3", "sqs", actions={"sqs:sendmessage"})


def _in_any_region() -> str:
    found = space(scp=(deny("*", StringNotEquals={"aws:RequestedRegion": ["eu-west-1", "unspecified"]}),))
    scopes = dict.fromkeys(("O1", "O2", "O3", "O4", "O5", "O6"), Scope(actions=("bedrock:InvokeModel",)))
    perimeter = found.perimeter.model_copy(update={"regions": ("eu-west-1",), "scopes": scopes})
    return _mitigation("E1", found.model_copy(update={"perimeter": perimeter}))


def _trail_deleted() -> str:
    return _mitigation("C2", _roles("cloudtrail:DeleteTrail"))


def _builds() -> str:
    action = "ec2:CreateNetworkInterface"
    found = space(scp=(deny(action, NotIpAddressIfExists={"aws:SourceIp": OFFICE}),), actions=(action,))
    perimeter = found.perimeter.model_copy(update={"service_networks": True})
    asked: Workspace = found.model_copy(update={"perimeter": perimeter})
    world = build(asked, ("ec2",), free_grants=True, objectives=("O5",))
    run = prepare(world, ("O5",), "exact", False, 1, Limits(seconds=60), ())
    return str([example.why for example in service_calls.stopped(run, frozenset())])


def _sovereign() -> str:
    head = f'id: {ORG}\nmanagement_account: "{MANAGEMENT}"\npartition: aws-eusc\n'
    with folder() as place:
        space_folder = Path(place, "sovereign")
        space_folder.mkdir()
        root = f'root: {{id: r-ac00, accounts: [{{id: "{MANAGEMENT}"}}]}}\n'
        (space_folder / "organization.yaml").write_text(head + root, encoding="utf-8")
        (space_folder / "perimeter.yaml").write_text(f"orgs: [{ORG}]\n", encoding="utf-8")
        return command("inventory", str(space_folder)).replace(place, "")


def _brokers() -> str:
    action = "kafka:GetBootstrapBrokers"
    return of_objective(space(actions=(action,)), "O3", "kafka", actions={action.lower()})


def _too_large() -> str:
    queue = f"arn:aws:sqs:eu-west-1:{MINE}:{'q' * 8_192}"
    body = {"Effect": "Allow", "Principal": {"AWS": MINE}, "Action": "sqs:SendMessage", "Resource": queue}
    return _printed("queue.json", body, "lint", "--type", "resource", "--format", "json")


def _made_by_alias() -> str:
    named = '(not (and (= action "lambda:CreateFunction") (= resource.name "function:f:live")))'
    return of_own(space(), named, "lambda")


ROWS = (
    RowByHand("policy-sizes", "`lint` on the policy of a queue of more than 8,192 characters",
              lambda row: row["kind"] == "resource of sqs", _too_large),
    RowByHand("resource-types-beside", "my identities on the brokers of a cluster of another account",
              lambda row: row.get("action") == "kafka:GetBootstrapBrokers", _brokers),
    RowByHand("published-bucket-names", "whether `perimeter init` takes a bucket for one that AWS publishes",
              lambda row: row["name"] == "athena-examples-{region}",
              lambda: str(is_published_bucket("athena-examples-eu-west-1"))),
    RowByHand("partitions", "`inventory` of an organization of the partition aws-eusc",
              lambda row: row["partition"] == "aws-eusc", _sovereign),
    RowByHand("portable-credentials", "mitigation N2: a call that hands out a URL of a function's code",
              lambda row: "lambda:GetFunction" in row["actions"], _handed_out),
    RowByHand("data-planes", "mitigation S1 of an organization with a database cluster",
              lambda row: "rds" in row["namespaces"], _unseen),
    RowByHand("pass-role-paths", "mitigation C2: a role passed to builds of CodeBuild",
              lambda row: row["principal"] == "codebuild.amazonaws.com", _passed),
    RowByHand("tested-resource-types", "mitigation C2: commands on instances, without any document",
              lambda row: row["action"] == "ssm:SendCommand", _commanded),
    RowByHand("service-session-tags", "an SCP with an exempting tag, and a role of pods of EKS that lacks it",
              lambda row: row["principal"] == "pods.eks.amazonaws.com", _tagged_pods),
    RowByHand("global-inference-actions", "mitigation E1: an SCP on Regions that lets global inference through",
              lambda row: row.startswith("bedrock:"), _in_any_region),
    RowByHand("guardrail-actions", "mitigation C2: a role that may delete trails",
              lambda row: row["action"] == "cloudtrail:DeleteTrail", _trail_deleted),
    RowByHand("service-made-calls", "availability: CodeBuild makes the network interface of a build",
              lambda row: "ec2:CreateNetworkInterface" in row["actions"], _builds),
    RowByHand("config-types-with-policies", "`inventory` of a certificate authority that AWS Config knows",
              lambda row: row["type"] == "AWS::ACMPCA::CertificateAuthority", _of_config),
    RowByHand("scp-exempt-actions", "an SCP that denies everything, and a call of Mechanical Turk",
              lambda row: row == "mechanicalturk:*",
              lambda: _denied("O5", "mechanicalturk:CreateHIT", "tasks-outside-scp")),
    RowByHand("scp-exempt-root-actions", "an SCP that denies everything, and a root user who changes the support plan",
              lambda row: row == "supportplans:StartSupportPlanUpdate",
              lambda: _denied("O5", "supportplans:StartSupportPlanUpdate", "tasks-outside-scp")),
    RowByHand("endpoint-policy-unsupported", "the policy of an endpoint that denies everything, of a service without",
              lambda row: row["member"] == "appstream:*",
              lambda: _denied("O4", "appstream:DescribeImages", "services-without-endpoint-policy")),
    RowByHand("endpoint-policy-services", "the policy of an endpoint that denies resources of others",
              lambda row: row["member"] == "sqs", _through_an_endpoint),
    RowByHand("multi-region-operations", "own assertion: nobody reads through Multi-Region Access Points",
              lambda row: row["member"] == "s3:GetObject", _through_multi_region),
    RowByHand("acl-actions", "a bucket that its access control list opens to everybody",
              lambda row: row["permission"] == "READ" and row["on"] == "bucket", _open_by_list),
    RowByHand("existing-resource-actions", "purging a queue of an account that lists none",
              lambda row: row == "sqs:PurgeQueue", _purged),
    RowByHand("named-resource-actions", "an SCP that denies simulating policies of any ARN",
              lambda row: row["member"] == "iam:SimulatePrincipalPolicy", _simulated),
    RowByHand("shared-resources-services", "restoring a snapshot of another account",
              lambda row: row["member"] == "rds", _shared),
    RowByHand("encryption-contexts", "a key that CloudTrail may use for trails of mine",
              lambda row: row["caller"] == "cloudtrail.",
              contexts_of_mine("kms:EncryptionContext:aws:cloudtrail:arn", f"arn:aws:cloudtrail:*:{MINE}:trail/*",
                               "cloudtrail.amazonaws.com")),
    RowByHand("sign-in-actions", "an RCP that denies signing in, under the strictest reading",
              lambda row: row == "signin:Authenticate", _signed_in),
    RowByHand("forwarding-services", "queries that QuickSight makes for its callers",
              lambda row: row["service"] == "quicksight", _carried_on),
    RowByHand("pinning-keys", "`public` on a queue open to whoever is of one account",
              lambda row: row == "aws:principalaccount", _pinned),
    RowByHand("unqualified-actions", "own assertion: nobody makes a function by the name of an alias",
              lambda row: row["member"] == "lambda:CreateFunction", _made_by_alias),
    RowByHand("service-keys", "`lint` on a claim of several values under an operator for one",
              lambda row: row["key"] == "cognito-identity.amazonaws.com:amr", _several),
)  # fmt: skip
