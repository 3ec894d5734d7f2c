"""`python -m tests.attack.tables`."""

from tests.attack.tables.count import main

raise SystemExit(main())
