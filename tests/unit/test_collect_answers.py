"""Services that the stand-in of AWS does not have: answers as the API reference writes them."""

from __future__ import annotations

import pytest

pytest.importorskip("boto3")
pytest.importorskip("moto.server")

from tests.unit.test_collect import ALLOW, REGION, document


class Canned:
    """An account that answers from a table, for services that the stand-in does not have."""

    def __init__(self, answers):
        self.answers = answers

    def identity(self):
        return "999900001111", "aws"

    def client(self, *_):
        return self

    def can_paginate(self, _):
        return False

    def __getattr__(self, name):
        def answer(**_):
            found = self.answers[name]
            if isinstance(found, str):
                from botocore.exceptions import ClientError

                raise ClientError({"Error": {"Code": found, "Message": "x"}}, name)
            return found

        return answer


def test_services_that_the_stand_in_does_not_have():
    """The members of the answers are those of AWS's API reference."""
    from perimeter_smt.collect.more_services import backup, codeartifact, s3tables

    text, own = document(ALLOW), "111122223333"
    domain = f"arn:aws:codeartifact:{REGION}:{own}:domain/acme"
    repository = f"arn:aws:codeartifact:{REGION}:{own}:repository/acme/python"
    answers = {
        "list_domains": {"domains": [{"name": "acme", "owner": own, "arn": domain}]},
        "get_domain_permissions_policy": {"policy": {"resourceArn": domain, "revision": "1", "document": text}},
        "list_repositories": {"repositories": [{"name": "python", "administratorAccount": own, "domainName": "acme",
                                                "domainOwner": own, "arn": repository}]},
        "get_repository_permissions_policy": "ResourceNotFoundException",
        "list_backup_vaults": {"BackupVaultList": [{"BackupVaultName": "nightly", "BackupVaultArn": "arn:vault"}]},
        "get_backup_vault_access_policy": {"BackupVaultArn": "arn:vault", "Policy": text},
        "list_table_buckets": {"tableBuckets": [{"arn": "arn:tables", "name": "acme-tables"}]},
        "get_table_bucket_policy": {"resourcePolicy": text},
        "list_tables": {"tables": [{"namespace": ["orders"], "name": "daily", "tableARN": "arn:table"}]},
        "get_table_policy": "AccessDeniedException",
    }  # fmt: skip
    aws = Canned(answers)
    found = [a for ask in (codeartifact, backup, s3tables) for a in ask(aws, own, REGION)]
    assert found == [
        {"ResourceArn": domain, "Policy": text},
        {"ResourceArn": repository, "Policy": ""},
        {"ResourceArn": "arn:vault", "Policy": text},
        {"ResourceArn": "arn:tables", "Policy": text},
        {"ResourceArn": "arn:table", "NotKnown": "not allowed to read it (AccessDeniedException)"},
    ]
