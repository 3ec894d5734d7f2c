"""`python docs/site/pictures.py`: the pictures of docs/reports.md, from the example and the chromium of the machine."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from perimeter_smt import load_workspace, prove_perimeter
from perimeter_smt.report.html import html
from perimeter_smt.report.json import report_json

ROOT = Path(__file__).resolve().parents[2]
PICTURES = {"light": (1100, []), "dark": (700, ["--blink-settings=preferredColorScheme=0"])}  # height, options
QUIET = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
         "--disable-background-networking", "--disable-component-update", "--disable-sync"]  # fmt: skip


def main() -> int:
    """Write `docs/pictures/report-light.png` and `report-dark.png`."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        print("no chromium on this machine", file=sys.stderr)
        return 2
    workspace = load_workspace(ROOT / "docs/examples/acme-with-mistakes")
    text = html(report_json(prove_perimeter(workspace), workspace.organization))
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "report.html")
        page.write_text(text, "utf-8")
        for name, (height, options) in PICTURES.items():
            target = ROOT / "docs/pictures" / f"report-{name}.png"
            command = [chromium, *QUIET, *options, f"--window-size=1280,{height}", f"--screenshot={target}"]
            subprocess.run([*command, page.as_uri()], check=True, capture_output=True, timeout=120)
    return 0


if __name__ == "__main__":
    sys.exit(main())
