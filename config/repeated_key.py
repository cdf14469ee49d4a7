"""A key that stands twice in one mapping of a YAML file: PyYAML takes the last one, and Pulumi refuses the file."""

from collections.abc import Iterator

import yaml


def find_repeated_key(text: str) -> str:
    """The first key that stands twice, and its line, in a sentence; "" where there is none.

    Raises yaml.YAMLError where the text is no YAML.
    """
    root = yaml.compose(text, yaml.SafeLoader)
    return next(_walk(root), "") if root else ""


def _walk(root: yaml.Node) -> Iterator[str]:
    # What an alias leads to is looked at once, and depth is no matter.
    waiting, known = [root], {id(root)}
    while waiting:
        node = waiting.pop(0)
        inner: list[yaml.Node] = []
        if isinstance(node, yaml.MappingNode):
            seen: dict[str, int] = {}
            for key, value in node.value:
                if isinstance(key, yaml.ScalarNode):
                    line = key.start_mark.line + 1
                    if key.value in seen:
                        yield f"line {line}: {key.value} stands in line {seen[key.value]} already; write it once"
                    seen[key.value] = line
                inner.append(value)
        elif isinstance(node, yaml.SequenceNode):
            inner = list(node.value)
        for one in inner:
            if id(one) not in known:
                known.add(id(one))
                waiting.append(one)
