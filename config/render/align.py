"""Text of a config file as a person would lay it out: comments under one another, no gaps."""

import re


def align(text: str) -> str:
    """Put the trailing comments of a block of lines into one column, and close up blank lines."""
    lines = re.sub(r"\n{3,}", "\n\n", text).split("\n")
    lines = [line for index, line in enumerate(lines) if line or index == 0 or not _opens_or_closes(lines, index)]
    start = 0
    while start < len(lines):
        block: list[tuple[str, str]] = []
        while start + len(block) < len(lines) and (split := _split(lines[start + len(block)])):
            block.append(split)
        width = min(max((len(code) for code, _ in block), default=0), 72)
        for index, (code, comment) in enumerate(block, start):
            lines[index] = f"{code:<{width}}  {comment}"
        start += len(block) + 1
    return "\n".join(lines)


def _split(line: str) -> tuple[str, str] | None:
    """The code of a line and the comment behind it; None where there are not both."""
    code, mark, comment = line.partition("  # ")
    # Inside quotes it is no comment.
    quoted = code.count('"') % 2 or code.count("'") % 2
    return (code.rstrip(), f"# {comment}") if mark and code.strip() and not quoted else None


def _opens_or_closes(lines: list[str], index: int) -> bool:
    """Whether the blank line at `index` stands right behind an opening or before a closing brace."""
    after = next((line for line in lines[index + 1 :] if line), "")
    return lines[index - 1].endswith("{") or after.strip() == "}"
