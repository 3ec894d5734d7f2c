"""The kinds of policy document (semantics 1.2)."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What a policy document is attached to, which fixes its grammar and how it is evaluated."""

    IDENTITY = "identity"
    BOUNDARY = "boundary"
    SESSION = "session"
    SCP = "scp"
    RCP = "rcp"
    RESOURCE = "resource"
    TRUST = "trust"
    KMS = "kms"
    BUCKET = "bucket"
    ACCESS_POINT = "access-point"
    ENDPOINT_GATEWAY = "endpoint-gateway"
    ENDPOINT = "endpoint"

    @property
    def is_identity_type(self) -> bool:
        """Identity, boundary and session policies and SCPs have no Principal element."""
        return self in (Kind.IDENTITY, Kind.BOUNDARY, Kind.SESSION, Kind.SCP)

    @property
    def is_resource_type(self) -> bool:
        """Policies attached to a resource that can grant: generic, trust, KMS, bucket, access point."""
        return self in (Kind.RESOURCE, Kind.TRUST, Kind.KMS, Kind.BUCKET, Kind.ACCESS_POINT)

    @property
    def is_endpoint(self) -> bool:
        """VPC endpoint policies, of gateway and interface endpoints."""
        return self in (Kind.ENDPOINT, Kind.ENDPOINT_GATEWAY)
