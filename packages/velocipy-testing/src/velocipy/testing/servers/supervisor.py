"""
Runs a server for as long as somebody holds the other end of its standard input; a script, nothing to import.

    python supervisor.py GRACE command...

The starter keeps the pipe open, and its end, however it comes (closing, SIGKILL), is the end of the server: first a
polite signal to the server, which passes it on to its workers; then, when it has ended or GRACE seconds are over, a
deadly one to its whole process group. Standard output carries two lines, "started PID" and "ended CODE"; what the
server writes goes to standard error.

It needs the standard library only, and is started isolated, so that a broken environment cannot break it. It stands in
a session of its own, so that Ctrl-C in a terminal reaches the starter and not the server.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading

Process = subprocess.Popen[bytes]


def main(grace: float, command: list[str]) -> None:
    """Run *command* until it ends, or standard input does."""
    server = _start(command)
    _say(f"started {server.pid}")
    threading.Thread(target=_end_with_starter, args=(server, grace), daemon=True).start()
    code = server.wait()
    _kill(server)  # what it has left behind
    _say(f"ended {code}")


def _start(command: list[str]) -> Process:
    if sys.platform == "win32":
        group = subprocess.CREATE_NEW_PROCESS_GROUP
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=2, stderr=2, creationflags=group)
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=2, stderr=2, start_new_session=True)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the end of standard input is what ends us
    return server


def _end_with_starter(server: Process, grace: float) -> None:
    while os.read(0, 1024):
        pass
    _ask(server)
    try:
        server.wait(grace)
    except subprocess.TimeoutExpired:
        _kill(server)


def _ask(server: Process) -> None:
    with contextlib.suppress(OSError):
        if sys.platform == "win32":
            server.send_signal(signal.CTRL_BREAK_EVENT)
        else:
            server.terminate()


def _kill(server: Process) -> None:
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(server.pid)], capture_output=True, check=False)
        return
    with contextlib.suppress(OSError):
        os.killpg(server.pid, signal.SIGKILL)


def _say(line: str) -> None:
    with contextlib.suppress(OSError):  # the starter is gone
        os.write(1, line.encode() + b"\n")


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2:])
