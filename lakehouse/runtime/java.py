"""The Java that Spark will start: found as Spark finds it, and refused where it is of another version.

Flows in: `JAVA_HOME` and `PATH`. Flows out: the path of a Java 17. Standard library only, because
`make setup` asks before anything is installed.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from lakehouse.errors import UsageError

NEEDED = 17
REMEDY = f"install Java {NEEDED} (Debian: openjdk-17-jre-headless) or set JAVA_HOME to one"


def find_java(environment: Mapping[str, str] = os.environ) -> Path:
    """`$JAVA_HOME/bin/java`, else `java` on the PATH: the order of Spark's own start script.

    Raises:
        UsageError: there is no Java, or JAVA_HOME is set to a folder without one.
    """
    home = environment.get("JAVA_HOME", "")
    if home:
        java = Path(home) / "bin" / "java"
        if os.access(java, os.X_OK):
            return java
        raise UsageError(f"JAVA_HOME is {home}, but there is no Java in it: {REMEDY}")
    found = shutil.which("java", path=environment.get("PATH", ""))
    if found:
        return Path(found)
    raise UsageError(f"Java is missing: {REMEDY}")


def java_version(java: Path) -> int:
    """The major version of this Java, from what `java -version` prints.

    Raises:
        UsageError: it does not start, or does not say its version.
    """
    try:
        said = subprocess.run([java, "-version"], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError(f"{java} does not start: {REMEDY}") from error
    match = re.search(r'version "(?:1\.)?(\d+)', said.stderr + said.stdout)
    if match is None:
        raise UsageError(f"{java} does not say its version: {REMEDY}")
    return int(match[1])


def check_java(environment: Mapping[str, str] = os.environ) -> Path:
    """The Java 17 that Spark will start.

    Raises:
        UsageError: there is none, or it is of another version; one sentence with the remedy.
    """
    java = find_java(environment)
    version = java_version(java)
    if version != NEEDED:
        raise UsageError(f"Java {NEEDED} is needed, but {java} is Java {version}: {REMEDY}")
    return java
