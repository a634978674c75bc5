/* Extended attributes: setxattr(2), getxattr(2), listxattr(2), removexattr(2) and their l- and f- forms. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "probe.h"

static char b[70000];

static void names_of(const char *file)
{
	long n = listxattr(file, b, sizeof b);
	for (long i = 0; i < n; i += strlen(b + i) + 1) printf("[%s]", b + i);
	printf(" %ld\n", n);
	fflush(stdout);
}

static void file(void)
{
	chmod(".", 0755);
	close(open("f", O_CREAT | O_RDWR, 0644));
}

static void one(void)
{
	file();
	SHOW(getxattr("f", "user.a", b, 10));
	SHOW(setxattr("f", "user.a", "value", 5, 0));
	SHOW(getxattr("f", "user.a", NULL, 0));
	SHOW(getxattr("f", "user.a", b, 10));
	printf("%.5s\n", b);
	SHOW(getxattr("f", "user.a", b, 4));
	SHOW(setxattr("f", "user.a", "other", 5, XATTR_CREATE));
	SHOW(setxattr("f", "user.b", "other", 5, XATTR_REPLACE));
	SHOW(setxattr("f", "user.a", "longer value", 12, XATTR_REPLACE));
	SHOW(getxattr("f", "user.a", b, 100));
	SHOW(setxattr("f", "user.e", NULL, 0, 0));
	SHOW(getxattr("f", "user.e", b, 100));
	names_of("f");
	SHOW(removexattr("f", "user.a"));
	SHOW(removexattr("f", "user.a"));
	names_of("f");
}

static void names(void)
{
	file();
	char name[300];
	memset(name, 'n', 299);
	memcpy(name, "user.", 5);
	name[256] = 0;
	SHOW(setxattr("f", name, "x", 1, 0));
	name[255] = 0;
	SHOW(setxattr("f", name, "x", 1, 0));
	SHOW(setxattr("f", "", "x", 1, 0));
	SHOW(setxattr("f", "user.", "x", 1, 0));
	SHOW(setxattr("f", "user", "x", 1, 0));
	SHOW(setxattr("f", "nothing.a", "x", 1, 0));
	SHOW(getxattr("f", "nothing.a", b, 1));
	SHOW(removexattr("f", "nothing.a"));
	SHOW(setxattr("f", "system.a", "x", 1, 0));
	SHOW(setxattr("f", "trusted.a", "x", 1, 0));
	SHOW(setxattr("f", "security.a", "x", 1, 0));
	SHOW(getxattr("f", "", b, 1));
	SHOW(removexattr("f", ""));
}

static void arguments(void)
{
	file();
	SHOW(setxattr("f", "user.a", b, 65536, 0));
	SHOW(setxattr("f", "user.a", b, 65537, 0));
	SHOW(setxattr("f", "user.a", "x", 1, 3));
	SHOW(setxattr("f", "user.a", "x", 1, 4));
	SHOW(setxattr("f", (void *)8, "x", 1, 0));
	SHOW(setxattr("f", "user.a", (void *)8, 1, 0));
	SHOW(setxattr((void *)8, "user.a", "x", 1, 0));
	SHOW(setxattr("missing", "user.a", "x", 1, 0));
	SHOW(setxattr("missing", "user.a", "x", 1, 4));
	SHOW(getxattr("missing", "user.a", b, 1));
	SHOW(listxattr("missing", b, 1));
	SHOW(getxattr("f", "user.a", (void *)8, 70000));
	SHOW(listxattr("f", (void *)8, 100));
	SHOW(listxattr("f", b, 3));
	SHOW(listxattr("f", NULL, 0));
	SHOW(removexattr("missing", "user.a"));
}

static void links_and_descriptors(void)
{
	file();
	symlink("f", "l");
	SHOW(setxattr("l", "user.a", "x", 1, 0));
	names_of("f");
	SHOW(lsetxattr("l", "user.b", "x", 1, 0));
	SHOW(lgetxattr("l", "user.a", b, 10));
	SHOW(lsetxattr("l", "trusted.b", "x", 1, 0));
	SHOW(llistxattr("l", b, 100));
	SHOW(lremovexattr("l", "trusted.b"));
	int fd = open("f", O_RDONLY), path = open("f", O_PATH), to[2];
	SHOW(fsetxattr(fd, "user.c", "y", 1, 0));
	SHOW(fgetxattr(fd, "user.c", b, 10));
	SHOW(flistxattr(fd, b, 100));
	SHOW(fremovexattr(fd, "user.c"));
	SHOW(fsetxattr(path, "user.c", "y", 1, 0));
	SHOW(fgetxattr(path, "user.a", b, 10));
	SHOW(fsetxattr(99, "user.c", "y", 1, 0));
	SHOW(fgetxattr(99, "user.a", b, 10));
	pipe(to);
	SHOW(fsetxattr(to[0], "user.c", "y", 1, 0));
	SHOW(fgetxattr(to[0], "user.c", b, 1));
	SHOW(flistxattr(to[0], b, 1));
	mkfifo("fifo", 0600);
	SHOW(setxattr("fifo", "user.a", "x", 1, 0));
	SHOW(getxattr("fifo", "user.a", b, 1));
	SHOW(setxattr(".", "user.a", "x", 1, 0));
	SHOW(getxattr(".", "user.a", b, 1));
}

static void permissions(void)
{
	file();
	mkdir("t", 0777);
	chmod("t", 01777);
	setxattr("f", "user.a", "x", 1, 0);
	setxattr("f", "trusted.a", "x", 1, 0);
	setxattr("f", "security.a", "x", 1, 0);
	names_of("f");
	AS_USER(SHOW(getxattr("f", "user.a", b, 10)); SHOW(setxattr("f", "user.a", "y", 1, 0)); SHOW(removexattr("f", "user.a"));
		SHOW(getxattr("f", "trusted.a", b, 10)); SHOW(setxattr("f", "trusted.a", "y", 1, 0));
		SHOW(removexattr("f", "trusted.a")); SHOW(getxattr("f", "security.a", b, 10));
		SHOW(setxattr("f", "security.a", "y", 1, 0)); names_of("f"); SHOW(setxattr("t", "user.a", "x", 1, 0));
		SHOW(getxattr("t", "user.a", b, 1)););
	chmod("f", 0600);
	AS_USER(SHOW(getxattr("f", "user.a", b, 10)); SHOW(listxattr("f", b, 100)); SHOW(setxattr("f", "user.a", "y", 1, 0)););
	chown("f", 1000, 100);
	AS_USER(SHOW(setxattr("f", "user.a", "y", 1, 0)); SHOW(setxattr("f", "security.b", "y", 1, 0)););
}

static void other_file_systems(void)
{
	SHOW(setxattr("/proc/version", "user.a", "x", 1, 0));
	SHOW(getxattr("/proc/version", "user.a", b, 1));
	SHOW(listxattr("/proc/version", b, 1));
	SHOW(removexattr("/proc/version", "user.a"));
	SHOW(getxattr("/proc/version", "system.a", b, 1));
}

static void kept(void)
{
	file();
	setxattr("f", "user.a", "x", 1, 0);
	link("f", "g");
	SHOW(getxattr("g", "user.a", b, 1));
	rename("f", "h");
	SHOW(getxattr("h", "user.a", b, 1));
	chmod("h", 0600);
	SHOW(getxattr("h", "user.a", b, 1));
	struct stat before, after;
	stat("h", &before);
	usleep(20000);
	setxattr("h", "user.b", "x", 1, 0);
	stat("h", &after);
	printf("mtime %d ctime %d\n", before.st_mtim.tv_nsec != after.st_mtim.tv_nsec,
	       before.st_ctim.tv_nsec != after.st_ctim.tv_nsec);
	for (int i = 0; i < 20; i++) {
		char name[20];
		snprintf(name, 20, "user.%d", (i * 7) % 20);
		setxattr("h", name, "x", 1, 0);
	}
	names_of("h");
}

static void room(void)
{
	file();
	memset(b, 'v', sizeof b);
	SHOW(setxattr("f", "user.large", b, 65536, 0));
	SHOW(getxattr("f", "user.large", NULL, 0));
	SHOW(getxattr("f", "user.large", b, 65535));
	SHOW(getxattr("f", "user.large", b, 65536));
	SHOW(setxattr("f", "user.large", b, 1, XATTR_REPLACE));
	SHOW(getxattr("f", "user.large", b, sizeof b));
	SHOW(getxattr("f", "user.large", b, 0));
	SHOW(getxattr("f", "user.none", NULL, 0));
	setxattr("f", "user.second", b, 3, 0);
	SHOW(listxattr("f", NULL, 0));
	SHOW(listxattr("f", b, 22));
	SHOW(listxattr("f", b, 23));
	SHOW(listxattr("f", b, 24));
	SHOW(listxattr("f", b, 70000));
}

static void directories(void)
{
	file();
	mkdir("d", 0755);
	SHOW(setxattr("d", "user.a", "x", 1, 0));
	SHOW(setxattr("d/", "user.b", "y", 1, 0));
	names_of("d");
	SHOW(setxattr("f/", "user.b", "y", 1, 0));
	SHOW(setxattr("f/x", "user.b", "y", 1, 0));
	int fd = open("d", O_RDONLY | O_DIRECTORY);
	SHOW(fgetxattr(fd, "user.a", b, 10));
	SHOW(fremovexattr(fd, "user.a"));
	SHOW(rmdir("d"));
	SHOW(fgetxattr(fd, "user.b", b, 10));
	SHOW(fsetxattr(fd, "user.c", "z", 1, 0));
	SHOW(flistxattr(fd, b, 100));
	mkdir("d", 0755);
	SHOW(listxattr("d", b, 100));
	symlink("loop", "loop");
	SHOW(getxattr("loop", "user.a", b, 1));
	SHOW(lgetxattr("loop", "user.a", b, 1));
	SHOW(lgetxattr("loop", "trusted.a", b, 1));
	SHOW(lremovexattr("loop", "user.a"));
	SHOW(llistxattr("loop", b, 1));
}

static void unlinked(void)
{
	file();
	int fd = open("f", O_RDWR);
	SHOW(fsetxattr(fd, "user.a", "x", 1, 0));
	unlink("f");
	SHOW(fgetxattr(fd, "user.a", b, 10));
	SHOW(fsetxattr(fd, "user.b", "y", 1, 0));
	SHOW(flistxattr(fd, b, 100));
	SHOW(getxattr("f", "user.a", b, 10));
	SHOW(getxattr("/proc/self/fd/3", "user.a", b, 10));
	SHOW(lgetxattr("/proc/self/fd/3", "user.a", b, 10));
	close(fd);
	SHOW(fgetxattr(fd, "user.a", b, 10));
	SHOW(fremovexattr(fd, "user.a"));
	SHOW(flistxattr(fd, b, 10));
}

static void flags_and_names(void)
{
	file();
	SHOW(setxattr("f", "user.a", "x", 1, XATTR_REPLACE));
	SHOW(setxattr("f", "user.a", "x", 1, XATTR_CREATE | XATTR_REPLACE));
	SHOW(setxattr("f", "user.a", "x", 1, XATTR_CREATE));
	SHOW(setxattr("f", "user.a", "y", 1, XATTR_CREATE | XATTR_REPLACE));
	SHOW(getxattr("f", "user.a", b, 10));
	SHOW(setxattr("f", "user.A", "z", 1, XATTR_CREATE));
	SHOW(setxattr("f", "user.with space", "z", 1, 0));
	SHOW(setxattr("f", "user.\xc3\xa4", "z", 1, 0));
	SHOW(setxattr("f", "USER.a", "z", 1, 0));
	SHOW(setxattr("f", "trusted.", "z", 1, 0));
	SHOW(setxattr("f", "security.", "z", 1, 0));
	SHOW(getxattr("f", "trusted.", b, 1));
	SHOW(removexattr("f", "user."));
	SHOW(removexattr("f", "user.none"));
	SHOW(setxattr("f", "user.a", "x", -1, 0));
	SHOW(getxattr("f", (void *)8, b, 1));
	SHOW(removexattr("f", (void *)8));
	SHOW(getxattr("f", "user.a", (void *)8, 1));
	SHOW(getxattr("f", "user.a", (void *)8, 0));
	names_of("f");
}

PROBES({"one", one}, {"names", names}, {"arguments", arguments}, {"links_and_descriptors", links_and_descriptors},
       {"permissions", permissions}, {"other_file_systems", other_file_systems}, {"kept", kept},
       {"room", room}, {"directories", directories}, {"unlinked", unlinked}, {"flags_and_names", flags_and_names})
