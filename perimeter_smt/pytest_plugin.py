"""The pytest plugin: a fixture `perimeter`, bound to a workspace, whose failures are counterexamples.

    # pytest.ini or pyproject.toml: perimeter_workspace = acme
    from perimeter_smt.assertions import my_iam, my_network, on

    def test_objects_stay_in_my_network(perimeter):
        perimeter.holds(my_iam & on("s3:*") >> my_network)

Loaded by its entry point, so that nothing heavy is imported before a test asks for the fixture.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from perimeter_smt.assertions import Formula
    from perimeter_smt.organization.perimeter import Workspace
    from perimeter_smt.questions.verdicts import Report, Verdict

_INI = "perimeter_workspace"


@dataclass(frozen=True)
class BoundPerimeter:
    """A workspace and the name of the test that asks about it."""

    workspace: Workspace
    name: str
    options: tuple[tuple[str, Any], ...] = ()

    def holds(self, assertion: Formula, **options: Any) -> Verdict:
        """The assertion is proved, or the test fails with the request that breaks it; options as `assert_holds`."""
        from perimeter_smt.assertions import assert_holds

        return assert_holds(self.workspace, assertion, **{"name": self.name, **dict(self.options), **options})

    def proved(self, *objectives: str, **options: Any) -> Report:
        """The objectives (default: all six) are proved, or the test fails with the report; options as
        `perimeter_smt.prove_perimeter`.
        """
        from perimeter_smt.organization.perimeter import OBJECTIVES
        from perimeter_smt.questions.perimeter import prove
        from perimeter_smt.report.text import render

        asked = {"objectives": objectives or OBJECTIVES, "availability": False, **dict(self.options), **options}
        report = prove(self.workspace, **asked)
        if report.exit_code:
            raise _NotProvedError(render(report))
        return report

    def of(self, workspace: str | Path, **options: Any) -> BoundPerimeter:
        """The same for another workspace, folder, plan or template; `options` hold for all that is asked of it."""
        return replace(self, workspace=_read(Path(workspace)), options=tuple(options.items()))


class _NotProvedError(AssertionError):
    """Objectives that were not proved."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--perimeter PATH` and the ini value `perimeter_workspace`."""
    group = parser.getgroup("perimeter")
    group.addoption(
        "--perimeter", metavar="PATH", help="workspace, folder, plan or template of the fixture `perimeter`"
    )
    parser.addini(_INI, "workspace of the fixture `perimeter`, relative to the ini file", default="")


def _read(path: Path) -> Workspace:
    from perimeter_smt.errors import InputError
    from perimeter_smt.organization.readers import read_source

    try:
        return read_source(path)
    except InputError as error:
        raise pytest.UsageError(str(error)) from None


@pytest.fixture(scope="session")
def perimeter_workspace(pytestconfig: pytest.Config) -> Workspace:
    """The workspace that `--perimeter` or the ini file names, read once; a project may override this fixture."""
    given, ini = pytestconfig.getoption("--perimeter"), str(pytestconfig.getini(_INI))
    if given:
        return _read(Path(given))
    if ini:
        return _read((pytestconfig.inipath or pytestconfig.rootpath / "x").parent / ini)
    raise pytest.UsageError(f"no workspace: expected `--perimeter PATH` or `{_INI}` in the ini file")


@pytest.fixture
def perimeter(request: pytest.FixtureRequest, perimeter_workspace: Workspace) -> BoundPerimeter:
    """What this test asks of the workspace."""
    return BoundPerimeter(perimeter_workspace, request.node.name)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """A broken assertion shows its counterexample and the line of the test, no frames; bad input its message."""
    report = yield
    if call.excinfo is not None and report.failed and type(call.excinfo.value).__module__.startswith("perimeter_smt"):
        from perimeter_smt.assertions import PerimeterBrokenError
        from perimeter_smt.errors import InputError

        if isinstance(call.excinfo.value, PerimeterBrokenError | _NotProvedError | InputError):
            own = [entry for entry in call.excinfo.traceback if str(entry.path) == str(item.path)]
            where = f"{item.path}:{own[-1].lineno + 1}\n" if own else ""
            report.longrepr = f"{where}{call.excinfo.value}"
    return report
