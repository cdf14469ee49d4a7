"""Prints where Docker runs for a stack, as its file or Pulumi.yaml says: target.py ROOT STACK."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scripts.setup.base_images import config_of, default

KEY = "portico:target"


def main(root: Path, stack: str) -> int:
    print(config_of(root / f"Pulumi.{stack}.yaml").get(KEY) or default(config_of(root / "Pulumi.yaml").get(KEY)))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
