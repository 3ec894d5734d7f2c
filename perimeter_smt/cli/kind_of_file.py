"""The kind of a policy told by the name of its file or of the folder it lies in, as published samples are named."""

from __future__ import annotations

import re
from pathlib import Path

from perimeter_smt.errors import InputError
from perimeter_smt.policy.kinds import Kind

_WORDS: tuple[tuple[Kind, tuple[str, ...]], ...] = (
    (Kind.SCP, ("scp", "scps", "service control policy", "service control policies")),
    (Kind.RCP, ("rcp", "rcps", "resource control policy", "resource control policies")),
    (Kind.ENDPOINT, ("endpoint policy", "endpoint policies", "vpce", "endpoint", "endpoints")),
    (Kind.BOUNDARY, ("boundary", "boundaries")),
    (Kind.TRUST, ("trust", "assume role policy")),
    (Kind.SESSION, ("session policy", "session policies")),
    (Kind.KMS, ("key policy", "key policies", "kms policy")),
    (Kind.BUCKET, ("bucket policy", "bucket policies")),
    (Kind.IDENTITY, ("identity", "identity policy", "identity policies", "role policy", "user policy")),
    (Kind.RESOURCE, ("resource", "resources", "resource policy", "resource policies", "resource based policies")),
)


def kind_of_file(file: Path, top: Path) -> Kind:
    """The kind that the end of the name tells, else the nearest folder up to `top`; InputError if nothing tells one.

    `identity_perimeter_rcp.json` is an RCP and `s3_endpoint_policy.json` an endpoint policy: only the end counts.
    """
    names = [file.stem]
    folder = file.parent
    while True:
        names.append(folder.name or folder.resolve().name)
        if folder in (top, folder.parent):
            break
        folder = folder.parent
    for name in names:
        words = " ".join(re.findall(r"[a-z]+", name.lower()))
        for kind, endings in _WORDS:
            if any(words == ending or words.endswith(f" {ending}") for ending in endings):
                return kind
    raise InputError("its name tells no kind of policy, use `--type`", file=str(file))
