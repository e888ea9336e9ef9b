"""Which package may import which: those below it alone, so that the code can be read from the ground up."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.test_contract_imports import imported_without_spark

PACKAGE = Path(__file__).resolve().parents[2] / "lakehouse"

GROUND_UP = (
    *("errors", "conf", "contract", "runtime", "ops", "bronze", "quality", "silver", "gold", "publish"),
    *("streams", "care", "hops", "road", "sample", "cli"),
)
"""Each imports only what stands before it; docs/explanation/architecture.md tells what each is."""


def imports(file: Path) -> Iterator[str]:
    """The packages, or modules, of lakehouse that a file imports, also inside of functions."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def place_of(file: Path) -> str:
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def test_every_package_has_its_place() -> None:
    there = {path.name.removesuffix(".py") for path in PACKAGE.iterdir() if not path.name.startswith("_")}
    assert there == set(GROUND_UP)


def test_imports_point_to_the_ground() -> None:
    upward = [
        f"{file.relative_to(PACKAGE)} imports {name}"
        for file in PACKAGE.rglob("*.py")
        for name in imports(file)
        if name.startswith("lakehouse.")
        and place_of(file) in GROUND_UP
        and GROUND_UP.index(name.split(".")[1]) > GROUND_UP.index(place_of(file))
    ]
    assert upward == []


def test_only_the_runtime_knows_what_a_place_is_made_of() -> None:
    """Layers and jobs take locations: none asks whether they are local, and none goes to S3 by itself."""
    of_storage = ("lakehouse.runtime.s3", "lakehouse.runtime.local_store", "boto3", "botocore", "pyarrow.fs")
    elsewhere = [file for file in PACKAGE.rglob("*.py") if place_of(file) != "runtime"]
    asking = [file.name for file in elsewhere if "storage.kind" in file.read_text()]
    reaching = {
        f"{file.relative_to(PACKAGE)} imports {name}"
        for file in elsewhere
        for name in imports(file)
        if name.startswith(of_storage)
    }
    assert (asking, reaching) == ([], set())


def test_the_page_on_the_architecture_has_every_package() -> None:
    page = (PACKAGE.parent / "docs" / "explanation" / "architecture.md").read_text()
    assert [name for name in GROUND_UP if f"`{name}`" not in page and f"`{name}.py`" not in page] == []


@pytest.mark.parametrize(
    "name", ["lakehouse.road", "lakehouse.care.status", "lakehouse.care.audit", "lakehouse.ops", "lakehouse.bronze"]
)
def test_who_has_nothing_for_spark_to_do_does_not_load_it(name: str) -> None:
    done = imported_without_spark(name)
    assert done.returncode == 0, done.stderr
