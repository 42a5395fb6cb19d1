"""The emulator as a background process: one for a port, found again by its lock, stopped with all it started."""

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
    """Something that the person has to see to, in a sentence."""


class Emulator:
    """The emulator of a port.

    It inherits an open, locked file and so holds the lock for as long as it lives: a pid in the file is its pid exactly
    while the file is locked, however a former one ended.
    """

    def __init__(self, port, folder):
        self.port, self.folder = port, pathlib.Path(folder)
        self.file, self.log = self.folder / "emulator.pid", self.folder / "emulator.log"

    def pid(self):
        """Its process id, or None when it is not running."""
        if not self.file.exists():
            return None
        with open(self.file) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                return None
            except BlockingIOError:
                return int(file.read() or 0) or None

    def start(self, env):
        """Starts it and waits until it answers. False when it already runs."""
        if self.pid() is not None:
            return False
        # Lambda processes of one that was killed would still hold on to this port's files.
        self._end_leftovers()
        self._refuse_taken_port()
        scratch = self.folder / "tmp"
        scratch.mkdir(parents=True, exist_ok=True)
        env = {
            # Waits and retry pauses of the state machine run at a twentieth: nobody wants to sit through the minutes
            # between two looks at a backup. Task time-outs and the approval's limit are not scaled.
            "SFN_WAIT_SCALE": "0.05",
            **env,
            "GATEWAY_PORT": str(self.port),
            # Not for the network: the emulator believes every credential.
            "BIND_HOST": "127.0.0.1",
            "TMPDIR": str(scratch),
            "STATE_DIR": str(scratch),
            # Services nobody needs here, on fixed ports that two emulators would fight for.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "PYTHONUNBUFFERED": "1",
        }
        with open(self.file, "w") as file, open(self.log, "w") as log:
            fcntl.flock(file, fcntl.LOCK_EX)
            process = subprocess.Popen(
                [sys.executable, pathlib.Path(__file__).with_name("emulator.py")],
                env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                # A group of its own: stop() ends it together with the Lambda processes that it started.
                start_new_session=True, pass_fds=[file.fileno()],
            )  # fmt: skip
            file.write(str(process.pid))
            file.flush()
        self._await_health(process)
        return True

    def stop(self):
        """Ends it and every process that it started, and waits for that. False when nothing ran."""
        pid = self.pid()
        if pid is None:
            return self._end_leftovers()
        os.kill(pid, signal.SIGTERM)
        if not _comes_true(STOP_SECONDS, lambda: self.pid() is None):
            os.kill(pid, signal.SIGKILL)
            _comes_true(STOP_SECONDS, lambda: self.pid() is None)
        self._end_leftovers()
        return True

    def _end_leftovers(self):
        """Ends Lambda processes whose emulator is gone. A group's number is not given again while it has members."""
        group = int(self.file.read_text() or 0) if self.file.exists() else 0
        self.file.unlink(missing_ok=True)
        # Group 0 would be this very process's own.
        members = _members(group) if group > 1 else set()
        # A live process of this number, now that nothing holds the lock, is somebody else's.
        if not members or group in members:
            return False
        os.killpg(group, signal.SIGKILL)
        _comes_true(STOP_SECONDS, lambda: not _members(group))
        return True

    def _refuse_taken_port(self):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", self.port))
            except OSError as error:
                raise Refused(
                    f"port {self.port} is taken by another program ({error.strerror}). "
                    "Stop that, or choose a port with TABLESHIFT_LOCAL_PORT"
                ) from error

    def _await_health(self, process):
        address = f"http://127.0.0.1:{self.port}/_ministack/health"

        def healthy():
            if process.poll() is not None:
                raise Refused(f"the emulator ended at once: {self._last_line()}. Its log is {self.log}")
            try:
                with urllib.request.urlopen(address, timeout=1) as answer:
                    return answer.status == 200
            except (urllib.error.URLError, OSError):
                return False

        if not _comes_true(START_SECONDS, healthy):
            self.stop()
            raise Refused(f"the emulator did not answer within {START_SECONDS} s. Its log is {self.log}")

    def _last_line(self):
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"


def _comes_true(seconds, condition):
    """Waits for the condition, at most so many seconds; says whether it came true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.1)
    return condition()


def _members(group):
    """The processes of a group that still run. Ended ones count as gone, whether or not their parent has noticed."""
    found = set()
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name, in brackets, may hold anything; behind it stand state, parent and group.
            state, _, of = path.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(of) == group and state not in "ZX":
            found.add(int(path.parent.name))
    return found
