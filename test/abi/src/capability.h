/* Capabilities for probes: <linux/capability.h>, which the C library does not have, and what a task's sets are now. */
#ifndef CAPABILITY_H
#define CAPABILITY_H
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_FSETID, CAP_KILL, CAP_SETGID, CAP_SETUID, CAP_SETPCAP,
	CAP_SYS_CHROOT = 18, CAP_SYS_PTRACE, CAP_SYS_ADMIN = 21, CAP_SYS_NICE = 23, CAP_MKNOD = 27, CAP_SETFCAP = 31
};

#define _LINUX_CAPABILITY_VERSION_1 0x19980330
#define _LINUX_CAPABILITY_VERSION_2 0x20071026
#define _LINUX_CAPABILITY_VERSION_3 0x20080522

struct __user_cap_header_struct {
	uint32_t version;
	int pid;
};

struct __user_cap_data_struct {
	uint32_t effective, permitted, inheritable;
};

#define BIT(cap) (1ull << (cap))

static long capset_(uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2] = {{effective, permitted, inheritable},
						 {effective >> 32, permitted >> 32, inheritable >> 32}};
	return syscall(SYS_capset, &header, data);
}

/* The lines of /proc/self/status, without the bounding set. */
static void sets(const char *when)
{
	char text[8192], *at;
	int fd = open("/proc/thread-self/status", O_RDONLY);
	long n = read(fd, text, sizeof text - 1);
	text[n < 0 ? 0 : n] = 0;
	close(fd);
	printf("%s:", when);
	static const char *const names[] = {"CapInh:\t", "CapPrm:\t", "CapEff:\t", "CapAmb:\t"};
	for (int i = 0; i < 4; i++)
		if ((at = strstr(text, names[i]))) printf(" %.3s=%llx", names[i] + 3, strtoull(at + 8, NULL, 16));
	putchar('\n');
	fflush(stdout);
}

/* Only these capabilities are left to be had, and the task has them. */
static void known(uint64_t set)
{
	for (int cap = 0; cap <= 40; cap++)
		if (!(set & BIT(cap))) prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	capset_(set, set, 0);
}
#endif
