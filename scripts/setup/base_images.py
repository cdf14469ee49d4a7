"""Prints the images that are needed, one per line: those of a stack, and with --tests those of the tests besides.

A stack's are its own settings over the defaults of Pulumi.yaml.
"""

import sys
from pathlib import Path
from typing import Any

import yaml

HOME = Path(__file__).resolve().parents[2]
KEYS = ("portico:nginxImage", "portico:pythonImage")

# NGINX's versions that the rendered files are tried on: Debian's stable releases, the base image, the newest.
TESTED = ("1.22.1", "1.26.3", "1.30.6", "1.31.3")


def config_of(path: Path) -> dict[str, Any]:
    """Returns the `config` section of a project or stack file; a file that is not there has none."""
    document = yaml.safe_load(path.read_text()) if path.is_file() else None
    config = document.get("config") if isinstance(document, dict) else None
    return config if isinstance(config, dict) else {}


def default(declared: Any) -> Any:
    """A declaration in Pulumi.yaml is a mapping with a default, or the value alone."""
    return declared.get("default", declared.get("value")) if isinstance(declared, dict) else declared


def list_services(services: Any) -> list[str]:
    """The images of a stack's services; what does not fit is left out, for the program says what is wrong with it."""
    if not isinstance(services, list) or not services:
        return []
    # It takes half a second, and most stacks have none.
    from portico.config.settings.service import IMAGES

    found = []
    for one in services:
        if isinstance(one, dict) and one.get("kind") in IMAGES:
            offered = IMAGES[one["kind"]]
            name = one.get("image") or offered.get(str(one.get("version") or next(iter(offered))))
            found += [name] if isinstance(name, str) else []
    return found


def main(root: Path, stack: str, *options: str) -> int:
    names = []
    # A project of its own says what differs; the defaults are ours.
    project = {**config_of(HOME / "Pulumi.yaml"), **config_of(root / "Pulumi.yaml")}
    own = config_of(root / f"Pulumi.{stack}.yaml")
    for key in KEYS:
        # Within the project file Pulumi allows the key with and without the project's name.
        name = own.get(key) or default(project.get(key, project.get(key.partition(":")[2])))
        if not isinstance(name, str):
            print(f"error: Pulumi.yaml gives no default for {key}; write the name of an image.", file=sys.stderr)
            return 1
        names.append(name)
    names += list_services(own.get("portico:services"))
    if "--tests" in options:
        names += [f"nginx:{version}" for version in TESTED]
        names += list_services([{"kind": "postgres"}, {"kind": "valkey"}])
    print("\n".join(dict.fromkeys(names)))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
