"""Why an image could not be built, from the output of the build itself.

The provider tells which command failed, and nothing of what it printed; that it writes into a file.
"""

import re
import textwrap
from pathlib import Path
from typing import Any

from portico.config.messages.build_causes import find_build_cause

_LINES = 15


def describe_build(inputs: Any, resource: str) -> str | None:
    """The cause and the last lines of the build with these `inputs` of a RemoteImage; None where there are none.

    An engine without BuildKit writes no file; then the provider's own words are all there is.
    """
    build = inputs.get("build") or {}
    site = (build.get("labels") or {}).get("portico.site", resource)
    log = Path(build.get("buildLogFile") or "")
    output = log.read_text(errors="replace") if log.is_file() else ""
    if not output.strip():
        return None
    lines = [f"{resource} could not be built; what served before keeps serving."]
    if cause := find_build_cause(site, output):
        lines.append(f"Likely cause: {cause}.")
    reported = read_failed_step(output)
    return "\n".join([*lines, "The last lines of the build:", textwrap.indent("\n".join(reported[-_LINES:]), "  ")])


def read_failed_step(output: str) -> list[str]:
    """What the step that failed has printed, by the log of a build: `#8 1.23 words`."""
    output = re.sub(r"(?m)^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d ", "", output)
    failed = re.findall(r"^(#\d+) ERROR: ", output, re.MULTILINE)
    if failed:
        step = re.findall(rf"^{failed[-1]} (?:[\d.]+ )?(.*\S)", output, re.MULTILINE)
        # Its first line repeats the command; the last one is the error itself, said again below it.
        reported = [line for line in step if not line.startswith(("ERROR: executor", "ERROR: process", "["))]
        if reported:
            return reported
    return output.strip().splitlines()
