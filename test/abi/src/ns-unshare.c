/* unshare(2) and clone(2)'s flags: what may be asked for, by whom, and what parent and child then see. */
#include "ns.h"
#include <pthread.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>

static void uts(void)
{
	struct utsname u;
	sethostname("outer", 5);
	IN_CHILD(SHOW(unshare(CLONE_NEWUTS)); names(); SHOW(sethostname("inner", 5)); SHOW(setdomainname("domain", 6));
		 names(); cat("/proc/sys/kernel/hostname");
		 IN_CHILD(names(); sethostname("child", 5);); names();
		 SHOW(unshare(CLONE_NEWUTS)); names(); sethostname("again", 5); names(););
	names();
	cat("/proc/sys/kernel/hostname");
}

static void ipc(void)
{
	int id = shmget(77, 4096, IPC_CREAT | 0600);
	int sem = semget(77, 1, IPC_CREAT | 0600);
	int queue = msgget(77, IPC_CREAT | 0600);
	char *at = shmat(id, NULL, 0);
	struct { long type; char text[8]; } message = {1, "text"};
	SHOW(msgsnd(queue, &message, 4, 0));
	strcpy(at, "shared");
	IN_CHILD(SHOW(unshare(CLONE_NEWIPC)); SHOW(shmget(77, 4096, 0)); SHOW(semget(77, 1, 0)); SHOW(msgget(77, 0));
		 printf("%s\n", at); SHOW(shmat(id, NULL, 0) == (void *)-1); SHOW(semctl(sem, 0, GETVAL)); SHOW(shmdt(at));
		 lines("/proc/sysvipc/shm"); lines("/proc/sysvipc/sem"); lines("/proc/sysvipc/msg");
		 SHOW(msgget(77, IPC_CREAT | 0600) >= 0); SHOW(msgrcv(msgget(77, 0), &message, 8, 0, IPC_NOWAIT)););
	lines("/proc/sysvipc/shm");
	SHOW(msgrcv(queue, &message, 8, 0, IPC_NOWAIT));
	SHOW(shmctl(id, IPC_RMID, NULL));
	SHOW(semctl(sem, 0, IPC_RMID));
	SHOW(msgctl(queue, IPC_RMID, NULL));
}

static void ipc_undo(void)
{
	int sem = semget(IPC_PRIVATE, 1, 0600);
	struct sembuf add = {0, 5, SEM_UNDO};
	IN_CHILD(SHOW(semop(sem, &add, 1)); SHOW(semctl(sem, 0, GETVAL)); SHOW(unshare(CLONE_SYSVSEM));
		 SHOW(semctl(sem, 0, GETVAL)););
	SHOW(semctl(sem, 0, GETVAL));
	IN_CHILD(SHOW(semop(sem, &add, 1)); SHOW(unshare(CLONE_NEWIPC)); SHOW(semctl(sem, 0, GETVAL)););
	SHOW(semctl(sem, 0, GETVAL));
	SHOW(semctl(sem, 0, IPC_RMID));
}

static void mqueues(void)
{
	long q = syscall(SYS_mq_open, "umwelt-ns", O_CREAT | O_RDWR, 0600, NULL);
	SHOW(q >= 0);
	IN_CHILD(SHOW(unshare(CLONE_NEWIPC)); SHOW(syscall(SYS_mq_open, "umwelt-ns", O_RDWR, 0, NULL));
		 SHOW(syscall(SYS_mq_timedsend, q, "x", 1, 0, NULL)););
	char b[8192];
	SHOW(syscall(SYS_mq_timedreceive, q, b, sizeof b, NULL, NULL));
	SHOW(syscall(SYS_mq_unlink, "umwelt-ns"));
}

static void mount_tree(void)
{
	world();
	SHOW(mount("a", "b", NULL, MS_BIND, NULL));
	IN_CHILD(SHOW(unshare(CLONE_NEWNS)); info(); SHOW(mount("t", "c", "tmpfs", 0, NULL)); put("c/inside", "x");
		 SHOW(umount("b")); SHOW(access("c/inside", F_OK)); SHOW(access("b/file", F_OK)); info(););
	SHOW(access("c/inside", F_OK));
	SHOW(access("b/file", F_OK));
	info();
	int pid = WAITING_CHILD(unshare(CLONE_NEWNS); mount("t", "c", "tmpfs", 0, NULL); put("c/deep", "in the child"););
	char name[64];
	sprintf(name, "/proc/%d/mountinfo", pid);
	info_of(name);
	sprintf(name, "/proc/%d/root/c/deep", pid);
	int fd = open(name, O_RDONLY);
	char b[32] = "";
	read(fd, b, 31);
	puts(b);
	SHOW(mount("t", "c", "tmpfs", 0, NULL));
	sprintf(name, "/proc/%d/root/c", pid);
	SHOW(umount(name));
	SHOW(mount(name, "a", NULL, MS_BIND, NULL));
	SHOW(mount("t", name, "tmpfs", 0, NULL));
	SHOW(mount(NULL, name, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
	SHOW(mount(name, "a", NULL, MS_MOVE, NULL));
	SHOW(mount("a", name, NULL, MS_BIND, NULL));
	kill(pid, SIGKILL);
	wait(NULL);
	lseek(fd, 0, SEEK_SET);
	memset(b, 0, sizeof b);
	read(fd, b, 31);
	puts(b);
	close(fd);
	SHOW(umount("c"));
}

static void places(void)
{
	world();
	mkdir("a/deep", 0755);
	SHOW(mount("t", "c", "tmpfs", 0, NULL));
	mkdir("c/in", 0755);
	SHOW(chdir("/c/in"));
	int dir = open("/c", O_PATH);
	IN_CHILD(SHOW(unshare(CLONE_NEWNS)); where(); put("made", "here");
		 SHOW(umount2("/c", MNT_DETACH)); where(); SHOW(access("made", F_OK)); SHOW(access("/c/in", F_OK));
		 SHOW(openat(dir, "in/made", O_RDONLY) >= 0););
	SHOW(access("made", F_OK));
	where();
	IN_CHILD(SHOW(unshare(CLONE_NEWNS)); SHOW(umount("/c")); chdir("/"); SHOW(umount("/c")););
	SHOW(umount("/c"));
	chdir("/");
	close(dir);
	SHOW(umount("/c"));
	/* A root below the mount's own. */
	IN_CHILD(chroot("/a"); chdir("/deep"); SHOW(unshare(CLONE_NEWNS)); where(); chdir(".."); where();
		 SHOW(access("file", F_OK)););
}

static void removed(void)
{
	world();
	mkdir("d", 0755);
	mkdir("e", 0755);
	put("file", "x");
	int to[2], back[2];
	char c;
	pipe(to);
	pipe(back);
	fflush(stdout);
	if (!fork()) {
		unshare(CLONE_NEWNS);
		mount("t", "d", "tmpfs", 0, NULL);
		mount("t", "e", "tmpfs", 0, NULL);
		mount("f", "file", NULL, MS_BIND, NULL);
		put("d/x", "x");
		SHOW(rmdir("d"));
		SHOW(unlink("file"));
		write(back[1], "x", 1);
		read(to[0], &c, 1);
		SHOW(access("d/x", F_OK));
		SHOW(access("/moved", F_OK));
		SHOW(access("file", F_OK));
		info();
		_exit(0);
	}
	read(back[0], &c, 1);
	SHOW(rmdir("d"));
	SHOW(unlink("file"));
	SHOW(rename("e", "moved"));
	SHOW(mkdir("d", 0755));
	write(to[1], "x", 1);
	wait(NULL);
}

static void flags(void)
{
	world();
	SHOW(unshare(0));
	SHOW(unshare(CLONE_FS));
	SHOW(unshare(CLONE_FILES));
	SHOW(unshare(CLONE_FS | CLONE_FILES | CLONE_SYSVSEM));
	SHOW(unshare(CLONE_THREAD));
	SHOW(unshare(CLONE_SIGHAND));
	SHOW(unshare(CLONE_VM));
	SHOW(unshare(CLONE_PARENT));
	SHOW(unshare(CLONE_VFORK));
	SHOW(unshare(CLONE_PTRACE));
	SHOW(unshare(0x11));
	SHOW(unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC));
	SHOW(unshare(CLONE_NEWNS | CLONE_IO));
	AS_USER(SHOW(unshare(0)); SHOW(unshare(CLONE_FS)); SHOW(unshare(CLONE_NEWNS)); SHOW(unshare(CLONE_NEWUTS));
		SHOW(unshare(CLONE_NEWIPC)););
}

static int barrier[2];
static void *other(void *unused)
{
	char c;
	read(barrier[0], &c, 1);
	names();
	return NULL;
}

static void threads(void)
{
	pthread_t t;
	world();
	sethostname("outer", 5);
	IN_CHILD(
		pipe(barrier);
		pthread_create(&t, NULL, other, NULL);
		SHOW(unshare(CLONE_THREAD));
		SHOW(unshare(CLONE_SIGHAND));
		SHOW(unshare(CLONE_VM));
		SHOW(unshare(CLONE_NEWUTS));
		sethostname("one", 3);
		names();
		fflush(stdout);
		write(barrier[1], "x", 1);
		pthread_join(t, NULL);
	);
	/* Working directories: a thread that unshares goes its own way. */
	IN_CHILD(
		pipe(barrier);
		pthread_create(&t, NULL, other, NULL);
		SHOW(unshare(CLONE_NEWNS));
		write(barrier[1], "x", 1);
		pthread_join(t, NULL);
	);
}

static void child_says(void)
{
	names();
	SHOW(access("c/inside", F_OK));
}

static long raw_clone(long flags)
{
	fflush(stdout);
	long pid = syscall(SYS_clone, flags, 0, 0, 0, 0);
	if (pid == 0) {
		sethostname("cloned", 6);
		mount("t", "c", "tmpfs", 0, NULL);
		put("c/inside", "x");
		child_says();
		fflush(stdout);
		_exit(0);
	}
	if (pid > 0) waitpid(pid, NULL, 0);
	return pid > 0 ? 1 : pid;
}

static void cloning(void)
{
	world();
	IN_CHILD(unshare(CLONE_NEWUTS); sethostname("outer", 5);
	SHOW(raw_clone(SIGCHLD | CLONE_NEWNS | CLONE_NEWUTS));
	child_says();
	SHOW(raw_clone(SIGCHLD | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC));
	child_says();
	SHOW(raw_clone(SIGCHLD | CLONE_NEWNS | CLONE_FS));
	SHOW(raw_clone(SIGCHLD | CLONE_NEWIPC | CLONE_SYSVSEM));
	child_says(););
	AS_USER(SHOW(raw_clone(SIGCHLD | CLONE_NEWNS)); SHOW(raw_clone(SIGCHLD | CLONE_NEWUTS));
		SHOW(raw_clone(SIGCHLD | CLONE_NEWNS | CLONE_FS)););
	struct { unsigned long long flags, pidfd, child, parent, signal, stack, size, tls; } args = {
		CLONE_NEWUTS | CLONE_NEWNS, 0, 0, 0, SIGCHLD};
	fflush(stdout);
	long pid = syscall(SYS_clone3, &args, sizeof args);
	if (pid == 0) {
		sethostname("three", 5);
		names();
		fflush(stdout);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	args.flags = CLONE_NEWNS | CLONE_FS;
	SHOW(syscall(SYS_clone3, &args, sizeof args));
}

static void many(void)
{
	world();
	sethostname("outer", 5);
	for (int i = 0; i < 200; i++)
		if (unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC)) SHOW(-1);
	names();
	SHOW(mount("t", "c", "tmpfs", 0, NULL));
	info();
}

static void pivot(void)
{
	world();
	mkdir("new", 0755);
	IN_CHILD(unshare(CLONE_NEWNS); mount("new", "new", "tmpfs", 0, NULL); mkdir("new/old", 0755); put("new/here", "x");
		 SHOW(syscall(SYS_pivot_root, "new", "new/old")); where(); SHOW(access("/here", F_OK));
		 SHOW(access("/old/a/file", F_OK)); SHOW(umount2("/old", MNT_DETACH)); SHOW(access("/old/a/file", F_OK)););
	SHOW(access("/a/file", F_OK));
	SHOW(access("/new/here", F_OK));
	where();
}

PROBES({"uts", uts}, {"ipc", ipc}, {"ipc_undo", ipc_undo}, {"mqueues", mqueues}, {"mount_tree", mount_tree},
       {"places", places}, {"removed", removed}, {"flags", flags}, {"threads", threads}, {"cloning", cloning},
       {"many", many}, {"pivot", pivot})
