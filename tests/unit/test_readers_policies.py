"""A folder of policies by themselves, without an organization."""

from __future__ import annotations

import json

import pytest

from perimeter_smt.cli.main import run
from perimeter_smt.errors import InputError
from perimeter_smt.organization.readers import SourceOptions, read_source
from perimeter_smt.organization.readers.recognise import Form, recognise
from perimeter_smt.organization.readers.sources import SOME_ORGANIZATION, changed

ORG, OWN, PARTNER, MANAGEMENT = "o-acme0000063", "333344445555", "777788889999", "999900001111"
KNOWN = SourceOptions(organization_id=ORG, management_account=MANAGEMENT, account=OWN, region="eu-west-1")


def statement(action="s3:GetObject", resource="*", effect="Allow", **more):
    return {"Effect": effect, "Action": action, **({"Resource": resource} if resource else {}), **more}


def write(folder, **files):
    """Policies of one statement each; `__` stands for a folder."""
    for name, found in files.items():
        path = folder / f"{name.replace('__', '/')}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"Version": "2012-10-17", "Statement": [found]}))
    return folder


def by(account):
    return {"Principal": {"AWS": f"arn:aws:iam::{account}:root"}}


NETWORK = statement("*", effect="Deny", Condition={"NotIpAddressIfExists": {"aws:SourceIp": "198.51.100.0/24"}})
IDENTITY = statement("s3:*", effect="Deny", Principal="*",
                     Condition={"StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORG}})  # fmt: skip


@pytest.fixture
def repository(tmp_path):
    """One policy of every kind."""
    (tmp_path / "package.json").write_text('{"name": "guardrails", "version": "1.0.0"}')
    return write(
        tmp_path,
        scps__network=NETWORK,
        rcps__identity=IDENTITY,
        iam__deploy=statement("sqs:*"),
        iam__no_keys=statement("iam:CreateAccessKey", effect="Deny"),
        trust_policies__partner=statement("sts:AssumeRole", None, **by(PARTNER)),
        s3__ledger=statement("s3:GetObject", "arn:aws:s3:::acme-ledger/*", **by(PARTNER)),
        keys__main=statement("kms:*", **by(OWN)),
        queues__orders=statement("sqs:SendMessage", "*", Principal="*"),
        vpce__s3=statement("s3:*", "*", Principal="*"),
        boundaries__developers=statement("s3:*"),
    )


def unknowns(found, affects):
    return {u.name: u.reason for u in found.unknowns if u.affects == affects}


def everything(found):
    return next(account for account, _ in found.organization.accounts() if account.id == OWN)


def test_every_policy_as_what_it_is(repository):
    assert recognise(repository) is Form.POLICIES
    found = read_source(repository, KNOWN)
    root, own = found.organization.root.guardrails, everything(found)
    assert [d.name for d in (*root.scps, *root.rcps)] == ["network", "identity"]
    assert {r.arn.split(":", 3)[2]: r.policy.kind.value for r in own.resources} == {
        "s3": "bucket",
        "kms": "kms",
        "sqs": "resource",
    }
    assert "arn:aws:sqs:eu-west-1:333344445555:orders" in {r.arn for r in own.resources}
    assert [(e.services, e.policy.name) for e in own.endpoints] == [(("s3",), "s3")]
    assert {m.arn.rpartition("/")[2] for m in own.managed} == {"deploy", "no_keys"}
    assert not own.listed


def test_what_no_file_tells(repository):
    found = read_source(repository, KNOWN)
    facts = unknowns(found, "facts")
    assert set(facts) == {"where 1 SCP is attached", "where 1 RCP is attached", "names of what 4 policies are for"}
    grants = unknowns(found, "grants")
    assert grants["who has 2 identity policies"].startswith("no file tells")
    assert "who has 1 permissions boundary" in grants
    assert f"policy of `arn:aws:iam::{OWN}:role/partner`" in grants
    (partner,) = [u for u in found.unknowns if u.subject.endswith("role/partner")]
    assert partner.known.trust is not None


def test_nothing_told_besides(repository):
    """Organization, account and Region are those that the policies suggest, and each is named."""
    facts = unknowns(read_source(repository), "facts")
    assert f"`{ORG}` is the only one" in facts["organization"]
    assert f"`{OWN}`: say `--account`" in facts["account of the policies"]  # the key is left to it
    assert "`us-east-1`: say `--region`" in facts["Region of the policies"]
    assert "management account" in facts


def test_no_organization_at_all(tmp_path):
    found = read_source(write(tmp_path, scps__network=NETWORK))
    assert found.organization.id == SOME_ORGANIZATION
    assert "say `--org-id`" in unknowns(found, "facts")["organization"]
    assert "RCPs" in unknowns(found, "guardrails")


def test_two_organizations_named(tmp_path):
    other = statement(
        effect="Deny", Condition={"StringNotEquals": {"aws:ResourceOrgID": ["o-acme0000063", "o-acme0000064"]}}
    )
    with pytest.raises(InputError, match=r"`o-acme0000063`, `o-acme0000064`.*expected `--org-id`"):
        read_source(write(tmp_path, scps__two=other))


def test_folders_that_tell_where(tmp_path):
    """Units and accounts by id, Regions by name: nothing of it is taken."""
    write(
        tmp_path,
        **{
            "scps__ou-abcd-11112222__network": NETWORK,
            f"scps__{OWN}__network": NETWORK,
            f"{OWN}__eu-central-1__sqs__orders": statement("sqs:SendMessage", "*", Principal="*"),
        },
    )
    found = read_source(tmp_path, SourceOptions(organization_id=ORG))
    (unit,) = found.organization.root.units
    assert (unit.id, len(unit.guardrails.scps)) == ("ou-abcd-11112222", 1)
    own = everything(found)
    assert len(own.guardrails.scps) == 1
    assert [r.arn for r in own.resources] == [f"arn:aws:sqs:eu-central-1:{OWN}:orders"]
    assert not any("attached" in name or "of the policies" in name for name in unknowns(found, "facts"))


def test_content_before_a_name_that_cannot_be(tmp_path):
    """`resources.json` is called like policies of resources, and holds no principal."""
    write(tmp_path, policies__resources=NETWORK, policies__endpoint=statement("sts:AssumeRole", None, **by(PARTNER)))
    found = read_source(tmp_path, KNOWN)
    assert len(found.organization.root.guardrails.scps) == 1
    assert any(u.known is not None and u.known.trust is not None for u in found.unknowns)


def test_what_may_grant_is_no_endpoint_policy(tmp_path):
    """A policy that looks like one of an endpoint or of a resource, and no name tells which."""
    two = statement(["sqs:SendMessage", "sns:Publish"], "*", Principal="*")
    found = read_source(write(tmp_path, misc__open=two), KNOWN)
    assert "resource of policy `misc/open`" in unknowns(found, "grants")
    assert not any(account.endpoints for account, _ in found.organization.accounts())


def test_two_policies_of_one_name(tmp_path):
    write(
        tmp_path,
        a__trust__app=statement("sts:AssumeRole", None, **by(PARTNER)),
        b__trust__app=statement("sts:AssumeRole", None, **by(MANAGEMENT)),
        a__queue_policies__q=statement("sqs:SendMessage", "*", Principal="*"),
        b__queue_policies__q=statement("sqs:ReceiveMessage", "*", Principal="*"),
    )
    found = read_source(tmp_path, KNOWN)
    roles = {u.subject.rpartition("/")[2] for u in found.unknowns if ":role/" in u.subject}
    assert roles == {"app", "b-trust-app"}
    assert unknowns(found, "grants")[f"policy of `arn:aws:sqs:eu-west-1:{OWN}:q`"] == "several files are its policy"


def test_an_allow_list_takes_nothing_away(tmp_path):
    found = read_source(write(tmp_path, scps__only=statement(["s3:*", "sqs:*"])), KNOWN)
    assert found.organization.root.guardrails.full_access_scp
    assert "`FullAWSAccess` beside SCP `only`" in unknowns(found, "guardrails")


def test_ignored_files_and_broken_ones(tmp_path):
    write(tmp_path, scps__network=NETWORK, out__copy=NETWORK)
    (tmp_path / ".gitignore").write_text("out\n")
    assert len(read_source(tmp_path, KNOWN).organization.root.guardrails.scps) == 1
    (tmp_path / "scps" / "broken.json").write_text('{"Version": "2012-10-17", "Statement": [\n{"Effect": "Deny"\n')
    with pytest.raises(InputError, match=r"scps/broken\.json:3: not valid JSON"):
        read_source(tmp_path, KNOWN)


def test_it_is_no_change(repository, tmp_path_factory):
    base = read_source(repository, KNOWN)
    with pytest.raises(InputError, match="policies by themselves, expected a plan or template"):
        changed(base, repository, KNOWN)
    with pytest.raises(InputError, match="policies by themselves, which do not tell what they change"):
        read_source(repository, SourceOptions(organization=repository))


def test_init_and_prove(tmp_path, capsys):
    """`init` writes a stand-in with what to say; an organization written there is taken."""
    source = write(tmp_path / "repo", scps__network=NETWORK)
    target = tmp_path / "perimeter"
    assert run(["init", str(target), "--from", str(source)]) == 0
    text = (target / "perimeter.yaml").read_text()
    assert "# Not told, and no policy names one" in text
    assert '  # management_account: "..."' in text
    assert "198.51.100.0/24" in text
    (target / "perimeter.yaml").write_text(text.replace(SOME_ORGANIZATION, ORG))
    found = read_source(target)
    assert found.organization.id == ORG
    assert "organization" not in unknowns(found, "facts")
    capsys.readouterr()
    code = run(["prove", str(target), "--objective", "O5", "--service", "sqs", "--json", "--no-availability"])
    said = json.loads(capsys.readouterr().out)
    assert code == 3
    assert {v["status"] for v in said["verdicts"]} == {"conditional"}
    assert any(u["name"] == "where 1 SCP is attached" for u in said["unknowns"])
