/* setns(2): by the files of namespaces and by pidfd, what it checks and where a task then is. */
#include "ns.h"
#include <pthread.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/msg.h>

static int ns_of(int pid, const char *kind)
{
	char name[64];
	sprintf(name, "/proc/%d/ns/%s", pid, kind);
	return open(name, O_RDONLY | O_CLOEXEC);
}

static int pidfd_of(int pid)
{
	return syscall(SYS_pidfd_open, pid, 0);
}

static void end(int pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void uts(void)
{
	sethostname("outer", 5);
	int own = ns_of(getpid(), "uts");
	int pid = WAITING_CHILD(unshare(CLONE_NEWUTS); sethostname("inner", 5););
	int fd = ns_of(pid, "uts");
	SHOW(setns(fd, CLONE_NEWNS));
	SHOW(setns(fd, CLONE_NEWUTS | CLONE_NEWNS));
	names();
	SHOW(setns(fd, CLONE_NEWUTS));
	names();
	end(pid);
	names();
	SHOW(sethostname("still", 5));
	SHOW(setns(own, 0));
	names();
	SHOW(setns(fd, 0));
	names();
	close(fd);
	IN_CHILD(names(); SHOW(setns(own, 0)); names(););
	names();
}

static void ipc(void)
{
	int pid = WAITING_CHILD(unshare(CLONE_NEWIPC); msgget(88, IPC_CREAT | 0600););
	int own = ns_of(getpid(), "ipc"), fd = ns_of(pid, "ipc");
	SHOW(msgget(88, 0));
	SHOW(setns(fd, CLONE_NEWIPC));
	SHOW(msgget(88, 0) >= 0);
	end(pid);
	SHOW(msgget(88, 0) >= 0);
	SHOW(setns(own, 0));
	SHOW(msgget(88, 0));
	SHOW(setns(fd, 0));
	SHOW(msgget(88, 0) >= 0);
}

static void mount_tree(void)
{
	world();
	int own = ns_of(getpid(), "mnt");
	int pid = WAITING_CHILD(unshare(CLONE_NEWNS); mount("t", "c", "tmpfs", 0, NULL); put("c/inside", "of the child"););
	int fd = ns_of(pid, "mnt");
	SHOW(chdir("/a"));
	IN_CHILD(SHOW(setns(fd, CLONE_NEWNS)); where(); SHOW(access("/proc/self", F_OK) == 0););
	/* The namespace's root is above the one of this world: the way back is by name. */
	char name[64];
	sprintf(name, "/proc/%d/root", pid);
	int root = open(name, O_PATH);
	SHOW(setns(fd, 0));
	SHOW(fchdir(root));
	SHOW(chroot("."));
	where();
	cat("/c/inside");
	SHOW(umount("/c"));
	SHOW(access("/c/inside", F_OK));
	SHOW(mount("t", "/b", "tmpfs", 0, NULL));
	info();
	end(pid);
	info();
	SHOW(setns(own, CLONE_NEWNS));
}

static void by_pidfd(void)
{
	world();
	sethostname("outer", 5);
	int pid = WAITING_CHILD(unshare(CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNS); sethostname("inner", 5); msgget(88, IPC_CREAT | 0600);
		mount("t", "c", "tmpfs", 0, NULL); put("c/inside", "of the child"););
	int fd = pidfd_of(pid);
	char name[64];
	sprintf(name, "/proc/%d/root", pid);
	int root = open(name, O_PATH);
	SHOW(setns(fd, 0));
	SHOW(setns(fd, CLONE_VM));
	SHOW(setns(fd, CLONE_NEWUTS | CLONE_VM));
	SHOW(setns(fd, CLONE_NEWUTS | CLONE_NEWUSER));
	names();
	IN_CHILD(SHOW(setns(fd, CLONE_NEWUTS)); names(); SHOW(msgget(88, 0));
		 SHOW(setns(fd, CLONE_NEWNET | CLONE_NEWCGROUP | CLONE_NEWPID)); SHOW(setns(fd, CLONE_NEWTIME)););
	IN_CHILD(SHOW(setns(fd, CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNS)); names(); SHOW(msgget(88, 0) >= 0);
		 fchdir(root); chroot("."); cat("c/inside"););
	AS_USER(SHOW(setns(fd, CLONE_NEWUTS)); SHOW(setns(fd, CLONE_NEWNS)););
	int own = pidfd_of(getpid());
	SHOW(setns(own, CLONE_NEWUTS));
	SHOW(setns(own, CLONE_NEWUSER));
	kill(pid, SIGKILL);
	waitid(P_PID, pid, NULL, WEXITED | WNOWAIT);
	SHOW(setns(fd, CLONE_NEWUTS));
	waitpid(pid, NULL, 0);
	SHOW(setns(fd, CLONE_NEWUTS));
	names();
}

static void errors(void)
{
	world();
	int file = open("f", O_RDONLY), pipes[2];
	pipe(pipes);
	SHOW(setns(-1, 0));
	SHOW(setns(99, CLONE_NEWUTS));
	SHOW(setns(file, 0));
	SHOW(setns(pipes[0], CLONE_NEWUTS));
	int name = open("/proc/self/ns/uts", O_PATH);
	SHOW(name >= 0);
	SHOW(setns(name, 0));
	int directory = open("/proc/self", O_RDONLY);
	SHOW(setns(directory, CLONE_NEWUTS));
	const char *kinds[] = {"cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time", "time_for_children", "user", "uts"};
	for (int i = 0; i < 10; i++) {
		int fd = ns_of(getpid(), kinds[i]);
		printf("%s\n", kinds[i]);
		IN_CHILD(SHOW(setns(fd, 0)););
		IN_CHILD(SHOW(setns(fd, 1)););
		AS_USER(SHOW(setns(fd, 0)););
		close(fd);
	}
}

static int barrier[2];
static void *waits(void *unused)
{
	char c;
	read(barrier[0], &c, 1);
	return NULL;
}

static void threads(void)
{
	pthread_t t;
	int mnt = ns_of(getpid(), "mnt"), uts = ns_of(getpid(), "uts"), time = ns_of(getpid(), "time");
	int own = pidfd_of(getpid());
	pipe(barrier);
	pthread_create(&t, NULL, waits, NULL);
	SHOW(setns(mnt, 0));
	SHOW(setns(own, CLONE_NEWNS));
	SHOW(setns(own, CLONE_NEWNS | CLONE_NEWUTS));
	SHOW(setns(uts, 0));
	SHOW(setns(time, 0));
	SHOW(unshare(CLONE_FS));
	SHOW(setns(mnt, 0));
	write(barrier[1], "x", 1);
	pthread_join(t, NULL);
}

/* Without CAP_SYS_CHROOT a mount namespace cannot be entered. */
static void capabilities(void)
{
	int mnt = ns_of(getpid(), "mnt"), uts = ns_of(getpid(), "uts");
	struct { unsigned version; int pid; } head = {0x20080522, 0};
	struct { unsigned effective, permitted, inheritable; } data[2] = {{1u << 21, 1u << 21, 0}, {0, 0, 0}};
	SHOW(syscall(SYS_capset, &head, data));
	SHOW(setns(uts, 0));
	SHOW(setns(mnt, 0));
	SHOW(unshare(CLONE_NEWNS));
}

PROBES({"uts", uts}, {"ipc", ipc}, {"mount_tree", mount_tree}, {"by_pidfd", by_pidfd}, {"errors", errors},
       {"threads", threads}, {"capabilities", capabilities})
