"""Becomes a command once no other container runs the same one: the lock goes with the last process that has it open.

So two are never at it at once, whoever starts them, and whatever order they start and end in.
"""

import fcntl
import os
import sys

file, *words = sys.argv[1:]
lock = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
os.set_inheritable(lock, True)
fcntl.flock(lock, fcntl.LOCK_EX)
try:
    os.execvp(words[0], words)
except OSError as error:
    sys.exit(f"{words[0]} cannot be run: {error.strerror}")
