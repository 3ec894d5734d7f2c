"""The HTML report in a real browser: it renders in silence, filters, can be used without a mouse, and stays small."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path
from typing import Any

import pytest

from perimeter_smt import load_workspace, prove_perimeter
from perimeter_smt.report.html import html
from perimeter_smt.report.json import report_json

playwright = pytest.importorskip("playwright.sync_api", reason="extra `browser` is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
if CHROMIUM is None:
    pytest.skip("no chromium on this machine", allow_module_level=True)

MISTAKES = Path(__file__).resolve().parents[2] / "docs" / "examples" / "acme-with-mistakes"
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip
HOSTILE = "<script>document.title='owned'</script><img src=x onerror=alert(1)>\u202egnp.exe\x1b[2J"


@pytest.fixture(scope="module")
def result() -> Any:
    workspace = load_workspace(MISTAKES)
    return report_json(prove_perimeter(workspace, objectives=["O1", "O3"]), workspace.organization)


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as running:
        found = running.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield found
        found.close()


class Opened:
    """A page and what the browser complained of."""

    def __init__(self, browser: Any, file: Path, text: str, **options: Any) -> None:
        file.write_text(text, "utf-8")
        self.said: list[str] = []
        self.page = browser.new_context(**options).new_page()
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda asked: self.said.append(asked.url) if asked.url[:4] == "http" else None)
        self.page.goto(file.as_uri())


@pytest.mark.parametrize("width", [1280, 400])
def test_renders_in_silence_and_fits(browser, result, tmp_path, width):
    opened = Opened(browser, tmp_path / "r.html", html(result), viewport={"width": width, "height": 900})
    assert opened.said == []
    assert opened.page.inner_text("h1") == "acme-with-mistakes"
    assert "NOT CLOSED" in opened.page.inner_text("header")
    assert opened.page.evaluate("document.documentElement.scrollWidth") <= width
    assert opened.page.locator(".step.missed").count() == 1


def test_filters(browser, result, tmp_path):
    page = Opened(browser, tmp_path / "r.html", html(result)).page
    every = page.locator("article.finding:visible").count()
    page.fill("#service", "s3")
    assert page.locator("#matrix tbody tr:visible").count() == 1
    page.fill("#service", "sqs")
    assert page.locator("article.finding.hole:visible").count() == 0
    page.fill("#service", "")
    page.select_option("#status", "hole")
    assert page.locator("article.finding:visible").count() == page.locator("article.finding.hole").count()
    assert "findings shown" in page.inner_text("#shown")
    page.select_option("#status", "")
    page.fill("#account", "000000000000")
    assert page.locator("article.finding:visible").count() == 0
    page.fill("#account", "")
    assert page.locator("article.finding:visible").count() == every


def test_keyboard_and_screen_reader(browser, result, tmp_path):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    for scheme in ("light", "dark"):
        page = Opened(browser, tmp_path / "r.html", html(result), color_scheme=scheme, bypass_csp=True).page
        found = axe.run(page)
        assert found.violations_count == 0, found.generate_report()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "service"


def hostile(value: Any) -> Any:
    names = ("file", "workspace", "document", "sid", "why", "resource", "name", "text", "subject")
    if isinstance(value, dict):
        return {k: HOSTILE if k in names and isinstance(v, str) else hostile(v) for k, v in value.items()}
    return [hostile(one) for one in value] if isinstance(value, list) else value


def test_hostile_names_stay_text(browser, result, tmp_path):
    text = html(hostile(result))
    opened = Opened(browser, tmp_path / "r.html", text)
    assert opened.said == [] and opened.page.title().startswith("<script>")
    assert opened.page.locator("img").count() == 0
    assert opened.page.locator("script").count() == 1
    assert "\u202e" not in text and "\x1b" not in text


def test_a_thousand_accounts_and_four_hundred_services(browser, result, tmp_path):
    large = copy.deepcopy(result)
    services = [f"service{n}" for n in range(400)]
    root = large["organization"]["root"]
    some = root["units"][0]["accounts"][0]
    root["units"][0]["accounts"] = [{**some, "id": f"{n:012d}"} for n in range(1000)]
    first = large["verdicts"][0]
    large["verdicts"] = [{**first, "services": [service]} for service in services] + large["verdicts"][1:]
    text = html(large)
    assert len(text.encode()) < 5_000_000
    opened = Opened(browser, tmp_path / "r.html", text)
    assert opened.said == []
    assert opened.page.locator("article.finding.hole").count() == 400
