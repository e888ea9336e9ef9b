"""The key file that signs in to Snowflake: whether it is one, and whether it is kept from others.

In: a path. Out: what is wrong, each with its remedy. Guaranteed: only the first line is read, and nothing of
the content is ever said.
"""

import stat
from collections.abc import Iterator
from pathlib import Path

PRIVATE_KEYS = (b"-----BEGIN PRIVATE KEY-----", b"-----BEGIN RSA PRIVATE KEY-----")
WITH_PASSPHRASE = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"
LONGEST_LINE = 100
OF_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def key_file_faults(named: Path) -> Iterator[str]:
    """All that is wrong with the file; nothing where a key can be read from it by its owner alone."""
    try:
        file = named.expanduser()
        mode = file.stat().st_mode
        if not stat.S_ISREG(mode):
            yield f"{file} is {'a folder' if stat.S_ISDIR(mode) else 'no file of bytes'}: name the file of the key"
            return
        if mode & OF_OTHERS:
            yield f"{file} may be used by others than its owner: chmod 600 {file}"
        yield from _content_faults(file)
    except FileNotFoundError:
        yield f"there is no key file {file}: name the one that is there, or put the key at this place"
    except OSError as error:
        yield f"{file} cannot be read ({error.strerror}): give this user the right to read it, or name another file"
    except RuntimeError:
        yield f"{named} begins with a user that there is not: write the folder out"


def _content_faults(file: Path) -> Iterator[str]:
    with file.open("rb") as opened:
        first = opened.readline(LONGEST_LINE).strip()
    if first == WITH_PASSPHRASE:
        yield f"the key in {file} has a passphrase: name a PEM file without one"
    elif first not in PRIVATE_KEYS:
        yield f"{file} is not a private key in PEM, by its first line: name a PEM file that begins with the key"
