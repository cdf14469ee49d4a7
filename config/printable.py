"""Texts that somebody else wrote, so that they can be shown: no character tells a terminal to do something."""


def spell_printable(text: str, *, keep: str = "") -> str:
    """The text with each character that is not printable as Python spells it, such as \\x1b; those of `keep` stay."""
    return "".join(one if one.isprintable() or one in keep else ascii(one)[1:-1] for one in text)
