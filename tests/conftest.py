"""What all tests rely on."""

import os
import signal
import threading
import time

# Before NumPy is imported. Files of tests share the cores, and so threads of linear algebra would wait, at work, for
# those of other processes: that took two thirds of the time of the learners.
for library in ("OPENBLAS", "OMP", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

import pytest  # noqa: E402
from clusters import end_clusters, uses_clusters  # noqa: E402

FIRST = (
    "faults/test_faults.py",
    "loop/test_loop_kills.py",
    "loop/test_playing.py",
    "page/test_page_browser.py",
    "page/test_page_whole_loop.py",
    "page/test_reports_browser.py",
)
"""Files that take long for their few tests."""


def pytest_collection_modifyitems(items):
    """Have what takes long begin first, so that nothing is waited for at the end."""

    def place(item):
        return 0 if uses_clusters(item.nodeid) else 1 if any(file in item.nodeid for file in FIRST) else 2

    items.sort(key=place)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Keep files of tests whole, and those that share clusters together."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid):
            file = super()._split_scope(nodeid)
            return "clusters" if uses_clusters(file) else file

    return Scheduling(config, log)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item, nextitem):
    """End clusters after the last test that uses them."""
    if uses_clusters(item.nodeid) and not (nextitem and uses_clusters(nextitem.nodeid)):
        end_clusters()


@pytest.fixture(autouse=True, scope="session")
def ctrl_c_interrupts():
    """Shells have programs in the background ignore Ctrl-C, and Python then leaves it ignored: not so under test."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def closed_loops():
    """Close the loops that a test has opened: Python 3.13 and later warn of a database that nobody closed."""
    from shortlist.loop.store.database import Database

    opened, init = [], Database.__init__

    def noted(self, *given):
        init(self, *given)
        opened.append(self)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Database, "__init__", noted)
        yield
    for database in opened:
        database.close()


@pytest.fixture
def command(tmp_path, monkeypatch):
    """Call the command in the folder of the test, and in this process, as one of its own takes as long as most tests."""
    testing = pytest.importorskip("click.testing")
    pytest.importorskip("rich")
    from shortlist.cli.app import app

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def call(*words, code=0):
        done = testing.CliRunner().invoke(app, [*map(str, words)])
        assert done.exit_code == code, (words, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        return done

    return call


@pytest.fixture
def ctrl_c():
    """Interrupt a call that would take minutes: it must end within a second, which other tests may stretch meanwhile."""

    def check(call):
        pressed = []
        caller = threading.get_ident()

        def worked():
            """Seconds that the caller had a core to itself."""
            if not hasattr(time, "pthread_getcpuclockid"):
                return 0.0
            return time.clock_gettime(time.pthread_getcpuclockid(caller))

        def press():
            pressed.extend([time.monotonic(), worked()])
            os.kill(os.getpid(), signal.SIGINT)

        timer = threading.Timer(0.3, press)
        timer.start()
        try:
            with pytest.raises(KeyboardInterrupt):
                call()
            assert worked() - pressed[1] < 1
            assert time.monotonic() - pressed[0] < 5
        finally:
            timer.cancel()
            timer.join()

    return check
