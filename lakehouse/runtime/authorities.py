"""The authorities that sign a store's certificate, where they are none that every machine knows.

In: a file in PEM, with one certificate or more. Out: a trust store, which Java wants in their place. Guaranteed: a file
that cannot be read, or has no certificate, is one sentence before anything is asked, which does not repeat what may be
something else than a path.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from lakehouse.errors import UsageError
from lakehouse.runtime.setting_groups import variable_of

if TYPE_CHECKING:  # takes a while to load, and most lakehouses never use it
    from cryptography.x509 import Certificate

SETTING = variable_of("storage", "ca_file")


def authorities(file: Path) -> "list[Certificate]":
    """The certificates in a file.

    Raises:
        UsageError: it cannot be read, or holds none.
    """
    from cryptography.x509 import load_pem_x509_certificates

    try:
        return load_pem_x509_certificates(file.expanduser().read_bytes())
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or "there is no such user"
        raise UsageError(f"the file that {SETTING} names cannot be read: {reason}") from error
    except ValueError as error:
        raise UsageError(f"the file that {SETTING} names has no certificate: name a file in PEM") from error


def trust_options(file: Path, folder: Path) -> list[str]:
    """Options by which a JVM trusts these authorities, and no others; their trust store is written to a folder.

    Raises:
        UsageError: the file cannot be read, or holds no certificate.
    """
    from cryptography.hazmat.primitives.serialization import NoEncryption
    from cryptography.hazmat.primitives.serialization.pkcs12 import PKCS12Certificate, serialize_java_truststore

    trusted = [PKCS12Certificate(one, f"{number}".encode()) for number, one in enumerate(authorities(file))]
    store = folder / "authorities.p12"
    folder.mkdir(parents=True, exist_ok=True)
    written = folder / f"authorities.{os.getpid()}"
    written.write_bytes(serialize_java_truststore(trusted, NoEncryption()))
    written.replace(store)  # at once: another JVM may be reading it
    return [f"-Djavax.net.ssl.trustStore={store}", "-Djavax.net.ssl.trustStoreType=PKCS12"]
