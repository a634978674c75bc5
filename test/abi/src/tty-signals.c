/* Signals from the keyboard, window changes, packet mode. The session leader is a child that reports by a pipe. */
#include "session.h"

static void keys(void)
{
	in_session() {
		catch(SIGINT), catch(SIGQUIT), catch(SIGTSTP), catch(SIGWINCH);
		TYPE("\x03"), caught(), TYPE("\x1c"), caught(), TYPE("\x1a"), caught();
		echoed();
		TYPE("typed\x03"), caught(), echoed(), TYPE("\n"), slave_read();
		change(0, 0, 0, 0, 0, NOFLSH), TYPE("typed\x03"), caught(), echoed(), TYPE("\n"), slave_read();
		change(0, 0, 0, 0, ECHO | NOFLSH, 0), TYPE("x\x03y\n"), caught(), echoed(), slave_read();
		change(0, 0, 0, 0, ISIG, 0), TYPE("\x03\x1a\x1c\n"), caught(), slave_read();
		change(0, 0, 0, 0, ICANON, ISIG), TYPE("raw\x03" "after"), caught(), slave_read();
		set_cc(VINTR, 'i'), set_cc(VQUIT, 0), TYPE("\x03i\x1c"), caught(), slave_read();
	}
}

static void flushes_output(void)
{
	in_session() {
		catch(SIGINT);
		TYPE("line\nhalf\x03"), caught(), slave_read(), slave_read(), echoed();
		write(slave, "shown", 5), TYPE("\x03"), caught(), echoed();
	}
}

static void window(void)
{
	in_session() {
		struct winsize w = {24, 80, 1, 2};
		catch(SIGWINCH);
		SHOW(ioctl(master, TIOCSWINSZ, &w)), caught();
		SHOW(ioctl(master, TIOCSWINSZ, &w)), caught();
		w.ws_col = 81;
		SHOW(ioctl(slave, TIOCSWINSZ, &w)), caught();
		memset(&w, 0, sizeof w);
		SHOW(ioctl(master, TIOCGWINSZ, &w));
		printf("%d %d %d %d\n", w.ws_row, w.ws_col, w.ws_xpixel, w.ws_ypixel);
		SHOW(ioctl(slave, TIOCSWINSZ, NULL));
	}
}

static void interrupted_read(void)
{
	in_session() {
		char buf[10];
		catch(SIGINT), type_later("\x03");
		SHOW(read(slave, buf, 10)), caught();
		restarting(SIGINT), type_later("\x03go\n");
		SHOW(read(slave, buf, 10)), caught();
		change(0, 0, 0, 0, ICANON, 0), set_cc(VMIN, 5), catch(SIGINT);
		change(0, 0, 0, 0, 0, NOFLSH), TYPE("ab"), type_later("\x03");
		SHOW(read(slave, buf, 10)), caught();
		wait(NULL), wait(NULL), wait(NULL);
	}
}

static void kills(void)
{
	for (int i = 0; i < 2; i++) {
		int status;
		open_pair();
		pid_t child = fork();
		if (!child) {
			setsid(), ioctl(slave, TIOCSCTTY, 0), close(master);
			for (;;) pause();
		}
		settle(), settle(), type_bytes(i ? "\x1c" : "\x03", 1);
		waitpid(child, &status, 0);
		printf("signal %d core %d\n", WTERMSIG(status), !!WCOREDUMP(status));
		close(master), close(slave);
	}
}

static void packets(void)
{
	open_pair();
	int on = 1;
	show_int("TIOCGPKT", master, TIOCGPKT), SHOW(ioctl(master, TIOCPKT, &on)), show_int("TIOCGPKT", master, TIOCGPKT);
	SHOW(ioctl(slave, TIOCPKT, &on));
	echoed(), write(slave, "data\n", 5), settle(), show_poll(master, "master");
	read_one(master, "master", 3), echoed();
	TYPE("abc\n"), echoed();
	tcflush(slave, TCIFLUSH), show_poll(master, "master"), echoed(), echoed();
	tcflush(slave, TCOFLUSH), echoed(), tcflush(slave, TCIOFLUSH), echoed();
	tcflow(slave, TCOOFF), echoed(), tcflow(slave, TCON_), echoed();
	TYPE("\x13"), echoed(), TYPE("\x11"), echoed();
	change(IXON, 0, 0, 0, 0, 0), echoed(), change(0, IXON, 0, 0, 0, 0), echoed();
	set_cc(VSTOP, 1), echoed(), change(0, 0, 0, 0, ECHO, 0), echoed();
	write(slave, "x", 1), tcflush(slave, TCIFLUSH), echoed(), echoed();
	on = 0, SHOW(ioctl(master, TIOCPKT, &on)), tcflush(slave, TCIFLUSH), echoed();
}

static void by_master(void)
{
	in_session() {
		catch(SIGINT), catch(SIGQUIT), catch(SIGTSTP), catch(SIGUSR1);
		SHOW(ioctl(master, TIOCSIG, SIGINT)), caught(), SHOW(ioctl(master, TIOCSIG, SIGTSTP)), caught();
		SHOW(ioctl(master, TIOCSIG, SIGUSR1)), caught(), SHOW(ioctl(slave, TIOCSIG, SIGINT)), caught();
	}
}

PROBES({"keys", keys}, {"flushes-output", flushes_output}, {"window", window}, {"interrupted-read", interrupted_read},
	{"kills", kills}, {"packets", packets}, {"by-master", by_master})
