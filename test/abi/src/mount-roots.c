/* umount2(2), pivot_root(2), chroot(2) among mounts, and who is told that a file system is gone. */
#include "mounts.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#define pivot(to, old) syscall(SYS_pivot_root, to, old)

static void busy(void)
{
	world();
	mount("x", "a", "tmpfs", 0, NULL);
	put("a/file", "text of the file");
	int fd = open("a/file", O_RDONLY);
	SHOW(umount("a"));
	close(fd);
	fd = open("a/file", O_PATH);
	SHOW(umount("a"));
	close(fd);
	fd = open("a/file", O_RDONLY);
	char *map = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	SHOW(umount("a"));
	munmap(map, 4096);
	chdir("a");
	SHOW(umount("/a"));
	chdir("/");
	mkdir("a/sub", 0755);
	mount("y", "a/sub", "tmpfs", 0, NULL);
	SHOW(umount("a"));
	umount("a/sub");
	struct sockaddr_un name = {AF_UNIX, "a/socket"};
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	SHOW(bind(fd, &name, sizeof name));
	SHOW(umount("a"));
	close(fd);
	int pair[2];
	socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
	fd = inotify_init1(0);
	SHOW(inotify_add_watch(fd, "a", IN_CREATE));
	close(fd);
	int to[2];
	pipe(to);
	fflush(stdout);
	int child = fork();
	if (!child) {
		chroot("a");
		write(to[1], "x", 1);
		pause();
	}
	char c;
	read(to[0], &c, 1);
	SHOW(umount("a"));
	SHOW(umount2("a", MNT_DETACH));
	SHOW(umount("a"));
	cat("a/file");
	kill(child, SIGKILL);
	wait(NULL);
}

static void not_busy(void)
{
	world();
	mount("x", "a", "tmpfs", 0, NULL);
	put("a/file", "text");
	SHOW(umount("a"));
	SHOW(umount("a"));
	mount("a", "b", NULL, MS_BIND, NULL);
	int fd = open("a/file", O_RDONLY);
	SHOW(umount("b"));
	SHOW(umount("f"));
	SHOW(umount("missing"));
	SHOW(umount(""));
	SHOW(umount((char *)8));
	SHOW(umount("a/file"));
	SHOW(umount2("a", 16));
	SHOW(umount2("missing", 16));
	SHOW(umount2("a", MNT_FORCE));
	mount("x", "a", "tmpfs", 0, NULL);
	SHOW(umount2("a", MNT_FORCE));
	mount("x", "a", "tmpfs", 0, NULL);
	mkdir("a/d", 0755);
	SHOW(umount("a/d"));
	SHOW(umount("a/."));
	mount("x", "a", "tmpfs", 0, NULL);
	chdir("a");
	SHOW(umount2(".", MNT_DETACH));
	where();
	SHOW(umount2(".", MNT_DETACH));
	SHOW(mount("x", ".", "tmpfs", 0, NULL));
	SHOW(mkdir("d", 0755));
	SHOW(mount("/b", "d", NULL, MS_BIND, NULL));
	SHOW(mount("d", "/b", NULL, MS_BIND, NULL));
	SHOW(mount(NULL, ".", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
	SHOW(chdir(".."));
	where();
}

static void nofollow(void)
{
	world();
	mount("x", "a", "tmpfs", 0, NULL);
	symlink("a", "l");
	SHOW(umount2("l", UMOUNT_NOFOLLOW));
	SHOW(umount2("l/", UMOUNT_NOFOLLOW));
	mount("x", "a", "tmpfs", 0, NULL);
	SHOW(umount2("l", 0));
	SHOW(umount2("l", 0));
}

static void expire(void)
{
	world();
	mount("x", "a", "tmpfs", 0, NULL);
	put("a/file", "text");
	SHOW(umount2("a", MNT_EXPIRE | MNT_DETACH));
	SHOW(umount2("a", MNT_EXPIRE | MNT_FORCE));
	int fd = open("a/file", O_RDONLY);
	SHOW(umount2("a", MNT_EXPIRE));
	close(fd);
	SHOW(umount2("a", MNT_EXPIRE));
	struct stat st;
	stat("a/file", &st);
	SHOW(umount2("a", MNT_EXPIRE));
	SHOW(umount2("a", MNT_EXPIRE));
	SHOW(umount2("a", MNT_EXPIRE));
	SHOW(umount2("/", MNT_EXPIRE));
}

static void detached(void)
{
	world();
	mount("x", "a", "tmpfs", 0, NULL);
	mkdir("a/sub", 0755);
	mount("y", "a/sub", "tmpfs", 0, NULL);
	put("a/file", "text");
	put("a/sub/file", "below");
	int fd = open("a/file", O_RDWR), dir = open("a", O_RDONLY);
	SHOW(umount2("a", MNT_DETACH));
	char b[100];
	long n;
	SHOW(read(fd, b, 100));
	SHOW(write(fd, "more", 4));
	SHOW(openat(dir, "new", O_CREAT | O_RDWR, 0600) >= 0);
	SHOW(openat(dir, "sub/file", O_RDONLY));
	SHOW(openat(dir, "../f", O_RDONLY));
	n = readlink("/proc/self/fd/3", b, 99);
	printf("%.*s\n", (int)n, b);
	n = readlink("/proc/self/fd/4", b, 99);
	printf("%.*s\n", (int)n, b);
	fchdir(dir);
	where();
	n = readlink("/proc/self/cwd", b, 99);
	printf("%.*s\n", (int)n, b);
	info();
	SHOW(mount("/proc/self/fd/4", "/b", NULL, MS_BIND, NULL));
	SHOW(mount("/b", "/proc/self/fd/4", NULL, MS_BIND, NULL));
	SHOW(mount("/proc/self/fd/4", "/b", NULL, MS_MOVE, NULL));
	SHOW(umount("/proc/self/fd/4"));
}

static void watched(void)
{
	world();
	struct {
		struct inotify_event e;
		char name[256];
	} event;
	mount("x", "a", "tmpfs", 0, NULL);
	put("a/file", "text");
	mount("a", "b", NULL, MS_BIND, NULL);
	int fd = inotify_init1(IN_NONBLOCK);
	SHOW(inotify_add_watch(fd, "a/file", IN_ALL_EVENTS));
	SHOW(inotify_add_watch(fd, "a", IN_DELETE));
	SHOW(inotify_add_watch(fd, "c", IN_ALL_EVENTS));
	SHOW(umount("a"));
	SHOW(read(fd, &event, sizeof event));
	SHOW(umount("b"));
	char all[4096];
	long n = read(fd, all, sizeof all);
	long masks[4] = {0, 0, 0, 0};
	int order = 1;
	for (long at = 0; at < n; at += sizeof(struct inotify_event) + ((struct inotify_event *)(all + at))->len) {
		struct inotify_event *one = (void *)(all + at);
		masks[one->wd] |= one->mask;
		if (one->mask == IN_IGNORED && !(masks[one->wd] & IN_UNMOUNT)) order = 0;
	}
	printf("%ld: %lx %lx %lx %d\n", n, masks[1], masks[2], masks[3], order);
	SHOW(inotify_rm_watch(fd, 1));
	SHOW(inotify_rm_watch(fd, 3));
}

static void roots(void)
{
	world();
	mount("x", "a", "tmpfs", 0, NULL);
	mkdir("a/inner", 0755);
	mkdir("a/inner/m", 0755);
	mkdir("a/inner/proc", 0755);
	mount("y", "a/inner/m", "tmpfs", 0, NULL);
	mount("/proc", "a/inner/proc", NULL, MS_BIND, NULL);
	IN_CHILD(chroot("a/inner"); chdir("/"); info(); cat("/../f"); where(); SHOW(umount("m")); SHOW(umount("/"));
		 info(););
	info();
	IN_CHILD(SHOW(chdir("b")); SHOW(chroot("/a/inner")); char b[999]; long n = readlink("/proc/self/cwd", b, 998);
		 b[n] = 0; puts(strstr(b, "/world")); n = syscall(SYS_getcwd, b, sizeof b); puts(strstr(b, "/world"));
		 b[13] = 0; puts(b); SHOW(chdir("..")); cat("f"););
	IN_CHILD(SHOW(chroot("/a")); SHOW(chdir("/")); info_of("inner/proc/self/mountinfo"); SHOW(umount("/"));
		 SHOW(umount2("/", MNT_EXPIRE)););
	SHOW(chroot("f"));
	SHOW(chroot("missing"));
	SHOW(chroot(""));
}

static void escaped(void)
{
	world();
	mkdir("a/in", 0755);
	mkdir("a/in/deep", 0755);
	mount("a", "b", NULL, MS_BIND, NULL);
	chdir("b/in/deep");
	where();
	SHOW(rename("/a/in/deep", "/c/out"));
	where();
	SHOW(chdir(".."));
	SHOW(access("..", F_OK));
	SHOW(access(".", F_OK));
	char b[99];
	long n = readlink("/proc/self/cwd", b, 99);
	printf("%.*s\n", (int)n, b);
}

static void pivot_errors(void)
{
	world();
	mount("x", "a", "tmpfs", 0, NULL);
	mkdir("a/old", 0755);
	put("a/n", "n");
	SHOW(pivot("missing", "a"));
	SHOW(pivot("a", "missing"));
	SHOW(pivot("a", "a/n"));
	SHOW(pivot("f", "a"));
	SHOW(pivot("b", "b"));
	SHOW(pivot("a", "b"));
	SHOW(pivot("/", "/"));
	SHOW(pivot("a/old", "a/old"));
	mount("y", "c", "tmpfs", 0, NULL);
	SHOW(pivot("a", "c"));
	SHOW(pivot((char *)8, "c"));
	SHOW(pivot("a", (char *)8));
	IN_CHILD(chroot("b"); SHOW(pivot("/", "/")); SHOW(pivot(".", ".")););
	IN_CHILD(chroot("b"); chdir("/"); mkdir("z", 0755); mount("z", "z", "tmpfs", 0, NULL); SHOW(pivot("z", "z"));
		 umount("z"););
	AS_USER(SHOW(pivot("a", "a/old")););
}

static void pivoting(void)
{
	world();
	mount("x", "a", "tmpfs", 0, NULL);
	mkdir("a/old", 0755);
	mkdir("a/proc", 0755);
	put("a/n", "in the new root");
	chdir("b");
	int to[2], back[2];
	char c;
	pipe(to);
	pipe(back);
	fflush(stdout);
	if (!fork()) {
		chdir("/");
		write(back[1], "x", 1);
		read(to[0], &c, 1);
		where();
		cat("/n");
		cat("n");
		write(back[1], "x", 1);
		_exit(0);
	}
	read(back[0], &c, 1);
	SHOW(pivot("/a", "/a/old"));
	where();
	cat("/n");
	cat("/old/f");
	write(to[1], "x", 1);
	read(back[0], &c, 1);
	wait(NULL);
	chdir("/");
	info_of("/old/proc/self/mountinfo");
	SHOW(umount("/old"));
	SHOW(umount("/old/proc"));
	SHOW(umount("/old"));
	cat("/old/f");
	mount("proc", "/proc", "proc", 0, NULL);
	info();
}

static void pivot_dot(void)
{
	world();
	mount("x", "a", "tmpfs", 0, NULL);
	mkdir("a/proc", 0755);
	put("a/n", "in the new root");
	SHOW(chdir("a"));
	SHOW(pivot(".", "."));
	where();
	cat("n");
	cat("/n");
	cat("/../n");
	cat("/../f");
	SHOW(umount2(".", MNT_DETACH));
	cat("/../n");
	SHOW(chdir("/"));
	where();
	mount("proc", "/proc", "proc", 0, NULL);
	info();
}

PROBES({"busy", busy}, {"not_busy", not_busy}, {"nofollow", nofollow}, {"expire", expire}, {"detached", detached},
       {"watched", watched}, {"roots", roots}, {"escaped", escaped}, {"pivot_errors", pivot_errors},
       {"pivoting", pivoting}, {"pivot_dot", pivot_dot})
