"""What all tests share: the real files, where there are any.

The folder RETAIL_REAL_DATA flows in; its path flows out. The files themselves are not in the repository.
"""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder that holds superstore/ and online_retail/; in CI it must be there."""
    given = os.environ.get("RETAIL_REAL_DATA", "").strip()
    if given:
        folder = Path(given)
        if not (folder / "superstore").is_dir():
            pytest.fail(f"RETAIL_REAL_DATA is {folder}, but superstore/ is not in it")
        return folder
    reason = "needs real files: set RETAIL_REAL_DATA to the folder that holds superstore/ and online_retail/"
    if os.environ.get("CI", "").lower() in ("true", "1"):
        pytest.fail(reason)
    pytest.skip(reason)
