"""The jar cache holds whole, verified jars or none, also when a download breaks or a file rots."""

import hashlib
import multiprocessing
import os
import shutil
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from lakehouse.conf import conf_folder
from lakehouse.errors import JobError, UsageError
from lakehouse.runtime import jars as module
from lakehouse.runtime.jar_list import Jar, listed
from lakehouse.runtime.jars import ensure_jars

CONTENT = {f"org.example:part-{letter}:1.{letter}": letter.encode() * 50_000 for letter in "abc"}
WANTED = tuple(Jar(coordinate=c, sha256=hashlib.sha256(content).hexdigest()) for c, content in CONTENT.items())


def deliver(jar: Jar, folder: Path) -> Path:
    """A source that has every jar."""
    path = folder / "below" / "some.jar"
    path.parent.mkdir()
    path.write_bytes(CONTENT[jar.coordinate])
    return path


def unreachable(jar: Jar, folder: Path) -> Path:
    raise ConnectionError("no route")


def silent(line: str) -> None:
    pass


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.0)


def filled(cache: Path) -> bool:
    """Every wanted jar is whole, and nothing else is there."""
    there = {path.name: path.read_bytes() for path in cache.iterdir()}
    return there == {jar.file_name: CONTENT[jar.coordinate] for jar in WANTED}


def test_jars_are_fetched_once_in_the_order_of_the_list_and_each_is_reported(tmp_path):
    lines: list[str] = []
    first = ensure_jars(WANTED, tmp_path / "new" / "cache", fetch=deliver, report=lines.append)
    assert [path.name for path in first] == [jar.file_name for jar in WANTED]
    assert lines[0] == "fetching org.example:part-a:1.a (1 of 3)"
    again = ensure_jars(WANTED, tmp_path / "new" / "cache", fetch=unreachable, report=lines.append)
    assert again == first
    assert len(lines) == 3
    assert filled(tmp_path / "new" / "cache")


def test_an_interrupted_download_leaves_nothing_half(tmp_path):
    def interrupted(jar: Jar, folder: Path) -> Path:
        if jar == WANTED[1]:
            (folder / "some.jar").write_bytes(CONTENT[jar.coordinate][:100])
            raise KeyboardInterrupt
        return deliver(jar, folder)

    with pytest.raises(KeyboardInterrupt):
        ensure_jars(WANTED, tmp_path, fetch=interrupted, report=silent)
    assert [path.name for path in tmp_path.iterdir()] == [WANTED[0].file_name]
    ensure_jars(WANTED, tmp_path, fetch=deliver, report=silent)
    assert filled(tmp_path)


def test_a_killed_download_is_no_jar_and_is_cleared_away_later(tmp_path):
    abandoned, recent = tmp_path / ".fetching-old", tmp_path / ".fetching-new"
    for folder in (abandoned, recent):
        folder.mkdir()
        (folder / "some.jar").write_bytes(b"half")
    long_ago = time.time() - 2 * module.ABANDONED_AFTER_SECONDS
    os.utime(abandoned, (long_ago, long_ago))
    ensure_jars(WANTED, tmp_path, fetch=deliver, report=silent)
    assert not abandoned.exists()
    assert recent.exists(), "it may belong to a process that fetches right now"


@pytest.mark.parametrize("rot", [b"", b"a" * 49_999, b"b" + b"a" * 49_999])
def test_a_corrupted_file_in_the_cache_is_fetched_again(tmp_path, rot):
    ensure_jars(WANTED, tmp_path, fetch=deliver, report=silent)
    (tmp_path / WANTED[0].file_name).write_bytes(rot)
    lines: list[str] = []
    ensure_jars(WANTED, tmp_path, fetch=deliver, report=lines.append)
    assert lines == ["fetching org.example:part-a:1.a (1 of 1)"]
    assert filled(tmp_path)


def test_a_jar_with_another_hash_is_refused_and_thrown_away(tmp_path):
    def forged(jar: Jar, folder: Path) -> Path:
        path = deliver(jar, folder)
        path.write_bytes(b"not what was listed")
        return path

    with pytest.raises(JobError, match=r"part-a:1.a came with sha256 .* but conf/jars.yml says .*: it was thrown"):
        ensure_jars(WANTED, tmp_path, fetch=forged, report=silent)
    assert list(tmp_path.iterdir()) == []


def test_a_connection_that_breaks_is_tried_again(tmp_path):
    calls: list[Jar] = []

    def shaky(jar: Jar, folder: Path) -> Path:
        calls.append(jar)
        if len(calls) % module.ATTEMPTS:
            raise ConnectionError("reset")
        return deliver(jar, folder)

    ensure_jars(WANTED, tmp_path, fetch=shaky, report=silent)
    assert filled(tmp_path)


@pytest.mark.parametrize(
    ("error", "reason"), [(ConnectionError("no route"), "no answer"), (RuntimeError("404"), "not found")]
)
def test_without_network_one_sentence_says_what_to_do(tmp_path, error, reason):
    def broken(jar: Jar, folder: Path) -> Path:
        raise error

    with pytest.raises(JobError) as raised:
        ensure_jars(WANTED, tmp_path, fetch=broken, report=silent)
    assert str(raised.value) == (
        f"org.example:part-a:1.a could not be fetched ({reason}): connect to the network and try again, "
        f"or copy a filled jar folder to {tmp_path}"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_not_taken_for_a_missing_network(tmp_path):
    def full(jar: Jar, folder: Path) -> Path:
        raise OSError(28, "No space left on device")

    with pytest.raises(JobError, match=r"cannot be filled \(No space left on device\): make room or set"):
        ensure_jars(WANTED, tmp_path, fetch=full, report=silent)


def test_a_folder_that_is_a_file_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(JobError, match="cannot be filled"):
        ensure_jars(WANTED, tmp_path / "file", fetch=deliver, report=silent)


def slow_delivery(jar: Jar, folder: Path) -> Path:
    time.sleep(0.05)
    return deliver(jar, folder)


def fill_when_told(cache: Path, start) -> None:
    start.wait(30)
    ensure_jars(WANTED, cache, fetch=slow_delivery, report=silent)


def test_two_processes_that_fill_the_cache_at_once_do_not_harm_each_other(tmp_path):
    fork = multiprocessing.get_context("fork")
    start = fork.Barrier(2)
    both = [fork.Process(target=fill_when_told, args=(tmp_path, start)) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(60)
    assert [process.exitcode for process in both] == [0, 0]
    assert filled(tmp_path)


def conf_with(folder: Path, text: str) -> Path:
    (folder / "jars.yml").write_text(text)
    return folder


def test_the_product_lists_delta_with_a_hash_each():
    of_delta = listed(conf_folder(), ["delta"])
    assert len(of_delta) == 7
    assert of_delta[0].file_name == "io.delta_delta-spark_4.2_2.13-4.4.0.jar"
    assert set(of_delta) <= set(listed(conf_folder()))


def test_the_jars_for_s3_fit_the_hadoop_of_spark_and_repeat_none_that_spark_has():
    own = {path.name for path in (Path(find_spec("pyspark").origin).parent / "jars").glob("*.jar")}
    named = dict(jar.coordinate.split(":")[1:] for jar in listed(conf_folder(), ["s3"]))
    assert f"hadoop-client-api-{named['hadoop-aws']}.jar" in own
    assert "bundle" not in named, "686 MB, of which the modules here are all that is used"
    assert not {artifact for artifact in named if any(name.startswith(f"{artifact}-") for name in own)}


def test_the_product_lists_a_broker_apart_from_what_spark_needs_for_kafka():
    of_spark, of_broker = (listed(conf_folder(), [group]) for group in ("kafka", "broker"))
    assert [jar.coordinate.split(":")[1] for jar in of_spark] == [
        "spark-sql-kafka-0-10_2.13",
        "spark-token-provider-kafka-0-10_2.13",
        "kafka-clients",
        "commons-pool2",
    ]
    assert of_broker[0].coordinate.startswith("org.apache.kafka:kafka_2.13:4.")
    names = [jar.file_name for jar in of_broker]
    assert len({*names}) == len(names)
    assert {*names}.isdisjoint(jar.file_name for jar in of_spark), "another version of the clients"


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("", "is not a list of jars"),
        ("groups: [", "is not a list of jars"),
        ("groups: {delta: [{coordinate: 'a:b:1'}]}", "exactly coordinate and sha256"),
        ("groups: {delta: [{coordinate: 'a:b', sha256: '0'}]}", "a:b is not group:artifact:version"),
        ("groups: {delta: [{coordinate: 'a:b:1', sha256: 'ab'}]}", "64 lower-case hexadecimal digits"),
        ("groups: {other: []}", "has no group delta: it has other"),
    ],
)
def test_a_malformed_list_names_the_file_and_what_is_wrong(tmp_path, text, finding):
    with pytest.raises(UsageError, match=finding) as raised:
        listed(conf_with(tmp_path, text), ["delta"])
    assert str(tmp_path / "jars.yml") in str(raised.value)


def test_a_missing_list_is_one_sentence(tmp_path):
    with pytest.raises(UsageError, match=r"jars.yml is missing"):
        listed(tmp_path)


def test_the_class_path_holds_the_cached_files_and_refuses_a_folder_it_cannot_name(tmp_path, monkeypatch):
    jar = Jar(coordinate="org.example:own:1", sha256=hashlib.sha256(b"own").hexdigest())
    conf = conf_with(
        tmp_path, f"groups: {{delta: [{{coordinate: '{jar.coordinate}', sha256: '{jar.sha256}'}}], s3: [], kafka: []}}"
    )
    for name in ("with blank", "with:colon"):
        (tmp_path / name).mkdir()
        (tmp_path / name / jar.file_name).write_bytes(b"own")
    monkeypatch.setenv("LAKEHOUSE_JARS", str(tmp_path / "with blank"))
    assert module.class_path(conf) == str(tmp_path / "with blank" / jar.file_name)
    monkeypatch.setenv("LAKEHOUSE_JARS", str(tmp_path / "with:colon"))
    with pytest.raises(UsageError, match="no class path can hold: set LAKEHOUSE_JARS to another folder"):
        module.class_path(conf)


def test_importing_it_loads_neither_jgo_nor_pyspark():
    code = "import sys, lakehouse.runtime.jars; sys.exit(bool({'jgo', 'requests', 'pyspark'} & {*sys.modules}))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_configuration_is_found_inside_a_zip_and_inside_a_package(tmp_path, monkeypatch):
    monkeypatch.delenv("LAKEHOUSE_CONF", raising=False)
    package = tmp_path / "lakehouse"
    shutil.copytree(conf_folder(), package / "_conf")
    assert conf_folder(package) == package / "_conf"
    archive = Path(shutil.make_archive(str(tmp_path / "shipped"), "zip", tmp_path, "lakehouse"))
    unpacked = conf_folder(archive / "lakehouse")
    assert listed(unpacked) == listed(conf_folder())


def test_a_configuration_that_is_nowhere_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.delenv("LAKEHOUSE_CONF", raising=False)
    with pytest.raises(UsageError, match=r"there is no configuration beside .*: set LAKEHOUSE_CONF"):
        conf_folder(tmp_path / "lakehouse")
    monkeypatch.setenv("LAKEHOUSE_CONF", str(tmp_path))
    with pytest.raises(UsageError, match=r"LAKEHOUSE_CONF is .*, but jars.yml is not there"):
        conf_folder()
