"""What tests of loops share."""

import pytest

from shortlist.loop.store.database import Database


@pytest.fixture(autouse=True)
def closed():
    """Close the loops that a test has opened: Python 3.13 and later warn of a database that nobody closed."""
    opened, init = [], Database.__init__

    def noted(self, *given):
        init(self, *given)
        opened.append(self)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Database, "__init__", noted)
        yield
    for database in opened:
        database.close()
