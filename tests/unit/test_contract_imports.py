"""`lakehouse.contract`, and what needs no Spark, can be imported where pyspark is not there."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import importlib, pkgutil, sys

class NoSpark:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("pyspark", "delta", "py4j"):
            raise ImportError(f"{name} must not be imported here")

sys.meta_path.insert(0, NoSpark())
for name in sys.argv[1:]:
    module = importlib.import_module(name)
    for found in pkgutil.walk_packages(getattr(module, "__path__", ()), f"{name}."):
        importlib.import_module(found.name)
"""


def imported_without_spark(*names: str) -> subprocess.CompletedProcess[str]:
    """Import the modules, and those below them, in a Python where pyspark raises."""
    command = [sys.executable, "-c", PROGRAM, *names]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_pyspark_raises_in_that_python() -> None:
    done = imported_without_spark("pyspark")
    assert done.returncode == 1
    assert "pyspark must not be imported here" in done.stderr


@pytest.mark.parametrize(
    "names",
    [
        ["lakehouse.contract"],
        [
            "lakehouse.runtime.settings",
            "lakehouse.errors",
            "lakehouse.runtime.leases",
            "lakehouse.runtime.jars",
        ],
        ["lakehouse.runtime.lake", "lakehouse.runtime.storage", "lakehouse.sample"],
        ["lakehouse.bronze.records", "lakehouse.bronze.detect", "lakehouse.bronze.arrivals"],
        ["lakehouse.cli"],
    ],
    ids=lambda names: names[0],
)
def test_imports_without_spark(names: list[str]) -> None:
    done = imported_without_spark(*names)
    assert done.returncode == 0, done.stderr
