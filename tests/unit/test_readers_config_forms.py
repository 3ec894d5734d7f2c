"""One organization in every form in which AWS Config tells it: all of them are read as the same one."""

from __future__ import annotations

import gzip
import json
from urllib.parse import quote

import pytest

from perimeter_smt.organization.classes import statement_shape
from perimeter_smt.organization.readers import SourceOptions, read_source
from tests import config_export

CHANGED = "ConfigurationItemChangeNotification"
MEMBERS = [*range(1, 8), *range(16, 20), *range(25, 30)]


@pytest.fixture(scope="module")
def items():
    return [*config_export.tree(), *config_export.guardrails(),
            *(item for n in MEMBERS for item in config_export.resources(n))]  # fmt: skip


def seen(folder):
    """What was read, without the places where it stood."""
    found = read_source(folder, SourceOptions(complete=True))
    out = {"unknowns": sorted((u.name, u.affects) for u in found.unknowns)}
    for account, above in found.organization.accounts():
        held = [*account.principals, *account.resources, *account.endpoints]
        out[account.id] = [
            [unit.id for unit in above],
            [sorted(map(_said, level)) for unit in above for level in (unit.guardrails.scps, unit.guardrails.rcps)],
            sorted((getattr(each, "arn", None) or each.id, _all(each)) for each in held),
        ]
    return out


def _all(each):
    policies = [*getattr(each, "policies", ()), getattr(each, "trust", None), getattr(each, "boundary", None),
                getattr(each, "policy", None)]  # fmt: skip
    told = [
        getattr(each, name, None) for name in ("tags", "block_public_access", "origin", "vpc", "bucket", "services")
    ]
    return repr([_said(policy) for policy in policies if policy]) + repr(told)


def _said(policy):
    return repr([statement_shape(statement) for statement in policy.statements])


def texts(value):
    """An item whose members are JSON texts, as answers of the API have them."""
    more = {name: inner if isinstance(inner, str) else json.dumps(inner)
            for name, inner in value["supplementaryConfiguration"].items()}  # fmt: skip
    return {**value, "configuration": json.dumps(value["configuration"]), "supplementaryConfiguration": more}


def snapshot(folder, items):
    (folder / "snapshot.json").write_text(json.dumps({"fileVersion": "1.0", "configurationItems": items}, indent=1))


def packed(folder, items):
    """A snapshot for each Region, compact, and packed as Config delivers it."""
    for index, part in enumerate((items[::2], items[1::2])):
        text = json.dumps({"fileVersion": "1.0", "configSnapshotId": str(index), "configurationItems": part})
        (folder / f"111100000001_Config_eu-west-1_ConfigSnapshot_{index}.json.gz").write_bytes(
            gzip.compress(text.encode())
        )


def query(folder, items):
    """Pages of `select-aggregate-resource-config`: each result is a text."""
    names = ("resourceType", "resourceId", "arn", "accountId", "awsRegion", "configuration", "tags",
             "supplementaryConfiguration", "configurationItemStatus", "configurationItemCaptureTime")  # fmt: skip
    fields = {"QueryInfo": {"SelectFields": [{"Name": name} for name in names]}}
    for start in range(0, len(items), 40):
        chosen = []
        for item in items[start : start + 40]:
            found = {**item, "arn": item["ARN"], "accountId": item["awsAccountId"]}
            found["tags"] = [{"key": key, "value": text, "tag": f"{key}={text}"} for key, text in item["tags"].items()]
            chosen.append(json.dumps({name: found[name] for name in names}))
        (folder / f"page{start}.json").write_text(json.dumps({"Results": chosen, **fields}))


def history(folder, items):
    """`get-resource-config-history` of one resource after another, written behind one another."""
    answers = [json.dumps({"configurationItems": [texts(item)]}, indent=4) for item in items]
    (folder / "history.json").write_text("\n".join(answers))


def lines(folder, items):
    """What a delivery stream writes: a line for each item, with what it adds."""
    more = {"configSnapshotId": "s", "fileVersion": "1.0", "metadata": {"team": "a"}}
    (folder / "stream.gz").write_bytes(gzip.compress("\n".join(json.dumps({**i, **more}) for i in items).encode()))


def events(folder, items):
    """EventBridge: changes of items."""
    (folder / "events.jsonl").write_text("\n".join(json.dumps({
        "version": "0", "detail-type": "Config Configuration Item Change", "source": "aws.config", "account": "1",
        "detail": {"recordVersion": "1.3", "messageType": CHANGED, "configurationItem": i},
    }) for i in items))  # fmt: skip


def notifications(folder, items):
    """SNS: the message is a text, in which the item stands."""
    told = [{"Type": "Notification", "MessageId": "m", "Message": json.dumps({
        "messageType": CHANGED, "configurationItem": texts(i)})} for i in items]  # fmt: skip
    (folder / "sns.json").write_text(json.dumps(told))


def escaped(folder, items):
    """Policies URL-encoded also in supplementary configurations, under names with capital letters."""
    found = []
    for item in items:
        made = texts(item)
        more = item["supplementaryConfiguration"].get("BucketPolicy")
        if isinstance(more, dict) and isinstance(more.get("policyText"), str):
            more = {"policyText": quote(more["policyText"])}
            made["supplementaryConfiguration"]["BucketPolicy"] = json.dumps(more)
        rest = ("configuration", "supplementaryConfiguration", "ARN")
        found.append({name if name in rest else name[:1].upper() + name[1:]: value for name, value in made.items()})
    (folder / "capitals.json").write_text(json.dumps({"configurationItems": found}))


FORMS = (packed, query, history, lines, events, notifications, escaped)


@pytest.fixture(scope="module")
def plain(tmp_path_factory, items):
    folder = tmp_path_factory.mktemp("plain")
    snapshot(folder, items)
    return seen(folder)


def test_the_snapshot_is_read(plain):
    assert plain["unknowns"] == []
    assert len(plain) == 1 + 1 + len(config_export.UNITS["ou-ac00-workload1"]) + 9 + 5


@pytest.mark.parametrize("write", FORMS)
def test_every_form_tells_the_same(tmp_path, items, plain, write):
    write(tmp_path, items)
    found = seen(tmp_path)
    assert found.keys() == plain.keys()
    for name, told in plain.items():
        assert found[name] == told, name
