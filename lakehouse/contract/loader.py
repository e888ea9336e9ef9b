"""Contracts and sources from YAML, strictly.

In: a configuration folder with `contracts/<layer>/<table>.yml` and `sources/<name>.yml`. Out: a `Catalog`.
Guaranteed: whatever is unknown, doubled, mistyped or refers to something that is not there is found, all
findings at once, each with its file and its path inside the file.
"""

from collections.abc import Mapping
from dataclasses import fields
from importlib.resources.abc import Traversable
from typing import Any, TypeVar, cast

import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError

from lakehouse.contract import consistency
from lakehouse.contract.model import Catalog, Column, Expectation, Source, SourceColumn, Table
from lakehouse.runtime.errors import UsageError

T = TypeVar("T", Table, Source)

for _declaration in (Table, Source, Column, SourceColumn, Expectation):
    cast(Any, _declaration).__pydantic_config__ = ConfigDict(extra="forbid")


class ContractError(UsageError):
    """One or more findings in the contracts or sources; `findings` holds them all."""

    def __init__(self, findings: list[str]) -> None:
        self.findings = findings
        head = f"the configuration has {len(findings)} finding(s); mend them and run again:"
        super().__init__("\n  ".join([head, *findings]))


class _StrictYaml(yaml.SafeLoader):
    """YAML in which a doubled key is an error: PyYAML keeps the last one in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        doubled = {key for key in keys if keys.count(key) > 1}
        if doubled:
            raise yaml.MarkedYAMLError(
                problem=f"the key {sorted(doubled)[0]!r} stands twice", problem_mark=node.start_mark
            )
        return super().construct_mapping(node, deep)


def load_catalog(conf: Traversable) -> Catalog:
    """All contracts and sources below `conf`.

    Raises:
        ContractError: with every finding in every file.
    """
    findings: list[str] = []
    tables = _load_folder(conf / "contracts", Table, "table", findings)
    sources = _load_folder(conf / "sources", Source, "source", findings)
    findings += consistency.findings(tables, sources)
    if findings:
        raise ContractError(findings)
    return Catalog(tables={t.name: t for t in tables.values()}, sources={s.name: s for s in sources.values()})


def _load_folder(folder: Traversable, kind: type[T], named_by: str, findings: list[str]) -> dict[str, T]:
    """The declarations below a folder by file name; what is wrong with them is added to `findings`."""
    loaded = {}
    for path, file in _yaml_files(folder, folder.name):
        try:
            declared = yaml.load(file.read_text(encoding="utf-8"), _StrictYaml)
            loaded[path] = _declaration_of(kind, named_by, declared)
        except ValidationError as error:
            findings += [f"{path}: {_place(declared, e['loc'])}: {e['msg']}" for e in error.errors()]
        except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
            findings.append(f"{path}: {' '.join(str(error).split())}")
    return loaded


def _yaml_files(folder: Traversable, path: str) -> list[tuple[str, Traversable]]:
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}; point LAKEHOUSE_CONF at the product's conf folder")
    found = []
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.is_dir():
            found += _yaml_files(entry, f"{path}/{entry.name}")
        elif entry.name.endswith((".yml", ".yaml")):
            found.append((f"{path}/{entry.name}", entry))
    return found


def _declaration_of(kind: type[T], named_by: str, declared: Any) -> T:
    """The frozen declaration of a parsed YAML document; pydantic checks keys, types and choices."""
    if not isinstance(declared, dict):
        raise ValueError("the file is not a mapping of keys to values")
    flat = {**declared}
    flat["name"] = flat.pop(named_by, None)
    for group, renames in _GROUPS.items():
        if isinstance(flat.get(group), dict):
            flat |= {renames.get(key, key): value for key, value in flat.pop(group).items()}
    if isinstance(flat.get("columns"), dict):
        flat["columns"] = [_with_name(name, body) for name, body in flat["columns"].items()]
    if isinstance(flat.get("expectations"), dict):
        flat["expectations"] = [_expectation(name, body) for name, body in flat["expectations"].items()]
    return TypeAdapter(kind).validate_python(flat)


_GROUPS: Mapping[str, Mapping[str, str]] = {
    "layout": {},
    "history": {},
    "as_of": {"pattern": "as_of_pattern", "format": "as_of_format"},
}
"""Groups that a YAML file has for its reader and a declaration does not need."""


def _with_name(name: object, body: object) -> object:
    return {"name": name, **body} if isinstance(body, dict) else body


def _expectation(name: object, body: object) -> object:
    """An expectation's YAML: what is no field of `Expectation` is an argument of its check."""
    if not isinstance(body, dict):
        return body
    own = {f.name for f in fields(Expectation)} - {"arguments"}
    arguments = {key: value for key, value in body.items() if key not in own}
    return {"name": name, "arguments": arguments, **{k: v for k, v in body.items() if k in own}}


def _place(declared: Mapping[str, Any], loc: tuple[int | str, ...]) -> str:
    """`columns.order_id.type` for pydantic's `('columns', 3, 'type')`."""
    words: list[str] = []
    for step in loc:
        names = list(declared.get(words[-1], ())) if words and isinstance(step, int) else []
        words.append(str(names[step]) if isinstance(step, int) and step < len(names) else str(step))
    return ".".join(words)
