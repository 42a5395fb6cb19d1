"""The emulator as a background process: one per port, found through its lock, stopped with all its child processes."""

import fcntl
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

START_SECONDS = 60
STOP_SECONDS = 10


class Refused(Exception):
    """A problem that the user has to solve. The message says how."""


class Emulator:
    """The emulator of one port.

    The process inherits the open, locked pid file, and so holds the lock as long as it lives. The pid in the file is
    valid exactly while the file is locked, no matter how an earlier process ended.
    """

    def __init__(self, port, folder):
        self.port, self.folder = port, pathlib.Path(folder)
        self.file, self.log = self.folder / "emulator.pid", self.folder / "emulator.log"

    def pid(self):
        """Returns the process id, or None if the emulator does not run."""
        if not self.file.exists():
            return None
        with self.file.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                return None
            except BlockingIOError:
                return int(file.read() or 0) or None

    def start(self, env):
        """Starts the emulator and waits until it answers. Returns False if it already runs."""
        if self.pid() is not None:
            return False
        # Lambda processes of a killed emulator would still use this port's files.
        self._stop_leftovers()
        self._refuse_taken_port()
        scratch = self.folder / "tmp"
        scratch.mkdir(parents=True, exist_ok=True)
        env = {
            # Waits and retry intervals of the state machine take a twentieth of their time; otherwise every wait for
            # the backup would take minutes. The scale does not apply to task timeouts or to the approval's time limit.
            "SFN_WAIT_SCALE": "0.05",
            **env,
            "GATEWAY_PORT": str(self.port),
            # Not reachable from the network, because the emulator accepts all credentials.
            "BIND_HOST": "127.0.0.1",
            "TMPDIR": str(scratch),
            "STATE_DIR": str(scratch),
            # Unused services that listen on fixed ports: a second emulator could not start.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "PYTHONUNBUFFERED": "1",
        }
        with self.file.open("w") as file, self.log.open("w") as log:
            fcntl.flock(file, fcntl.LOCK_EX)
            process = subprocess.Popen(
                [sys.executable, pathlib.Path(__file__).with_name("emulator.py")],
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # The emulator and its Lambda processes form a process group, which stop() ends.
                start_new_session=True,
                pass_fds=[file.fileno()],
            )
            file.write(str(process.pid))
            file.flush()
        self._await_health(process)
        return True

    def stop(self):
        """Ends the emulator and all its child processes and waits for that. Returns False if nothing ran."""
        pid = self.pid()
        if pid is None:
            return self._stop_leftovers()
        os.kill(pid, signal.SIGTERM)
        if not _wait_until(STOP_SECONDS, lambda: self.pid() is None):
            os.kill(pid, signal.SIGKILL)
            _wait_until(STOP_SECONDS, lambda: self.pid() is None)
        self._stop_leftovers()
        return True

    def _stop_leftovers(self):
        """Ends Lambda processes whose emulator is gone. The system does not reuse a group's id while it has members."""
        group = int(self.file.read_text() or 0) if self.file.exists() else 0
        self.file.unlink(missing_ok=True)
        # Group 0 would be the group of this process.
        members = _live_members(group) if group > 1 else set()
        # If the leader is alive although the lock is free, the system has given the id to an unrelated process.
        if not members or group in members:
            return False
        os.killpg(group, signal.SIGKILL)
        _wait_until(STOP_SECONDS, lambda: not _live_members(group))
        return True

    def _refuse_taken_port(self):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", self.port))
            except OSError as error:
                raise Refused(
                    f"port {self.port} is in use by another program ({error.strerror}). "
                    "Stop that program, or choose another port with TABLESHIFT_LOCAL_PORT"
                ) from error

    def _await_health(self, process):
        address = f"http://127.0.0.1:{self.port}/_ministack/health"

        def is_healthy():
            if process.poll() is not None:
                raise Refused(f"the emulator ended at startup: {self._last_line()}. Its log is {self.log}")
            try:
                with urllib.request.urlopen(address, timeout=1) as answer:
                    return answer.status == 200
            except (urllib.error.URLError, OSError):
                return False

        if not _wait_until(START_SECONDS, is_healthy):
            self.stop()
            raise Refused(f"the emulator did not answer within {START_SECONDS} s. Its log is {self.log}")

    def _last_line(self):
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "no output"


def _wait_until(seconds, condition):
    """Waits up to `seconds` for the condition and returns whether it holds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.1)
    return condition()


def _live_members(group):
    """Returns the ids of the running processes of a group, without zombies."""
    found = set()
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name is in brackets and may contain anything. After it come state, parent and group.
            state, _, process_group = path.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(process_group) == group and state not in "ZX":
            found.add(int(path.parent.name))
    return found
