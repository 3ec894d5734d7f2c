"""Axioms that can change no answer, since organization.yaml implies them: `python -m tests.attack.directed.implied`.

For each, in the text of each partition, on an empty organization: all axioms are left out, only what the file says is
kept, and a request that breaks the axiom is asked for. There is none.
"""

from __future__ import annotations

from perimeter_smt.encode.language.text import formal_text
from perimeter_smt.encode.world.world import lies_in
from perimeter_smt.logic.formula import neg
from perimeter_smt.logic.problem import Problem
from perimeter_smt.request.partitions import partitions
from perimeter_smt.solve.engine import Engine
from perimeter_smt.solve.result import Limits

IMPLIED = {"AP3.partition": "organization.yaml says in which partition the organization lies, one of the table"}


def implied(name: str) -> bool:
    """Whether nothing but the partition of the organization is needed for an axiom, whichever it is."""
    for partition in partitions():
        script = formal_text(partition)
        (axiom,) = [a for a in script.axioms if a.name == name]
        enums = {"caller": script.enums["sort Caller"], "wire": script.enums["sort Wire"]}
        problem = Problem((lies_in(partition),), enums, {}, {})
        if Engine(problem, Limits(seconds=20)).check((neg(axiom.formula),)).status != "unsat":
            return False
    return True


if __name__ == "__main__":
    for axiom, reason in IMPLIED.items():
        print(axiom, "implied" if implied(axiom) else "NOT implied", reason)
