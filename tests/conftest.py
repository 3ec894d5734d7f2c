"""Fixtures that several folders of tests use."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# In the background a shell starts programs that ignore Ctrl-C, and what they start inherits that: tests send it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of public corpora, `../shared` beside the repository or the one that PERIMETER_SHARED names."""
    folder = Path(os.environ.get("PERIMETER_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"skipped: the public policy corpora, which are not at {folder} (set PERIMETER_SHARED)")
    return folder
