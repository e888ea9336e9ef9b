"""What a broker of this machine is made of: its folder, its settings, and the commands that format and run it.

In: the root of a lakehouse and two ports. Out: files below `kafka`, and words to start processes with. Guaranteed: it
listens on this machine alone; paths of any kind do no harm, as the processes work inside of the folder.
"""

import base64
import os
import re
import subprocess
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_NB, lockf
from pathlib import Path
from random import sample
from socket import AF_INET, SO_REUSEADDR, SOCK_STREAM, SOL_SOCKET, socket

from lakehouse.conf import conf_folder
from lakehouse.errors import JobError, UsageError
from lakehouse.runtime.jars import class_path
from lakehouse.runtime.java import check_java
from lakehouse.streams.last_words import last_words

HOST = "127.0.0.1"
FOLDER, PROPERTIES, DATA, LOG, OUTPUT = "kafka", "server.properties", "data", "logs/broker.log", "logs/output.log"
LOG_SETTINGS = "broker_log4j2.properties"
FORMAT_SECONDS = 120.0
LISTENERS = re.compile(rf"^listeners=CLIENTS://{re.escape(HOST)}:(\d+),CONTROLLER://{re.escape(HOST)}:(\d+)$", re.M)

JVM = (
    *("-Xms64m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-XX:-UsePerfData"),
    *("-XX:+ExitOnOutOfMemoryError", "-XX:ErrorFile=logs/crash.log", "-Djava.awt.headless=true"),
)
"""Few threads and little memory: it serves one lakehouse on the machine on which Spark works."""

SETTINGS = """\
# Written anew by each `lakehouse kafka start`.
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller}
listeners=CLIENTS://{host}:{port},CONTROLLER://{host}:{controller}
advertised.listeners=CLIENTS://{host}:{port}
listener.security.protocol.map=CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=CLIENTS
controller.listener.names=CONTROLLER
log.dirs={data}
auto.create.topics.enable=false
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=4
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=5000
broker.heartbeat.interval.ms=1000
num.network.threads=2
num.io.threads=2
background.threads=2
num.recovery.threads.per.data.dir=2
log.cleaner.dedupe.buffer.size=8388608
"""


OURS = range(20_000, 32_768)
"""Where ports are looked for: what lies above is dealt out to every program that asks for any port, and one of them
could get ours between the look at it and the moment, seconds later, when the broker listens."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ports:
    """Where it listens: for clients, and for itself as its own controller."""

    clients: int
    controller: int


def folder_of(root: str) -> Path:
    """Where the broker keeps its data, its record and its logs."""
    return Path(root, FOLDER)


def free_ports(root: str, wanted: int | None) -> Ports:
    """Ports that nobody listens on: the one that is wanted, else those of the last time, else any.

    Raises:
        UsageError: the wanted one, or each of many, is taken.
    """
    before, anywhere = _ports_before(root), sample(OURS, len(OURS))
    clients = _first_free([wanted] if wanted else [*before[:1], *anywhere])
    return Ports(clients=clients, controller=_first_free(p for p in [*before[1:], *anywhere] if p != clients))


def _ports_before(root: str) -> list[int]:
    try:
        found = LISTENERS.search((folder_of(root) / PROPERTIES).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return []
    return [int(found[1]), int(found[2])] if found else []


def _first_free(ports: Iterable[int]) -> int:
    port = 0
    for port in ports:
        if _is_free(port):
            return port
    raise UsageError(
        f"port {port} is taken by another program: choose another one with --port, or leave the choice open"
    )


def _is_free(port: int) -> bool:
    with socket(AF_INET, SOCK_STREAM) as probe:
        probe.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)  # as Java does: a connection that has just ended takes no port
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def write_settings(root: str, ports: Ports) -> None:
    """Write the broker's settings, whole or not at all, and make its folders."""
    folder = folder_of(root)
    (folder / LOG).parent.mkdir(parents=True, exist_ok=True)
    text = SETTINGS.format(host=HOST, port=ports.clients, controller=ports.controller, data=DATA)
    part = folder / f"{PROPERTIES}.part"
    part.write_text(text, encoding="ascii")
    part.replace(folder / PROPERTIES)


def check_unused(root: str) -> None:
    """Make sure that no broker works on the data: a second one would write to its metadata before it finds the lock.

    Raises:
        JobError: one does, which is not on record.
    """
    try:
        with (folder_of(root) / DATA / ".lock").open("r+") as file:
            lockf(file, LOCK_EX | LOCK_NB)  # the kind of lock that Java takes
    except FileNotFoundError:
        return
    except OSError as error:
        raise JobError(
            f"another process, which is not on record, has the broker's data open ({folder_of(root) / DATA}): end it, "
            "then start the broker again"
        ) from error


def format_data(root: str) -> None:
    """Make the data folder a broker's, once; its cluster's id is kept from then on.

    Raises:
        JobError: it cannot be done; the sentence has what Kafka said.
    """
    folder = folder_of(root)
    if (folder / DATA / "meta.properties").is_file():  # written last
        return
    cluster = "A" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")[1:]  # none begins with a hyphen
    options = ("format", "--cluster-id", cluster, "--config", PROPERTIES, "--ignore-formatted")
    words = [*_java(), "kafka.tools.StorageTool", *options]
    try:
        done = subprocess.run(
            words, cwd=folder, env=environment(), capture_output=True, text=True, timeout=FORMAT_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise JobError(f"Kafka's data folder was not made within {FORMAT_SECONDS:.0f} s: try again") from error
    if done.returncode != 0:
        told = last_words((done.stdout + done.stderr).splitlines()) or f"exit code {done.returncode}"
        raise JobError(f"Kafka's data folder {folder / DATA} cannot be made ({told}): see to that and start it again")


def command() -> list[str]:
    """What runs a broker, inside of its folder."""
    return [*_java(), "kafka.Kafka", PROPERTIES]


def environment() -> dict[str, str]:
    """Of the processes: file names are UTF-8, and nobody's options for other JVMs apply."""
    kept = {name: value for name, value in os.environ.items() if name not in ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS")}
    return {**kept, "LC_ALL": "C.UTF-8"}


def _java() -> list[str]:
    log = (f"-Dlakehouse.broker.log={LOG}", f"-Dlog4j2.configurationFile={(conf_folder() / LOG_SETTINGS).as_uri()}")
    return [str(check_java()), *JVM, *log, "-cp", class_path(groups=("broker",))]
