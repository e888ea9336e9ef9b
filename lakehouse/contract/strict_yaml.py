"""YAML in which a doubled key is an error: PyYAML itself keeps the last one in silence.

In: the text of a configuration file. Out: what it says, as plain Python values. Guaranteed: nothing but plain
YAML is understood (no tags that build objects), and no key of a mapping is lost.
"""

from typing import Any

import yaml


class _StrictLoader(yaml.SafeLoader):
    """PyYAML's safe loader, with doubled keys as errors."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.tag != "tag:yaml.org,2002:merge" and isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise yaml.MarkedYAMLError(
                        problem=f"the key {key.value!r} stands twice", problem_mark=key.start_mark
                    )
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def parse_yaml(text: str) -> Any:
    """The document of a YAML file; None for an empty one.

    Raises:
        yaml.YAMLError: it is no YAML, or a key stands twice in one mapping; the message names line and column.
    """
    return yaml.load(text, _StrictLoader)


def yaml_fault(error: Exception) -> str:
    """What is wrong with a file, or with its text, on one line, with line and column where they are known."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        told = " ".join(part for part in (error.context, error.problem) if part)
        return f"line {mark.line + 1}, column {mark.column + 1}: {told}"
    if isinstance(error, OSError):
        return f"it cannot be read ({error.strerror})"
    told = " ".join(str(error).split())
    return f"{told}: save it as UTF-8" if isinstance(error, UnicodeDecodeError) else told
