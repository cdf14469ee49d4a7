"""Names derived from content: equal content, equal name, on every machine."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from portico.config.source.files import File

# 48 bits: short enough to read in a container's name; two releases of one site in 16 million clash.
_LENGTH = 12


def digest_files(files: Mapping[str, File]) -> str:
    """The digest of a file tree: paths, contents and modes, as an image has them."""
    total = hashlib.sha256()
    for path, file in sorted(files.items()):
        total.update(f"{path}\0{file.mode:o}\0{file.link or ''}\0{len(file.content)}\0".encode())
        total.update(file.content)
    return total.hexdigest()[:_LENGTH]


def digest_values(values: Mapping[str, Any]) -> str:
    """The digest of plain values."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:_LENGTH]


def digest_secrets(values: Mapping[str, str]) -> str:
    """The digest of secret values: slow on purpose, since it stands in names that anybody may read.

    With n=2**14 and r=8 one guess costs 16 MiB and about 50 ms (RFC 7914's interactive setting).
    """
    if not values:
        return ""
    text = json.dumps(values, sort_keys=True).encode()
    return hashlib.scrypt(text, salt=b"portico release", n=2**14, r=8, p=1).hex()[:_LENGTH]
