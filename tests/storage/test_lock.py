"""The data folder: one process's, and one user's."""

import stat
from pathlib import Path

import pytest

from storage.lock import hold
from zwai.operator_errors import DataFolderInUse


def test_a_new_data_folder_is_closed_to_other_users(tmp_path: Path) -> None:
    with hold(tmp_path / "data"):
        assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    with hold(tmp_path), pytest.raises(DataFolderInUse), hold(tmp_path):
        pass
