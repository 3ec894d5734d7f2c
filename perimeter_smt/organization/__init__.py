"""Who owns what and what is attached where; the perimeter's definition; readers of input."""
