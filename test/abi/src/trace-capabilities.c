/* capget, capset and prctl between two getppid calls, for what strace prints of them; the answers are recorded too. */
#define _GNU_SOURCE
#include "capability.h"
#include "probe.h"

static void calls(void)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0}, unknown = {7, 0};
	struct __user_cap_data_struct data[2];
	known(BIT(CAP_KILL) | BIT(CAP_SETPCAP) | BIT(CAP_SYS_ADMIN) | BIT(35));
	getppid();
	syscall(SYS_capget, &header, data);
	syscall(SYS_capget, &header, NULL);
	syscall(SYS_capget, &unknown, data);
	data[0].effective = BIT(CAP_KILL) | BIT(CAP_SETPCAP);
	data[0].inheritable = BIT(CAP_KILL);
	syscall(SYS_capset, &header, data);
	data[1].permitted = 0x109;
	syscall(SYS_capset, &header, data);
	syscall(SYS_capset, &header, (void *)8);
	syscall(SYS_capget, (void *)8, data);
	prctl(PR_CAPBSET_READ, CAP_KILL, 0, 0, 0);
	prctl(PR_CAPBSET_READ, 99, 0, 0, 0);
	prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0);
	prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);
	prctl(PR_SET_SECUREBITS, 5, 0, 0, 0);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	getppid();
	sets("end");
}

PROBES({"all", calls})
