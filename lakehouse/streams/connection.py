"""How brokers are reached, from the settings: kafka-python's arguments, and the options of Spark's source.

In: settings, and the files or variables that they name. Out: two kinds of options for the same brokers. Guaranteed: a
password or key is only ever within these options, and no sentence repeats it; executors need no file of this machine.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lakehouse.errors import UsageError
from lakehouse.runtime.kafka_settings import KafkaSettings, variable
from lakehouse.runtime.settings import Settings
from lakehouse.streams import broker

LONGEST_SECRET = 4096
LOGIN_MODULES = {"PLAIN": "org.apache.kafka.common.security.plain.PlainLoginModule"}
SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule"


def servers_of(settings: Settings) -> str:
    """The brokers, as host:port with commas between: those that are named, else the one of this lakehouse.

    Raises:
        UsageError: none is named, and none runs here.
    """
    if settings.kafka.bootstrap_servers is not None:
        return settings.kafka.bootstrap_servers
    there = broker.running(str(settings.home))
    if there is None:
        raise UsageError(
            f"no broker runs here: lakehouse kafka start begins one, or set {variable('bootstrap_servers')} to others"
        )
    return there.address


def client_options(settings: Settings) -> dict[str, Any]:
    """The arguments of kafka-python's producers, consumers and admin clients.

    Raises:
        UsageError: no broker is known, or a file or variable that the settings name is not as it must be.
    """
    kafka = settings.kafka
    options: dict[str, Any] = {
        "bootstrap_servers": servers_of(settings).split(","),
        "security_protocol": kafka.protocol,
    }
    if kafka.sasl_mechanism:
        options |= {
            "sasl_mechanism": kafka.sasl_mechanism,
            "sasl_plain_username": kafka.username,
            "sasl_plain_password": password_of(kafka),
        }
    for option, name in (("ssl_cafile", "ca_file"), ("ssl_certfile", "certificate_file"), ("ssl_keyfile", "key_file")):
        if (file := getattr(kafka, name)) is not None:
            options[option] = str(_readable(file, name))
    return options


def spark_options(settings: Settings) -> dict[str, str]:
    """The options `kafka.*` of Spark's source; certificates and keys go along as text.

    Raises:
        UsageError: as for `client_options`.
    """
    kafka = settings.kafka
    options = {"kafka.bootstrap.servers": servers_of(settings), "kafka.security.protocol": kafka.protocol}
    if kafka.sasl_mechanism:
        options |= {"kafka.sasl.mechanism": kafka.sasl_mechanism, "kafka.sasl.jaas.config": _jaas(kafka)}
    if kafka.ca_file is not None:
        options |= {
            "kafka.ssl.truststore.type": "PEM",
            "kafka.ssl.truststore.certificates": _text_of(kafka.ca_file, "ca_file"),
        }
    if kafka.certificate_file is not None and kafka.key_file is not None:
        options |= {
            "kafka.ssl.keystore.type": "PEM",
            "kafka.ssl.keystore.certificate.chain": _text_of(kafka.certificate_file, "certificate_file"),
            "kafka.ssl.keystore.key": _text_of(kafka.key_file, "key_file"),
        }
    return options


def password_of(kafka: KafkaSettings) -> str:
    """The password that is to be signed in with; neither it nor what may be it is repeated where it is not right.

    Raises:
        UsageError: there is none where the settings say, or it is not one line of text.
    """
    if kafka.password_file is not None:
        place = f"the file that {variable('password_file')} names"
        password = _text_of(kafka.password_file, "password_file", shown=False).rstrip("\r\n")
    else:
        place = f"the variable that {variable('password_env')} names"
        password = os.environ.get(kafka.password_env or "", "")
    if not password:
        raise UsageError(f"{place} is empty or not set: put the password there")
    if not password.isprintable() or len(password) > LONGEST_SECRET:
        raise UsageError(f"{place} has something else than one line of text: put the password alone there")
    return password


def faults(kafka: KafkaSettings) -> Iterator[tuple[str, str]]:
    """Each setting that names a file or variable which is not as it must be, and the sentence about it."""
    for name in ("ca_file", "certificate_file", "key_file"):
        try:
            if (file := getattr(kafka, name)) is not None:
                _text_of(file, name)
        except UsageError as error:
            yield name, str(error)
    try:
        if kafka.sasl_mechanism:
            password_of(kafka)
    except UsageError as error:
        yield "password_file" if kafka.password_file else "password_env", str(error)


def _jaas(kafka: KafkaSettings) -> str:
    """The user and the password in the form that Java's clients take."""
    module = LOGIN_MODULES.get(kafka.sasl_mechanism or "", SCRAM)
    return f"{module} required username={_quoted(kafka.username or '')} password={_quoted(password_of(kafka))};"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _readable(named: Path, setting: str, *, shown: bool = True) -> Path:
    """The file, once it is known that it can be read."""
    told = f" ({named})" if shown else ""
    try:
        file = named.expanduser()
        file.open("rb").close()
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or "there is no such user"
        raise UsageError(f"the file that {variable(setting)} names{told} cannot be read: {reason}") from error
    return file


def _text_of(named: Path, setting: str, *, shown: bool = True) -> str:
    try:
        return _readable(named, setting, shown=shown).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"the file that {variable(setting)} names is no text: name a file in PEM") from error
