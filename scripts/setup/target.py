"""Prints where Docker runs for a stack, as its file or Pulumi.yaml says: target.py ROOT STACK."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.setup.base_images import HOME, config_of, default

KEY = "portico:target"


def main(root: Path, stack: str) -> int:
    # A project of its own says what differs; the default is ours.
    declared = {**config_of(HOME / "Pulumi.yaml"), **config_of(root / "Pulumi.yaml")}.get(KEY)
    print(config_of(root / f"Pulumi.{stack}.yaml").get(KEY) or default(declared))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
