/* Record locks: fcntl(2) F_SETLK and its kin, those of open file descriptions, deadlocks. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

static struct flock range(int type, long start, long length)
{
	return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
}

static long lock(int fd, int command, int type, long start, long length)
{
	struct flock l = range(type, start, length);
	return fcntl(fd, command, &l);
}

static void ask(int fd, int command, int type, long start, long length)
{
	struct flock l = range(type, start, length);
	if (fcntl(fd, command, &l) < 0) printf("get: %s\n", errno_name(errno));
	else
		printf("get: type %d whence %d start %ld len %ld pid %s\n", l.l_type, l.l_whence, (long)l.l_start,
		       (long)l.l_len, l.l_pid == -1 ? "-1" : l.l_pid == 0 ? "0" : l.l_pid == getppid() ? "parent" : "other");
	fflush(stdout);
}

static int file(void)
{
	int fd = open("file", O_RDWR | O_CREAT, 0644);
	ftruncate(fd, 1000);
	return fd;
}

#define CHILD(...)                  \
	do {                        \
		fflush(stdout);     \
		if (!fork()) {      \
			__VA_ARGS__ \
			_exit(0);   \
		}                   \
		wait(NULL);         \
	} while (0)

static void ranges(void)
{
	int fd = file();
	SHOW(lock(fd, F_SETLK, F_WRLCK, 100, 100));
	SHOW(lock(fd, F_SETLK, F_WRLCK, 200, 50));
	CHILD(ask(fd, F_GETLK, F_RDLCK, 0, 0););
	SHOW(lock(fd, F_SETLK, F_RDLCK, 150, 20));
	CHILD(ask(fd, F_GETLK, F_RDLCK, 0, 0); ask(fd, F_GETLK, F_RDLCK, 150, 10); ask(fd, F_GETLK, F_WRLCK, 150, 10););
	SHOW(lock(fd, F_SETLK, F_UNLCK, 120, 10));
	CHILD(ask(fd, F_GETLK, F_WRLCK, 0, 0); ask(fd, F_GETLK, F_WRLCK, 121, 2); ask(fd, F_GETLK, F_WRLCK, 125, 0););
	SHOW(lock(fd, F_SETLK, F_WRLCK, 0, 0));
	CHILD(ask(fd, F_GETLK, F_WRLCK, 5, 5););
	SHOW(lock(fd, F_SETLK, F_UNLCK, 500, 0));
	CHILD(ask(fd, F_GETLK, F_WRLCK, 5, 5); ask(fd, F_GETLK, F_WRLCK, 600, 5););
}

static void whences(void)
{
	int fd = file();
	lseek(fd, 300, SEEK_SET);
	struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_CUR, .l_start = -100, .l_len = 50};
	SHOW(fcntl(fd, F_SETLK, &l));
	CHILD(ask(fd, F_GETLK, F_RDLCK, 0, 0););
	l = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_END, .l_start = 0, .l_len = -10};
	SHOW(fcntl(fd, F_SETLK, &l));
	CHILD(ask(fd, F_GETLK, F_RDLCK, 900, 0););
	l = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 5, .l_len = -10};
	SHOW(fcntl(fd, F_SETLK, &l));
	l = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = -5, .l_len = 10};
	SHOW(fcntl(fd, F_SETLK, &l));
	l = (struct flock){.l_type = F_WRLCK, .l_whence = 7, .l_start = 5, .l_len = 10};
	SHOW(fcntl(fd, F_SETLK, &l));
	l = (struct flock){.l_type = 9, .l_whence = 0, .l_start = 5, .l_len = 10};
	SHOW(fcntl(fd, F_SETLK, &l));
	l = (struct flock){.l_type = F_WRLCK, .l_whence = 0, .l_start = 0x7fffffffffffff00, .l_len = 0x1000};
	SHOW(fcntl(fd, F_SETLK, &l));
	l = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_END, .l_start = 0x7fffffffffffff00, .l_len = 1};
	SHOW(fcntl(fd, F_SETLK, &l));
	l = (struct flock){.l_type = F_UNLCK, .l_whence = 0, .l_start = 5, .l_len = 10};
	SHOW(fcntl(fd, F_GETLK, &l));
}

static void access_modes(void)
{
	int fd = file();
	int reader = open("file", O_RDONLY), writer = open("file", O_WRONLY), path = open("file", O_PATH);
	SHOW(lock(reader, F_SETLK, F_WRLCK, 0, 1));
	SHOW(lock(writer, F_SETLK, F_RDLCK, 0, 1));
	SHOW(lock(reader, F_SETLK, F_RDLCK, 0, 1));
	SHOW(lock(writer, F_SETLK, F_WRLCK, 0, 1));
	SHOW(lock(path, F_SETLK, F_WRLCK, 0, 1));
	SHOW(lock(99, F_SETLK, F_WRLCK, 0, 1));
	SHOW(fcntl(fd, F_SETLK, (void *)8));
	SHOW(fcntl(fd, F_GETLK, (void *)8));
	SHOW(fcntl(path, F_GETFL) & O_PATH ? 1 : 0);
	SHOW(fcntl(path, F_GETFD));
	SHOW(fcntl(path, F_SETFL, 0));
	int dup = fcntl(path, F_DUPFD, 50);
	SHOW(dup);
	SHOW(fcntl(fd, 77, 0));
}

/* Closing any descriptor of the file drops what the process holds. */
static void release(void)
{
	int fd = file();
	SHOW(lock(fd, F_SETLK, F_WRLCK, 0, 10));
	close(open("file", O_PATH));
	CHILD(ask(fd, F_GETLK, F_WRLCK, 0, 0););
	close(dup(fd));
	CHILD(ask(fd, F_GETLK, F_WRLCK, 0, 0););
	SHOW(lock(fd, F_SETLK, F_WRLCK, 0, 10));
	close(open("file", O_RDONLY));
	CHILD(ask(fd, F_GETLK, F_WRLCK, 0, 0););
	SHOW(lock(fd, F_SETLK, F_WRLCK, 0, 10));
	CHILD(close(fd););
	CHILD(ask(open("file", O_RDWR), F_GETLK, F_WRLCK, 0, 0););
	/* A fork inherits none. */
	CHILD(SHOW(lock(fd, F_SETLK, F_WRLCK, 0, 10)); SHOW(lock(fd, F_SETLK, F_WRLCK, 10, 10)););
	ask(fd, F_GETLK, F_WRLCK, 0, 0);
}

static void descriptions(void)
{
	int a = file(), b = open("file", O_RDWR);
	SHOW(lock(a, F_OFD_SETLK, F_WRLCK, 0, 10));
	SHOW(lock(b, F_OFD_SETLK, F_RDLCK, 5, 10));
	ask(b, F_OFD_GETLK, F_RDLCK, 0, 0);
	SHOW(lock(b, F_SETLK, F_WRLCK, 5, 10));
	ask(b, F_GETLK, F_WRLCK, 0, 0);
	SHOW(lock(a, F_SETLK, F_WRLCK, 20, 10));
	SHOW(lock(a, F_OFD_SETLK, F_WRLCK, 20, 10));
	ask(a, F_OFD_GETLK, F_WRLCK, 20, 10);
	struct flock l = range(F_WRLCK, 50, 1);
	l.l_pid = 5;
	SHOW(fcntl(a, F_OFD_SETLK, &l));
	SHOW(fcntl(a, F_OFD_GETLK, &l));
	/* Inherited, and kept until the last descriptor goes. */
	CHILD(SHOW(lock(a, F_OFD_SETLK, F_RDLCK, 0, 10)); close(a););
	SHOW(lock(b, F_OFD_SETLK, F_WRLCK, 0, 10));
	SHOW(lock(b, F_OFD_SETLK, F_RDLCK, 0, 10));
	int c = dup(a);
	close(a);
	SHOW(lock(b, F_OFD_SETLK, F_WRLCK, 0, 10));
	close(c);
	SHOW(lock(b, F_OFD_SETLK, F_WRLCK, 0, 10));
	ask(b, F_OFD_GETLK, F_UNLCK, 0, 0);
}

static void nothing(int signo)
{
}

static void waiting(void)
{
	int fd = file(), to[2], back[2];
	pipe(to);
	pipe(back);
	SHOW(lock(fd, F_SETLK, F_WRLCK, 0, 10));
	fflush(stdout);
	if (!fork()) {
		SHOW(lock(fd, F_SETLK, F_WRLCK, 5, 1));
		write(to[1], "x", 1);
		long got = lock(fd, F_SETLKW, F_WRLCK, 5, 1);
		usleep(30000);
		show_result("got", got);
		_exit(0);
	}
	char c;
	read(to[0], &c, 1);
	usleep(20000);
	puts("letting go");
	fflush(stdout);
	SHOW(lock(fd, F_SETLK, F_UNLCK, 0, 10));
	wait(NULL);
	fflush(stdout);
	if (!fork()) {
		lock(fd, F_SETLK, F_WRLCK, 0, 10);
		write(to[1], "x", 1);
		read(back[0], &c, 1);
		usleep(60000);
		_exit(0);
	}
	read(to[0], &c, 1);
	struct sigaction act = {.sa_handler = nothing};
	sigaction(SIGALRM, &act, NULL);
	ualarm(20000, 0);
	SHOW(lock(fd, F_SETLKW, F_WRLCK, 5, 1));
	act.sa_flags = SA_RESTART;
	sigaction(SIGALRM, &act, NULL);
	write(back[1], "x", 1);
	ualarm(20000, 0);
	SHOW(lock(fd, F_SETLKW, F_RDLCK, 5, 1));
}

static void deadlock(void)
{
	int fd = file(), to[2];
	pipe(to);
	lock(fd, F_SETLK, F_WRLCK, 0, 1);
	fflush(stdout);
	int pid = fork();
	if (!pid) {
		lock(fd, F_SETLK, F_WRLCK, 10, 1);
		write(to[1], "x", 1);
		SHOW(lock(fd, F_SETLKW, F_WRLCK, 0, 1));
		_exit(0);
	}
	char c;
	read(to[0], &c, 1);
	usleep(30000);
	SHOW(lock(fd, F_SETLKW, F_WRLCK, 10, 1));
	SHOW(lock(fd, F_SETLK, F_WRLCK, 10, 1));
	SHOW(lock(fd, F_SETLK, F_UNLCK, 0, 0));
	wait(NULL);
}

static void deadlock_of_three(void)
{
	int fd = file(), to[2];
	char c;
	pipe(to);
	lock(fd, F_SETLK, F_WRLCK, 0, 1);
	fflush(stdout);
	for (int i = 1; i < 3; i++) {
		if (!fork()) {
			lock(fd, F_SETLK, F_WRLCK, i, 1);
			write(to[1], "x", 1);
			usleep(10000);
			/* 1 waits for 0, 2 for 1. */
			lock(fd, F_SETLKW, F_WRLCK, i - 1, 1);
			_exit(0);
		}
		read(to[0], &c, 1);
	}
	usleep(50000);
	SHOW(lock(fd, F_SETLKW, F_WRLCK, 2, 1));
	SHOW(lock(fd, F_OFD_SETLK, F_WRLCK, 2, 1));
	SHOW(lock(fd, F_SETLK, F_UNLCK, 0, 0));
	wait(NULL);
	wait(NULL);
}

static void leases(void)
{
	int fd = file(), to[2];
	pipe(to);
	SHOW(fcntl(fd, F_GETLEASE));
	SHOW(fcntl(fd, F_SETLEASE, F_UNLCK));
	SHOW(fcntl(fd, F_SETLEASE, F_RDLCK));
	SHOW(fcntl(fd, F_SETLEASE, 9));
	SHOW(fcntl(to[0], F_SETLEASE, F_RDLCK));
	SHOW(fcntl(open(".", O_RDONLY), F_NOTIFY, 0));
}

static void killed(void)
{
	int fd = file(), to[2];
	char c;
	pipe(to);
	int pid = fork();
	if (!pid) {
		lock(fd, F_SETLK, F_WRLCK, 0, 10);
		write(to[1], "x", 1);
		pause();
	}
	read(to[0], &c, 1);
	ask(fd, F_GETLK, F_RDLCK, 0, 0);
	kill(pid, SIGKILL);
	SHOW(lock(fd, F_SETLKW, F_WRLCK, 0, 10));
	wait(NULL);
}
PROBES({"ranges", ranges}, {"whences", whences}, {"access_modes", access_modes}, {"release", release},
       {"descriptions", descriptions}, {"waiting", waiting}, {"deadlock", deadlock},
       {"deadlock_of_three", deadlock_of_three}, {"leases", leases}, {"killed", killed})
