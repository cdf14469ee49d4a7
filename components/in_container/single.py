"""Runs a command once no other container runs the same one: a lock ends with the last process that has it open.

So two never run at once, whoever starts them, and in whatever order they start and end. KNOWN are the names of
the site's single workers, with commas between them. One of another name that left its lock in FOLDER is not in the
settings any more. It may be this one, renamed: this waits for it too, and it does not begin again while this one lives.
"""

import fcntl
import os
import sys

folder, name, known, *words = sys.argv[1:]
own = f"worker.{name}.lock"
others = {f"worker.{one}.lock" for one in known.split(",")}
gone = {one for one in os.listdir(folder) if one.startswith("worker.") and one.endswith(".lock")} - others
# All take them in one order, so that no two ever wait for each other.
for file in sorted({own, *gone}):
    lock = os.open(f"{folder}/{file}", os.O_RDWR | os.O_CREAT, 0o600)
    os.set_inheritable(lock, True)
    # Several that are new may have waited for the same one.
    fcntl.flock(lock, fcntl.LOCK_EX if file == own else fcntl.LOCK_SH)
try:
    os.execvp(words[0], words)
except OSError as error:
    sys.exit(f"{words[0]} cannot be run: {error.strerror}")
