"""Tells, in one line of JSON, what a process has written below its HOME: bytes, files, and the names of the largest."""

import json
import os
import sys

HOME, OWN = sys.argv[1], sys.argv[2]
found = []
for place, folders, names in os.walk(HOME):
    if place == HOME and OWN in folders:
        folders.remove(OWN)
    for name in names:
        path = os.path.join(place, name)
        try:
            found.append((os.lstat(path).st_blocks * 512, os.path.relpath(path, HOME)))
        except OSError:
            continue
found.sort(reverse=True)
print(json.dumps({"bytes": sum(size for size, _ in found), "files": len(found), "largest": [n for _, n in found[:3]]}))
