"""The sample that the tests here read: five days, made once."""

import pytest

from lakehouse.sample import SampleFile, write_sample


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> list[SampleFile]:
    return write_sample(tmp_path_factory.mktemp("sample"), days=5)
