"""What all tests rely on."""

import os
import signal
import threading
import time

import pytest


@pytest.fixture(autouse=True, scope="session")
def ctrl_c_interrupts():
    """Shells have programs in the background ignore Ctrl-C, and Python then leaves it ignored: not so under test."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


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
