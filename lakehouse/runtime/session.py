"""The one Spark session of a run, with Delta, tuned for small machines.

In: settings. Out: a session in UTC that every stage is given. Guaranteed: what must be the same everywhere
(time zone, ANSI, Delta's extensions) is set here; under spark-submit the submitted configuration wins for
the rest.
"""

import logging
import os
import sys
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

from pyspark import SparkConf, SparkContext
from pyspark.errors import PySparkRuntimeError
from pyspark.java_gateway import launch_gateway
from pyspark.sql import SparkSession

from lakehouse.conf import conf_folder
from lakehouse.errors import JobError
from lakehouse.runtime import jars
from lakehouse.runtime.authorities import trust_options
from lakehouse.runtime.class_archive import use_archive
from lakehouse.runtime.gateway import remember_names
from lakehouse.runtime.leases import remember_jvm
from lakehouse.runtime.s3a import clear_left_uploads, s3a_options
from lakehouse.runtime.settings import Settings

SEMANTICS = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",
    # Else moments are written as INT96, which others read as nanoseconds: there the year 9999 is 1816.
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
}
"""What results depend on."""

ONE_MACHINE = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.adaptive.coalescePartitions.parallelismFirst": "false",
    "spark.sql.files.maxPartitionBytes": "16m",
    "spark.databricks.delta.snapshotPartitions": "1",
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "2",
    "spark.sql.autoBroadcastJoinThreshold": "32m",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "20000",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.shuffle.compress": "true",
    # Without Hadoop's native library, each of these would start processes to look at links or to set rights.
    "spark.delta.logStore.file.impl": "io.delta.storage.LocalLogStore",
    "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
    # How Delta writes a file of checksums beside each commit; the usual way looks at links, or asks S3 a dozen times.
    "spark.sql.streaming.checkpointFileManagerClass": (
        "org.apache.spark.sql.execution.streaming.checkpointing.FileSystemBasedCheckpointFileManager"
    ),
    # Else each sort, join and hash table of a small query takes and clears 32 MB: a step of 300 rows held 800 MB.
    "spark.buffer.pageSize": "1m",
    # A day asks what the day before asked: what was compiled for it is kept.
    "spark.sql.codegen.cache.maxEntries": "5000",
    # Of the pages that nobody sees here only the last are kept.
    "spark.sql.ui.retainedExecutions": "10",
    "spark.ui.retainedJobs": "50",
    "spark.ui.retainedStages": "50",
    # Else Spark notes the line of Python behind each call on a column: a quarter of the time of a small batch.
    "spark.python.sql.dataFrameDebugging.enabled": "false",
    "spark.sql.dataFrameQueryContext.enabled": "false",
}
"""What only speed and quiet depend on, on one machine."""

PARTITIONS = "spark.sql.shuffle.partitions"

BY_SIZE = {
    # A plan made once, in place of one made anew after each shuffle.
    "spark.sql.adaptive.enabled": ("false", "true"),
    # Files rewritten by a MERGE, in place of marks in vectors beside them.
    "spark.databricks.delta.merge.deletionVectors.persistent": ("false", "true"),
}
"""What is quicker where tables are small, and where they are not; docs/decisions/0012 has the figures."""

LARGEST_LOG = 1_000_000
"""From so many bytes on the file of what JVMs print begins anew."""

IDLE_TALK = ("WARNING: Using incubator modules", "Picked up ", "NOTE: ")
"""Lines that a JVM prints in any case."""


LEAN_JVM = (
    *("-XX:+UseSerialGC", "-XX:-DontCompileHugeMethods"),
    *("-XX:ReservedCodeCacheSize=256m", "-XX:MetaspaceSize=256m", "-Xmn256m"),
)
"""On few cores the JVM's own threads take them from the data: this halves the memory.

With one compiler alone the code cache is 48 MB unless told otherwise: too little for Spark, whose code would be thrown
away and compiled again all the time. A small metaspace makes full collections only to grow; a small young generation
lets plans grow old that live for a moment.
"""

SHORT_RUN = (
    "-XX:TieredStopAtLevel=1",
    *("-XX:Tier3InvocationThreshold=20", "-XX:Tier3MinInvocationThreshold=10"),
    *("-XX:Tier3CompileThreshold=100", "-XX:Tier3BackEdgeThreshold=5000"),
)
"""Of a JVM that ends after minutes: the quick compiler alone, and soon, as planning a query calls most methods some
dozen times only. It halves a cold run's CPU time; what goes on for hours is better off with both compilers.
"""


def open_session(
    settings: Settings, *, small: bool = False, lasting: bool = False, java_options: Sequence[str] = ()
) -> SparkSession:
    """The session, started where none runs.

    Args:
        settings: where Spark runs, and with how much memory.
        small: whether its tables are; a session that runs is told anew each time.
        lasting: whether a JVM that is started here is to be at work for hours.
        java_options: more of them for a JVM that is started here.

    Raises:
        JobError: a jar is missing and cannot be fetched, or the JVM does not start.
    """
    warnings.filterwarnings("ignore", module="pyspark")
    if not logging.getLogger().handlers:  # py4j logs tracebacks there of what it raises anyway
        logging.getLogger().addHandler(logging.NullHandler())
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # the workers' Python, too, has our packages
    submitted = "PYSPARK_GATEWAY_PORT" in os.environ
    clear_left_uploads(settings.home)
    options = {
        **(_left_open_by_spark_submit(settings, small) if submitted else _on_one_machine(settings, small)),
        **({} if submitted else _of_our_own_jvm(settings, [*(() if lasting else SHORT_RUN), *java_options])),
        **SEMANTICS,
        **{f"spark.hadoop.{name}": value for name, value in s3a_options(settings.storage, settings.home).items()},
        "spark.sql.warehouse.dir": str(settings.home / "logs" / "spark"),
    }
    if not submitted:
        _start_jvm(settings, options)
    builder = SparkSession.builder.appName("lakehouse")
    for key, value in options.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    # Else its thread prints a traceback when the JVM ends, beside the sentence that says so.
    setattr(spark.sparkContext._accumulatorServer, "handle_error", lambda *_: None)  # noqa: B010
    remember_names(spark.sparkContext._gateway)
    remember_jvm(_jvm_process(spark, submitted))
    return spark


def is_adaptive(spark: SparkSession) -> bool:
    """Whether plans are made anew after each shuffle, as where tables are not small."""
    return spark.conf.get("spark.sql.adaptive.enabled", "true") == "true"


def sized_as(other: SparkSession, spark: SparkSession) -> SparkSession:
    """A session beside another one, told of the same size of tables; it sees nothing else of what is set there."""
    for name in (*BY_SIZE, PARTITIONS):
        if (value := other.conf.get(name, None)) is not None:
            spark.conf.set(name, value)
    return spark


def _of_our_own_jvm(settings: Settings, java_options: Sequence[str]) -> dict[str, str]:
    """What spark-submit would be told on its command line."""
    class_path = jars.class_path()
    return {
        "spark.master": settings.spark.master,
        "spark.driver.memory": settings.spark.driver_memory,
        "spark.driver.extraClassPath": class_path,
        "spark.executor.extraClassPath": class_path,
        "spark.driver.extraJavaOptions": _java_options(
            settings, [*use_archive(class_path), *_trust(settings), *java_options]
        ),
    }


def _trust(settings: Settings) -> list[str]:
    """What a JVM is told of the authorities of the store's certificate, where they are told to us."""
    file = settings.storage.ca_file
    return [] if file is None else trust_options(file, settings.home / "logs")


def _on_one_machine(settings: Settings, small: bool) -> dict[str, str]:
    """What suits one machine, and the size of the tables."""
    by_size = {key: values[0] if small else values[1] for key, values in BY_SIZE.items()}
    return {**ONE_MACHINE, **by_size, PARTITIONS: "1" if small else str(settings.spark.shuffle_partitions)}


def _left_open_by_spark_submit(settings: Settings, small: bool) -> dict[str, str]:
    """Of what suits one machine, where spark-submit runs on one, or else of the settings, what it was not told."""
    SparkContext._ensure_initialized()
    told = SparkConf()
    local = (told.get("spark.master") or "local").startswith("local")
    wanted = _on_one_machine(settings, small) if local else {PARTITIONS: str(settings.spark.shuffle_partitions)}
    return {key: value for key, value in wanted.items() if not told.contains(key)}


def _start_jvm(settings: Settings, options: Mapping[str, str]) -> None:
    """Start the JVM where none runs, with what it prints in a file: a terminal shows our sentences alone.

    Raises:
        JobError: it does not start; the sentence has what it said last.
    """
    if SparkContext._gateway is not None:
        return
    log = settings.home / "logs" / "jvm.log"
    begin = log.stat().st_size if log.exists() and log.stat().st_size < LARGEST_LOG else 0
    with log.open("ab" if begin else "wb") as output:
        try:
            conf = SparkConf(loadDefaults=False).setAll(list(options.items()))
            gateway = launch_gateway(conf, {"stdout": output, "stderr": output})  # type: ignore[no-untyped-call]
        except (PySparkRuntimeError, OSError) as error:
            told = _last_words(log, begin) or str(error)
            raise JobError(f"Spark's JVM does not start ({told}): run `lakehouse doctor`; more in {log}") from error
    SparkContext._ensure_initialized(gateway=gateway)


def _last_words(log: Path, begin: int) -> str:
    """What a JVM that did not start has said, in one line."""
    said = log.read_bytes()[begin:].decode(errors="replace").split("\n")
    return "; ".join(line.strip() for line in said if line.strip() and not line.startswith(IDLE_TALK))[:300]


def _java_options(settings: Settings, more: Sequence[str]) -> str:
    """Spark's own log goes to a file; what a user must know comes as an error of ours."""
    log = settings.home / "logs" / "spark.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    configuration = conf_folder() / "log4j2.properties"
    quoted = (f'"-Dlakehouse.log={log}"', f'"-Dlog4j2.configurationFile={configuration.as_uri()}"')
    return " ".join([*LEAN_JVM, *quoted, *(f'"{option}"' for option in more)])


def _jvm_process(spark: SparkSession, submitted: bool) -> int:
    """The process id of the driver's JVM: our child, or, under spark-submit, our parent."""
    if submitted:
        return os.getppid()
    gateway = spark.sparkContext._gateway
    return int(gateway.proc.pid) if gateway is not None else os.getpid()
