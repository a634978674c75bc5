/* Sessions, foreground and background groups, orphans. */
#include "session.h"

static void show_pid(const char *what, long value)
{
	if (value == -1) printf("%s: %s\n", what, errno_name(errno));
	else printf("%s: %s\n", what, value == getpid() ? "me" : value == getppid() ? "my parent" : value == 0 ? "0" : "other");
	fflush(stdout);
}

static void stat_fields(void)
{
	char line[512] = {0}, state;
	int fd = open("/proc/self/stat", O_RDONLY), ppid, pgrp, sid, tty, tpgid;
	read(fd, line, 500), close(fd);
	sscanf(strrchr(line, ')') + 2, "%c %d %d %d %d %d", &state, &ppid, &pgrp, &sid, &tty, &tpgid);
	printf("tty %s %s\n", tty == 0 ? "none" : (tty >> 8 & 0xfff) == 136 ? "pts" : "other", tpgid == -1 ? "-1" : tpgid == getpid() ? "me" : tpgid == 0 ? "0" : "other");
}

static void acquire(void)
{
	open_pair();
	char name[32];
	int n;
	ioctl(master, TIOCGPTN, &n), snprintf(name, sizeof name, "/dev/pts/%d", n);
	fflush(stdout);
	if (fork()) return (void)wait(NULL);
	SHOW(ioctl(slave, TIOCSCTTY, 0));
	show_pid("tcgetpgrp", tcgetpgrp(slave)), show_pid("tcgetsid", tcgetsid(slave)), show_pid("by the master", tcgetpgrp(master));
	SHOW(setsid() > 0), SHOW(setsid()), SHOW(setpgid(0, 0)), stat_fields();
	SHOW(open(name, O_RDWR | O_NOCTTY) >= 0), show_pid("tcgetpgrp", tcgetpgrp(slave));
	SHOW(open(name, O_WRONLY) >= 0), show_pid("tcgetpgrp", tcgetpgrp(slave));
	SHOW(open(name, O_RDWR) >= 0), show_pid("tcgetpgrp", tcgetpgrp(slave)), show_pid("tcgetsid", tcgetsid(slave)), stat_fields();
	show_pid("by the master", tcgetpgrp(master)), show_pid("by the master", tcgetsid(master));
	SHOW(ioctl(slave, TIOCSCTTY, 0));
	int first = slave, one = master;
	open_pair(), SHOW(ioctl(slave, TIOCSCTTY, 0)), SHOW(ioctl(slave, TIOCNOTTY));
	show_pid("tcgetpgrp of another", tcgetpgrp(slave));
	signal(SIGHUP, SIG_IGN), SHOW(ioctl(first, TIOCNOTTY)), show_pid("tcgetpgrp", tcgetpgrp(first)), stat_fields();
	SHOW(ioctl(master, TIOCSCTTY, 0)), show_pid("tcgetpgrp", tcgetpgrp(slave));
	_exit(0);
}

static void steal(void)
{
	in_session() {
		fflush(stdout);
		pid_t child = fork();
		if (!child) {
			SHOW(ioctl(slave, TIOCSCTTY, 0));
			setsid();
			SHOW(ioctl(slave, TIOCSCTTY, 0)), SHOW(ioctl(slave, TIOCSCTTY, 1)), show_pid("tcgetpgrp", tcgetpgrp(slave));
			_exit(0);
		}
		waitpid(child, NULL, 0);
		show_pid("tcgetpgrp", tcgetpgrp(slave)), stat_fields();
	}
}

static void foreground(void)
{
	in_session() {
		int minus = -5, nobody = 29999, one = 1, me = getpid();
		SHOW(ioctl(slave, TIOCSPGRP, &minus)), SHOW(ioctl(slave, TIOCSPGRP, &nobody)), SHOW(ioctl(slave, TIOCSPGRP, &one));
		SHOW(ioctl(slave, TIOCSPGRP, NULL)), SHOW(ioctl(slave, TIOCSPGRP, &me)), SHOW(ioctl(master, TIOCSPGRP, &me));
		fflush(stdout);
		pid_t child = fork();
		if (!child) {
			setpgid(0, 0), pause();
			_exit(0);
		}
		settle();
		SHOW(ioctl(slave, TIOCSPGRP, &child)), stat_fields();
		show_pid("tcgetpgrp", tcgetpgrp(slave));
		TYPE("\x03"), show_child(child);
		signal(SIGTTOU, SIG_IGN), SHOW(ioctl(slave, TIOCSPGRP, &me)), stat_fields();
		setsid();
	}
}

static void background_read(void)
{
	in_session() {
		char buf[8];
		fflush(stdout);
		pid_t child = fork();
		if (!child) {
			setpgid(0, 0);
			SHOW(read(slave, buf, 8));
			signal(SIGTTIN, SIG_IGN), SHOW(read(slave, buf, 8));
			catch(SIGTTIN), SHOW(read(slave, buf, 8)), caught();
			sigset_t set;
			sigemptyset(&set), sigaddset(&set, SIGTTIN), sigprocmask(SIG_BLOCK, &set, NULL);
			SHOW(read(slave, buf, 8)), SHOW(ioctl(slave, FIONREAD, buf));
			_exit(3);
		}
		settle(), show_child(child);
		tcsetpgrp(slave, child), TYPE("hey\n"), kill(child, SIGCONT), show_child(child);
		signal(SIGTTOU, SIG_IGN), settle(), tcsetpgrp(slave, getpid()), settle(), settle(), show_child(child), show_child(child);
	}
}

static void background_write(void)
{
	in_session() {
		fflush(stdout);
		pid_t child = fork();
		if (!child) {
			struct termios t;
			struct winsize w = {1, 2};
			setpgid(0, 0);
			SHOW(write(slave, "a", 1)), tcgetattr(slave, &t);
			SHOW(ioctl(slave, TIOCSWINSZ, &w)), SHOW(tcgetattr(slave, &t));
			catch(SIGTTOU), SHOW(tcsetattr(slave, TCSANOW, &t)), caught(), SHOW(tcflush(slave, TCIFLUSH)), caught();
			SHOW(tcflow(slave, TCOON)), SHOW(tcsendbreak(slave, 0)), SHOW(tcsetpgrp(slave, getpid())), caught();
			signal(SIGTTOU, SIG_IGN), t.c_lflag |= TOSTOP, SHOW(tcsetattr(slave, TCSANOW, &t)), SHOW(write(slave, "b", 1));
			catch(SIGTTOU), SHOW(write(slave, "c", 1)), caught();
			signal(SIGTTOU, SIG_DFL), SHOW(write(slave, "d", 1));
			_exit(4);
		}
		settle(), settle(), settle(), settle(), settle(), settle(), settle();
		show_child(child), echoed(), tcsetpgrp(slave, child), kill(child, SIGCONT), show_child(child), show_child(child), echoed();
	}
}

static void stop_and_continue(void)
{
	in_session() {
		fflush(stdout);
		pid_t child = fork();
		if (!child) {
			char buf[8];
			setpgid(0, 0), signal(SIGTTOU, SIG_IGN), tcsetpgrp(slave, getpid());
			SHOW(read(slave, buf, 8));
			_exit(5);
		}
		settle(), settle(), TYPE("\x1a"), show_child(child), stat_fields();
		kill(child, SIGCONT), show_child(child), TYPE("on\n"), settle(), show_child(child);
	}
}

static void orphans(void)
{
	int out[2];
	in_session() {
		pipe(out), fflush(stdout);
		pid_t child = fork();
		if (!child) {
			setpgid(0, 0);
			pid_t grandchild = fork();
			if (!grandchild) {
				close(out[0]), signal(SIGTTIN, SIG_DFL), catch(SIGHUP), catch(SIGCONT);
				setpgid(0, 0), kill(getpid(), SIGSTOP), caught();
				char c;
				SHOW(read(slave, &c, 1));
				signal(SIGTTOU, SIG_DFL);
				struct termios t;
				tcgetattr(slave, &t), SHOW(tcsetattr(slave, TCSANOW, &t)), SHOW(tcsetpgrp(slave, getpid()));
				kill(getpid(), SIGTSTP), puts("not stopped"), fflush(stdout);
				_exit(0);
			}
			settle(), settle();
			_exit(0);
		}
		close(out[1]), waitpid(child, NULL, 0);
		char c;
		read(out[0], &c, 1);
	}
}

static void leader_ends(void)
{
	int out[2];
	open_pair(), pipe(out), fflush(stdout);
	if (!fork()) {
		setsid(), ioctl(slave, TIOCSCTTY, 0);
		if (!fork()) {
			catch(SIGHUP), catch(SIGCONT), setpgid(0, 0), signal(SIGTTOU, SIG_IGN), tcsetpgrp(slave, getpid());
			settle(), settle(), settle(), caught(), stat_fields(), SHOW(open("/dev/tty", O_RDWR));
			show_pid("tcgetpgrp", tcgetpgrp(slave));
			char c;
			fcntl(slave, F_SETFL, O_RDWR | O_NONBLOCK), SHOW(read(slave, &c, 1)), SHOW(write(slave, "x", 1));
			fflush(stdout), _exit(0);
		}
		if (!fork()) {
			catch(SIGHUP), setpgid(0, 0);
			settle(), settle(), settle(), settle(), settle(), settle(), settle(), settle(), settle(), caught(), fflush(stdout), _exit(0);
		}
		settle(), settle(), _exit(0);
	}
	wait(NULL), close(out[1]);
	char c;
	usleep(200000), echoed();
}

static void gives_up(void)
{
	in_session() {
		catch(SIGHUP), catch(SIGCONT), fflush(stdout);
		pid_t child = fork();
		if (!child) {
			settle(), settle(), caught(), stat_fields(), SHOW(ioctl(slave, TIOCNOTTY));
			exit(0);
		}
		SHOW(ioctl(slave, TIOCNOTTY)), caught(), stat_fields(), waitpid(child, NULL, 0);
	}
}

static void member_gives_up(void)
{
	in_session() {
		catch(SIGHUP), fflush(stdout);
		pid_t child = fork();
		if (!child) {
			SHOW(ioctl(slave, TIOCNOTTY)), stat_fields(), SHOW(open("/dev/tty", O_RDWR)), SHOW(ioctl(slave, TIOCSCTTY, 0));
			exit(0);
		}
		waitpid(child, NULL, 0), caught(), stat_fields();
	}
}

static void hung_up_leader(void)
{
	open_pair(), fflush(stdout);
	pid_t child = fork();
	if (!child) {
		setsid(), ioctl(slave, TIOCSCTTY, 0), close(master);
		if (!fork()) {
			catch(SIGHUP), setpgid(0, 0), signal(SIGTTOU, SIG_IGN), tcsetpgrp(slave, getpid());
			for (int i = 0; i < 8; i++) settle();
			caught(), stat_fields();
			exit(0);
		}
		catch(SIGHUP);
		settle(), settle(), settle(), settle();
		caught(), stat_fields();
		exit(0);
	}
	settle(), settle(), close(master), waitpid(child, NULL, 0), usleep(150000);
}

PROBES({"acquire", acquire}, {"steal", steal}, {"foreground", foreground}, {"background-read", background_read},
	{"background-write", background_write}, {"stop-and-continue", stop_and_continue}, {"orphans", orphans},
	{"leader-ends", leader_ends}, {"gives-up", gives_up}, {"member-gives-up", member_gives_up},
	{"hung-up-leader", hung_up_leader})
