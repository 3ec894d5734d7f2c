"""`python -m tests.attack` runs the search."""

import sys

from tests.attack.search import main

if __name__ == "__main__":
    sys.exit(main())
