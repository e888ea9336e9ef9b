"""One Spark session for all tests here, on a lakehouse of its own."""

import os

import pytest

from lakehouse.runtime.session import open_session
from lakehouse.runtime.settings import load_settings


@pytest.fixture(scope="session")
def spark(tmp_path_factory):
    os.environ["LAKEHOUSE_HOME"] = str(tmp_path_factory.mktemp("home"))
    session = open_session(load_settings("local"))
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()
