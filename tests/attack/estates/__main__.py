"""`python -m tests.attack.estates`."""

from tests.attack.estates.search import main

raise SystemExit(main())
