"""`python -m perimeter_smt` is the command `perimeter`."""

from perimeter_smt.cli.main import main

if __name__ == "__main__":
    main()
