"""A network of machines that are none: each a process in a network namespace of its own, all of them on a bridge.

Whoever makes the network is in namespaces of its own too (`apart`), which end with it: nothing is left behind.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
HERE = "10.99.0.1"
"""Address of the process that makes the network."""
SWITCH = "switch0"


def apart() -> list[str]:
    """Return the words that start a command in namespaces of its own."""
    words = ["unshare", "--net", "--pid", "--fork", "--mount-proc", "--kill-child"]
    # Whoever isn't root may be it in a namespace, where the system lets them.
    return words if os.geteuid() == 0 else [*words, "--user", "--map-root-user"]


def left_out() -> str:
    """Return a sentence that says why there can be no networks; nothing where there can be."""
    if sys.platform != "linux":
        return "networks of their own are left out, as only Linux has them"
    try:
        words = [*apart(), sys.executable, "-c", "from attacks.clusters.network import Network; Network()"]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    except OSError as error:
        return f"networks of their own are left out, as unshare can't be run ({error.strerror})"
    said = done.stderr.strip().splitlines() or ["and says nothing"]
    return f"networks of their own are left out, as this machine gives none ({said[-1]})" if done.returncode else ""


def ip(*words: str) -> None:
    """Change the network, by the command of that name; say what it says where it fails."""
    done = subprocess.run(["ip", *words], check=False, capture_output=True, text=True)
    if done.returncode:
        raise subprocess.CalledProcessError(done.returncode, f"ip {' '.join(words)} ({done.stderr.strip()})")


class Machine:
    """A process that has an address of its own, and whatever it starts."""

    def __init__(self, number: int, words: list[str], log: Path, environment: Mapping[str, str]) -> None:
        self.words, self.address, self.link = words, f"10.99.0.{number}", f"link{number}"
        with log.open("ab") as out:
            # It waits for its address.
            self.process = subprocess.Popen(
                ["unshare", "--net", "sh", "-c", 'read go; exec "$@"', "sh", *words],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=out,
                cwd=ROOT,
                env={**os.environ, **environment},
                start_new_session=True,
            )
        inside = ["nsenter", "--net", f"--target={self.process.pid}", "ip"]
        while os.readlink(f"/proc/{self.process.pid}/ns/net") == os.readlink("/proc/self/ns/net"):
            pass
        ip("link", "add", self.link, "type", "veth", "peer", "name", "eth0", "netns", str(self.process.pid))
        ip("link", "set", self.link, "master", SWITCH, "up")
        for change in (["link", "set", "lo", "up"], ["addr", "add", f"{self.address}/24", "dev", "eth0"]):
            subprocess.run([*inside, *change], check=True)
        subprocess.run([*inside, "link", "set", "eth0", "up"], check=True)
        self.process.stdin.write(b"go\n")
        self.process.stdin.close()

    def cut(self) -> None:
        """Cut it off: what it sends and is sent goes nowhere, and nobody is told."""
        ip("link", "set", self.link, "down")

    def mend(self) -> None:
        """Let it be reached again, if it is there still."""
        with contextlib.suppress(subprocess.CalledProcessError):
            ip("link", "set", self.link, "up")

    def delay(self, milliseconds: int) -> bool:
        """Let all that it is sent come later; return whether the kernel can do that."""
        words = ["tc", "qdisc", "add", "dev", self.link, "root", "netem", "delay", f"{milliseconds}ms"]
        return not subprocess.run(words, check=False, capture_output=True).returncode

    def send(self, number: int) -> None:
        """Send a signal to all of its processes."""
        for process in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)

    def processes(self) -> list[int]:
        """Return the numbers of all processes that are in its namespace."""
        found = []
        try:
            own = os.readlink(f"/proc/{self.process.pid}/ns/net")
        except OSError:
            return found
        for path in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if path.name.isdigit() and os.readlink(path / "ns" / "net") == own:
                    found.append(int(path.name))
        return found

    def end(self) -> None:
        """End it and all that it started."""
        self.send(signal.SIGKILL)
        self.process.wait()
        with contextlib.suppress(subprocess.CalledProcessError):
            ip("link", "del", self.link)


class Network:
    """A bridge, and the machines at it."""

    def __init__(self) -> None:
        ip("link", "set", "lo", "up")
        ip("link", "add", SWITCH, "type", "bridge")
        ip("addr", "add", f"{HERE}/24", "dev", SWITCH)
        ip("link", "set", SWITCH, "up")
        self.machines: list[Machine] = []

    def start(self, words: list[str], log: Path, **environment: str) -> Machine:
        """Start a machine that runs a command."""
        self.machines.append(Machine(10 + len(self.machines), words, log, environment))
        return self.machines[-1]

    def again(self, machine: Machine, log: Path, **environment: str) -> Machine:
        """Start a machine once more, which has ended, under the same address."""
        place = self.machines.index(machine)
        self.machines[place] = Machine(10 + place, machine.words, log, environment)
        return self.machines[place]

    def close(self) -> None:
        """End all of it."""
        for machine in self.machines:
            machine.end()
        ip("link", "del", SWITCH)
