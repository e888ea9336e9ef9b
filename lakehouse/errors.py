"""The errors a user sees: one clear sentence with the remedy, and the exit code that goes with it.

Whatever is raised as one of these is printed without a traceback (`--debug` shows it); anything else is
a defect of the product and is said to be one.
"""

import errno
import re
from collections.abc import Callable, Collection
from difflib import get_close_matches

_ELSEWHERE = "choose another place (that of the lakehouse is LAKEHOUSE_HOME)"


class LakehouseError(Exception):
    """Base of all errors meant for the user; `exit_code` is what the process ends with."""

    exit_code = 1


class UsageError(LakehouseError):
    """Wrong usage, wrong input or wrong configuration: the user must change something. Exit code 2."""

    exit_code = 2


class JobError(LakehouseError):
    """A job, a gate or a promise failed; nothing was lost and the job may be run again. Exit code 1."""

    exit_code = 1


class LostError(JobError):
    """Something that the lakehouse keeps is not there any more, and to run again brings it not back."""


def no_space() -> JobError:
    """What is said of a full disk, whoever found it full."""
    return JobError("there is no space left on the disk: make room and run the command again; nothing is lost")


def of_files(error: OSError) -> JobError | None:
    """What a user can mend that keeps files from being read or written; None where it is none of that."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return no_space()
    if isinstance(error, PermissionError):
        return JobError(f"{error.filename} cannot be read or written: grant the right, or {_ELSEWHERE}")
    if error.errno == errno.EROFS:
        return JobError(f"{error.filename} cannot be written, as its file system is read-only: {_ELSEWHERE}")
    return None


def did_you_mean(name: str, known: Collection[str], *, most: int = 1, shown: Callable[[str], str] = str) -> str:
    """For a sentence about a name that is not known: ` (did you mean …?)` where some are close to it, else nothing."""
    close = get_close_matches(name, known, n=most)
    return f" (did you mean {' or '.join(map(shown, close))}?)" if close else ""


def is_broken_connection(error: BaseException) -> bool:
    """Whether an error says that Spark's JVM does not answer any more; py4j's errors are named, not imported."""
    said = str(error) if type(error).__name__ == "Py4JError" else ""
    empty = said.startswith("An error occurred while calling ") and "Trace:" not in said  # the call's answer never came
    unanswered = empty or said.endswith("does not exist in the JVM")
    return unanswered or isinstance(error, ConnectionError) or type(error).__name__ == "Py4JNetworkError"


def is_interruption(error: BaseException | None) -> bool:
    """Whether an error came of Ctrl-C: py4j, interrupted in a call, may fail at cleaning up and raise that instead."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None


_LIKE_A_SECRET = re.compile(
    r"(?<![A-Za-z0-9+/=_%-])(?!/)"  # at the begin of a run, and of one that is no path
    r"(?=[A-Za-z0-9+/=_%-]*[0-9])(?=[A-Za-z0-9+/=_%-]*[A-Za-z])[A-Za-z0-9+/=_%-]{16,}"
)
"""Letters and digits without a blank between: keys of users, signatures and tokens, but also other long names."""


def masked(said: str) -> str:
    """What another program said, without what may be a secret: some stores repeat what a request was signed with."""
    return _LIKE_A_SECRET.sub("…", said)
