"""Faults planted in a copy of the checkout, to see which laws notice: `python -m tests.attack.laws.planted`.

Each breaks the formulas alone (the evaluator, which replays counterexamples, stays). What the laws find is kept in
`tests/attack/counts/laws.json`; `python -m tests.attack.laws.planted --page` makes docs/verification/laws.md of it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.attack.laws.apart import APART
from tests.attack.laws.equal import EQUAL
from tests.attack.laws.monotone import MONOTONE
from tests.attack.laws.run import judge
from tests.attack.laws.several import SEVERAL
from tests.attack.laws.synonyms import SAME
from tests.attack.mutations import Mutation, copied
from tests.attack.records import FOLDER, ROOT, today

COUNTS, PAGE = FOLDER / "laws.json", ROOT / "docs" / "verification" / "laws.md"
ALONE = "the verdict by itself (replay)"
_LANGUAGE = "perimeter_smt/encode/language"

# fmt: off
FAULTS = (
    Mutation("an absent key satisfies every operator", f"{_LANGUAGE}/condition.py",
             "absent = boolean(base.negated or operator.if_exists)", "absent = boolean(True)"),
    Mutation("conditions of a statement joined by or", f"{_LANGUAGE}/statement.py",
             "*(encode_condition(self.keys, document, c) for c in statement.conditions),",
             "*((disj([encode_condition(self.keys, document, c) for c in statement.conditions]),) if statement.conditions else ()),"),  # noqa: E501
    Mutation("a Deny is taken to be on every resource", f"{_LANGUAGE}/statement.py",
             "            encode_resource(self.keys, document, statement.resource, self.view),\n",
             "            *(() if statement.effect == \"Deny\" else (encode_resource(self.keys, document, statement.resource, self.view),)),\n"),  # noqa: E501
    Mutation("NotAction read as Action", f"{_LANGUAGE}/action.py",
             "return neg(found) if element.negated else found", "return found"),
    Mutation("IfExists dropped", f"{_LANGUAGE}/condition.py",
             "absent = boolean(base.negated or operator.if_exists)", "absent = boolean(base.negated)"),
    Mutation("the second statement of a policy denies nothing", f"{_LANGUAGE}/statement.py",
             "            if s.effect == \"Deny\"\n        )", "            if s.effect == \"Deny\" and s.index != 1\n        )"),  # noqa: E501
    Mutation("one Region forgotten", "encodings/keys/partitions.json", '"eu-west-1", ', ""),
    Mutation("a false axiom: identities always have temporary credentials", "encodings/environment/principal.smt2",
             "(=> principal.temporary iam) :named AP12.iam :strength soft",
             "(= principal.temporary iam) :named AP12.iam :strength hard"),
)
# fmt: on


def found_here(seeds: range, laws: int, only: str = "") -> dict[str, dict[str, Any]]:
    """What breaks a law in this checkout: by law how often, how it was noticed and in which workspace first."""
    out: dict[str, dict[str, Any]] = {}
    for seed in seeds:
        for what, text in judge(seed, laws, only):
            if not what.isupper():
                continue
            law = text.split("|")[0] if "|" in text else text.split(f"{seed}:")[0].strip() or ALONE
            row = out.setdefault(law, {"times": 0, "seed": seed, "how": []})
            row["times"] += 1
            row["how"] = sorted({*row["how"], what.lower()})
    return out


def found_in(folder: Path, seeds: range, laws: int, only: str = "", seconds: float = 900) -> dict[str, dict[str, Any]]:
    """The same in a copy of the checkout; RuntimeError if it does not run."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    given = ("--here", "--seed", str(seeds.start), "--worlds", str(len(seeds)), "--laws", str(laws), "--law", only)
    command = [sys.executable, "-m", "tests.attack.laws.planted", *given]
    ran = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=seconds
    )
    if ran.returncode:
        raise RuntimeError(f"ended with {ran.returncode}: {ran.stderr[-300:]}")
    rows: dict[str, dict[str, Any]] = json.loads(ran.stdout.splitlines()[-1])
    return rows


def planted(folder: Path, fault: Mutation | None, seeds: range, laws: int, only: str = "") -> dict[str, dict[str, Any]]:
    """What the laws find in a copy with one fault; None: without."""
    if fault is None:
        return found_in(folder, seeds, laws, only)
    path = folder / fault.file
    text = path.read_text(encoding="utf-8")
    path.write_text(fault.applied(text), encoding="utf-8")
    try:
        return found_in(folder, seeds, laws, only)
    finally:
        path.write_text(text, encoding="utf-8")


def page(counts: dict[str, Any]) -> str:
    """The text of docs/verification/laws.md."""
    lines = [
        "# Which laws notice which faults",
        "",
        "Written by `python -m tests.attack.laws.planted --page` from `tests/attack/counts/laws.json`.",
        "",
        "The laws compare two verdicts of the program with each other "
        f"({len({**EQUAL, **SAME, **APART})} on workspaces that",
        f"mean the same, {len(MONOTONE)} on one that lets through or claims no more, {len(SEVERAL)} on several",
        "questions); see `tests/attack/README.md`. To see that they notice wrong verdicts, faults are planted in the",
        "formulas of a copy, one at a time. The evaluator stays: a counterexample that does not replay is a crash.",
        f"Runs of {counts['date']}: {'; '.join(f'`{sizes}`' for sizes in counts['sizes'])}. Without a fault: "
        f"{sum(row['times'] for row in counts['none'].values())} findings.",
        "",
        "* *broken*: two verdicts contradict a law. *lost*: a counterexample of one is none of the other.",
        "  *crash*: the program's own replay of a counterexample fails.",
        "* A fault that makes Denies larger or the world smaller makes wrong `proved`; there is no counterexample to",
        "  replay then, and only *broken* and *lost* can tell.",
        "* What no law notices is consistent with itself: a world without some requests is still a world. Against such",
        "  faults stand the draws of the [attack](attack.md), which know the world by themselves.",
        "",
        "| fault | findings | noticed by |",
        "|---|---|---|",
    ]
    for fault in FAULTS:
        rows = counts["faults"].get(fault.rule, {})
        by = [f"{law} ({row['times']}, {' and '.join(row['how'])})" for law, row in sorted(
            rows.items(), key=lambda item: (-item[1]["times"], item[0]))]  # fmt: skip
        lines.append(f"| {fault.rule} | {sum(r['times'] for r in rows.values())} | {', '.join(by) or '**no law**'} |")
    groups = (("Equal meaning", {**EQUAL, **SAME, **APART}), ("One way", MONOTONE), ("Several questions", SEVERAL))
    for title, laws in groups:
        lines += ["", f"## {title}: {len(laws)} laws", "", "| law | says | faults that it noticed |", "|---|---|---|"]
        for name, law in laws.items():
            noticed = [f.rule for f in FAULTS if _of_law(counts["faults"].get(f.rule, {}), name)]
            said = (law.__doc__ or "").strip().splitlines()[0] if law.__doc__ else "rewriting of the statements"
            lines.append(f"| {name} | {said} | {', '.join(noticed)} |")
    return "\n".join([*lines, ""])


def _of_law(rows: dict[str, Any], name: str) -> bool:
    return name in rows


def main(argv: list[str] | None = None) -> int:
    """Plant the faults and add what the laws find to the counts, or write the page alone."""
    parser = argparse.ArgumentParser(description="which laws notice which planted faults")
    parser.add_argument("--here", action="store_true", help="no fault: what the laws find in this checkout, as JSON")
    parser.add_argument("--page", action="store_true", help="write the page of the kept counts")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worlds", type=int, default=12)
    parser.add_argument("--laws", type=int, default=10, help="laws tried on each workspace")
    parser.add_argument("--law", default="", help="laws with this in their name")
    parser.add_argument("--only", default="", help="faults with this in their name")
    options = parser.parse_args(argv)
    seeds = range(options.seed, options.seed + options.worlds)
    if options.here:
        print(json.dumps(found_here(seeds, options.laws, options.law)))
        return 0
    counts = json.loads(COUNTS.read_text(encoding="utf-8")) if COUNTS.exists() else {"faults": {}}
    if not options.page:
        given = {"law": options.law, "only": options.only}
        sizes = f"--seed {options.seed} --worlds {options.worlds} --laws {options.laws}"
        sizes += "".join(f" --{name} '{value}'" for name, value in given.items() if value)
        counts |= {"date": today(), "sizes": [*counts.get("sizes", []), sizes]}
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            copied(folder)
            for fault in (None, *FAULTS):
                rule = fault.rule if fault else "none"
                if options.only not in rule:
                    continue
                begun = time.monotonic()
                found = planted(folder, fault, seeds, options.laws, options.law)
                if fault is None:
                    counts["none"] = {**counts.get("none", {}), **found}
                else:
                    counts["faults"][rule] = {**counts["faults"].get(rule, {}), **found}
                print(f"{rule}: {len(found)} laws, {time.monotonic() - begun:.0f} s", flush=True)
                COUNTS.write_text(json.dumps(counts, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    PAGE.write_text(page(counts), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
