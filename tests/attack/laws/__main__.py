"""`python -m tests.attack.laws`."""

from tests.attack.laws.run import main

raise SystemExit(main())
