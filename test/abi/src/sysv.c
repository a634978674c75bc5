/* System V shared memory, semaphores and message queues: shmget(2), shmat(2), semop(2), semctl(2), msgsnd(2), msgrcv(2)… */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "probe.h"

#ifdef __powerpc__
#define semop_(id, ops, count) syscall(SYS_ipc, 1, id, count, 0, ops)
#elif defined(__i386__)
#define semop_(id, ops, count) syscall(SYS_ipc, 1, id, count, 0, ops)
/* musl translates what IPC_STAT fills: a bad address would be its own fault. */
#define IS_BAD(at) ((void *)(at) == (void *)8)
#define shmctl(id, command, at) \
	(IS_BAD(at) ? syscall(SYS_shmctl, id, (command) & ~0x100, at) : shmctl(id, command, at))
#define msgctl(id, command, at) \
	(IS_BAD(at) ? syscall(SYS_msgctl, id, (command) & ~0x100, at) : msgctl(id, command, at))
#else
#define semop_(id, ops, count) syscall(SYS_semop, id, ops, count)
#endif

#define KEY 0x756d7753
/* Identifiers are not shown. */
#define OK(call) (what(#call, (long)(call)))
static long what(const char *text, long result)
{
	if (result == -1) {
		const char *name = errno == EIDRM ? "EIDRM" : errno == ENOMSG ? "ENOMSG" : errno_name(errno);
		printf("%s = %s\n", text, name);
	} else printf("%s = ok\n", text);
	fflush(stdout);
	return result;
}
#undef SHOW
#define SHOW(call) shown(#call, (long)(call))
static long shown(const char *text, long result)
{
	if (result == -1) return what(text, result);
	printf("%s = %ld\n", text, result);
	fflush(stdout);
	return result;
}

static void nap(void)
{
	struct timespec t = {0, 100000000};
	nanosleep(&t, NULL);
}

/* The other process says first what it did. */
static long later(long result)
{
	int error = errno;
	nap();
	errno = error;
	return result;
}

static void become_user(void)
{
	syscall(SYS_setgroups, 0, NULL);
	syscall(SYS_setresgid, 100, 100, 100);
	syscall(SYS_setresuid, 1000, 1000, 1000);
}

static void segment(int id)
{
	struct shmid_ds ds;
	if (shmctl(id, IPC_STAT, &ds)) {
		printf("stat: %s\n", errno == EIDRM ? "EIDRM" : errno_name(errno));
		return;
	}
	printf("size %zu nattch %lu mode %o uid %u gid %u cuid %u atime %d dtime %d ctime %d cpid %d lpid %d\n", ds.shm_segsz,
	       (unsigned long)ds.shm_nattch, ds.shm_perm.mode, ds.shm_perm.uid, ds.shm_perm.gid, ds.shm_perm.cuid,
	       ds.shm_atime != 0, ds.shm_dtime != 0, ds.shm_ctime != 0, ds.shm_cpid == getpid(), ds.shm_lpid == getpid());
	fflush(stdout);
}

static void shm_get(void)
{
	SHOW(shmget(KEY, 4096, 0600));
	int id = OK(shmget(KEY, 5000, IPC_CREAT | 0640));
	SHOW(shmget(KEY, 5000, IPC_CREAT | IPC_EXCL | 0640));
	printf("same %d\n", shmget(KEY, 0, 0) == id);
	printf("same %d\n", shmget(KEY, 5000, 0) == id);
	SHOW(shmget(KEY, 5001, 0));
	SHOW(shmget(IPC_PRIVATE, 0, 0600));
#ifndef __i386__
	/* 4 GiB less a byte is no error. */
	SHOW(shmget(IPC_PRIVATE, -1, 0600));
#endif
	segment(id);
	SHOW(shmctl(id, IPC_RMID, NULL));
	SHOW(shmctl(id, IPC_RMID, NULL));
	SHOW(shmget(KEY, 4096, 0600));
	SHOW(shmctl(-1, IPC_STAT, NULL));
	SHOW(shmctl(0x7fffffff, IPC_STAT, NULL));
	SHOW((long)shmat(0x7fffffff, NULL, 0));
	SHOW((long)shmat(-1, NULL, 0));
}

static void shm_shared(void)
{
	int id = OK(shmget(IPC_PRIVATE, 8192, 0600));
	char *a = shmat(id, NULL, 0), *b = shmat(id, NULL, SHM_RDONLY);
	printf("apart %d\n", a != b);
	strcpy(a, "hello");
	printf("%s\n", b);
	segment(id);
	IN_CHILD(printf("child sees %s\n", b); strcpy(a + 4096, "from the child"); segment(id); SHOW(shmdt(a)); segment(id););
	printf("%s\n", b + 4096);
	segment(id);
	SHOW(mprotect(b, 4096, PROT_READ | PROT_WRITE));
	SHOW(shmdt(a + 4096));
	SHOW(shmdt(a + 1));
	SHOW(shmdt(a));
	SHOW(shmdt(a));
	segment(id);
	SHOW(shmctl(id, IPC_RMID, NULL));
	segment(id);
	printf("%s\n", b);
	IN_CHILD(segment(id););
	char *c = shmat(id, NULL, 0);
	printf("again %s\n", c == (void *)-1 ? "no" : c);
	shmdt(c);
	SHOW(shmdt(b));
	segment(id);
	SHOW((long)shmat(id, NULL, 0));
}

static void shm_places(void)
{
	int id = OK(shmget(IPC_PRIVATE, 5000, 0600));
	char *room = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	SHOW((long)shmat(id, room, 0));
	SHOW((long)shmat(id, room + 1, 0));
	SHOW((long)shmat(id, room + 1, SHM_RND));
	SHOW((long)shmat(id, NULL, SHM_REMAP));
	SHOW((long)shmat(id, (void *)1, SHM_RND | SHM_REMAP));
	printf("remap %d\n", shmat(id, room + 100, SHM_RND | SHM_REMAP) == room);
	segment(id);
	munmap(room + 4096, 4096);
	segment(id);
	munmap(room + 32768, 32768);
	printf("placed %d\n", shmat(id, room + 32768, 0) == room + 32768);
	munmap(room + 4096, 20480);
	printf("placed %d\n", shmat(id, room + 8192 + 17, SHM_RND) == room + 8192);
	segment(id);
	SHOW(shmctl(id, IPC_RMID, NULL));
	SHOW(shmdt(room));
	SHOW(shmdt(room + 8192));
	segment(id);
	SHOW(shmdt(room + 32768));
	segment(id);
}

static void shm_permission(void)
{
	int id = OK(shmget(KEY, 4096, IPC_CREAT | 0604));
	IN_CHILD(become_user(); SHOW(shmget(KEY, 4096, 0600)); SHOW(shmget(KEY, 4096, 0200)); OK(shmget(KEY, 4096, 0400));
		 SHOW((long)shmat(id, NULL, 0)); OK((long)shmat(id, NULL, SHM_RDONLY)); SHOW(shmctl(id, IPC_RMID, NULL));
		 struct shmid_ds ds; SHOW(shmctl(id, IPC_STAT, &ds)); SHOW(shmctl(id, IPC_SET, &ds)); SHOW(shmctl(id, SHM_LOCK, NULL)););
	struct shmid_ds ds;
	SHOW(shmctl(id, IPC_STAT, &ds));
	ds.shm_perm.uid = 1000;
	ds.shm_perm.mode = 0400;
	SHOW(shmctl(id, IPC_SET, &ds));
	segment(id);
	IN_CHILD(become_user(); SHOW((long)shmat(id, NULL, 0)); OK((long)shmat(id, NULL, SHM_RDONLY)); SHOW(shmctl(id, IPC_RMID, NULL)););
	SHOW(shmctl(id, IPC_STAT, NULL));
	SHOW(shmget(KEY, 4096, 0));
	id = shmget(IPC_PRIVATE, 4096, 0600);
	SHOW(shmctl(id, IPC_STAT, (void *)8));
	SHOW(shmctl(id, IPC_SET, (void *)8));
	SHOW(shmctl(id, 99, NULL));
	SHOW(shmctl(id, SHM_LOCK, NULL));
	segment(id);
	SHOW(shmctl(id, SHM_UNLOCK, NULL));
	SHOW(shmctl(id, IPC_RMID, NULL));
}

static void set(int id, int count)
{
	unsigned short all[8];
	struct semid_ds ds;
	if (semctl(id, 0, GETALL, all)) {
		printf("getall: %s\n", errno == EIDRM ? "EIDRM" : errno_name(errno));
		return;
	}
	semctl(id, 0, IPC_STAT, &ds);
	for (int i = 0; i < count; i++)
		printf("%d[pid %d ncnt %d zcnt %d] ", all[i], semctl(id, i, GETPID) == getpid(), semctl(id, i, GETNCNT),
		       semctl(id, i, GETZCNT));
	printf("nsems %lu otime %d ctime %d\n", (unsigned long)ds.sem_nsems, ds.sem_otime != 0, ds.sem_ctime != 0);
	fflush(stdout);
}

static int op(int id, int number, int change, int flags)
{
	struct sembuf one = {number, change, flags};
	return semop(id, &one, 1);
}

static void sem_basics(void)
{
	SHOW(semget(IPC_PRIVATE, 0, 0600));
	SHOW(semget(IPC_PRIVATE, -1, 0600));
	SHOW(semget(IPC_PRIVATE, 32001, 0600));
	int id = OK(semget(KEY, 3, IPC_CREAT | 0600));
	SHOW(semget(KEY, 4, 0600));
	printf("same %d %d\n", semget(KEY, 0, 0) == id, semget(KEY, 3, 0) == id);
	set(id, 3);
	SHOW(op(id, 0, 2, 0));
	set(id, 3);
	SHOW(op(id, 0, -3, IPC_NOWAIT));
	SHOW(op(id, 0, 0, IPC_NOWAIT));
	SHOW(op(id, 1, 0, IPC_NOWAIT));
	SHOW(op(id, 3, 1, 0));
	SHOW(op(id, 0, 32767, 0));
	SHOW(semctl(id, 1, SETVAL, 7));
	SHOW(semctl(id, 1, SETVAL, -1));
	SHOW(semctl(id, 1, SETVAL, 32768));
	SHOW(semctl(id, 3, SETVAL, 1));
	SHOW(semctl(id, 3, GETVAL));
	SHOW(semctl(id, -1, GETVAL));
	SHOW(semctl(id, 1, GETVAL));
	unsigned short all[3] = {1, 2, 3}, over[3] = {1, 40000, 3};
	SHOW(semctl(id, 0, SETALL, all));
	SHOW(semctl(id, 0, SETALL, over));
	SHOW(semctl(id, 0, SETALL, (void *)8));
	SHOW(semctl(id, 0, GETALL, (void *)8));
	set(id, 3);
	struct sembuf both[] = {{0, -1, 0}, {1, -3, IPC_NOWAIT}}, twice[] = {{2, -3, 0}, {2, 0, 0}, {2, 5, 0}};
	SHOW(semop(id, both, 2));
	set(id, 3);
	SHOW(semop(id, twice, 3));
	set(id, 3);
	SHOW(semop(id, both, 0));
	SHOW(semop_(id, both, 501));
	SHOW(semop_(id, 8, 1));
	SHOW(semop_(-1, both, 1));
	SHOW(semop_(0x7fffffff, both, 1));
	SHOW(semctl(id, 0, 99));
	SHOW(semctl(id, 0, IPC_RMID));
	SHOW(semctl(id, 0, IPC_RMID));
	SHOW(op(id, 0, 1, 0));
}

static void sem_blocking(void)
{
	int id = OK(semget(IPC_PRIVATE, 2, 0600));
	int first = fork();
	if (!first) {
		SHOW(later(op(id, 0, -2, 0)));
		_exit(0);
	}
	nap();
	int second = fork();
	if (!second) {
		SHOW(later(op(id, 0, 0, 0) + op(id, 1, -1, 0)));
		_exit(0);
	}
	nap();
	set(id, 2);
	SHOW(op(id, 0, 1, 0));
	nap();
	set(id, 2);
	SHOW(op(id, 0, 1, 0));
	SHOW(semctl(id, 0, GETVAL));
	waitpid(first, NULL, 0);
	SHOW(semctl(id, 1, SETVAL, 1));
	SHOW(semctl(id, 1, GETVAL));
	waitpid(second, NULL, 0);
	struct sembuf down = {0, -1, 0};
	struct timespec t = {0, 20000000}, bad = {0, -1}, none = {0, 0};
	SHOW(syscall(SYS_semtimedop, id, &down, 1, &t));
	SHOW(syscall(SYS_semtimedop, id, &down, 1, &bad));
	SHOW(syscall(SYS_semtimedop, id, &down, 1, &none));
	SHOW(syscall(SYS_semtimedop, id, &down, 1, 8));
	set(id, 2);
	int third = fork();
	if (!third) {
		SHOW(later(op(id, 0, -1, 0)));
		_exit(0);
	}
	nap();
	SHOW(semctl(id, 0, IPC_RMID));
	waitpid(third, NULL, 0);
}

static void nothing(int sig) {}

static void sem_signal(void)
{
	int id = OK(semget(IPC_PRIVATE, 1, 0600));
	int child = fork();
	if (!child) {
		signal(SIGUSR1, nothing);
		SHOW(op(id, 0, -1, 0));
		_exit(0);
	}
	nap();
	kill(child, SIGUSR1);
	waitpid(child, NULL, 0);
	set(id, 1);
	child = fork();
	if (!child) {
		op(id, 0, -1, 0);
		_exit(0);
	}
	nap();
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	set(id, 1);
	op(id, 0, 1, 0);
	set(id, 1);
	SHOW(semctl(id, 0, IPC_RMID));
}

static void sem_undo(void)
{
	int id = OK(semget(IPC_PRIVATE, 3, 0600));
	semctl(id, 0, SETVAL, 5);
	semctl(id, 1, SETVAL, 5);
	IN_CHILD(op(id, 0, -2, SEM_UNDO); op(id, 1, 3, SEM_UNDO); op(id, 1, 1, 0); op(id, 2, 4, SEM_UNDO); op(id, 2, -3, 0););
	printf("%d %d %d\n", semctl(id, 0, GETVAL), semctl(id, 1, GETVAL), semctl(id, 2, GETVAL));
	IN_CHILD(op(id, 0, -2, SEM_UNDO); semctl(id, 0, SETVAL, 1););
	printf("%d\n", semctl(id, 0, GETVAL));
	IN_CHILD(op(id, 0, -1, SEM_UNDO); IN_CHILD(_exit(0);); printf("%d\n", semctl(id, 0, GETVAL)););
	printf("%d\n", semctl(id, 0, GETVAL));
	int child = fork();
	if (!child) {
		op(id, 0, -1, SEM_UNDO);
		pause();
	}
	nap();
	kill(child, SIGKILL);
	SHOW(op(id, 0, -1, 0));
	SHOW(semctl(id, 0, IPC_RMID));
}

static void sem_permission(void)
{
	int id = OK(semget(KEY, 1, IPC_CREAT | 0604));
	IN_CHILD(become_user(); SHOW(semget(KEY, 1, 0600)); OK(semget(KEY, 1, 0400)); SHOW(op(id, 0, 1, 0)); SHOW(op(id, 0, 0, 0));
		 SHOW(semctl(id, 0, GETVAL)); SHOW(semctl(id, 0, SETVAL, 1)); SHOW(semctl(id, 0, IPC_RMID)););
	SHOW(semctl(id, 0, IPC_RMID));
}

struct message {
	long type;
	char text[64];
};

static void queue(int id)
{
	struct msqid_ds ds;
	if (msgctl(id, IPC_STAT, &ds)) {
		printf("stat: %s\n", errno == EIDRM ? "EIDRM" : errno_name(errno));
		return;
	}
	printf("qnum %lu cbytes %lu qbytes %lu mode %o stime %d rtime %d ctime %d lspid %d lrpid %d\n", (unsigned long)ds.msg_qnum,
	       ds.msg_cbytes, (unsigned long)ds.msg_qbytes, ds.msg_perm.mode, ds.msg_stime != 0, ds.msg_rtime != 0,
	       ds.msg_ctime != 0, ds.msg_lspid == getpid(), ds.msg_lrpid == getpid());
	fflush(stdout);
}

static int put(int id, long type, const char *text, int flags)
{
	struct message m = {type};
	strcpy(m.text, text);
	return msgsnd(id, &m, strlen(text), flags);
}

static void take(int id, size_t size, long type, int flags)
{
	struct message m;
	memset(&m, 0, sizeof m);
	long n = msgrcv(id, &m, size, type, flags | IPC_NOWAIT);
	if (n < 0) printf("type %ld: %s\n", type, errno == ENOMSG ? "ENOMSG" : errno == EIDRM ? "EIDRM" : errno_name(errno));
	else printf("type %ld: %ld of type %ld: %s\n", type, n, m.type, m.text);
	fflush(stdout);
}

static void msg_types(void)
{
	int id = OK(msgget(KEY, IPC_CREAT | 0600));
	SHOW(msgget(KEY, IPC_CREAT | IPC_EXCL | 0600));
	queue(id);
	take(id, 64, 0, 0);
	const long types[] = {3, 1, 2, 3, 5};
	for (int i = 0; i < 5; i++) {
		char text[8] = {'m', '0' + i};
		put(id, types[i], text, 0);
	}
	queue(id);
	take(id, 64, 2, 0);
	take(id, 64, 2, 0);
	take(id, 64, -2, 0);
	take(id, 64, -2, 0);
	take(id, 64, 3, MSG_EXCEPT);
	take(id, 64, 3, MSG_EXCEPT);
	take(id, 1, 0, 0);
	take(id, 1, 0, MSG_NOERROR);
	take(id, 64, 0, 0);
	take(id, 64, 0, 0);
	queue(id);
	SHOW(put(id, 0, "x", 0));
	SHOW(put(id, -1, "x", 0));
	SHOW(put(id, 1, "", 0));
	take(id, 64, 0, 0);
	char big[8200] = {1};
	*(long *)big = 1;
	SHOW(msgsnd(id, big, 8193, 0));
	SHOW(msgsnd(id, big, -1, 0));
	SHOW(msgsnd(id, (void *)8, 1, 0));
	SHOW(msgsnd(-1, big, 1, 0));
	SHOW(msgsnd(0x7fffffff, big, 1, 0));
	SHOW(msgrcv(id, big, -1, 0, IPC_NOWAIT));
	SHOW(msgsnd(id, big, 8192, IPC_NOWAIT));
	SHOW(msgsnd(id, big, 8192, IPC_NOWAIT));
	SHOW(msgsnd(id, big, 1, IPC_NOWAIT));
	SHOW(msgsnd(id, big, 0, IPC_NOWAIT));
	queue(id);
	SHOW(msgrcv(id, (void *)8, 8192, 0, 0));
	queue(id);
	take(id, 8, 7, 040000);
	SHOW(msgrcv(id, big, 8192, 0, 040000));
	SHOW(msgrcv(id, big, 8192, 0, 040000 | MSG_EXCEPT | IPC_NOWAIT));
	SHOW(msgrcv(id, big, 8192, 0, 040000 | IPC_NOWAIT));
	queue(id);
	SHOW(msgctl(id, IPC_RMID, NULL));
	SHOW(msgsnd(id, big, 1, 0));
	take(id, 8, 0, 0);
}

static void msg_blocking(void)
{
	int id = OK(msgget(IPC_PRIVATE, 0600));
	int child = fork();
	struct message m;
	if (!child) {
		SHOW(msgrcv(id, &m, 64, 2, 0));
		puts(m.text);
		fflush(stdout);
		_exit(0);
	}
	nap();
	put(id, 1, "one", 0);
	nap();
	put(id, 2, "two", 0);
	waitpid(child, NULL, 0);
	struct msqid_ds ds;
	msgctl(id, IPC_STAT, &ds);
	ds.msg_qbytes = 5;
	SHOW(msgctl(id, IPC_SET, &ds));
	queue(id);
	child = fork();
	if (!child) {
		long three = put(id, 3, "three", 0);
		/* Who made room prints, too. */
		nap();
		SHOW(three);
		_exit(0);
	}
	nap();
	queue(id);
	take(id, 64, 1, 0);
	waitpid(child, NULL, 0);
	child = fork();
	if (!child) {
		signal(SIGUSR1, nothing);
		SHOW(msgrcv(id, &m, 64, 9, 0));
		SHOW(later(put(id, 3, "x", 0)));
		_exit(0);
	}
	nap();
	kill(child, SIGUSR1);
	nap();
	SHOW(msgctl(id, IPC_RMID, NULL));
	waitpid(child, NULL, 0);
	id = msgget(IPC_PRIVATE, 0600);
	child = fork();
	if (!child) {
		SHOW(later(msgrcv(id, &m, 64, 0, 0)));
		_exit(0);
	}
	nap();
	SHOW(msgctl(id, IPC_RMID, NULL));
	waitpid(child, NULL, 0);
}

static void msg_permission(void)
{
	int id = OK(msgget(KEY, IPC_CREAT | 0604));
	IN_CHILD(become_user(); SHOW(msgget(KEY, 0600)); OK(msgget(KEY, 0400)); SHOW(put(id, 1, "x", 0)); take(id, 1, 0, 0); queue(id);
		 struct msqid_ds ds; msgctl(id, IPC_STAT, &ds); SHOW(msgctl(id, IPC_SET, &ds)); SHOW(msgctl(id, IPC_RMID, NULL)););
	SHOW(msgctl(id, IPC_STAT, (void *)8));
	SHOW(msgctl(id, 99, NULL));
	SHOW(msgctl(id, IPC_RMID, NULL));
}

static void text(const char *path)
{
	char line[300];
	FILE *f = fopen(path, "r");
	while (f && fgets(line, sizeof line, f)) fputs(line, stdout);
	if (f) fclose(f);
}

static void limits(void)
{
	text("/proc/sys/kernel/shmmax");
	text("/proc/sys/kernel/shmall");
	text("/proc/sys/kernel/shmmni");
	text("/proc/sys/kernel/msgmax");
	text("/proc/sys/kernel/msgmnb");
	text("/proc/sys/kernel/msgmni");
	text("/proc/sysvipc/sem");
	text("/proc/sysvipc/msg");
	text("/proc/sysvipc/shm");
}

PROBES({"shm-get", shm_get}, {"shm-shared", shm_shared}, {"shm-places", shm_places}, {"shm-permission", shm_permission},
       {"sem-basics", sem_basics}, {"sem-blocking", sem_blocking}, {"sem-signal", sem_signal}, {"sem-undo", sem_undo},
       {"sem-permission", sem_permission}, {"msg-types", msg_types}, {"msg-blocking", msg_blocking},
       {"msg-permission", msg_permission}, {"limits", limits})
