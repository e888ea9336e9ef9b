"""`make setup`'s last step: an archive of the classes that a run loads, see lakehouse.runtime.class_archive.

In: nothing. Out: the archive, where there was none. Guaranteed: it is there whole or not at all; whatever goes wrong
is one line, and no reason to stop: everything works without it.
"""

import os
import sys
import tempfile
from pathlib import Path

from lakehouse.errors import LakehouseError
from lakehouse.runtime.class_archive import archive_path, make_archive
from lakehouse.runtime.jars import class_path

ROWS = 300
LONGEST_EXIT = 120


def main() -> None:
    """Make the archive by sending a few sample rows down the road, in steps, and verifying what came of it."""
    path = archive_path(class_path())
    if path.is_file():
        return
    print("preparing a quick start of Spark (once, about a minute)", flush=True)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            _archive(Path(folder) / "classes.jsa", Path(folder) / "home")
            os.replace(Path(folder) / "classes.jsa", path)
        for other in set(path.parent.glob("classes-*.jsa")) - {path}:
            other.unlink()
    except (LakehouseError, OSError) as error:
        print(f"setup: no quick start ({error}); all works, Spark only starts some seconds later", file=sys.stderr)


def _archive(made: Path, home: Path) -> None:
    """Travel the road in a session whose JVM writes the archive when it ends."""
    os.environ["LAKEHOUSE_HOME"] = str(home)
    from pyspark import SparkContext

    from lakehouse.care.verify import findings
    from lakehouse.road import travel
    from lakehouse.runtime.lake import open_lake
    from lakehouse.runtime.session import open_session
    from lakehouse.sample import write_sample

    files = write_sample(home / "sample", rows=ROWS, days=2)
    lake = open_lake("local")
    spark = open_session(lake.settings, small=True, java_options=[make_archive(made)])
    process = spark.sparkContext._gateway.proc
    for file in files:
        travel("local", "superstore", [str(file.path)], to="gold")
    findings(lambda: spark, lake, rebuild=True)
    spark.stop()
    SparkContext._gateway.shutdown()
    process.stdin.close()
    process.wait(LONGEST_EXIT)


if __name__ == "__main__":
    main()
