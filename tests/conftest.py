import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# No test fails on speed: a busy machine is not a defect.
settings.register_profile("tokenmill", deadline=None)
settings.load_profile("tokenmill")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """Known answers that are not ours to ship; a fresh clone passes without them."""
    folder = Path(os.environ.get("TOKENMILL_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no reference data at {folder}: set TOKENMILL_DATA to its folder")
    return folder


@pytest.fixture
def answers_ctrl_c() -> Iterator[None]:
    """Processes started now answer Ctrl-C; a shell's background jobs are told to ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
