"""A broker that wants to know who asks: TLS with a password on one port, TLS with a certificate on another.

In: a folder. Out: certificates of an authority of its own, and a broker's further settings. Its user `loader` may do
all, `reader` may describe one topic, and a stranger nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

PASSWORD = 'hunter2 "x" \\n; = end'
TOPIC = "guarded"

MORE = """\
listener.security.protocol.map=CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT,SIGNED:SASL_SSL,MUTUAL:SSL
ssl.keystore.type=PEM
ssl.keystore.location={folder}/server.both.pem
ssl.truststore.type=PEM
ssl.truststore.location={folder}/ca.pem
listener.name.mutual.ssl.client.auth=required
listener.name.signed.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
listener.name.signed.plain.sasl.jaas.config={plain}
listener.name.signed.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.signed.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS;User:loader;User:CN=loader
"""


@dataclass(frozen=True, kw_only=True)
class Secured:
    """Where to sign in, and the folder of certificates."""

    home: Path
    folder: Path
    signed: str
    mutual: str


def settings_text(plain: str, folder: Path, signed: int, mutual: int) -> str:
    """The settings of a broker with two more listeners, made from those of the local one."""
    listeners = f",SIGNED://127.0.0.1:{signed},MUTUAL://127.0.0.1:{mutual}"
    kept = [line for line in plain.splitlines() if not line.startswith("listener.security.protocol.map=")]
    lines = [line + listeners if line.startswith(("listeners=", "advertised.listeners=")) else line for line in kept]
    users = " ".join(f'user_{name}="{_in_jaas(PASSWORD)}"' for name in ("loader", "reader", "stranger"))
    module = f"org.apache.kafka.common.security.plain.PlainLoginModule required {users};"
    more = MORE.format(folder=folder, plain=module.replace("\\", "\\\\"))
    return "\n".join([*lines, more])


def java_properties(options: dict[str, str]) -> str:
    """Spark's options as a file for a Java client: the same keys without `kafka.`, escaped as such files want it."""
    escaped = {key: value.replace("\\", "\\\\").replace("\n", "\\n") for key, value in options.items()}
    return "".join(f"{key.removeprefix('kafka.')}={value}\n" for key, value in escaped.items())


def write_certificates(folder: Path) -> None:
    """An authority, a server's certificate, and a client's; another authority that nobody trusts."""
    key, ca = _certificate("our authority", None, None, ca=True)
    (folder / "ca.pem").write_bytes(ca.public_bytes(Encoding.PEM))
    (folder / "other-ca.pem").write_bytes(_certificate("other", None, None, ca=True)[1].public_bytes(Encoding.PEM))
    for name, addresses in (("server", ["127.0.0.1"]), ("loader", [])):
        own, certificate = _certificate(name, key, ca, addresses=addresses)
        private = own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        public = certificate.public_bytes(Encoding.PEM)
        for part, content in (("key", private), ("crt", public), ("both", private + public)):
            (folder / f"{name}.{part}.pem").write_bytes(content)


def _certificate(
    name: str,
    issuer_key: ec.EllipticCurvePrivateKey | None,
    issuer: x509.Certificate | None,
    *,
    ca: bool = False,
    addresses: Sequence[str] = (),
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    if addresses:
        names = [x509.IPAddress(ip_address(each)) for each in addresses]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return key, builder.sign(issuer_key or key, hashes.SHA256())


def _in_jaas(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
