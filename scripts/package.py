"""`make package`: from the package and `conf/` to `dist/lakehouse.zip` for `spark-submit --py-files`.

Flows in: `lakehouse/**/*.py` and `conf/`. Flows out: one zip, the configuration in it as `lakehouse/_conf`.
Guaranteed: the same tree gives the same bytes; the zip appears whole or not at all.
"""

import os
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "dist" / "lakehouse.zip"
LONG_AGO = (1980, 1, 1, 0, 0, 0)


def members() -> dict[str, Path]:
    """Name in the zip and file on disk, sorted by name."""
    found = {path.relative_to(ROOT).as_posix(): path for path in (ROOT / "lakehouse").rglob("*.py")}
    for path in (ROOT / "conf").rglob("*"):
        if path.is_file() and not path.name.startswith("."):
            found[f"lakehouse/_conf/{path.relative_to(ROOT / 'conf').as_posix()}"] = path
    return dict(sorted(found.items()))


def main() -> None:
    """Write the zip under another name, then move it into place."""
    TARGET.parent.mkdir(exist_ok=True)
    unfinished = TARGET.with_suffix(f".{os.getpid()}.part")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in members().items():
            archive.writestr(zipfile.ZipInfo(name, LONG_AGO), path.read_bytes(), zipfile.ZIP_DEFLATED)
    os.replace(unfinished, TARGET)
    print(TARGET.relative_to(ROOT))


if __name__ == "__main__":
    main()
