"""A configuration without some of its sites: what the switch makes of it where their replicas are not well."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from tests.property.rendered import Rendered

_SCRIPT: Final = (Path(__file__).parents[2] / "components" / "in_container" / "tree.sh").read_text()


def leave_out(rendered: Rendered, sites: Sequence[str]) -> Rendered:
    """The same without these sites, as the containers' own script takes them out."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        for path, text in rendered.tree.files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        drop = "".join(f'drop_site "$1" {site}\n' for site in sites)
        subprocess.run(["sh", "-euc", _SCRIPT + drop, "-", name], check=True, timeout=60)
        return rendered.with_files(
            {path: file.read_text() for path in rendered.tree.files if (file := folder / path).is_file()}
        )
