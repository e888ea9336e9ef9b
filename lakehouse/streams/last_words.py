"""What a process of Kafka says when it ends instead of working: the one line of it that says why.

In: lines of its output and of its log. Out: the innermost cause, else its last complaint, else nothing.
"""

import re
from collections.abc import Iterable
from pathlib import Path

COMPLAINT = re.compile(r"^\S+ \S+ (?:ERROR|FATAL) [^:]+: (.*)$")
NO_PORT = re.compile(r"^[\w.$: ]*(Socket server failed to bind to .+)$")
CAUSE = re.compile(r"^(?:Caused by: |Exception in thread \S+ )?[\w.$]+(?:Exception|Error): (.+)$")
OF_JVM = "Error occurred during initialization of VM"
LONGEST = 300


def last_words(lines: Iterable[str]) -> str:
    """Why it ended, in one line; empty where nothing tells."""
    said = list(lines)
    if OF_JVM in said[:-1]:
        return said[said.index(OF_JVM) + 1][:LONGEST]
    for form in (NO_PORT, CAUSE, COMPLAINT):
        if found := [match[1] for line in said if (match := form.match(line))]:
            return found[-1][:LONGEST]
    return ""


def lines_of(file: Path, begin: int = 0) -> list[str]:
    """The lines of a file from a byte on; all of them where it has become shorter since, none where it is not there."""
    try:
        said = file.read_bytes()
    except OSError:
        return []
    return said[begin if begin <= len(said) else 0 :].decode(errors="replace").splitlines()
