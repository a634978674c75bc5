# Runs a command on a pseudoterminal of its own for terminal.mjs: what it shows goes to standard output as it is.
# Standard input has one request a line: "keys HEX" types, "size COLUMNS ROWS" changes the window.
import fcntl, os, pty, select, struct, sys, termios


def resize(fd, columns, rows):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


columns, rows = int(sys.argv[1]), int(sys.argv[2])
start_read, start_write = os.pipe()
pid, master = pty.fork()
if pid == 0:
    os.close(start_write)
    # The window has its size before the program looks.
    os.read(start_read, 1)
    os.close(start_read)
    os.execvp(sys.argv[3], sys.argv[3:])
os.close(start_read)
resize(master, columns, rows)
os.close(start_write)
pending = b""
inputs = [0, master]
while True:
    ready, _, _ = select.select(inputs, [], [])
    if master in ready:
        try:
            shown = os.read(master, 65536)
        except OSError:
            break
        if not shown:
            break
        os.write(1, shown)
    if 0 in ready:
        more = os.read(0, 65536)
        if not more:
            break
        pending += more
        *lines, pending = pending.split(b"\n")
        for line in lines:
            word, *values = line.split()
            if word == b"keys":
                os.write(master, bytes.fromhex(values[0].decode()))
            else:
                resize(master, int(values[0]), int(values[1]))
os.close(master)
os.waitpid(pid, 0)
