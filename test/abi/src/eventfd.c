/* eventfd(2): the counter, semaphores, overflow, readiness. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe.h"

static void take(int fd)
{
	uint64_t n = 0;
	long done = read(fd, &n, 8);
	if (done < 0) printf("read = %s\n", errno_name(errno));
	else printf("read = %ld: %llu\n", done, (unsigned long long)n);
	fflush(stdout);
}
static long put(int fd, uint64_t n) { return write(fd, &n, 8); }
static void ready(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN | POLLOUT | POLLPRI | POLLRDNORM | POLLWRNORM};
	int n = poll(&p, 1, 0);
	printf("poll %d %#x\n", n, p.revents);
}

static void flags(void)
{
	SHOW(eventfd(0, 2));
	SHOW(eventfd(0, O_APPEND));
	SHOW(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE));
	SHOW(fcntl(3, F_GETFD));
	SHOW(fcntl(3, F_GETFL));
	SHOW(syscall(SYS_eventfd, 5));
	SHOW(fcntl(4, F_GETFL));
	char name[64] = "";
	SHOW(readlink("/proc/self/fd/3", name, 63));
	puts(name);
	SHOW(lseek(3, 5, SEEK_SET));
	SHOW(ftruncate(3, 5));
	SHOW(fsync(3));
	struct stat st;
	SHOW(fstat(3, &st));
	printf("%o %ld\n", st.st_mode, (long)st.st_size);
}
static void counter(void)
{
	int fd = eventfd(3, EFD_NONBLOCK);
	take(fd);
	take(fd);
	SHOW(put(fd, 4));
	SHOW(put(fd, 5));
	take(fd);
	SHOW(put(fd, 0));
	take(fd);
}
static void semaphore(void)
{
	int fd = eventfd(2, EFD_NONBLOCK | EFD_SEMAPHORE);
	take(fd);
	SHOW(put(fd, 1));
	take(fd);
	take(fd);
	take(fd);
}
static void overflow(void)
{
	int fd = eventfd(0, EFD_NONBLOCK);
	SHOW(put(fd, UINT64_MAX));
	SHOW(put(fd, UINT64_MAX - 1));
	ready(fd);
	SHOW(put(fd, 0));
	SHOW(put(fd, 1));
	take(fd);
	ready(fd);
	SHOW(put(fd, UINT64_MAX - 2));
	ready(fd);
	SHOW(put(fd, 2));
	SHOW(put(fd, 1));
	SHOW(put(fd, 1));
	take(fd);
}
static void carries(void)
{
	int fd = eventfd(0xffffffff, EFD_NONBLOCK);
	SHOW(put(fd, 1));
	take(fd);
	SHOW(put(fd, 0xfffffffffull));
	SHOW(put(fd, 0xf00000002ull));
	take(fd);
	int sem = eventfd(0, EFD_NONBLOCK | EFD_SEMAPHORE);
	SHOW(put(sem, 0x100000000ull));
	take(sem);
	SHOW(put(sem, UINT64_MAX - 1 - 0xffffffffull));
	SHOW(put(sem, 1));
}
static void sizes(void)
{
	int fd = eventfd(1, EFD_NONBLOCK);
	char buffer[16] = {1};
	SHOW(read(fd, buffer, 7));
	SHOW(write(fd, buffer, 7));
	SHOW(write(fd, buffer, 0));
	SHOW(write(fd, buffer, 16));
	SHOW(read(fd, buffer, 16));
	SHOW(pread(fd, buffer, 8, 0));
	SHOW(pwrite(fd, buffer, 8, 0));
	SHOW(write(fd, (void *)8, 8));
	put(fd, 1);
	SHOW(read(fd, (void *)8, 8));
}
static void readiness(void)
{
	int fd = eventfd(0, 0);
	ready(fd);
	put(fd, 1);
	ready(fd);
	take(fd);
	ready(fd);
}
static void blocked_reader(void)
{
	int fd = eventfd(0, 0);
	if (!fork()) {
		usleep(20000);
		put(fd, 7);
		_exit(0);
	}
	take(fd);
	wait(NULL);
}
static void blocked_writer(void)
{
	int fd = eventfd(0, 0);
	put(fd, UINT64_MAX - 1);
	if (!fork()) {
		usleep(20000);
		take(fd);
		_exit(0);
	}
	long waited = put(fd, 3);
	/* The reader prints, too. */
	wait(NULL);
	SHOW(waited);
	take(fd);
}
static void edges(void)
{
	int fd = eventfd(0, EFD_NONBLOCK), ep = epoll_create1(0);
	struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT | EPOLLET}, out;
	SHOW(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev));
	SHOW(epoll_wait(ep, &out, 1, 0));
	SHOW(epoll_wait(ep, &out, 1, 0));
	put(fd, 1);
	SHOW(epoll_wait(ep, &out, 1, 0));
	printf("%#x\n", out.events);
	put(fd, 1);
	SHOW(epoll_wait(ep, &out, 1, 0));
	SHOW(epoll_wait(ep, &out, 1, 0));
	take(fd);
	SHOW(epoll_wait(ep, &out, 1, 0));
	printf("%#x\n", out.events);
	take(fd);
	SHOW(epoll_wait(ep, &out, 1, 0));
}
PROBES(
    {"flags", flags}, {"counter", counter}, {"semaphore", semaphore}, {"overflow", overflow}, {"carries", carries},
    {"sizes", sizes}, {"readiness", readiness}, {"blocked-reader", blocked_reader}, {"blocked-writer", blocked_writer},
    {"edges", edges})
