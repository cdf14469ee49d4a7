"""Runs in the container that makes backups: spoils a good repository in one way after the other, and asks whether it is
whole. Prints {kind: what was said}, as JSON; an empty list means that nobody noticed.
"""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, "/opt/portico")
from portico.components.in_container.backups.job import Job

ROOT = Path("/work")
DATA, GOOD, BAD = ROOT / "data", ROOT / "good", ROOT / "bad"
KEY, OTHER = "a key of sixteen and more", "another key of sixteen and more"


def make_job(place: Path, work: Path, key: str = KEY) -> Job:
    work.mkdir(exist_ok=True)
    (work / "key").write_text(key)
    reported = {
        "url": str(place),
        "host": "portico.dev",
        "rate": 0,
        "keep": {"last": 5},
        "sources": [{"name": "shop/instance", "kind": "folder"}],
    }
    return Job.read(reported, DATA, work, work)


def list_files(folder: str) -> list[Path]:
    """The files of a folder of the repository, the largest first."""
    found = [path for path in (BAD / folder).rglob("*") if path.is_file()]
    return sorted(found, key=lambda path: -path.stat().st_size)


def flip(path: Path, part: float) -> None:
    text = bytearray(path.read_bytes())
    text[min(int(len(text) * part), len(text) - 1)] ^= 1
    spoil(path, bytes(text))


def spoil(path: Path, text: bytes) -> None:
    path.chmod(0o600)
    path.write_bytes(text)


def cut(path: Path, part: float) -> None:
    spoil(path, path.read_bytes()[: int(path.stat().st_size * part)])


def swap(one: Path, other: Path) -> None:
    first, second = one.read_bytes(), other.read_bytes()
    spoil(one, second)
    spoil(other, first)


def replace_all() -> None:
    shutil.rmtree(BAD)
    make_job(BAD, ROOT / "stranger").run()


def leave_whole() -> None:
    """So that it is seen that the copy itself is no damage."""


KINDS: dict[str, Callable[[], object]] = {
    "no damage": leave_whole,
    "a bit of a pack, at its begin": lambda: flip(list_files("data")[0], 0),
    "a bit of a pack, in its middle": lambda: flip(list_files("data")[0], 0.5),
    "a bit of a pack, at its end": lambda: flip(list_files("data")[0], 1),
    "a bit of the smallest pack": lambda: flip(list_files("data")[-1], 0.3),
    "a pack is cut": lambda: cut(list_files("data")[0], 0.7),
    "a pack is empty": lambda: cut(list_files("data")[0], 0),
    "a pack is longer": lambda: spoil(list_files("data")[0], list_files("data")[0].read_bytes() + b"more"),
    "a pack is zeros": lambda: spoil(list_files("data")[0], bytes(list_files("data")[0].stat().st_size)),
    "a pack is missing": lambda: list_files("data")[0].unlink(),
    "the smallest pack is missing": lambda: list_files("data")[-1].unlink(),
    "all packs are missing": lambda: shutil.rmtree(BAD / "data"),
    "two packs are swapped": lambda: swap(*list_files("data")[:2]),
    "a bit of an index": lambda: flip(list_files("index")[0], 0.5),
    "an index is cut": lambda: cut(list_files("index")[0], 0.5),
    "an index is missing": lambda: list_files("index")[0].unlink(),
    "all indexes are missing": lambda: shutil.rmtree(BAD / "index"),
    "a bit of a snapshot": lambda: flip(list_files("snapshots")[0], 0.5),
    "a snapshot is empty": lambda: cut(list_files("snapshots")[0], 0),
    "a snapshot is missing": lambda: list_files("snapshots")[0].unlink(),
    "all snapshots are missing": lambda: shutil.rmtree(BAD / "snapshots"),
    "a bit of the configuration": lambda: flip(BAD / "config", 0.5),
    "the configuration is missing": lambda: (BAD / "config").unlink(),
    "a bit of the key's file": lambda: flip(list_files("keys")[0], 0.6),
    "the key's file is missing": lambda: list_files("keys")[0].unlink(),
    "the repository is gone": lambda: shutil.rmtree(BAD),
    "another repository": replace_all,
}


def write_data() -> None:
    import random
    import sqlite3

    folder = DATA / "shop" / "instance"
    folder.mkdir(parents=True)
    for number in range(6):
        (folder / f"{number}.bin").write_bytes(random.Random(number).randbytes(300_000))
    with sqlite3.connect(folder / "shop.db") as database:
        database.execute("CREATE TABLE orders (what TEXT)")
        database.executemany("INSERT INTO orders VALUES (?)", [("tea" * 50,)] * 2000)


def main() -> None:
    write_data()
    job = make_job(GOOD, ROOT / "own")
    made = [job.run()["outcome"]]
    (DATA / "shop" / "instance" / "later.bin").write_bytes(b"later" * 1000)
    made.append(job.run()["outcome"])
    found: dict[str, object] = {"made": made, "nothing": job.check()}
    file = ROOT / "own" / "report.json"
    report = json.loads(file.read_text())
    for kind, damage in KINDS.items():
        shutil.rmtree(BAD, ignore_errors=True)
        shutil.copytree(GOOD, BAD)
        damage()
        # What it knows of the good one, at the place of the bad one; nothing of the one before is in its cache.
        shutil.rmtree(ROOT / "own" / "cache", ignore_errors=True)
        file.write_text(json.dumps(report | {"place": str(BAD)}))
        found[kind] = make_job(BAD, ROOT / "own").check()
    file.write_text(json.dumps(report))
    found["another key"] = make_job(GOOD, ROOT / "own", OTHER).check()
    print(json.dumps(found))


main()
