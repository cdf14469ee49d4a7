"""The messages of a failure: each cause once, without the parts that only the provider's developers need."""

import re
from collections.abc import Sequence

# Where in its own source the provider has found it, and its version.
_SOURCE = re.compile(r"(?m)\b[\w./-]+\.go:\d+: |\bsdk\.helper_schema: |: provider=[\w-]+@[\w.-]+(?=:?\s*$)")
_COUNTED = re.compile(r"^\d+ errors? occurred:\s*\n\s*\* ")
# What the engine says besides of each run that failed.
_EMPTY = re.compile(
    r"update failed|preview failed|destroy failed|refresh failed|update canceled|resource operations? failed"
    r"|(one or more )?errors? occurred while \w+|.*\bpreviously errored\b.*"
    # Of what was not made, since a release command or a switch had failed (components/barrier.py).
    r"|.*\bwas skipped: an earlier step failed"
)
# Of a program that has said why before, and of a provider that the engine ends together with it.
_ENDED = re.compile(
    r"an unhandled error occurred: [Pp]rogram exited with non-zero exit code: \d+|[Pp]rogram failed.*"
    r"|Detected that \S+ exited prematurely\.(?s:.*)"
    # Of what the program said as the engine was about to end.
    r"|(?:\S+: )?cannot complete a resource '[^']+' whose registration isn't pending"
    # Of what takes a value from a resource that was not made or changed: to its provider the value is missing.
    r"|(?:\S+: )?\S+ resource '[^']+'(?:: property \S+ value output<\S*>\{\})? has a problem: "
    r"(?:Missing required argument|\S+ is required and missing).*"
)
CUT = "  ..."
# Above a list of which each line is another cause (config/mistake.py).
_LIST = re.compile(r"\d+ mistakes? in the settings; nothing was changed\.")


def tidy(message: str) -> str:
    """A message of the engine as it is shown; "" for one that says nothing."""
    text = _COUNTED.sub("", message.strip().removeprefix("error: "))
    text = _SOURCE.sub("", text)
    lines = [line.rstrip() for line in text.splitlines()]
    text = "\n".join(lines).strip()
    return "" if _EMPTY.fullmatch(text) else text


def choose(reported: Sequence[tuple[str, str]]) -> list[str]:
    """Of the errors, as (resource, message), those to be shown, each once, in their order.

    `resource` is "" for what the program itself said. It explains each failure of a resource by its name: then the
    provider's words for the same are left out.
    """
    tidied = [(resource, tidy(message)) for resource, message in reported]
    explained = "\n".join(text for resource, text in tidied if not resource)
    shown = []
    for resource, text in tidied:
        if resource and re.search(rf"\b{re.escape(resource)}\b", explained):
            continue
        text = f"{resource}: {text}" if resource and text else text
        if text and text not in shown:
            shown.append(text)
    return [text for text in shown if not _ENDED.fullmatch(text)] or shown


def lists_mistakes(message: str) -> bool:
    """Whether it is the list of what is wrong in the settings."""
    return _LIST.search(message) is not None


def fit(messages: Sequence[str], rows: int, width: int) -> list[str]:
    """The messages in about that many rows of a terminal. Of a long one the beginning and the end stay.

    The beginning is the cause, the end the last words of what failed. A list of mistakes is whole, however long: who
    fixes those that are shown would otherwise see the others one run later.
    """
    blocks = [message.splitlines() for message in messages]
    shorter = [block for block in blocks if not block or not _LIST.fullmatch(block[0])]
    while shorter and sum(count_rows(line, width) for block in shorter for line in block) > rows:
        # The longest gives a line, in its middle.
        longest = max(shorter, key=lambda block: sum(count_rows(line, width) for line in block))
        if len(longest) <= 4:
            break
        middle = longest.index(CUT) + 1 if CUT in longest else (len(longest) + 1) // 2
        if CUT not in longest:
            longest.insert(middle, CUT)
            middle += 1
        # The end of a log tells most: from above the cut a line goes as often as from below it.
        below = len(longest) - middle
        longest.pop(middle if below > middle - 1 or middle <= 4 else middle - 2)
    return ["\n".join(block) for block in blocks]


def count_rows(line: str, width: int) -> int:
    """How many rows of a terminal a line takes."""
    return max(1, -(-len(line) // width))
