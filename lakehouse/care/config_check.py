"""All of the configuration, checked without running anything: settings, contracts, sources, jars, files of keys.

In: the name of an environment, variables, the conf folder. Out: how much there is, and every finding with its
place and remedy. Guaranteed: one finding never hides another of another file or variable; nothing is written,
no network is asked, Spark is not loaded.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lakehouse.care.key_file import key_file_faults
from lakehouse.conf import conf_folder
from lakehouse.contract.loader import checked_catalog
from lakehouse.contract.model import Catalog
from lakehouse.errors import UsageError
from lakehouse.runtime.authorities import authorities
from lakehouse.runtime.jar_list import LIST_FILE, OF_SPARK, checked_list
from lakehouse.runtime.jars import cache_folder
from lakehouse.runtime.setting_findings import place_of
from lakehouse.runtime.settings import Settings, checked_settings, environment_name, key_file_named, unknown_environment
from lakehouse.silver.sources import transform_path
from lakehouse.streams import connection

LOG_FILE = "log4j2.properties"
COPY_IT = "copy it from the product's conf folder"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What is wrong: the file or variable, and one sentence with the remedy."""

    place: str
    told: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedConfiguration:
    """What was checked, and all findings; the configuration is sound where there is none."""

    environment: str
    folder: Path | None
    contracts: int = 0
    sources: int = 0
    jars: int = 0
    findings: tuple[Finding, ...]


def check_configuration(env: str | None) -> CheckedConfiguration:
    """Everything that a command would read before it begins."""
    name = environment_name(env)
    try:
        conf = conf_folder()
    except UsageError as error:
        nowhere = Finding(place="LAKEHOUSE_CONF", told=str(error))
        return CheckedConfiguration(environment=name, folder=None, findings=(nowhere, *_of_settings(name, None)))
    catalog, findings = checked_catalog(conf)
    jars, faults = checked_list(conf, OF_SPARK)
    return CheckedConfiguration(
        environment=name,
        folder=conf,
        contracts=len(catalog.tables),
        sources=len(catalog.sources),
        jars=sum(map(len, jars.values())),
        findings=(
            *_of_environment(name, conf, "--env" if env else "LAKEHOUSE_ENV"),
            *_of_settings(name, conf),
            *(_placed(f"{finding}; mend it there") for finding in findings),
            *_of_transforms(catalog),
            *(Finding(place=LIST_FILE, told=fault) for fault in faults),
            *_of_jar_folder(),
            *_of_log(conf / LOG_FILE),
        ),
    )


def _placed(finding: str) -> Finding:
    """A finding that has its place in front, before the first colon."""
    place, _, told = finding.partition(": ")
    return Finding(place=place, told=told)


def _of_environment(name: str, conf: Path, said_by: str) -> Iterator[Finding]:
    if unknown := unknown_environment(name, conf):
        yield Finding(place=said_by, told=unknown)


def _of_settings(name: str, conf: Path | None) -> Iterator[Finding]:
    settings, findings = checked_settings(name, conf)
    yield from map(_placed, findings)
    if (file := key_file_named(name, conf)) is not None:
        place = place_of(f"environments/{name}.yml", ("warehouse", "private_key_file"))
        yield from (_placed(f"{place}: {fault}") for fault in key_file_faults(file))
    if settings is not None:
        yield from _of_authorities(name, settings)
        for setting, fault in connection.faults(settings.kafka):
            yield Finding(place=place_of(f"environments/{name}.yml", ("kafka", setting)), told=fault)


def _of_authorities(name: str, settings: Settings) -> Iterator[Finding]:
    try:
        if settings.storage.ca_file is not None:
            authorities(settings.storage.ca_file)
    except UsageError as error:
        yield Finding(place=place_of(f"environments/{name}.yml", ("storage", "ca_file")), told=str(error))


def _of_transforms(catalog: Catalog) -> Iterator[Finding]:
    """Each source that could be loaded has a module of its own; a name that none could have is a finding already."""
    for source in catalog.sources.values():
        try:
            if source.name.isidentifier():
                transform_path(source)
        except UsageError as error:
            yield Finding(place=f"sources/{source.name}.yml", told=str(error))


def _of_jar_folder() -> Iterator[Finding]:
    place = "LAKEHOUSE_JARS"
    try:
        folder = cache_folder()
        if os.pathsep in str(folder):
            told = f"{folder} has '{os.pathsep}' in its path, which no class path can hold: name another folder"
            yield Finding(place=place, told=told)
        if not folder.is_dir() and folder.exists():
            yield Finding(place=place, told=f"{folder} is a file: name a folder, or one to be made")
    except UsageError as error:
        yield Finding(place=place, told=str(error))
    except OSError as error:
        yield Finding(place=place, told=f"cannot be looked at ({error.strerror}): name another folder")


def _of_log(file: Path) -> Iterator[Finding]:
    """How Spark logs; without it Spark would speak on the terminal."""
    try:
        if not file.read_bytes().strip():
            yield Finding(place=LOG_FILE, told=f"is empty, and Spark would log nowhere: {COPY_IT}")
    except FileNotFoundError:
        yield Finding(place=LOG_FILE, told=f"is missing from {file.parent}: {COPY_IT}")
    except OSError as error:
        yield Finding(place=LOG_FILE, told=f"cannot be read ({error.strerror}): {COPY_IT}")
