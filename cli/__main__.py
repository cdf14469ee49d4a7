"""`python -m cli`, as scripts/portico runs it in a checkout."""

from cli.main import main

if __name__ == "__main__":
    main()
