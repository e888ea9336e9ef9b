"""The list of jars, `conf/jars.yml`: by group, a coordinate and the sha256 of the file's bytes each.

Flows in: the configuration folder. Flows out: the jars of the groups asked for, in the order of the list.
Guaranteed: a list with anything wrong in it is refused, and all that is wrong is told at once; nothing is fetched here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from lakehouse.contract.strict_yaml import parse_yaml, yaml_fault
from lakehouse.errors import UsageError

LIST_FILE = "jars.yml"
ALL_GROUPS: tuple[str, ...] = ()
OF_SPARK = ("delta", "s3", "kafka")
"""What is on Spark's class path, whatever a lakehouse needs of it: one class path has one archive of classes."""
FORM = "write it as `groups: NAME: [coordinate, sha256]`"


@dataclass(frozen=True, kw_only=True)
class Jar:
    """One line of the list: `coordinate` is group:artifact:version, `sha256` that of the file's bytes."""

    coordinate: str
    sha256: str

    @property
    def file_name(self) -> str:
        """The file's name in the cache; two groups may share an artifact's name, so it has the group."""
        group, artifact, version = self.coordinate.split(":")
        return f"{group}_{artifact}-{version}.jar"


def listed(conf: Path, groups: Sequence[str] = ALL_GROUPS) -> tuple[Jar, ...]:
    """The jars of these groups (all where none is named), in the order of `conf/jars.yml`.

    Raises:
        UsageError: the list is missing or malformed, or has no such group.
    """
    by_group, faults = checked_list(conf, groups)
    if faults:
        raise UsageError(f"{conf / LIST_FILE} {'; '.join(faults)}")
    return tuple(jar for group in groups or by_group for jar in by_group[group])


def checked_list(conf: Path, groups: Sequence[str] = ALL_GROUPS) -> tuple[dict[str, tuple[Jar, ...]], list[str]]:
    """The jars by group that are well declared, and all that is wrong with the list."""
    try:
        content: Any = parse_yaml((conf / LIST_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}, ["is missing: it lists the jars that Spark needs; copy it from the product's conf folder"]
    except (OSError, yaml.YAMLError, ValueError) as error:
        return {}, [f"is not a list of jars: {yaml_fault(error)}; {FORM}"]
    declared = content.get("groups") if isinstance(content, dict) else None
    if not isinstance(declared, dict) or not all(isinstance(entries, list) for entries in declared.values()):
        return {}, [f"is not a list of jars: {FORM}"]
    faults = [fault for entries in declared.values() for entry in entries for fault in _faults(entry)]
    unknown = [group for group in groups if group not in declared]
    if unknown:
        faults.append(f"has no group {', '.join(unknown)}: it has {', '.join(map(str, declared))}; add what is missing")
    sound = {group: tuple(Jar(**e) for e in entries if not any(_faults(e))) for group, entries in declared.items()}
    return sound, faults


def _faults(entry: object) -> Iterator[str]:
    """What is wrong with one entry of the list."""
    if not isinstance(entry, dict) or set(entry) != {"coordinate", "sha256"}:
        has = sorted(map(str, entry)) if isinstance(entry, dict) else repr(entry)
        yield f"has an entry with {has}: give it exactly coordinate and sha256"
        return
    coordinate, sha256 = str(entry["coordinate"]), entry["sha256"]
    if len(coordinate.split(":")) != 3:
        yield f"has an entry whose {coordinate} is not group:artifact:version: write it so"
    if not isinstance(sha256, str) or len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        yield f"has {coordinate}, but its sha256 is not 64 lower-case hexadecimal digits: write that of its bytes"
