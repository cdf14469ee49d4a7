"""Runs after files.py where the application was asked for its static files: writes those beside the source's own.

PORTICO_STATIC is JSON, what ask_static.py found: each folder's URL, its path, and the names in it that are left out.
"""

# mypy: disable-error-code="name-defined"
# ruff: noqa: F821

import filecmp
import json

os.umask(0o022)


def find_same(path: Path, name: Path) -> Path | None:
    """The same file of another release, with what was packed beside it; None where there is none."""
    for other in (one / name for one in sorted(tree.parent.iterdir()) if one != tree):
        if other.is_file() and filecmp.cmp(path, other, shallow=False):
            return other
    return None


tree = Path("/srv/static") / site / release
tree.mkdir(parents=True, exist_ok=True)
for begin, source, others in json.loads(os.environ["PORTICO_STATIC"]):
    # What files.py judges links by. What lies in a volume or belongs to the container is no file of the image.
    static, left = os.path.realpath(source), {*others}
    if f"{static}/".startswith((*OWN, "/incoming/", "/srv/")) or ".." in begin.split("/"):
        continue
    for where, names, files in os.walk(static):
        out = leave_out(where, [*names, *files])
        names[:] = [name for name in names if name not in out]
        for name in files:
            path = Path(where, name)
            place = tree / begin.strip("/") / path.relative_to(static)
            if name in out or str(path.relative_to(static)) in left or not path.is_file() or place.exists():
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
            packed = place.with_name(f"{place.name}.gz")
            # Packages are large, and few of their files change: those of other releases are linked.
            if same := find_same(path, place.relative_to(tree)):
                os.link(same, place)
                if same.with_name(packed.name).is_file() and not packed.exists():
                    os.link(same.with_name(packed.name), packed)
            else:
                shutil.copyfile(path, place)
                date(place)
            if packed.exists():
                continue
            if compress == "compress" and path.suffix in TEXTS.split() and path.stat().st_size >= 1024:
                pack(place)
                date(packed)
os.utime(tree)
for path in sorted(tree.parent.iterdir(), key=lambda path: path.stat().st_mtime)[:-KEPT]:
    shutil.rmtree(path, ignore_errors=True)
