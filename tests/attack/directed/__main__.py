"""`python -m tests.attack.directed`."""

from tests.attack.directed.reach import main

raise SystemExit(main())
