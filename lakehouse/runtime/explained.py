"""What others raise, in the words of whoever has to mend it: Spark, Java, delta-rs, the system.

In: any error. Out: one of ours, a sentence with its remedy. Guaranteed: what none of this knows is said to be
unexpected, and its cause is the innermost one; nothing that may be a secret is repeated.
"""

import re

from lakehouse.errors import JobError, LakehouseError, LostError, is_broken_connection, masked, no_space, of_files

RECOVER = "docs/how-to/recover-from-a-failed-run.md"
RAW_FILE = re.compile(r"FileNotFoundError: (?:\[Errno 2\] [\w ]+: )?(?P<path>.*/bronze/.*)")
"""What a worker of Spark's raises of a landed file that is not there."""
DATA_FILE = re.compile(
    r"\[PATH_NOT_FOUND\] Path does not exist: (?P<spark>\S+?)\. SQLSTATE|"
    r"FileNotFoundException: (?:No such file or directory: |File )?(?P<java>\S+)|"
    r"Object at location (?P<delta_rs>\S+) not found"
)
"""What is said of a file of a table by who follows its log."""
LOG = re.compile(
    r"found gap|TableNotFoundError|"
    r"DELTA_(?:VERSIONS_NOT_CONTIGUOUS|TRUNCATED_TRANSACTION_LOG|LOG_FILE_NOT_FOUND|PATH_DOES_NOT_EXIST)"
)
"""What is said of a log that is not there, has no beginning, or a hole."""
OF_S3A = re.compile(r"\(Service: S3, Status Code: (?P<status>\d{3})")
PLACE = re.compile(r"s3a://[^\s:,;\"]+|(?<=Local path \")[^\"]+")
JAVA_CAUSES = (": ", "Caused by: ")
PYTHON_RAISED = re.compile(r"[A-Za-z_.]+(Error|Exception)\b")

BROKEN_OFF = ("Premature end of Content-Length", "AWSClientIOException", "SocketTimeoutException")
"""What Spark's way to S3 says, however deep within, when its own attempts are used up."""


def explained(error: Exception) -> LakehouseError:
    """The error as one for the user; what is none of ours is a failed job, and said to be unexpected."""
    if isinstance(error, LakehouseError):
        return error
    if isinstance(error, OSError) and (told := of_files(error)) is not None:
        return told
    if "No space left on device" in str(error):
        return no_space()
    if is_broken_connection(error):
        return JobError(
            "Spark's JVM has ended, perhaps for want of memory (LAKEHOUSE_SPARK__DRIVER_MEMORY sets how much it may "
            "take): run the command again; nothing is lost (Spark's own log is logs/spark.log below LAKEHOUSE_HOME)"
        )
    if (gone := lost(f"{type(error).__name__}: {error}")) is not None:
        return gone
    if type(error).__name__ == "CommitFailedError" or "[DELTA_CONCURRENT_" in str(error):
        return JobError(
            "another commit to a table came between, or the store's answer to our own was lost: run the command again; "
            "nothing is lost"
        )
    said = masked(_cause(str(error)))[:300]
    if any(words in str(error) for words in BROKEN_OFF):
        return JobError(
            f"the store broke an answer to Spark off, or gave none ({said}): run the command again; nothing is lost "
            "(`lakehouse doctor` asks the store)"
        )
    if (answered := OF_S3A.search(str(error))) is not None:
        return _refused(answered["status"], PLACE.search(str(error)), said)
    return JobError(
        f"unexpected: {type(error).__name__}: {said}; run the command again, with --debug for the traceback "
        "(Spark's own log is logs/spark.log below LAKEHOUSE_HOME)"
    )


def lost(said: str) -> LostError | None:
    """What an error says is gone of what a lakehouse keeps; None where it says nothing of the kind."""
    if raw := RAW_FILE.search(said):
        path = raw["path"].strip("'\"")
        return LostError(
            f"a landed file is gone from bronze ({path}): `lakehouse audit bronze` tells all that are, and "
            f"{RECOVER} how to put them back"
        )
    if file := DATA_FILE.search(said):
        path = next(filter(None, file.groups()))
        return LostError(
            f"a file that a table needs is gone ({path}), and no command of the lakehouse removes such: bring it back "
            f"from a backup or the versions of the bucket, as {RECOVER} tells"
        )
    if LOG.search(said):
        where = f" ({place[0]})" if (place := PLACE.search(said)) else ""
        return LostError(
            f"the log of a table{where} is gone, or a version from it, and no command of the lakehouse removes such: "
            f"bring it back from a backup or the versions of the bucket, as {RECOVER} tells"
        )
    return None


def _refused(status: str, place: re.Match[str] | None, said: str) -> JobError:
    """What the store answered to Spark, whose own attempts are used up."""
    where = f" about {place[0]}" if place else ""
    if status in ("401", "403"):
        return JobError(
            f"the store refuses Spark a request{where} with {status} ({said}): grant the rights that "
            "docs/how-to/run-on-s3.md lists to the role or user that runs this, or renew its credentials"
        )
    return JobError(
        f"the store answered Spark with {status}{where} ({said}): run the command again, nothing is lost; if it "
        "repeats, see to the store"
    )


def _cause(told: str) -> str:
    """The line of an error's text that says why: Java's innermost cause, else what a Python worker raised last."""
    lines = [line.rstrip() for line in told.strip().splitlines()] or ["it does not say why"]
    java = [line.removeprefix("Caused by").removeprefix(": ") for line in lines if line.startswith(JAVA_CAUSES)]
    python = [line for line in lines if PYTHON_RAISED.match(line)] if "Traceback" in told else []
    return (python[-1:] or java[-1:] or lines)[0]
