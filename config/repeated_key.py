"""A key that is listed twice in one mapping of a YAML file: PyYAML takes the last one, and Pulumi refuses the file."""

from typing import Any

import yaml


class RepeatedKey(yaml.YAMLError):
    """Says which key it is, and both lines."""


class UniqueLoader(yaml.SafeLoader):
    """PyYAML's own, but as Pulumi it refuses a key that is listed twice: the one or the other is not meant."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Raises RepeatedKey."""
        seen: dict[str, int] = {}
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value != "<<":
                line = key.start_mark.line + 1
                if key.value in seen:
                    raise RepeatedKey(f"line {line}: {key.value} is in line {seen[key.value]} already; write it once")
                seen[key.value] = line
        return super().construct_mapping(node, deep)
