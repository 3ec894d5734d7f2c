"""The kind of a policy told by the name of its file or of the folder it lies in, as published samples are named."""

from __future__ import annotations

import re
from pathlib import Path

from perimeter_smt.errors import InputError
from perimeter_smt.policy.kinds import Kind

_WORDS: tuple[tuple[Kind, tuple[str, ...]], ...] = (
    (Kind.SCP, ("scp", "scps", "scp policy", "scp policies", "service control policy", "service control policies")),
    (Kind.RCP, ("rcp", "rcps", "rcp policy", "rcp policies", "resource control policy", "resource control policies")),
    (Kind.ENDPOINT, ("endpoint policy", "endpoint policies", "vpce", "endpoint", "endpoints")),
    (Kind.BOUNDARY, ("boundary", "boundaries", "boundary policy", "boundary policies")),
    (Kind.TRUST, ("trust", "trust policy", "trust policies", "assume role policy", "assume role policies")),
    (Kind.SESSION, ("session policy", "session policies")),
    (Kind.KMS, ("key policy", "key policies", "kms policy")),
    (Kind.BUCKET, ("bucket policy", "bucket policies")),
    (Kind.IDENTITY, ("identity", "identity policy", "identity policies", "role policy", "user policy")),
    (
        Kind.RESOURCE,
        (
            "resource",
            "resources",
            "resource policy",
            "resource policies",
            "resource based policies",
            "queue policy",
            "queue policies",
            "topic policy",
            "topic policies",
            "repository policy",
            "repository policies",
            "secret policy",
            "secret policies",
            "bus policy",
            "bus policies",
        ),
    ),
)


# Words of the field that name what a policy is about as often as what it is: `scp/only-through-endpoints.json`.
_LOOSE = ("endpoint", "endpoints", "trust", "identity", "resource", "resources", "boundary", "boundaries")


def kind_of_file(file: Path, top: Path) -> Kind:
    """The kind that the end of the name tells, else the nearest folder up to `top`; InputError if nothing tells one.

    `identity_perimeter_rcp.json` is an RCP and `s3_endpoint_policy.json` an endpoint policy: only the end counts. A
    folder such as `scp` goes before an end that may name the subject, as in `scp/only-through-endpoints.json`.
    """
    names = [file.stem]
    folder = file.parent
    while True:
        names.append(folder.name or folder.resolve().name)
        if folder in (top, folder.parent):
            break
        folder = folder.parent
    told = [found for name in names if (found := _told(name))]
    sure = [kind for kind, ending in told if ending not in _LOOSE]
    if told:
        return sure[0] if sure else told[0][0]
    raise InputError("its name tells no kind of policy, use `--type`", file=str(file))


def _told(name: str) -> tuple[Kind, str] | None:
    """The kind that the end of a name tells, and that end."""
    humps = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)  # `ServiceControlPolicies`
    spelled = [f" {' '.join(re.findall('[a-z]+', one.lower()))}" for one in (name, humps)]
    found = ((kind, ending) for kind, endings in _WORDS for ending in endings
             if any(words.endswith(f" {ending}") for words in spelled))  # fmt: skip
    return next(found, None)
