"""How the `aws` command says that AWS has refused something."""

import sys


def refuse(operation: str, code: str, why: str) -> int:
    """Say it; the exit code."""
    print(f"\nAn error occurred ({code}) when calling the {operation} operation: {why}", file=sys.stderr)
    return 255
