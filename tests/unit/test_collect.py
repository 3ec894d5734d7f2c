"""`perimeter collect` against a stand-in of AWS on loopback: what is there is found, what may not be read is named."""

from __future__ import annotations

import json
import os
import warnings

import jsonschema
import pytest

boto3 = pytest.importorskip("boto3")
moto_server = pytest.importorskip("moto.server")
moto_backends = pytest.importorskip("moto.backends")

from perimeter_smt.cli.main import run  # noqa: E402
from perimeter_smt.collect.aws import Aws, without_account  # noqa: E402
from perimeter_smt.organization.readers import read_source  # noqa: E402
from perimeter_smt.questions.perimeter import prove  # noqa: E402
from perimeter_smt.report.json import schema  # noqa: E402
from tests.collecting import account, gather, on  # noqa: E402
from tests.faulty_aws import Denied, Faulty, OfOne  # noqa: E402
from tests.small_organization import ALLOW, REGION, document, planted  # noqa: E402
from tests.stand_in import with_resource_policy  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def server():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        with_resource_policy()
        found.start()
        host, port = found.get_host_and_port()
        yield f"http://{host}:{port}"
        found.stop()


@pytest.fixture(scope="module")
def organization(server):
    """Units, accounts, an SCP with a hole, principals, a public queue and a guarded bucket, in the stand-in."""
    return planted(server)


@pytest.fixture
def keys(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def test_an_organization_is_found_and_decided(tmp_path, organization, keys):
    """The tree, the SCP where it is attached, a role, a queue; and the hole of the queue in a verdict with grants."""
    done = gather(tmp_path / "c", organization)
    assert not done.missing
    found = read_source(tmp_path / "c")
    assert found.organization.id == organization["id"]
    (unit,) = found.organization.root.units
    assert [d.name for d in unit.guardrails.scps] == ["only-mine"]
    first, second, _ = organization["accounts"]
    (role,) = [p for p in account(found, first).principals if p.arn.endswith("role/app")]
    assert role.policies[0].statements[0].action.values == ("*",)
    held = {r.arn: r for r in account(found, second).resources}
    assert held[f"arn:aws:sqs:{REGION}:{second}:open"].policy
    assert held["arn:aws:s3:::acme-reports"].policy is None
    assert any(":key/" in arn for arn in held)
    report = prove(found, objectives=["O1"], services=["sqs"], mode="grants", availability=False, enumerate_all=True)
    holes = [c.request.resource for v in report.verdicts for c in v.counterexamples if c.kind == "hole"]
    assert holes


def test_what_is_there_is_not_asked_again(tmp_path, organization, keys):
    """An interrupted collection goes on: one file is gone, and that one is written."""
    first = gather(tmp_path / "c", organization)
    (tmp_path / "c" / "accounts" / organization["accounts"][0] / "iam.json").unlink()
    second = gather(tmp_path / "c", organization)
    assert (second.files, second.kept) == (1, first.files - 1)


@pytest.mark.parametrize(
    ("operation", "fault", "said", "affects"),
    [
        ("GetQueueAttributes", "AccessDenied", "not allowed to read it", "grants"),
        ("ListQueues", "ThrottlingException", "not read (ThrottlingException)", "grants"),
        ("GetAccountAuthorizationDetails", "AccessDenied", "not allowed to read it", "grants"),
        ("DescribePolicy", "AccessDeniedException", "not allowed to read it", "guardrails"),
        ("DescribeVpcEndpoints", "UnauthorizedOperation", "not allowed to read it", "guardrails"),
    ],
)
def test_what_may_not_be_read_is_not_known(tmp_path, organization, keys, operation, fault, said, affects):
    """A policy that was denied is not an empty one, nor is half a collection the whole."""
    access = Faulty(operation, fault, role_name="reader", endpoint_url=organization["url"], attempts=1)
    gather(tmp_path / "c", organization, access)
    found = read_source(tmp_path / "c")
    assert any(said in u.reason and u.affects == affects for u in found.unknowns), found.unknowns
    second = organization["accounts"][1]
    if "Queue" in operation:
        assert not [r for r in account(found, second).resources if ":sqs:" in r.arn]
    if operation == "DescribePolicy":
        assert not found.organization.root.units[0].guardrails.scps
    assert not any(a.listed for a, _ in found.organization.accounts())


def test_the_command(tmp_path, organization, keys, capsys):
    words = ["--endpoint-url", organization["url"], "--region", REGION, "--service", "sqs", "--service", "iam"]
    assert run(["collect", str(tmp_path / "c"), "--role-name", "reader", *words]) == 0
    assert "files written" in capsys.readouterr().out
    assert run(["collect", str(tmp_path / "d"), *words]) == 1
    assert "no role to assume there: say `--role-name`" in capsys.readouterr().out
    assert run(["prove", str(tmp_path / "c"), "--objective", "O3", "--service", "sqs", "--no-availability"]) == 1
    assert run(["collect", str(tmp_path / "e"), "--service", "nothing", *words[:2]]) == 2
    assert "unknown service `nothing`" in capsys.readouterr().err


ALIAS = "q7wert5zuiop1.mrap"
SHARING = ("ram", "images", "snapshots", "rds", "documents")
MORE = ("s3", "s3-access-points", "s3-multi-region", "opensearch", "apigateway", "backup", "glue", "kinesis", "tags")


@pytest.fixture(scope="module")
def contents(organization):
    """One resource of each of the services that a stand-in has, in the second account."""
    url, own = organization["url"], organization["accounts"][1]
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": REGION}
    sts = boto3.client("sts", endpoint_url=url, **keys)
    found = sts.assume_role(RoleArn=f"arn:aws:iam::{own}:role/reader", RoleSessionName="test")["Credentials"]
    session = boto3.Session(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"], region_name=REGION)

    def client(service):
        return session.client(service, endpoint_url=url)

    anybody = {**ALLOW, "Principal": "*"}
    s3, control = client("s3"), client("s3control")
    control.meta.events.register("before-sign.s3-control", without_account)
    s3.create_bucket(Bucket="acme-points", CreateBucketConfiguration={"LocationConstraint": REGION})
    control.create_access_point(AccountId=own, Name="inside", Bucket="acme-points",
                                VpcConfiguration={"VpcId": "vpc-0ac00000000000001"})  # fmt: skip
    control.put_access_point_policy(AccountId=own, Name="inside", Policy=document({**anybody, "Action": "s3:*"}))
    control.create_multi_region_access_point(AccountId=own, ClientToken="1", Details={
        "Name": "everywhere", "Regions": [{"Bucket": "acme-points"}],
        "PublicAccessBlock": {"RestrictPublicBuckets": False}})  # fmt: skip
    made = moto_backends.get_backend("s3control")[own]["aws"].multi_region_access_points[own]["everywhere"]
    made.alias = ALIAS  # the stand-in makes up aliases of another form
    policy = document({**anybody, "Action": "s3:*", "Resource": f"arn:aws:s3::{own}:accesspoint/{ALIAS}"})
    control.put_multi_region_access_point_policy(AccountId=own, ClientToken="2",
                                                 Details={"Name": "everywhere", "Policy": policy})  # fmt: skip
    control.put_public_access_block(AccountId=own, PublicAccessBlockConfiguration={"RestrictPublicBuckets": True})
    client("opensearch").create_domain(DomainName="logs", AccessPolicies=document({**anybody, "Action": "es:*"}))
    api = client("apigateway").create_rest_api(name="orders", policy=document({**anybody, "Action": "execute-api:*"}))
    client("backup").create_backup_vault(BackupVaultName="nightly")
    client("glue").put_resource_policy(PolicyInJson=document({**anybody, "Action": "glue:*"}))
    client("kinesis").create_stream(StreamName="orders", ShardCount=1)
    client("sqs").create_queue(QueueName="tagged", tags={"team": "orders"})
    return {"account": own, "api": api["id"]}


def test_services_with_few_calls(tmp_path, organization, contents, keys):
    """What is there is there with its policy; what the stand-in does not know is named, not empty."""
    gather(tmp_path / "c", organization, services=("sqs", *MORE), accounts=[contents["account"]])
    found = read_source(tmp_path / "c")
    own = contents["account"]
    held = {r.arn: r for r in account(found, own).resources}
    point = held[f"arn:aws:s3:{REGION}:{own}:accesspoint/inside"]
    assert (point.origin, point.vpc, point.bucket) == ("vpc", "vpc-0ac00000000000001", "acme-points")
    assert point.policy
    everywhere = held[f"arn:aws:s3::{own}:accesspoint/{ALIAS}"]
    assert ([b.name for b in everywhere.buckets], everywhere.block_public_access) == (["acme-points"], False)
    assert everywhere.policy
    assert account(found, own).block_public_access
    for arn in (f"arn:aws:es:{REGION}:{own}:domain/logs", f"arn:aws:execute-api:{REGION}:{own}:{contents['api']}",
                f"arn:aws:glue:{REGION}:{own}:catalog"):  # fmt: skip
        assert held[arn].policy, arn
    assert f"arn:aws:kinesis:{REGION}:{own}:stream/orders" in held
    assert held[f"arn:aws:sqs:{REGION}:{own}:tagged"].tags == {"team": "orders"}
    vault = f"arn:aws:backup:{REGION}:{own}:backup-vault:nightly"
    assert vault not in held
    assert any(vault in u.name for u in found.unknowns)


@pytest.mark.parametrize(("operation", "service", "arn", "fault"), [
    ("DescribeDomain", "opensearch", "domain/logs", "AccessDeniedException"),
    ("GetAccessPointPolicy", "s3-access-points", "accesspoint/inside", "AccessDenied"),
    ("GetMultiRegionAccessPointPolicy", "s3-multi-region", f"accesspoint/{ALIAS}", "AccessDenied"),
    ("ListMultiRegionAccessPoints", "s3-multi-region", "", "AccessDenied"),
    ("GetResourcePolicy", "glue", "catalog", "ThrottlingException"),
    ("ListAccessPoints", "s3-access-points", "", "AccessDenied"),
    ("GetResources", "tags", "", "ThrottledException"),
])  # fmt: skip
def test_faults_of_services_with_few_calls(tmp_path, organization, contents, keys, operation, service, arn, fault):
    access = Faulty(operation, fault, role_name="reader", endpoint_url=organization["url"], attempts=1)
    done = gather(tmp_path / "c", organization, access, services=(service,), accounts=[contents["account"]])
    found = read_source(tmp_path / "c")
    assert not [r for r in account(found, contents["account"]).resources if arn and r.arn.endswith(arn)]
    assert any((arn or service) in u.name and u.affects == "grants" for u in found.unknowns), found.unknowns
    assert bool(done.missing) == (not arn)


def test_half_a_page_is_not_the_whole(tmp_path, organization, contents, keys):
    """A second page that fails takes the first along: half a list would say that there is no more."""

    class Half(Faulty):
        def client(self, service, region=None, account=None):
            found = Aws.client(self, service, region, account)

            def more(parsed, **_):
                parsed["NextToken"] = "again"

            def fail(params, **_):
                if params.get("NextToken") or b"again" in (params.get("body") or b""):
                    raise ConnectionError("half a page")

            found.meta.events.register(f"after-call.{service}.ListQueues", more)
            found.meta.events.register(f"before-call.{service}.ListQueues", fail)
            return found

    access = Half("ListQueues", "", role_name="reader", endpoint_url=organization["url"], attempts=1)
    gather(tmp_path / "c", organization, access, services=("sqs",), accounts=[contents["account"]])
    found = read_source(tmp_path / "c")
    assert not [r for r in account(found, contents["account"]).resources if ":sqs:" in r.arn]
    assert any("answers of sqs" in u.name for u in found.unknowns)


def test_permission_sets_are_the_roles_that_they_make(tmp_path):
    """In an account whose roles were read they are there already."""
    read, other = "111122223333", "444455556666"
    made = f"arn:aws:iam::{read}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Reader_00aa11bb22cc33dd"
    trust = json.loads(document({"Effect": "Allow", "Principal": {"AWS": read}, "Action": "sts:AssumeRole"}))
    answers = {
        "organization": {"Organization": {"Id": "o-acme0000001", "MasterAccountId": "999900001111"}},
        "roles": {
            "RoleDetailList": [
                {"Arn": made, "AssumeRolePolicyDocument": trust, "RolePolicyList": [], "AttachedManagedPolicies": []}
            ]
        },
        "set": {
            "PermissionSet": {"Name": "Reader", "PermissionSetArn": "arn:aws:sso:::permissionSet/ssoins-1/ps-1"},
            "InlinePolicy": document({**ALLOW, "Action": "s3:GetObject"}),
            "AttachedManagedPolicies": [{"Arn": "arn:aws:iam::aws:policy/AdministratorAccess"}],
            "AccountIds": [read, other],
        },
    }
    for name, value in answers.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(value))
    found = read_source(tmp_path)
    assert [p.arn for p in account(found, read).principals] == [made]
    (role,) = account(found, other).principals
    assert "role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Reader_" in role.arn
    assert [s.action.values for d in role.policies for s in d.statements] == [("s3:GetObject",), ("*",)]
    assert role.trust.statements[0].principal.entries[0].type == "Federated"


@pytest.fixture(scope="module")
def shared(organization):
    """An image, a snapshot, a database snapshot and a share of AWS RAM, of the third account."""
    url, own, partner = organization["url"], organization["accounts"][2], "999988887777"
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": REGION}
    sts = boto3.client("sts", endpoint_url=url, **keys)
    found = sts.assume_role(RoleArn=f"arn:aws:iam::{own}:role/reader", RoleSessionName="test")["Credentials"]
    session = boto3.Session(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"], region_name=REGION)
    ec2, rds, ram = (session.client(name, endpoint_url=url) for name in ("ec2", "rds", "ram"))
    volume = ec2.create_volume(AvailabilityZone=f"{REGION}a", Size=1)["VolumeId"]
    snapshot = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    ec2.modify_snapshot_attribute(SnapshotId=snapshot, Attribute="createVolumePermission", OperationType="add",
                                  UserIds=[partner])  # fmt: skip
    instance = ec2.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    image = ec2.create_image(InstanceId=instance, Name="base")["ImageId"]
    ec2.modify_image_attribute(ImageId=image, Attribute="launchPermission", OperationType="add", UserIds=[partner])
    rds.create_db_instance(DBInstanceIdentifier="orders", DBInstanceClass="db.t3.micro", Engine="postgres")
    rds.create_db_snapshot(DBInstanceIdentifier="orders", DBSnapshotIdentifier="orders-1")
    rds.modify_db_snapshot_attribute(DBSnapshotIdentifier="orders-1", AttributeName="restore", ValuesToAdd=["all"])
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    arn = f"arn:aws:ec2:{REGION}:{own}:subnet/{subnet}"
    ram.create_resource_share(name="network", resourceArns=[arn], principals=[partner])
    return {"account": own, "partner": partner, "image": image, "snapshot": snapshot, "subnet": arn}


def test_what_is_shared_is_found(tmp_path, organization, shared, keys):
    gather(tmp_path / "c", organization, services=SHARING, accounts=[shared["account"]])
    found = read_source(tmp_path / "c")
    held = {r.arn: r for r in account(found, shared["account"]).resources}

    def named(arn):
        return {e.value for s in held[arn].policy.statements for e in s.principal.entries}

    partner = {f"arn:aws:iam::{shared['partner']}:root"}
    assert named(shared["subnet"]) == partner
    assert named(f"arn:aws:ec2:{REGION}::image/{shared['image']}") == partner
    assert named(f"arn:aws:ec2:{REGION}::snapshot/{shared['snapshot']}") == partner
    assert named(f"arn:aws:rds:{REGION}:{shared['account']}:snapshot:orders-1") == {"*"}


@pytest.mark.parametrize(("operation", "service", "name"), [
    ("DescribeImageAttribute", "images", "image/"), ("DescribeSnapshotAttribute", "snapshots", "snapshot/"),
    ("DescribeDBSnapshotAttributes", "rds", "snapshot:orders-1"), ("GetResourceShareAssociations", "ram", "ram"),
])  # fmt: skip
def test_sharing_that_may_not_be_read(tmp_path, organization, shared, keys, operation, service, name):
    access = Faulty(operation, "AccessDenied", role_name="reader", endpoint_url=organization["url"], attempts=1)
    done = gather(tmp_path / "c", organization, access, services=(service,), accounts=[shared["account"]])
    found = read_source(tmp_path / "c")
    assert not [r for r in account(found, shared["account"]).resources if name in r.arn]
    assert done.missing or any(name in u.name and "AccessDenied" in u.reason for u in found.unknowns)


DELEGATION = document({"Sid": "Delegate", "Effect": "Allow", "Principal": {"AWS": "444455556666"},
                       "Action": "organizations:AttachPolicy", "Resource": "*"})  # fmt: skip


@pytest.mark.parametrize("content", [DELEGATION, None])
def test_the_policy_by_which_the_organization_delegates(tmp_path, organization, keys, content):
    """It was not asked for, so that C2 could not see who else changes guardrails; that there is none is told, too."""
    with_resource_policy(content)
    try:
        gather(tmp_path / "c", organization, services=("iam",))
    finally:
        with_resource_policy()
    found = read_source(tmp_path / "c")
    own = found.organization.management_account
    (delegation,) = [r for r in account(found, own).resources if ":organizations:" in r.arn]
    assert delegation.arn == f"arn:aws:organizations::{own}:organization/{organization['id']}"
    assert (delegation.policy is None) == (content is None)


def test_a_policy_of_the_organization_that_may_not_be_read(tmp_path, organization, keys):
    access = Faulty("DescribeResourcePolicy", "AccessDeniedException", role_name="reader",
                    endpoint_url=organization["url"], attempts=1)  # fmt: skip
    done = gather(tmp_path / "c", organization, access, services=("iam",))
    assert [item["what"] for item in done.missing] == ["resource-policy of the organization"]
    found = read_source(tmp_path / "c")
    assert any(u.name == "resource-policy of the organization" for u in found.unknowns)
    gather(tmp_path / "c", organization, services=("iam",))  # asked again, and told now
    assert not any("resource-policy" in u.name for u in read_source(tmp_path / "c").unknowns)


def test_what_was_not_asked_for_is_named(tmp_path, organization, keys):
    """Some services in some Regions were the whole collection to who read the folder."""
    gather(tmp_path / "c", organization, services=("iam",))
    (unknown,) = [u for u in read_source(tmp_path / "c").unknowns if u.name == "what was not collected"]
    assert "sqs" in unknown.reason
    assert f"Regions beside {REGION}" in unknown.reason


def test_a_second_run_keeps_what_the_first_missed(tmp_path, organization, keys):
    """The record of the first run was overwritten, and what had been denied had no name any more."""
    access = Faulty("ListQueues", "AccessDenied", role_name="reader", endpoint_url=organization["url"], attempts=1)
    first = gather(tmp_path / "c", organization, access, services=("sqs",))
    assert first.missing
    second = gather(tmp_path / "c", organization, services=("iam",))
    assert second.missing == first.missing
    assert not gather(tmp_path / "c", organization, services=("sqs",)).missing


def test_a_collection_that_was_interrupted_says_so(tmp_path, organization, keys):
    """It left no record: whoever read the folder saw no gap."""

    def stop(what, number, of):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        gather(tmp_path / "c", organization, workers=1, progress=stop)
    assert any("run it again" in u.reason for u in read_source(tmp_path / "c").unknowns)
    gather(tmp_path / "c", organization)
    assert not any("run it again" in u.reason for u in read_source(tmp_path / "c").unknowns)


@pytest.mark.parametrize("how", ["refused", "expired"])
def test_the_role_of_one_account(tmp_path, organization, keys, how):
    """An account whose role cannot be taken is named once; credentials that ran out are taken anew."""
    own = organization["accounts"][1]
    access = OfOne(own, how, role_name="reader", endpoint_url=organization["url"], attempts=1)
    done = gather(tmp_path / "c", organization, access, workers=1)
    expected = [f"everything in account `{own}`"] if how == "refused" else []
    assert [item["what"] for item in done.missing] == expected
    held = [r for r in account(read_source(tmp_path / "c"), own).resources if ":sqs:" in r.arn]
    assert bool(held) == (how == "expired")


def test_accounts_that_are_closed_are_named(tmp_path, organization, keys, monkeypatch):
    """Those that are suspended or closed were left out without a word; newer answers call it `State`."""
    from perimeter_smt.collect import organizations

    before, own = organizations.tree, organization["accounts"][2]

    def tree(*told):
        answers = before(*told)
        for found in (a for answer in answers if "Accounts" in answer for a in answer["Accounts"]):
            found.pop("Status", None)
            found["State"] = "PENDING_CLOSURE" if found["Id"] == own else "ACTIVE"
        return answers

    monkeypatch.setattr(organizations, "tree", tree)
    done = gather(tmp_path / "c", organization, services=("iam",))
    assert [(item["what"], item["reason"]) for item in done.missing] == [
        (f"everything in account `{own}`", "it is pending closure")
    ]
    assert own not in done.accounts


def test_a_folder_says_when_it_was_collected(tmp_path, organization, keys, capsys):
    """Each file by itself: what an earlier run left is as old as that run."""
    folder = tmp_path / "c"
    gather(folder, organization, services=("iam", "sqs"), now=on("2026-11-20"))
    assert str(read_source(folder).collected) == "collected on 2026-11-20"
    (folder / "accounts" / organization["accounts"][0] / "iam.json").unlink()
    gather(folder, organization, services=("iam", "sqs"), now=on("2026-11-25"))
    found = read_source(folder)
    assert (found.collected.first, found.collected.last) == ("2026-11-20", "2026-11-25")
    assert str(found.collected).startswith("collected from 2026-11-20 (`accounts/")
    assert run(["inventory", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["collected"]["last"] == "2026-11-25"
    assert run(["inventory", str(folder)]) == 0
    assert "collected from 2026-11-20" in capsys.readouterr().out
    run(["prove", str(folder), "--objective", "O1", "--service", "sqs", "--no-mitigations", "--json"])
    out = json.loads(capsys.readouterr().out)
    assert out["collected"]["first"] == "2026-11-20"
    jsonschema.validate(out, json.loads(schema("prove")))


def test_other_sources_have_no_such_day(tmp_path, capsys):
    (tmp_path / "answer.json").write_text(json.dumps({"Organization": {"Id": "o-acme0000001"}}))
    assert run(["inventory", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["collected"] is None


def test_a_run_that_broke_off_left_files_with_their_time(tmp_path, organization, keys):
    def stop(what, number, of):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        gather(tmp_path / "c", organization, workers=1, progress=stop, services=("sqs",))
    os.utime(tmp_path / "c" / "organization" / "tree.json", (1_700_000_000, 1_700_000_000))
    gather(tmp_path / "c", organization, now=on("2026-11-25"), services=("sqs",))
    assert read_source(tmp_path / "c").collected.first == "2023-11-14"


SCP_DENIES = "User: x is not authorized to perform: x with an explicit deny in a service control policy"


def denied(tmp_path, organization, operation, code, message="x", where="", **more):
    access = Denied(operation, code, message, where, role_name="reader", endpoint_url=organization["url"], attempts=1)
    return gather(tmp_path / "c", organization, access, **{"services": ("sqs",), **more})


def test_a_region_that_an_scp_closes_is_named(tmp_path, organization, keys):
    """What lies there is not known, and the reason says that it was an SCP, not the role."""
    operations, regions = "ListQueues", [REGION, "us-west-2"]
    done = denied(tmp_path, organization, operations, "AccessDeniedException", SCP_DENIES, "us-west-2", regions=regions)
    assert {item["reason"] for item in done.missing} == {"a service control policy denies it (AccessDeniedException)"}
    assert len(done.missing) == 4  # accounts, the management account among them
    found = read_source(tmp_path / "c")
    assert not any(a.listed for a, _ in found.organization.accounts())


@pytest.mark.parametrize("fault", ["UnrecognizedClientException", "AuthFailure"])
def test_a_region_that_is_not_enabled_is_named(tmp_path, organization, keys, fault):
    """Opt-in Regions refuse every credential until they are enabled."""
    done = denied(tmp_path, organization, "ListQueues", fault, where="ap-east-1",
                  regions=[REGION, "ap-east-1"])  # fmt: skip
    assert len(done.missing) == 4
    assert all("ap-east-1" in item["what"] and f"not read ({fault})" in item["reason"] for item in done.missing)


def test_regions_that_cannot_be_listed_are_named(tmp_path, organization, keys):
    done = denied(tmp_path, organization, "DescribeRegions", "UnauthorizedOperation", SCP_DENIES, regions=[])
    assert {item["what"] for item in done.missing} >= {f"Regions of account `{organization['accounts'][0]}`"}


def test_a_member_that_is_no_administrator(tmp_path, organization, keys):
    """It may describe the organization and nothing below: its id was lost with the rest, and nothing could be read."""
    operations = "ListRoots ListAccounts ListPolicies ListDelegatedAdministrators DescribeResourcePolicy"
    done = denied(tmp_path, organization, operations, "AccessDeniedException")
    assert "units and accounts of the organization" in {item["what"] for item in done.missing}
    found = read_source(tmp_path / "c")
    assert found.organization.id == organization["id"]
    assert {"units and accounts of the organization", "resource-policy of the organization"} <= {
        u.name for u in found.unknowns
    }
    assert {u.affects for u in found.unknowns if u.name.startswith("policies of type")} == {"guardrails"}
    again = gather(tmp_path / "c", organization, services=("sqs",))  # by one that may
    assert not again.missing
    assert read_source(tmp_path / "c").organization.root.units


def test_a_delegated_administrator_that_may_not_enter_the_management_account(tmp_path, organization, keys):
    """The tree is told; what the management account holds is named as a whole."""
    gather(tmp_path / "c", organization, services=("sqs",))
    management = read_source(tmp_path / "c").organization.management_account
    access = OfOne(management, "refused", role_name="reader", endpoint_url=organization["url"], attempts=1)
    access.identity = lambda: (organization["accounts"][0], "aws")
    done = gather(tmp_path / "d", organization, access, workers=1, services=("sqs",))
    assert f"everything in account `{management}`" in {item["what"] for item in done.missing}
    assert not account(read_source(tmp_path / "d"), management).listed
