/* What strace prints of the calls of namespaces. */
#include "ns.h"
#include <signal.h>

static void all(void)
{
	world();
	int fd = open("/proc/self/ns/uts", O_RDONLY);
	getppid();
	unshare(CLONE_NEWUTS | CLONE_NEWIPC);
	unshare(CLONE_NEWNS | CLONE_FS | CLONE_FILES | CLONE_SYSVSEM);
	unshare(0);
	unshare(CLONE_VFORK | 0x11);
	setns(fd, CLONE_NEWUTS);
	setns(fd, 0);
	setns(fd, CLONE_NEWNS | CLONE_NEWIPC);
	setns(99, CLONE_NEWUTS);
	mount(NULL, "/", NULL, MS_SHARED | MS_REC, NULL);
	mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL);
	getppid();
}

PROBES({"all", all})
