/* POSIX message queues: mq_open(2), mq_timedsend(2), mq_timedreceive(2), mq_notify(2)…; shm_open(3), sem_open(3) by files. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

#define NAME "umwelt-probe"
#define OK(call) (what(#call, (long)(call)))
#define open_(name, flags, mode, attr) syscall(SYS_mq_open, name, flags, mode, attr)
#define send_(fd, text, n, prio, t) syscall(SYS_mq_timedsend, fd, text, n, prio, t)
#define take_(fd, to, n, prio, t) syscall(SYS_mq_timedreceive, fd, to, n, prio, t)

static long what(const char *text, long result)
{
	if (result == -1) printf("%s = %s\n", text, errno_name(errno));
	else printf("%s = ok\n", text);
	fflush(stdout);
	return result;
}

static struct mq_attr small = {.mq_maxmsg = 3, .mq_msgsize = 16};

static void attr(int fd)
{
	struct mq_attr a;
	memset(&a, 9, sizeof a);
	if (syscall(SYS_mq_getsetattr, fd, NULL, &a)) puts(errno_name(errno));
	else printf("flags %#lx maxmsg %ld msgsize %ld curmsgs %ld\n", a.mq_flags, a.mq_maxmsg, a.mq_msgsize, a.mq_curmsgs);
	fflush(stdout);
}

static void receive(int fd)
{
	char text[20] = "";
	unsigned prio = 99;
	long n = take_(fd, text, 16, &prio, NULL);
	if (n < 0) puts(errno_name(errno));
	else printf("%ld prio %u %s\n", n, prio, text);
	fflush(stdout);
}

static void opening(void)
{
	syscall(SYS_mq_unlink, NAME);
	SHOW(open_(NAME, O_RDWR, 0600, NULL));
	int fd = OK(open_(NAME, O_RDWR | O_CREAT, 0640, &small));
	attr(fd);
	SHOW(open_(NAME, O_RDWR | O_CREAT | O_EXCL, 0640, &small));
	SHOW(open_(NAME, 3, 0, NULL));
	SHOW(open_("", O_RDWR, 0, NULL));
	SHOW(open_("a/b", O_RDWR | O_CREAT, 0600, NULL));
	SHOW(open_("/a", O_RDWR | O_CREAT, 0600, NULL));
	SHOW(open_(".", O_RDWR | O_CREAT, 0600, NULL));
	SHOW(open_("..", O_RDWR | O_CREAT, 0600, NULL));
	SHOW(open_((void *)8, O_RDWR, 0, NULL));
	SHOW(open_(NAME, O_RDWR, 0, (void *)8));
	char longer[300];
	memset(longer, 'a', 299);
	longer[299] = 0;
	SHOW(open_(longer, O_RDWR | O_CREAT, 0600, NULL));
	struct mq_attr bad = {.mq_maxmsg = 0, .mq_msgsize = 16};
	SHOW(open_("umwelt-other", O_RDWR | O_CREAT, 0600, &bad));
	bad.mq_maxmsg = -1;
	SHOW(open_("umwelt-other", O_RDWR | O_CREAT, 0600, &bad));
	bad.mq_maxmsg = 1, bad.mq_msgsize = 0;
	SHOW(open_("umwelt-other", O_RDWR | O_CREAT, 0600, &bad));
	bad.mq_msgsize = 1l << 40;
	SHOW(open_("umwelt-other", O_RDWR | O_CREAT, 0600, &bad));
	SHOW(open_(NAME, O_RDWR | O_CREAT, 0600, &bad) > 0);
	SHOW(fcntl(fd, F_GETFD));
	SHOW(fcntl(fd, F_GETFL));
	struct stat s;
	fstat(fd, &s);
	printf("mode %o size %d nlink %d\n", s.st_mode, (int)s.st_size, (int)s.st_nlink);
	SHOW(syscall(SYS_mq_unlink, NAME));
	SHOW(syscall(SYS_mq_unlink, NAME));
	fstat(fd, &s);
	printf("nlink %d\n", (int)s.st_nlink);
	SHOW(send_(fd, "still", 5, 0, NULL));
	receive(fd);
	char text[200] = "";
	send_(fd, "xyz", 3, 0, NULL);
	SHOW(lseek(fd, 0, SEEK_SET));
	SHOW(read(fd, text, 199));
	printf("%s", text);
	SHOW(write(fd, "x", 1));
}

static void messages(void)
{
	syscall(SYS_mq_unlink, NAME);
	int fd = OK(open_(NAME, O_RDWR | O_CREAT | O_NONBLOCK, 0600, &small));
	struct pollfd p = {fd, POLLIN | POLLOUT};
	receive(fd);
	printf("poll %d %#x\n", poll(&p, 1, 0), p.revents);
	SHOW(send_(fd, "one", 4, 1, NULL));
	printf("poll %d %#x\n", poll(&p, 1, 0), p.revents);
	SHOW(send_(fd, "two", 4, 2, NULL));
	SHOW(send_(fd, "uno", 4, 1, NULL));
	printf("poll %d %#x\n", poll(&p, 1, 0), p.revents);
	SHOW(send_(fd, "four", 5, 2, NULL));
	attr(fd);
	receive(fd);
	receive(fd);
	receive(fd);
	receive(fd);
	SHOW(send_(fd, "", 0, 32767, NULL));
	SHOW(send_(fd, "", 0, 32768, NULL));
	SHOW(send_(fd, "12345678901234567", 17, 0, NULL));
	SHOW(send_(fd, (void *)8, 3, 0, NULL));
	receive(fd);
	char text[20];
	SHOW(take_(fd, text, 15, NULL, NULL));
	SHOW(send_(fd, "abc", 3, 0, NULL));
	SHOW(take_(fd, (void *)8, 16, NULL, NULL));
	attr(fd);
	SHOW(send_(0, "abc", 3, 0, NULL));
	SHOW(take_(99, text, 16, NULL, NULL));
	struct mq_attr a = {.mq_flags = O_APPEND};
	SHOW(syscall(SYS_mq_getsetattr, fd, &a, NULL));
	a.mq_flags = 0;
	a.mq_maxmsg = 100;
	SHOW(syscall(SYS_mq_getsetattr, fd, &a, &a));
	attr(fd);
	SHOW(syscall(SYS_mq_getsetattr, 0, NULL, &a));
	SHOW(syscall(SYS_mq_getsetattr, fd, NULL, 8));
	int reader = open_(NAME, O_RDONLY, 0, NULL), writer = open_(NAME, O_WRONLY, 0, NULL);
	SHOW(send_(reader, "abc", 3, 0, NULL));
	SHOW(take_(writer, text, 16, NULL, NULL));
	syscall(SYS_mq_unlink, NAME);
}

static void nap(void)
{
	struct timespec t = {0, 100000000};
	nanosleep(&t, NULL);
}

static void nothing(int sig) {}

static void blocking(void)
{
	syscall(SYS_mq_unlink, NAME);
	int fd = OK(open_(NAME, O_RDWR | O_CREAT, 0600, &small));
	int child = fork();
	if (!child) {
		receive(fd);
		_exit(0);
	}
	nap();
	send_(fd, "hello", 6, 5, NULL);
	waitpid(child, NULL, 0);
	for (int i = 0; i < 3; i++) send_(fd, "full", 5, i, NULL);
	child = fork();
	if (!child) {
		send_(fd, "late", 5, 9, NULL);
		_exit(0);
	}
	nap();
	attr(fd);
	receive(fd);
	waitpid(child, NULL, 0);
	receive(fd);
	receive(fd);
	receive(fd);
	struct timespec t, bad = {0, -1}, past = {1, 0};
	char text[20];
	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec += 20000000;
	if (t.tv_nsec >= 1000000000) t.tv_nsec -= 1000000000, t.tv_sec++;
	SHOW(take_(fd, text, 16, NULL, &t));
	SHOW(take_(fd, text, 16, NULL, &past));
	SHOW(take_(fd, text, 16, NULL, &bad));
	SHOW(take_(fd, text, 16, NULL, 8));
	SHOW(take_(0, text, 16, NULL, &bad));
	child = fork();
	if (!child) {
		struct sigaction sa = {.sa_handler = nothing};
		sigaction(SIGUSR1, &sa, NULL);
		SHOW(take_(fd, text, 16, NULL, NULL));
		sa.sa_flags = SA_RESTART;
		sigaction(SIGUSR1, &sa, NULL);
		receive(fd);
		_exit(0);
	}
	nap();
	kill(child, SIGUSR1);
	nap();
	kill(child, SIGUSR1);
	nap();
	send_(fd, "again", 6, 5, NULL);
	waitpid(child, NULL, 0);
	syscall(SYS_mq_unlink, NAME);
}

static void notices(void)
{
	syscall(SYS_mq_unlink, NAME);
	int fd = OK(open_(NAME, O_RDWR | O_CREAT | O_NONBLOCK, 0600, &small));
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	struct sigevent e;
	memset(&e, 0, sizeof e);
	e.sigev_notify = SIGEV_SIGNAL;
	e.sigev_signo = SIGUSR1;
	e.sigev_value.sival_int = 77;
	SHOW(syscall(SYS_mq_notify, fd, &e));
	SHOW(syscall(SYS_mq_notify, fd, &e));
	send_(fd, "x", 1, 0, NULL);
	siginfo_t info;
	struct timespec none = {0, 50000000};
	SHOW(sigtimedwait(&set, &info, &none));
	printf("code %d value %d pid %d\n", info.si_code, info.si_value.sival_int, info.si_pid == getpid());
	SHOW(syscall(SYS_mq_notify, fd, &e));
	send_(fd, "y", 1, 0, NULL);
	SHOW(sigtimedwait(&set, &info, &none));
	receive(fd);
	receive(fd);
	SHOW(syscall(SYS_mq_notify, fd, NULL));
	send_(fd, "z", 1, 0, NULL);
	SHOW(sigtimedwait(&set, &info, &none));
	SHOW(syscall(SYS_mq_notify, fd, NULL));
	e.sigev_notify = 99;
	SHOW(syscall(SYS_mq_notify, fd, &e));
	e.sigev_notify = SIGEV_SIGNAL;
	e.sigev_signo = 99;
	SHOW(syscall(SYS_mq_notify, fd, &e));
	SHOW(syscall(SYS_mq_notify, fd, 8));
	e.sigev_notify = SIGEV_NONE;
	SHOW(syscall(SYS_mq_notify, 0, &e));
	SHOW(syscall(SYS_mq_notify, fd, &e));
	SHOW(syscall(SYS_mq_notify, fd, &e));
	syscall(SYS_mq_unlink, NAME);
}

static void permission(void)
{
	syscall(SYS_mq_unlink, NAME);
	umask(022);
	int fd = OK(open_(NAME, O_RDWR | O_CREAT, 0606, &small));
	fflush(stdout);
	if (!fork()) {
		syscall(SYS_setresuid, 1000, 1000, 1000);
		SHOW(open_(NAME, O_RDWR, 0, NULL));
		OK(open_(NAME, O_RDONLY, 0, NULL));
		SHOW(open_(NAME, O_RDWR | O_CREAT, 0600, NULL));
		SHOW(syscall(SYS_mq_unlink, NAME));
		_exit(0);
	}
	wait(NULL);
	SHOW(syscall(SYS_mq_unlink, NAME));
}

static void files(void)
{
	mkdir("/dev/shm", 01777);
	shm_unlink("/umwelt-probe");
	int fd = OK(shm_open("/umwelt-probe", O_RDWR | O_CREAT | O_EXCL, 0600));
	ftruncate(fd, 4096);
	char *a = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	sem_unlink("/umwelt-probe");
	sem_t *sem = sem_open("/umwelt-probe", O_CREAT | O_EXCL, 0600, 0);
	printf("sem %d\n", sem != SEM_FAILED);
	fflush(stdout);
	if (!fork()) {
		sem_t *same = sem_open("/umwelt-probe", 0);
		strcpy(a, "by the child");
		sem_post(same);
		_exit(0);
	}
	SHOW(sem_wait(sem));
	puts(a);
	wait(NULL);
	SHOW(sem_trywait(sem));
	SHOW(sem_unlink("/umwelt-probe"));
	SHOW(shm_unlink("/umwelt-probe"));
}

PROBES({"opening", opening}, {"messages", messages}, {"blocking", blocking}, {"notices", notices}, {"permission", permission},
       {"files", files})
