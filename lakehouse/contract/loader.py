"""Contracts and sources from YAML, strictly.

In: a configuration folder with `contracts/<layer>/<table>.yml` and `sources/<name>.yml`. Out: a `Catalog`.
Guaranteed: whatever is unknown, doubled, mistyped or refers to something that is not there is found, all
findings at once, each with its file and its path inside the file.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from importlib.resources.abc import Traversable
from typing import Any, TypeVar, cast

import yaml
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from lakehouse.contract import consistency
from lakehouse.contract.model import Catalog, Column, Event, EventField, Expectation, Source, SourceColumn, Table
from lakehouse.contract.strict_yaml import parse_yaml, yaml_fault
from lakehouse.errors import UsageError

T = TypeVar("T", Table, Source)

for _declaration in (Table, Source, Column, SourceColumn, Expectation, Event, EventField):
    cast(Any, _declaration).__pydantic_config__ = ConfigDict(extra="forbid")

_GROUPED: Mapping[str, tuple[str, str]] = {
    "cluster_by": ("layout", "cluster_by"),
    "partition_by": ("layout", "partition_by"),
    "scd": ("history", "scd"),
    "track_history": ("history", "track_history"),
    "as_of_pattern": ("as_of", "pattern"),
    "as_of_format": ("as_of", "format"),
}
"""Fields of a declaration that a YAML file has inside a group: the group and the key there."""

_GROUPS = {group for group, _ in _GROUPED.values()}

POINT_AT_CONF = "point LAKEHOUSE_CONF at the product's conf folder"


class ContractError(UsageError):
    """One or more findings in the contracts or sources; `findings` holds them all."""

    def __init__(self, findings: list[str]) -> None:
        self.findings = findings
        head = f"the configuration has {len(findings)} finding(s); mend them and run again:"
        super().__init__("\n  ".join([head, *findings]))


def load_catalog(conf: Traversable) -> Catalog:
    """All contracts and sources below `conf`.

    Raises:
        ContractError: with every finding in every file.
    """
    catalog, findings = checked_catalog(conf)
    if findings:
        raise ContractError(findings)
    return catalog


def checked_catalog(conf: Traversable) -> tuple[Catalog, list[str]]:
    """The contracts and sources below `conf` that could be loaded, and all findings, each with its file in front."""
    missing = [name for name in ("contracts", "sources") if not (conf / name).is_dir()]
    findings = [f"{name}: there is no folder {conf / name}; {POINT_AT_CONF}" for name in missing]
    tables = _load_folder(conf / "contracts", Table, "table", findings)
    sources = _load_folder(conf / "sources", Source, "source", findings)
    declared = {consistency.table_of(path) for path, _ in _yaml_files(conf / "contracts", "contracts")}
    feeds = {consistency.table_of(path).rpartition(".")[2] for path, _ in _yaml_files(conf / "sources", "sources")}
    findings += [] if missing else consistency.findings(tables, sources, declared, feeds)
    loaded = Catalog(tables={t.name: t for t in tables.values()}, sources={s.name: s for s in sources.values()})
    return loaded, findings


def _load_folder(folder: Traversable, kind: type[T], named_by: str, findings: list[str]) -> dict[str, T]:
    """The declarations below a folder by file name; what is wrong with them is added to `findings`."""
    loaded = {}
    for path, file in _yaml_files(folder, folder.name):
        try:
            declared = parse_yaml(file.read_text(encoding="utf-8"))
            if not isinstance(declared, dict):
                raise ValueError("the file is not a mapping of keys to values")
            findings += [f"{path}: {what}" for what in _misplaced(declared, named_by)]
            loaded[path] = TypeAdapter(kind).validate_python(_flat(declared, named_by))
        except ValidationError as error:
            findings += [f"{path}: {_place(declared, e['loc'], named_by)}: {_told(e)}" for e in error.errors()]
        except (OSError, yaml.YAMLError, ValueError) as error:
            findings.append(f"{path}: {yaml_fault(error)}")
    return loaded


def _yaml_files(folder: Traversable, path: str) -> list[tuple[str, Traversable]]:
    found = []
    for entry in sorted(folder.iterdir(), key=lambda e: e.name) if folder.is_dir() else ():
        if entry.is_dir():
            found += _yaml_files(entry, f"{path}/{entry.name}")
        elif entry.name.endswith((".yml", ".yaml")):
            found.append((f"{path}/{entry.name}", entry))
    return found


def _misplaced(declared: Mapping[Any, Any], named_by: str) -> Iterator[str]:
    """What pydantic would take although a YAML file must not say it so."""
    for key in declared:
        if key == "name":
            yield f"name: there is no such key; the name is given as {named_by!r}"
        elif key in _GROUPED:
            yield f"{key}: there is no such key here; it belongs at {'.'.join(_GROUPED[key])}"
    event = declared.get("event")
    named = {key: declared.get(key, {}) for key in ("columns", "expectations")}
    named |= {"event.fields": event.get("fields", {})} if isinstance(event, dict) else {}
    for key, value in named.items():
        if not isinstance(value, dict):
            yield f"{key}: must be a mapping from names to what they mean"


def _flat(declared: Mapping[Any, Any], named_by: str) -> dict[Any, Any]:
    """A parsed YAML document in the form of a declaration: no groups, names inside bodies."""
    flat: dict[Any, Any] = {}
    inside = {place: name for name, place in _GROUPED.items()}
    for key, value in declared.items():
        if key in _GROUPS and isinstance(value, dict):
            flat |= {inside.get((key, inner), f"{key}.{inner}"): given for inner, given in value.items()}
        elif key == named_by:
            flat["name"] = value
        elif key == "name":
            continue
        elif key == "columns" and isinstance(value, dict):
            flat[key] = _listed(value)
        elif key == "event" and isinstance(value, dict) and isinstance(value.get("fields"), dict):
            flat[key] = value | {"fields": _listed(value["fields"])}
        elif key == "expectations" and isinstance(value, dict):
            flat[key] = [_expectation(name, body) for name, body in value.items()]
        else:
            flat[key] = value
    return flat


def _listed(named: Mapping[Any, Any]) -> list[object]:
    """Bodies by name as a list of bodies that have their names inside."""
    return [{"name": name, **body} if isinstance(body, dict) else body for name, body in named.items()]


def _expectation(name: object, body: object) -> object:
    """An expectation's YAML: what is no field of `Expectation` is an argument of its check."""
    if not isinstance(body, dict):
        return body
    own = {f.name for f in fields(Expectation)} - {"arguments", "name"}
    arguments = {key: value for key, value in body.items() if key not in own}
    return {"name": name, "arguments": arguments, **{k: v for k, v in body.items() if k in own}}


def _place(declared: Mapping[Any, Any], loc: tuple[int | str, ...], named_by: str) -> str:
    """`columns.order_id.type` for pydantic's `('columns', 3, 'type')`."""
    first, *rest = loc
    if first in ("columns", "expectations") and rest and isinstance(rest[0], int):
        rest[0] = str(list(declared[first])[rest[0]])
    if first == "event" and rest[:1] == ["fields"] and rest[1:] and isinstance(rest[1], int):
        rest[1] = str(list(declared[first]["fields"])[rest[1]])
    top = named_by if first == "name" else ".".join(_GROUPED.get(str(first), (str(first),)))
    return ".".join([top, *map(str, rest)])


def _told(error: ErrorDetails) -> str:
    """Pydantic's words, in ours where they would puzzle a reader of YAML."""
    if error["type"] == "unexpected_keyword_argument":
        return "there is no such key"
    if error["type"] == "missing":
        return "is missing"
    given = error["input"]
    shown = f" (given: {given!r})" if isinstance(given, str | int | float | bool) or given is None else ""
    return f"{error['msg'][0].lower()}{error['msg'][1:]}{shown}"
