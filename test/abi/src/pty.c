/* Pseudoterminals: names, locks, hangup, what each end sees of the other. */
#include "session.h"
#include <dirent.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

static char slave_name[32];
static int number;

static void only_master(void)
{
	master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	ioctl(master, TIOCGPTN, &number);
	snprintf(slave_name, sizeof slave_name, "/dev/pts/%d", number);
}

static void locks(void)
{
	int one = 1, zero = 0;
	only_master();
	show_int("TIOCGPTLCK", master, TIOCGPTLCK);
	SHOW(open(slave_name, O_RDWR | O_NOCTTY));
	SHOW(ioctl(master, TIOCSPTLCK, &zero));
	slave = open(slave_name, O_RDWR | O_NOCTTY), printf("%s\n", slave < 0 ? "no" : "opened");
	SHOW(ioctl(master, TIOCSPTLCK, &one)), show_int("TIOCGPTLCK", master, TIOCGPTLCK);
	SHOW(open(slave_name, O_RDWR | O_NOCTTY));
	SHOW(ioctl(slave, TIOCSPTLCK, &zero)), SHOW(ioctl(slave, TIOCGPTN, &one)), SHOW(ioctl(master, TIOCGPTN, NULL));
	SHOW(ioctl(master, TIOCSPTLCK, NULL));
}

static void files(void)
{
	struct stat s, m;
	unsigned dev;
	open_pair(), fstat(slave, &s), fstat(master, &m), ioctl(master, TIOCGPTN, &number);
	printf("%o %u, the number %s\n", s.st_mode & S_IFMT, major(s.st_rdev), minor(s.st_rdev) == number ? "agrees" : "differs");
	printf("%o %u %u\n", m.st_mode & S_IFMT, major(m.st_rdev), minor(m.st_rdev));
	printf("inode %ld, %ld bytes, %ld links\n", (long)(s.st_ino - number), (long)s.st_size, (long)s.st_nlink);
	SHOW(ioctl(slave, 0x80045432, &dev)), printf("%u\n", major(dev));
	SHOW(ioctl(master, 0x80045432, &dev)), printf("%u\n", major(dev));
	char name[64], want[32];
	SHOW(ttyname_r(slave, name, sizeof name));
	snprintf(want, sizeof want, "/dev/pts/%d", number), printf("%s\n", strcmp(name, want) ? name : "its name");
	SHOW(ttyname_r(master, name, sizeof name));
	SHOW(fchmod(slave, 0600)), SHOW(fchown(slave, 1, 2)), fstat(slave, &s), printf("%o %d %d\n", s.st_mode & 07777, s.st_uid, s.st_gid);
	SHOW(unlink(want)), SHOW(mkdir("/dev/pts/x", 0777)), SHOW(open("/dev/pts/x", O_CREAT | O_RDWR, 0600));
	SHOW(open("/dev/pts/999999", O_RDWR)), SHOW(stat("/dev/pts/ptmx", &s)), printf("%o %u %u\n", s.st_mode & S_IFMT, major(s.st_rdev), minor(s.st_rdev));
	int second = open("/dev/ptmx", O_RDWR | O_NOCTTY), other;
	ioctl(second, TIOCGPTN, &other), printf("%s\n", other == number ? "the same" : "another");
	close(second), snprintf(name, sizeof name, "/dev/pts/%d", other);
	SHOW(stat(name, &s));
	close(master), SHOW(stat(want, &s));
}

static void peer(void)
{
	open_pair(), close(slave);
	slave = ioctl(master, 0x5441, O_RDWR | O_NOCTTY | O_CLOEXEC);
	printf("%s %d\n", slave < 0 ? errno_name(errno) : "opened", fcntl(slave, F_GETFD));
	char name[64], want[32];
	ioctl(master, TIOCGPTN, &number), snprintf(want, sizeof want, "/dev/pts/%d", number);
	ttyname_r(slave, name, sizeof name), printf("%s\n", strcmp(name, want) ? name : "its name");
	TYPE("x\n"), slave_read();
	SHOW(ioctl(slave, 0x5441, O_RDWR));
}

static void slave_closes(void)
{
	int zero = 0;
	only_master(), ioctl(master, TIOCSPTLCK, &zero);
	show_poll(master, "master"), read_one(master, "master", 10), SHOW(write(master, "early\n", 6));
	slave = open(slave_name, O_RDWR | O_NOCTTY), settle(), slave_read(), echoed();
	write(slave, "last", 4);
	int again = dup(slave);
	close(slave), show_poll(master, "master"), close(again), settle();
	show_poll(master, "master"), read_one(master, "master", 2), read_one(master, "master", 10), read_one(master, "master", 10);
	show_poll(master, "master"), SHOW(write(master, "kept\n", 5));
	slave = open(slave_name, O_RDWR | O_NOCTTY), settle(), show_poll(master, "master"), slave_read(), echoed();
}

static void master_closes(void)
{
	open_pair();
	signal(SIGHUP, SIG_IGN);
	TYPE("typed\n"), write(slave, "out", 3);
	struct termios t;
	show_poll(slave, "slave"), close(master), show_poll(slave, "slave");
	slave_read(), slave_read();
	SHOW(write(slave, "x", 1)), SHOW(tcgetattr(slave, &t)), SHOW(ioctl(slave, TIOCSPGRP, &number)), SHOW(isatty(slave));
	SHOW(ioctl(slave, FIONREAD, &number));
}

static void blocked_reader(void)
{
	char buf[8];
	open_pair();
	if (!fork()) {
		close(slave), settle(), settle(), close(master);
		_exit(0);
	}
	close(master), SHOW(read(slave, buf, 8)), SHOW(read(slave, buf, 8)), wait(NULL);
	open_pair();
	if (!fork()) {
		close(master), settle(), settle(), close(slave);
		_exit(0);
	}
	close(slave), SHOW(read(master, buf, 8)), wait(NULL);
	open_pair(), type_bytes("\x13", 1);
	if (!fork()) {
		close(slave), settle(), settle(), close(master);
		_exit(0);
	}
	close(master), SHOW(write(slave, "x", 1)), wait(NULL);
}

static void access_modes(void)
{
	char c;
	open_pair(), ioctl(master, TIOCGPTN, &number), snprintf(slave_name, sizeof slave_name, "/dev/pts/%d", number);
	int in = open(slave_name, O_RDONLY | O_NOCTTY), out = open(slave_name, O_WRONLY | O_NOCTTY);
	SHOW(write(in, "x", 1)), SHOW(read(out, &c, 1)), SHOW(write(out, "y", 1)), echoed(), SHOW(isatty(out));
	printf("%x\n", fcntl(out, F_GETFL)), SHOW(ftruncate(out, 0)), SHOW(lseek(master, 5, SEEK_CUR));
	SHOW(open(slave_name, O_RDWR | O_NOCTTY | O_TRUNC) >= 0), SHOW(open(slave_name, O_RDWR | O_DIRECTORY));
	SHOW(ioctl(slave, TIOCEXCL)), show_int("TIOCGEXCL", slave, 0x80045440), SHOW(open(slave_name, O_RDWR | O_NOCTTY) >= 0), SHOW(ioctl(slave, TIOCNXCL));
	show_int("TIOCGEXCL", slave, 0x80045440);
}

static void own_terminal(void)
{
	int fd;
	SHOW((fd = open("/dev/tty", O_RDWR)) >= 0 ? 0 : -1);
	in_session() {
		struct stat s;
		char name[64];
		SHOW((fd = open("/dev/tty", O_RDWR)) >= 0);
		fstat(fd, &s), printf("%u %u\n", major(s.st_rdev), minor(s.st_rdev));
		SHOW(write(fd, "hello\n", 6)), echoed(), TYPE("typed\n"), read_one(fd, "tty", 10);
		name[readlink("/proc/self/fd/5", name, 63)] = 0, printf("%s\n", fd == 5 ? name : "another number");
		SHOW(isatty(fd));
	}
}

static void hang_up(void)
{
	in_session() {
		catch(SIGHUP), catch(SIGCONT);
		struct termios t;
		SHOW(open("/dev/tty", O_RDWR) >= 0);
		close(master), caught();
		SHOW(open("/dev/tty", O_RDWR)), SHOW(tcgetattr(slave, &t)), slave_read();
	}
}

PROBES({"locks", locks}, {"files", files}, {"peer", peer}, {"slave-closes", slave_closes}, {"master-closes", master_closes},
	{"blocked-reader", blocked_reader}, {"access-modes", access_modes}, {"own-terminal", own_terminal}, {"hang-up", hang_up})
