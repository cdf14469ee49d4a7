"""Runs a command once for a key, and never beside another one of the same site.

FOLDER is in a volume that outlives this container. Its file `once` has a line for each command that has ended:
KEY CODE BEGAN SECONDS RELEASE COMMAND. What succeeded for KEY is not run again, whichever container asks. The lock
beside it is the kernel's: it lasts as long as the command runs, however that ends.
"""

import fcntl
import os
import shlex
import signal
import subprocess
import sys
import time

folder, key, limit, *words = sys.argv[1:]
KEPT = 200  # lines
GRACE = 10  # seconds between SIGTERM and SIGKILL


def say(text: str) -> None:
    """Print a line at once."""
    print(f"portico: {text}", flush=True)


def read() -> "list[str]":
    """The lines so far."""
    try:
        with open(f"{folder}/once", encoding="utf-8", errors="surrogateescape") as file:
            return file.read().splitlines()
    except FileNotFoundError:
        return []


def write(line: str) -> None:
    """Add a line; a reader sees either the old file or the new one."""
    with open(f"{folder}/.once", "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write("".join(f"{one}\n" for one in [*read(), line][-KEPT:]))
    os.replace(f"{folder}/.once", f"{folder}/once")


def run() -> int:
    """The command's exit code; 124 where it took too long, and 128 and the signal's number where one ended it."""
    try:
        process = subprocess.Popen(words)
    except OSError as error:
        say(f"{words[0]} cannot be run: {error.strerror}")
        return 127 if isinstance(error, FileNotFoundError) else 126
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda number, _: process.send_signal(number))
    try:
        code = process.wait(timeout=int(limit))
    except subprocess.TimeoutExpired:
        say(f"it was ended: it took longer than {limit} s, which is all that release.timeout allows")
        process.terminate()
        try:
            process.wait(timeout=GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        return 124
    return code if code >= 0 else 128 - code


lock = os.open(f"{folder}/once.lock", os.O_RDWR | os.O_CREAT, 0o600)
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    say("a release command of this site still runs; this one waits for its end")
    fcntl.flock(lock, fcntl.LOCK_EX)
if any(line.split()[:2] == [key, "0"] for line in read()):
    say("it was run for this release already, and is not run again")
    sys.exit(0)
began, counted = int(time.time()), time.monotonic()
code = run()
release = os.environ.get("PORTICO_RELEASE", "")
told = " ".join(map(shlex.quote, words))
write(f"{key} {code} {began} {time.monotonic() - counted:.1f} {release} {told}")
sys.exit(code)
