"""`python -m portico.cli`, as scripts/portico runs it in a checkout."""

from portico.cli.main import main

if __name__ == "__main__":
    main()
