"""Runs a command in a terminal: run-in-terminal.py COLUMNS ROWS COMMAND...

Its output goes to standard output; standard input is typed into it. A line "COLUMNS ROWS" on descriptor 3 changes the
terminal's size. Ends with the command's exit code.
"""
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios


def resize(terminal, columns, rows):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", int(rows), int(columns), 0, 0))


child, terminal = pty.fork()
if child == 0:
    resize(0, *sys.argv[1:3])
    os.execvp(sys.argv[3], sys.argv[3:])

# Ending this process hangs up the terminal.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
sources = [terminal, 0, 3]
while terminal in sources:
    for source in select.select(sources, [], [])[0]:
        try:
            data = os.read(source, 65536)
        except OSError:  # The last of its processes has ended.
            data = b""
        if not data:
            sources.remove(source)
        elif source == terminal:
            while data:
                data = data[os.write(1, data):]
        elif source == 0:
            os.write(terminal, data)
        else:
            resize(terminal, *data.split()[-2:])
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
