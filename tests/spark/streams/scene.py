"""A producer, a broker and a job at work, any of which is killed and begun anew.

A home and the words of a job flow in; processes of users run until they are ended as users end them.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from lakehouse.runtime.lake import Lake
from lakehouse.streams import broker
from lakehouse.streams.bronze import EVENTS
from tests.kafka.producers import running
from tests.kills import PATIENCE, command, ended, lives, recorded_jvm
from tests.spark.streams.checkpoint import damaged

KINDS = ("job", "jvm", "producer", "broker")


@dataclass(kw_only=True)
class Scene:
    """A producer and a job at work; `progress` counts what the job has done so far."""

    home: Path
    oracle: Path
    lake: Lake
    stack: ExitStack
    job_words: tuple[str, ...]
    progress: Callable[[Lake], int]
    shares: tuple[object, ...] = ()
    begun: int = 0
    cut: bool = False
    job: "subprocess.Popen[str]" = field(init=False)
    producer: "subprocess.Popen[str]" = field(init=False)

    def produce(self) -> None:
        self.begun += 1
        given = ("--events", 0, "--rate", 200, "--abort", 0.1, "--patience", 120, "--seed", self.begun, *self.shares)
        self.producer = self.stack.enter_context(running("--partitions", 3, *given, "--oracle", self.oracle))

    def work(self) -> None:
        self.job = self.stack.enter_context(command(self.home, *self.job_words))

    def goes_on(self) -> None:
        """Wait until more is done."""
        known, until = self.progress(self.lake), time.monotonic() + PATIENCE
        while self.progress(self.lake) <= known:
            for process in (self.job, self.producer):
                assert process.poll() is None, process.communicate()
            assert time.monotonic() < until
            time.sleep(0.2)

    def kill(self, kind: str) -> None:
        """Kill one of `KINDS`, and begin it anew."""
        getattr(self, f"_kill_{kind}")()

    def _kill_job(self) -> None:
        self.job.kill()
        self.job.wait()
        if not self.cut:
            self._cut_checkpoint()
        self.work()

    def _cut_checkpoint(self) -> None:
        """Damage it, once, when the JVM of the killed job writes there no more."""
        until = time.monotonic() + PATIENCE
        while lives(recorded_jvm(self.home, EVENTS)):
            assert time.monotonic() < until
            time.sleep(0.1)
        damaged(self.home / "streams" / "bronze", "cut")
        self.cut = True

    def _kill_jvm(self) -> None:
        until = time.monotonic() + PATIENCE
        while (jvm := recorded_jvm(self.home, EVENTS)) is None:  # silver may go on before bronze has its lease
            assert time.monotonic() < until
            time.sleep(0.2)
        os.kill(jvm, signal.SIGKILL)
        _, err = self.job.communicate(timeout=PATIENCE)
        assert (self.job.returncode, "Traceback" in err) == (1, False), err
        assert "Spark's JVM has ended" in err
        self.work()

    def _kill_producer(self) -> None:
        self.producer.kill()
        self.producer.wait()
        self.produce()

    def _kill_broker(self) -> None:
        there = broker.running(str(self.home))
        assert there is not None
        os.kill(there.pid, signal.SIGKILL)
        broker.start(str(self.home), there.port)

    def end(self, *drain: str) -> None:
        """Stop both as a user does, and do what is left."""
        for process, number, code in ((self.producer, signal.SIGINT, 130), (self.job, signal.SIGTERM, 0)):
            process.send_signal(number)
            _, err = process.communicate(timeout=PATIENCE)
            assert process.returncode == code, err
        done = ended(self.home, *drain)
        assert done.returncode == 0, done.stderr
