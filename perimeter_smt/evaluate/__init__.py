"""The concrete evaluator: an executable reading of semantics 0 to 3, without a solver.

It answers for one request what AWS answers. It shares the parsed documents with the rest of the program and nothing
else, so that its agreement with the encoding means something.
"""

from perimeter_smt.evaluate.closest import NearStatement, closest_denial, nearest_allow
from perimeter_smt.evaluate.decide import Decision, consulted, decide
from perimeter_smt.evaluate.explain import Explained, explain
from perimeter_smt.evaluate.principals import HitKind
from perimeter_smt.evaluate.statements import MatchResult, StatementRef, match_statement
from perimeter_smt.evaluate.view import OPEN_POINTS
from perimeter_smt.evaluate.words import Failure

__all__ = [
    "OPEN_POINTS",
    "Decision",
    "Explained",
    "Failure",
    "HitKind",
    "MatchResult",
    "NearStatement",
    "StatementRef",
    "closest_denial",
    "consulted",
    "decide",
    "explain",
    "match_statement",
    "nearest_allow",
]
