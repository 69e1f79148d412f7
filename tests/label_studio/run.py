"""Start a Label Studio on loopback, with SQLite in a folder that is thrown away, and run the tests against it.

``make test-label-studio`` installs it and runs this: ``run.py LABEL_STUDIO [arguments of pytest]``.
"""

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).parent
FIRST_START = 600
"""Seconds, at most: it makes its database."""


def main(program, arguments):
    """Return the exit status of the tests."""
    token = secrets.token_hex(20)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="label-studio-") as folder:
        log = Path(folder) / "server.log"
        command = [
            program, "start", "--no-browser", "--data-dir", folder, "--internal-host", "127.0.0.1", "--port", str(port),
            "--username", "ann@example.com", "--password", secrets.token_hex(16), "--user-token", token,
            "--enable-legacy-api-token", "--log-level", "ERROR",
        ]  # fmt: skip
        surroundings = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        surroundings |= {"COLLECT_ANALYTICS": "false", "SENTRY_DSN": "", "FRONTEND_SENTRY_DSN": ""}
        with log.open("wb") as out:
            server = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=surroundings, cwd=folder)
        try:
            began = time.monotonic()
            while not answers(url):
                if server.poll() is not None or time.monotonic() - began > FIRST_START:
                    sys.exit(f"Label Studio did not start:\n{log.read_text(errors='replace')[-4000:]}")
                time.sleep(0.5)
            print(f"Label Studio is up at {url} after {time.monotonic() - began:.0f} s", flush=True)
            tests = [str(HERE), str(HERE.parent / "loop" / "test_label_studio.py")]
            told = {**os.environ, "SHORTLIST_TEST_LABEL_STUDIO": f"{url} {token}"}
            return subprocess.call([sys.executable, "-m", "pytest", *tests, *arguments], env=told)
        finally:
            server.send_signal(signal.SIGINT)
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def answers(url):
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(f"{url}/health", timeout=5) as said:
            return said.status == 200
    except OSError:
        return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
