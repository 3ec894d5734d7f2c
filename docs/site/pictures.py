"""`python docs/site/pictures.py`: the pictures of docs/reports.md, from the example and the chromium of the machine.

Needs the extra `[browser]`.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from perimeter_smt import load_workspace, prove_perimeter
from perimeter_smt.report.html import html
from perimeter_smt.report.json import report_json

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs/pictures"
EXAMPLE = Path("docs/examples/acme-with-mistakes")


def main() -> int:
    """Write `report-light.png`, `report-dark.png` and `organization.png` in docs/pictures."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        print("no chromium on this machine", file=sys.stderr)
        return 2
    os.chdir(ROOT)  # the report names files as they were given
    workspace = load_workspace(EXAMPLE)
    text = html(report_json(prove_perimeter(workspace), workspace.organization))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        page = Path(folder, "report.html")
        page.write_text(text, "utf-8")
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        _picture(browser, page.as_uri(), "light", 1100, PICTURES / "report-light.png")
        _picture(browser, page.as_uri(), "dark", 700, PICTURES / "report-dark.png")
        _picture(browser, page.as_uri(), "light", 800, PICTURES / "organization.png", part="#organization")
        browser.close()
    return 0


def _picture(browser: Browser, address: str, colours: str, height: int, target: Path, part: str | None = None) -> None:
    """One picture: the top of the page, or one part of it."""
    page = browser.new_page(
        viewport={"width": 1280, "height": height}, color_scheme="dark" if colours == "dark" else "light"
    )
    page.goto(address)
    (page.locator(part) if part else page).screenshot(path=target)
    page.close()


if __name__ == "__main__":
    sys.exit(main())
