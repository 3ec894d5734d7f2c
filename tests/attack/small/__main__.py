"""`python -m tests.attack.small`."""

from tests.attack.small.run import main

raise SystemExit(main())
