"""The group of settings `kafka`: which brokers, which topic, and how one signs in to them.

In: what a file or variables say of it. Out: the group, validated. Guaranteed: settings that contradict each other are
refused; nothing leaves this machine unencrypted unless that is said; a password is never a setting, and what may be
one in the wrong place is not repeated; nothing is read here.
"""

import re
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field, field_validator, model_validator

from lakehouse.runtime.setting_groups import STRICT, Form, is_key_text, path_of, variable_of

Protocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]

ADDRESS = re.compile(r"(?P<host>[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\]):(?P<port>\d{1,5})")
LARGEST_PORT = 65_535
TOPIC = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}")
TOPIC_TOLD = "must be a topic's name: 1 to 249 of letters, digits and . _ -, and not . or .. alone"
VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")
OF_SASL = ("username", "password_env", "password_file")


class KafkaSettings(BaseModel):
    """Where events come from: brokers that are named, or else the one that `lakehouse kafka start` begins here.

    A password is read from a variable or a file that is named; it is never a setting.
    """

    model_config = STRICT
    bootstrap_servers: Annotated[
        str | None,
        Field(
            description="brokers, apart by commas; empty: the one that `lakehouse kafka start` "
            "begins. All that follows but `topic` and `port` is for brokers that are named"
        ),
        Form("brokers as host:port, apart by commas"),
    ] = None
    topic: Annotated[str, Field(description="the topic of events"), Form("1 to 249 of letters, digits and `. _ -`")] = (
        "sales-events"
    )
    port: Annotated[
        int | None,
        Field(
            ge=1024,
            le=LARGEST_PORT,
            description="of the local broker; empty: a free one, the same as the last time where it can be had",
        ),
        Form("1024 to 65535"),
    ] = None
    tls: Annotated[
        bool,
        Field(
            description="`false` lets brokers on other machines be asked without TLS; who "
            "listens on the network then reads everything"
        ),
    ] = True
    security_protocol: Annotated[
        Protocol | None,
        Field(
            description="empty: TLS for brokers on other machines and none for those of this "
            "one, `SASL_` where `sasl_mechanism` is said"
        ),
        Form("`PLAINTEXT`, `SSL`, `SASL_PLAINTEXT`, `SASL_SSL`"),
    ] = None
    sasl_mechanism: Annotated[
        Mechanism | None,
        Field(description="how one signs in; needs the next, and one of the two after it"),
        Form("`PLAIN`, `SCRAM-SHA-256`, `SCRAM-SHA-512`"),
    ] = None
    username: Annotated[str | None, Field(min_length=1, max_length=255, description="who signs in")] = None
    password_env: Annotated[
        str | None,
        Field(description="the variable that has the password; the password itself is no setting"),
        Form("the name of a variable, of capitals, digits and `_`"),
    ] = None
    password_file: Annotated[Path | None, Field(description="or the file that has it"), Form("a whole path")] = None
    ca_file: Annotated[
        Path | None,
        Field(description="the certificates that are trusted, in PEM; empty: those that this machine trusts"),
    ] = None
    certificate_file: Annotated[
        Path | None, Field(description="the certificate to sign in with, in PEM, where the brokers want one")
    ] = None
    key_file: Annotated[Path | None, Field(description="its private key, in PEM (PKCS #8), without a passphrase")] = (
        None
    )

    @field_validator("bootstrap_servers")
    @classmethod
    def _addresses(cls, said: str | None) -> str | None:
        if said is None:
            return None
        if "@" in said:
            raise ValueError(f"has a user or a password in it: leave them out, and set {variable('username')}")
        found = [ADDRESS.fullmatch(part.strip()) for part in said.split(",")]
        if not all(each and 0 < int(each["port"]) <= LARGEST_PORT for each in found):
            raise ValueError("must be brokers as host:port, apart by commas, such as b1.example.com:9093,b2:9093")
        return ",".join(each[0] for each in found if each)

    @field_validator("topic")
    @classmethod
    def _topic(cls, name: str) -> str:
        if fault := topic_fault(name):
            raise ValueError(fault)
        return name

    @field_validator("username")
    @classmethod
    def _in_one_line(cls, name: str | None) -> str | None:
        if name is not None and not name.isprintable():
            raise ValueError("must be one line of text: write the name alone")
        return name

    @field_validator("password_env")
    @classmethod
    def _name_of_variable(cls, name: str | None) -> str | None:
        if name is not None and not VARIABLE.fullmatch(name):
            raise ValueError(
                "must be the name of a variable that has the password, of capitals, digits and _, such as "
                "KAFKA_PASSWORD: the password itself does not belong here"
            )
        return name

    @field_validator("password_file")
    @classmethod
    def _path_of_password(cls, file: Path | None) -> Path | None:
        if file is not None and (is_key_text(str(file)) or not str(file).startswith(("/", "~"))):
            raise ValueError(
                "must be the whole path of a file that has the password, from / or ~: the password itself does not "
                "belong here"
            )
        return file

    @field_validator("ca_file", "certificate_file", "key_file")
    @classmethod
    def _no_key(cls, file: Path | None) -> Path | None:
        return path_of(file, "a certificate or key")

    @model_validator(mode="after")
    def _sound(self) -> "KafkaSettings":
        if faults := [*(self._local_faults() if self.is_local else self._server_faults())]:
            raise ValueError("; ".join(faults))
        return self

    @property
    def is_local(self) -> bool:
        """Whether the broker of this lakehouse is meant, and none that is named."""
        return self.bootstrap_servers is None

    @property
    def protocol(self) -> Protocol:
        """How brokers are spoken to: as is said, else over TLS where one of them is on another machine."""
        if self.security_protocol:
            return self.security_protocol
        if self.tls and not self._all_here:
            return "SASL_SSL" if self.sasl_mechanism else "SSL"
        return "SASL_PLAINTEXT" if self.sasl_mechanism else "PLAINTEXT"

    @property
    def _all_here(self) -> bool:
        servers = self.bootstrap_servers.split(",") if self.bootstrap_servers else []
        return all(is_loopback(server.rpartition(":")[0]) for server in servers)

    def _local_faults(self) -> Iterator[str]:
        fields = type(self).model_fields.items()
        given = [n for n, field in fields if n not in ("topic", "port") and getattr(self, n) != field.default]
        if given:
            yield (
                f"{', '.join(given)}: only brokers that are named have that: set {variable('bootstrap_servers')}, or "
                "leave them out"
            )

    def _server_faults(self) -> Iterator[str]:
        if self.port is not None:
            yield "port is of the local broker, but bootstrap_servers names others: leave one of the two out"
        yield from self._protocol_faults()
        yield from self._sasl_faults()
        yield from self._certificate_faults()

    def _protocol_faults(self) -> Iterator[str]:
        over_tls = self.protocol.endswith("SSL")
        if over_tls and not self.tls:
            yield f"security_protocol is {self.protocol}, but tls is false: leave one of the two out"
        if self.tls and not over_tls and not self._all_here:
            yield (
                f"security_protocol is {self.protocol}, which others on the network can read: take "
                f"{self.protocol.replace('PLAINTEXT', 'SSL')}, or set {variable('tls')}=false where that is meant"
            )

    def _sasl_faults(self) -> Iterator[str]:
        given = [name for name in OF_SASL if getattr(self, name) is not None]
        if self.sasl_mechanism is None:
            if given or self.protocol.startswith("SASL"):
                yield (
                    f"{', '.join(given) or 'security_protocol'} is said, but not how one signs in: set "
                    f"{variable('sasl_mechanism')}, or leave it out"
                )
            return
        if not self.protocol.startswith("SASL"):
            yield (
                f"sasl_mechanism is said, but security_protocol is {self.protocol}: make it SASL_{self.protocol}, or "
                "leave one of the two out"
            )
        if self.username is None:
            yield f"sasl_mechanism is said, but not who signs in: set {variable('username')}"
        if (self.password_env is None) == (self.password_file is None):
            names = f"{variable('password_env')} or {variable('password_file')}"
            yield f"sasl_mechanism needs one place that has the password: set either {names}"

    def _certificate_faults(self) -> Iterator[str]:
        files = [name for name in ("ca_file", "certificate_file", "key_file") if getattr(self, name) is not None]
        if files and not self.protocol.endswith("SSL"):
            yield (
                f"{', '.join(files)}: only TLS has that, but security_protocol is {self.protocol}: make it "
                f"{self.protocol.replace('PLAINTEXT', 'SSL')}, or leave them out"
            )
        if (self.certificate_file is None) != (self.key_file is None):
            missing = "key_file" if self.key_file is None else "certificate_file"
            yield f"a certificate and its key go together: set {variable(missing)}, too, or leave both out"


def topic_fault(name: str) -> str | None:
    """The sentence about a name that no topic can have; None where one can."""
    return None if TOPIC.fullmatch(name) else TOPIC_TOLD


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by what it is called; no name is looked up."""
    try:
        return host == "localhost" or ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def variable(name: str) -> str:
    """The environment variable of a setting of this group."""
    return variable_of("kafka", name)
