"""`python -m perimeter_smt` is the command `perimeter`."""

from perimeter_smt.cli.entry import main

if __name__ == "__main__":
    main()
