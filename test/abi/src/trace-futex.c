/* What strace prints of futex(2) in its forms, and of futex_waitv(2). */
#define _GNU_SOURCE
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

static uint32_t word, other, lock;
#define SYS_futex_waitv 449
#define futex(...) syscall(SYS_futex, __VA_ARGS__)

static void all(void)
{
	struct timespec ts = {0, 1000}, past = {1, 0}, wrong = {0, -1};
	getppid();
	futex(&word, 0, 1, NULL);
	futex(&word, 128, 0, &ts);
	futex(&word, 128, 0, &wrong);
	futex(&word, 1, 1);
	futex(&word, 129, 0x7fffffff);
	futex(&word, 2, 0);
	futex(&word, 3, 1, 2, &other);
	futex(&word, 131, 1, 0x7fffffff, &other);
	futex(&word, 4, 1, 2, &other, 5);
	futex(&word, 132, 1, 2, &other, 0);
	futex(&word, 5, 1, 2, &other, 1 << 28 | 3 << 24 | 5 << 12 | 7);
	futex(&word, 133, 1, 2, &other, 8u << 28 | 0 << 28 | 0 << 24 | 1 << 12 | 2);
	futex(&word, 5, 1, 2, &other, 4 << 28 | 5 << 24 | 0xfff << 12 | 0x800);
	futex(&word, 5, 1, 2, &other, 7 << 28 | 9 << 24);
	futex(&lock, 6, 0, NULL);
	futex(&lock, 134, 0, &ts);
	futex(&lock, 8, 0, NULL);
	futex(&lock, 7, 0, NULL);
	futex(&lock, 135, 0);
	futex(&lock, 13, 0, &ts);
	futex(&lock, 7);
	futex(&word, 9, 0, &past, NULL, 0xffffffff);
	futex(&word, 137, 0, &past, NULL, 5);
	futex(&word, 137 | 256, 0, &past, NULL, 0xffffffff);
	futex(&word, 9, 0, NULL, NULL, 0);
	futex(&word, 10, 1, NULL, NULL, 0xffffffff);
	futex(&word, 138, 1, NULL, NULL, 2);
	futex(&word, 11, 7, &ts, &other);
	futex(&word, 139 | 256, 7, NULL, &other);
	futex(&word, 12, 1, 2, &other, 5);
	futex(&word, 140, 1, 2, &other, 5);
	futex(&word, 14, 1, &ts, &other, 5);
	futex(&word, 99, 1, &ts, &other, 5);
	futex(8, 0, 1, NULL);
	futex(&word, 0, 0, 8);
	struct {
		uint64_t value, at;
		uint32_t flags, reserved;
	} wait[3] = {{7, (long)&word, 2, 0}, {0xffffffff, (long)&other, 130, 0}, {0, 8, 0x11, 3}};
	syscall(SYS_futex_waitv, wait, 1, 0, &past, 1);
	syscall(SYS_futex_waitv, wait, 2, 0, NULL, 0);
	syscall(SYS_futex_waitv, wait, 3, 1, NULL, 7);
	syscall(SYS_futex_waitv, NULL, 1, 0, NULL, 1);
	syscall(SYS_futex_waitv, wait, 0, 0, &wrong, 1);
	syscall(SYS_futex_waitv, 8, 300, 0, 8, 1);
	getppid();
}

PROBES({"all", all})
