"""The one Spark session of a run, with Delta, tuned for small machines.

In: settings. Out: a session in UTC that every stage is given. Guaranteed: what must be the same everywhere
(time zone, ANSI, Delta's extensions) is set here; under spark-submit the submitted configuration wins for
the rest.
"""

import os
import sys
import warnings

from pyspark.sql import SparkSession

from lakehouse.runtime import jars
from lakehouse.runtime.conf import conf_folder
from lakehouse.runtime.leases import remember_jvm
from lakehouse.runtime.settings import Settings

SEMANTICS = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.legacy.timeParserPolicy": "CORRECTED",
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
}
"""What only speed and quiet depend on, on one machine."""


def open_session(settings: Settings, app: str = "lakehouse") -> SparkSession:
    """The session, started where none runs.

    Raises:
        JobError: a jar is missing and cannot be fetched.
    """
    warnings.filterwarnings("ignore", module="pyspark")
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # the workers' Python, too, has our packages
    builder = SparkSession.builder.appName(app)
    submitted = "PYSPARK_GATEWAY_PORT" in os.environ
    if not submitted:
        builder = builder.master(settings.spark.master).config("spark.driver.memory", settings.spark.driver_memory)
        class_path = jars.class_path()
        for place in ("driver", "executor"):
            builder = builder.config(f"spark.{place}.extraClassPath", class_path)
        builder = builder.config("spark.driver.extraJavaOptions", _java_options(settings))
    for key, value in {**({} if submitted else ONE_MACHINE), **SEMANTICS}.items():
        builder = builder.config(key, value)
    builder = builder.config("spark.sql.warehouse.dir", str(settings.home / "warehouse"))
    builder = builder.config("spark.sql.shuffle.partitions", str(settings.spark.shuffle_partitions))
    spark = builder.getOrCreate()
    remember_jvm(_jvm_process(spark, submitted))
    return spark


def _java_options(settings: Settings) -> str:
    """Spark's own log goes to a file; what a user must know comes as an error of ours."""
    log = settings.home / "logs" / "spark.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    configuration = conf_folder() / "log4j2.properties"
    quoted = (f'"-Dlakehouse.log={log}"', f'"-Dlog4j2.configurationFile={configuration.as_uri()}"')
    return " ".join(["-XX:+UseParallelGC", *quoted])


def _jvm_process(spark: SparkSession, submitted: bool) -> int:
    """The process id of the driver's JVM: our child, or, under spark-submit, our parent."""
    if submitted:
        return os.getppid()
    gateway = spark.sparkContext._gateway
    return int(gateway.proc.pid) if gateway is not None else os.getpid()
