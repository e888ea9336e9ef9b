"""An archive of the classes that every run loads (AppCDS): with it Spark's JVM starts and warms up some seconds sooner.

In: the Java and the jars of this environment. Out: where their archive is, and the JVM's options for it. Guaranteed:
an archive of another Java, of other jars or of another environment is never named; without one all works, only later.
`make setup` makes it, by scripts/archive_classes.py.
"""

import hashlib
import sys
from importlib.util import find_spec
from pathlib import Path

from lakehouse.runtime.java import find_java

TRAINING = 2
"""Raised when scripts/archive_classes.py has the JVM do other things before it writes the archive."""


def archive_path(class_path: str) -> Path:
    """Where the archive for these jars is, or would be: in the Python environment, so that it goes with it."""
    java = find_java().resolve()
    spec = find_spec("pyspark")
    told = [TRAINING, java, java.stat().st_mtime_ns, class_path, spec.origin if spec else None]
    key = hashlib.sha256("|".join(map(str, told)).encode()).hexdigest()[:16]
    return Path(sys.prefix) / "share" / "lakehouse" / f"classes-{key}.jsa"


def use_archive(class_path: str) -> tuple[str, ...]:
    """The JVM's options where there is an archive; none where there is not."""
    path = archive_path(class_path)
    return (f"-XX:SharedArchiveFile={path}", "-Xshare:auto") if path.is_file() else ()


def make_archive(path: Path) -> str:
    """The JVM's option that writes an archive at its end."""
    return f"-XX:ArchiveClassesAtExit={path}"
