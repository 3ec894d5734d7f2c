"""Whether an operand of `&`, `|` or `>>` is an implication written in place, without parentheses of its own.

In Python `>>` binds tighter than `&` and `|`; everybody reads "implies" the other way round. The source at the place of
the call tells `a & b >> c` from `a & (b >> c)`: the interpreter keeps the columns of every operation.
"""

from __future__ import annotations

import ast
import linecache
from itertools import islice
from types import FrameType

_OPERATORS: dict[str, type[ast.operator]] = {"&": ast.BitAnd, "|": ast.BitOr, ">>": ast.RShift}


def written_inline(frame: FrameType, sign: str, *, left: bool) -> bool:
    """Whether the left (or right) operand of the operation that runs in `frame` is an implication without parentheses.

    TypeError where the source cannot be looked at: then nobody can tell what was meant.
    """
    positions = next(islice(frame.f_code.co_positions(), frame.f_lasti // 2, None))
    first, last, start, end = positions
    lines = linecache.getlines(frame.f_code.co_filename, frame.f_globals)
    if first is None or last is None or start is None or end is None or len(lines) < last:
        raise TypeError(
            f"an implication beside `{sign}`, and no source to tell how it is meant: expected `all_of` or `any_of`"
        )
    text = "".join(lines[first - 1 : last]).encode()
    tail = sum(len(line.encode()) for line in lines[first - 1 : last - 1]) + end
    source = b"(" + text[start:tail] + b"\n)"
    try:
        node = ast.parse(source, mode="eval").body
    except SyntaxError:
        return False
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, _OPERATORS[sign])):
        return False
    if left:
        return _inline(source, node.left, begin=1)
    return _inline(source, node.right, begin=_end(source, node.left))


def _inline(source: bytes, node: ast.expr, begin: int) -> bool:
    """Whether the operand holds an implication that no parenthesis closes off; it starts somewhere after `begin`."""
    start = _offset(source, node.lineno, node.col_offset)
    if not isinstance(node, ast.BinOp) or b"(" in _code(source[begin:start]):
        return False
    if isinstance(node.op, ast.RShift):
        return True
    return _inline(source, node.left, start) or _inline(source, node.right, _end(source, node.left))


def _end(source: bytes, node: ast.expr) -> int:
    assert node.end_lineno is not None and node.end_col_offset is not None
    return _offset(source, node.end_lineno, node.end_col_offset)


def _offset(source: bytes, line: int, column: int) -> int:
    return sum(len(text) for text in source.splitlines(keepends=True)[: line - 1]) + column


def _code(source: bytes) -> bytes:
    """Without comments: what stands between two operands is operators, parentheses, line ends and comments."""
    return b"\n".join(line.partition(b"#")[0] for line in source.splitlines())
