"""Letters that look like a space, a quote or nothing, as copied from a web page or a word processor: named, since
nobody sees them.
"""

import re
import unicodedata
from typing import Final

# Spaces but the plain one and what has no width, for a set of a regular expression; and quotes that are none to a
# program. A tab is spoken of elsewhere.
SPACES: Final = r"\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\u00ad\u200b-\u200f\u2060-\u2064\ufeff"
_QUOTES: Final = re.compile(r"[\u2018-\u201f]")
_ODD: Final = re.compile(rf"[{SPACES}\u2018-\u201f]")


def tell_odd(text: str) -> str:
    """The first such letter in `text` by its name, and what to write; "" where there is none."""
    if not (found := _ODD.search(text)):
        return ""
    name = unicodedata.name(found[0], "letter without a name").lower()
    plain = "a plain quote" if _QUOTES.match(found[0]) else "a plain space or nothing"
    article = "an" if name[0] in "aeiou" else "a"
    return f"it holds {article} {name} (U+{ord(found[0]):04X}); write {plain}"
