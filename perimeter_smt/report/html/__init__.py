"""A result as one self-contained HTML file: no network, a strict content security policy, light and dark, printable."""

from perimeter_smt.report.html.render import html

__all__ = ["html"]
