"""What the situations begin with: a shop at which several people may sit."""

import pytest
from tests.support.desk import shop


@pytest.fixture
def desk(tmp_path):
    """A pipeline of three scripts; nothing is begun yet."""
    with shop(tmp_path / "shop") as begun:
        yield begun
