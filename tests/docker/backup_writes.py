"""Runs in the container that makes backups: makes some while others write, and looks at what each one brings back.

Its words: how many backups, and a seed. Prints JSON: what differed, and how much was looked at. Nothing of the proof
that the program itself makes is used here.
"""

import hashlib
import json
import multiprocessing
import random
import shutil
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

sys.path.insert(0, "/opt/portico")
from portico.components.in_container.backups.job import Job
from portico.components.in_container.backups.restore import Folder, fetch

ROOT = Path("/work")
DATA, WORK, BACK = ROOT / "data", ROOT / "own", ROOT / "back"
FOLDER = DATA / "shop" / "instance"
MODES = {"wal.db": "wal", "delete.db": "delete"}


def write_database(name: str, written: "multiprocessing.sharedctypes.Synchronized[int]", seed: int) -> None:
    """Each order has a line in another table, in one transaction; what was acknowledged is counted."""
    chance = random.Random(seed)
    with closing(sqlite3.connect(FOLDER / name, timeout=30, isolation_level=None)) as database:
        while True:
            count = chance.randint(1, 5)
            database.execute("BEGIN IMMEDIATE")
            for _ in range(count):
                price = chance.randint(1, 1000)
                database.execute("INSERT INTO orders (price) VALUES (?)", (price,))
                database.execute(
                    "INSERT INTO lines (price, text) VALUES (?, ?)", (price, "x" * chance.randint(0, 3000))
                )
            if chance.random() < 0.1:
                database.execute("ROLLBACK")
                continue
            database.execute("COMMIT")
            with written.get_lock():
                written.value += count
            time.sleep(chance.random() * 0.02)


def write_files(seed: int) -> None:
    """Files that appear whole, whose names say what they hold, and some that go again."""
    chance = random.Random(seed)
    while True:
        text = chance.randbytes(chance.randint(0, 20000))
        folder = FOLDER / f"f{chance.randint(0, 5)}"
        folder.mkdir(exist_ok=True)
        partial = FOLDER / ".partial"
        partial.write_bytes(text)
        partial.rename(folder / hashlib.sha256(text).hexdigest())
        there = sorted(folder.iterdir())
        if len(there) > 20:
            chance.choice(there).unlink()
        time.sleep(chance.random() * 0.05)


def look(least: dict[str, int], most: dict[str, int]) -> tuple[list[str], int]:
    """What is wrong with what came back, and how many files were looked at."""
    wrong, files = [], 0
    for name in MODES:
        with closing(sqlite3.connect(BACK / name)) as database:
            (reported,) = database.execute("PRAGMA integrity_check").fetchone()
            orders = database.execute("SELECT count(*), sum(price) FROM orders").fetchone()
            lines = database.execute("SELECT count(*), sum(price) FROM lines").fetchone()
        if reported != "ok":
            wrong.append(f"{name}: {reported}")
        if orders != lines:
            wrong.append(f"{name}: half a transaction: {orders} and {lines}")
        if not least[name] <= orders[0]:
            wrong.append(f"{name}: {least[name]} were acknowledged before, and {orders[0]} came back")
        # One may be written and not counted yet.
        if orders[0] > most[name] + 5:
            wrong.append(f"{name}: {orders[0]} came back, and there were {most[name]}")
    for path in BACK.glob("f*/*"):
        files += 1
        if hashlib.sha256(path.read_bytes()).hexdigest() != path.name:
            wrong.append(f"{path.name} holds something else")
    return wrong, files


def main(count: int, seed: int) -> None:
    FOLDER.mkdir(parents=True)
    WORK.mkdir()
    (WORK / "key").write_text("a key of sixteen and more")
    for name, mode in MODES.items():
        with closing(sqlite3.connect(FOLDER / name)) as database:
            database.execute(f"PRAGMA journal_mode = {mode}")
            database.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, price INTEGER)")
            database.execute("CREATE TABLE lines (id INTEGER PRIMARY KEY, price INTEGER, text TEXT)")
    written = {name: multiprocessing.Value("i", 0) for name in MODES}
    writers = [multiprocessing.Process(target=write_database, args=(name, written[name], seed)) for name in MODES]
    writers.append(multiprocessing.Process(target=write_files, args=(seed,)))
    for writer in writers:
        writer.start()
    reported = {
        "url": str(ROOT / "repository"),
        "host": "portico.dev",
        "rate": 0,
        "keep": {"last": 3},
        "sources": [{"name": "shop/instance", "kind": "folder"}],
    }
    job, chance = Job.read(reported, DATA, WORK, WORK), random.Random(seed)
    wrong: list[str] = []
    files, outcomes = 0, list[str]()
    try:
        for _ in range(count):
            time.sleep(chance.random())
            least = {name: one.value for name, one in written.items()}
            run = job.run()
            outcomes.append(run["outcome"])
            most = {name: one.value for name, one in written.items()}
            if run["outcome"] != "proven":
                wrong.append(str(run))
                continue
            fetch(job, job.repository.find(run["snapshot"]), [Folder("shop/instance", FOLDER)])
            shutil.rmtree(BACK, ignore_errors=True)
            (FOLDER / ".portico-restore" / "new").rename(BACK)
            found, seen = look(least, most)
            wrong, files = wrong + found, files + seen
    finally:
        for writer in writers:
            writer.kill()
    rows = {name: one.value for name, one in written.items()}
    print(json.dumps({"wrong": wrong, "backups": outcomes.count("proven"), "files": files, "rows": rows}))


main(int(sys.argv[1]), int(sys.argv[2]))
