"""What is left behind when the program contradicts itself: a new file to attach to an issue."""

from __future__ import annotations

import json
import platform
import traceback
from pathlib import Path

from perimeter_smt import __version__
from perimeter_smt.errors import InternalError

_MOST = 1000


def write_dump(error: Exception, folder: Path | None = None) -> str:
    """Write `perimeter-bug-N` for the first free N, and say in words where it is. Nothing is overwritten."""
    dump = error.dump if isinstance(error, InternalError) else ""
    text = dump or _report(error)
    suffix = "smt2" if text.lstrip().startswith((";", "(")) else "json"
    where = folder or Path()
    for number in range(1, _MOST):
        path = where / f"perimeter-bug-{number}.{suffix}"
        if any((where / f"perimeter-bug-{number}.{other}").exists() for other in ("json", "smt2")):
            continue
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            continue
        except OSError as reason:
            return f"no dump could be written: {(reason.strerror or 'unknown error').lower()}"
        return f"please report it with `{path}`"
    return "no dump was written: there are too many already"


def _report(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return json.dumps(
        {
            "format": 1,
            "version": __version__,
            "python": platform.python_version(),
            "error": f"{type(error).__name__}: {error}",
            "frames": [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames],
        },
        indent=2,
    )
