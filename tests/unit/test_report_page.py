"""Layout: wrapping between words only, folding of services, control characters spelled out."""

from __future__ import annotations

import pytest

from perimeter_smt.questions.verdicts import Verdict
from perimeter_smt.report.matrix import rows, write_matrix
from perimeter_smt.report.page import Page, visible
from perimeter_smt.report.words import named

ARN = "arn:aws:sts::999988887777:assumed-role/Outsider/session-with-a-long-name"


def test_a_word_longer_than_the_line_stays_whole():
    page = Page(40)
    page.text(f"the caller {ARN} is not trusted", indent=2, hang=2)
    assert str(page).splitlines() == ["  the caller", f"    {ARN}", "    is not trusted"]


def test_without_a_width_nothing_is_wrapped():
    page = Page()
    page.item("caller", ["x " * 300, "y"])
    assert str(page).splitlines() == ["caller    " + ("x " * 300).rstrip(), "          y"]


def test_labels_stand_above_in_narrow_terminals():
    page = Page(40)
    page.item("caller", ["one", "two"], indent=2)
    assert str(page) == "  caller\n    one\n    two\n"


def test_nothing_to_say_leaves_no_label():
    page = Page()
    page.item("caller", [])
    page.item("caller", "")
    page.item("caller", ["", ""])
    assert str(page) == ""


def test_blank_lines_do_not_pile_up():
    page = Page()
    page.blank()
    page.text("a")
    page.blank()
    page.blank()
    page.text("b")
    assert str(page) == "a\n\nb\n"


@pytest.mark.parametrize(
    ("text", "shown"), [("a\x1b[31mb", "a\\x1b[31mb"), ("a\nb", "a\\x0ab"), ("\x9b", "\\x9b"), ("é", "é")]
)
def test_control_characters_are_spelled_out(text, shown):
    assert visible(text) == shown
    page = Page(color=True)
    page.text(text)
    assert str(page) == f"{shown}\n"


def test_colour_is_closed_on_every_line():
    page = Page(40, color=True)
    page.text("many words " * 10, style="bold red")
    for line in str(page).splitlines():
        assert line.startswith("\x1b[1;31m")
        assert line.endswith("\x1b[0m")


def verdict(objective: str, status: str, *services: str) -> Verdict:
    return Verdict(objective, "t", services, status)  # type: ignore[arg-type]


def test_services_that_agree_share_a_row_and_none_is_lost():
    many = [f"s{number:03}" for number in range(450)]
    verdicts = [
        verdict("O1", "proved", *many[:440]),
        verdict("O1", "unknown", *many[440:]),
        verdict("O2", "proved", *many[:445]),
    ]
    found = rows(verdicts, ["O1", "O2"])
    assert [(row.cells, len(row.services)) for row in found] == [
        (("unknown", "proved"), 5),
        (("unknown", "none"), 5),
        (("proved", "proved"), 440),
    ]
    assert sorted(name for row in found for name in row.services) == many


def test_two_verdicts_on_one_service_show_the_worse():
    for order in (1, -1):
        verdicts = [verdict("O1", "proved", "s3"), verdict("O1", "unknown", "s3")][::order]
        assert [row.cells for row in rows(verdicts, ["O1"])] == [("unknown",)]


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_the_matrix_fits(width):
    names = [f"service-with-name-{number:03}" for number in range(450)]
    verdicts = [verdict(f"O{number}", "proved", *names) for number in range(1, 7)]
    page = Page(width)
    write_matrix(page, verdicts, [f"O{number}" for number in range(1, 7)])
    lines = str(page).splitlines()
    assert max(map(len, lines)) <= width
    assert any(counted in lines[1] for counted in ("450 services  ", " + 449  ", " more  "))


def test_named_does_not_hide_a_single_name():
    assert named(["a", "b", "c"], 2) == "a, b, c"
    assert named(["a", "b", "c", "d"], 2) == "a, b and 2 more"
