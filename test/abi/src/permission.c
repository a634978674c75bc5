/* Who may do what to a file: modes, owners, sticky directories, set-id bits, times, names that are too long. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "files.h"
#include "probe.h"

/* As another user, in a child. */
#define AS(uid, gid, ...)                      \
	do {                                   \
		fflush(stdout);                \
		if (!fork()) {                 \
			setgroups(0, NULL);    \
			setresgid(gid, gid, gid); \
			setresuid(uid, uid, uid); \
			__VA_ARGS__            \
			fflush(stdout);        \
			_exit(0);              \
		}                              \
		wait(NULL);                    \
	} while (0)

static void classes(void)
{
	chmod(".", 0755);
	make("owner", 0400, 1000, 100);
	make("group", 0040, 2000, 100);
	make("other", 0004, 2000, 200);
	make("notowner", 0077, 1000, 100);
	AS(1000, 100, SHOW(open("owner", O_RDONLY)); SHOW(open("owner", O_RDWR)); SHOW(open("group", O_RDONLY));
	   SHOW(open("other", O_RDONLY)); SHOW(open("notowner", O_RDONLY)); SHOW(open("new", O_CREAT | O_RDWR, 0600));
	   SHOW(unlink("owner")); SHOW(mkdir("d", 0700)); SHOW(rename("owner", "owner2")); SHOW(link("other", "x"));
	   SHOW(access("owner", R_OK)); SHOW(access("owner", R_OK | W_OK)); SHOW(access("owner", X_OK));
	   SHOW(open("owner", O_RDONLY | O_TRUNC)); SHOW(truncate("owner", 0)););
	SHOW(access("owner", X_OK));
	SHOW(access("owner", R_OK | W_OK));
	SHOW(open("notowner", O_RDWR));
}

static void search(void)
{
	chmod(".", 0755);
	mkdir("d", 0755);
	make("d/f", 0666, 1000, 100);
	chmod("d", 0644);
	AS(1000, 100, SHOW(open("d/f", O_RDONLY)); SHOW(open("d/missing", O_RDONLY)); SHOW(open("d", O_RDONLY));
	   SHOW(chdir("d")); SHOW(access("d/..", F_OK)););
	chmod("d", 0711);
	AS(1000, 100, SHOW(open("d/f", O_RDONLY)); SHOW(open("d", O_RDONLY)); SHOW(unlink("d/f"));
	   SHOW(unlink("d/missing")); SHOW(mkdir("d/f", 0700)); SHOW(mkdir("d/n", 0700)););
}

static void sticky(void)
{
	chmod(".", 0755);
	mkdir("t", 0777);
	chmod("t", 01777);
	make("t/a", 0666, 1000, 100);
	make("t/b", 0666, 2000, 100);
	AS(1000, 100, SHOW(unlink("t/b")); SHOW(rename("t/b", "t/c")); SHOW(rename("t/a", "t/b")); SHOW(mkdir("t/d", 0700));
	   SHOW(rename("t/a", "t/c")); SHOW(unlink("t/c")); SHOW(rmdir("t/d")););
	chown("t", 1000, 100);
	AS(1000, 100, SHOW(unlink("t/b")););
}

static void set_id_bits(void)
{
	chmod(".", 0777);
	make("p", 06755, 1000, 100);
	AS(2000, 200, SHOW(open("p", O_WRONLY)););
	make("p", 06777, 1000, 100);
	AS(2000, 200, int fd = open("p", O_WRONLY); SHOW(write(fd, "", 0)); mode_of("p"); SHOW(write(fd, "x", 1)); mode_of("p"););
	chmod("p", 06767);
	AS(2000, 200, int fd = open("p", O_WRONLY); SHOW(write(fd, "x", 1)); mode_of("p"););
	chmod("p", 06777);
	AS(2000, 200, SHOW(truncate("p", 0)); mode_of("p"););
	chmod("p", 06777);
	int fd = open("p", O_WRONLY);
	SHOW(write(fd, "x", 1));
	mode_of("p");
	SHOW(chown("p", -1, -1));
	mode_of("p");
	chmod("p", 06777);
	SHOW(chown("p", 1000, 100));
	mode_of("p");
	chmod("p", 06767);
	SHOW(chown("p", 1000, 100));
	mode_of("p");
	mkdir("d", 0755);
	chmod("d", 06755);
	SHOW(chown("d", 1000, 100));
	mode_of("d");
}

static void chmods(void)
{
	chmod(".", 0777);
	make("mine", 0644, 1000, 100);
	make("foreign", 0644, 1000, 200);
	make("theirs", 0644, 2000, 200);
	AS(1000, 100, SHOW(chmod("mine", 06755)); mode_of("mine"); SHOW(chmod("foreign", 06755)); mode_of("foreign");
	   SHOW(chmod("theirs", 0600)); SHOW(chmod("mine", 0177777)); mode_of("mine"); SHOW(chmod("missing", 0));
	   SHOW(syscall(452, AT_FDCWD, "mine", 0600, 0)); SHOW(syscall(452, AT_FDCWD, "mine", 0600, 0x200)););
	symlink("mine", "link");
	SHOW(syscall(452, AT_FDCWD, "link", 0640, AT_SYMLINK_NOFOLLOW));
	SHOW(syscall(452, AT_FDCWD, "link", 0640, 0));
	mode_of("mine");
	mode_of("link");
	int fd = open("mine", O_PATH);
	SHOW(syscall(452, fd, "", 0604, AT_EMPTY_PATH));
	SHOW(syscall(452, fd, "", 0604, 0));
	SHOW(fchmod(fd, 0600));
	mode_of("mine");
	SHOW(fchmod(99, 0600));
}

static void chowns(void)
{
	chmod(".", 0777);
	make("mine", 0644, 1000, 100);
	make("theirs", 0644, 2000, 200);
	AS(1000, 100, SHOW(chown("mine", 1000, -1)); SHOW(chown("mine", 2000, -1)); SHOW(chown("mine", -1, 100));
	   SHOW(chown("mine", -1, 200)); SHOW(chown("theirs", -1, -1)); SHOW(chown("theirs", 2000, -1));
	   SHOW(chown("theirs", -1, 200)); SHOW(lchown("mine", -1, 100)););
	symlink("mine", "link");
	SHOW(lchown("link", 5, 6));
	mode_of("link");
	mode_of("mine");
	SHOW(chown("link", 7, 8));
	mode_of("mine");
	int fd = open("link", O_PATH | O_NOFOLLOW);
	SHOW(fchown(fd, 1, 1));
	SHOW(fchownat(fd, "", 9, 9, AT_EMPTY_PATH));
	SHOW(fchownat(fd, "", 9, 9, 0));
	SHOW(fchownat(AT_FDCWD, "mine", 9, 9, 0x8000));
	mode_of("link");
}

static void directories_with_group(void)
{
	chmod(".", 0777);
	mkdir("g", 0777);
	chown("g", 0, 300);
	chmod("g", 02777);
	umask(0);
	AS(1000, 100, mkdir("g/d", 0755); close(open("g/f", O_CREAT | O_RDWR, 02775)); close(open("g/n", O_CREAT | O_RDWR, 02765));
	   symlink("x", "g/l"););
	mode_of("g/d");
	mode_of("g/f");
	mode_of("g/n");
	mode_of("g/l");
	umask(077);
	mkdir("m", 07777);
	mode_of("m");
	SHOW(umask(0177777));
	SHOW(umask(0));
}

static void times(void)
{
	chmod(".", 0777);
	make("mine", 0444, 1000, 100);
	make("open", 0666, 2000, 200);
	make("closed", 0644, 2000, 200);
	struct timespec t[2] = {{5, 6}, {7, 8}}, n[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}}, o[2] = {{0, UTIME_OMIT}, {0, UTIME_OMIT}},
			h[2] = {{0, UTIME_NOW}, {0, UTIME_OMIT}}, bad[2] = {{0, 1000000000}, {0, 0}};
	AS(1000, 100, SHOW(utimensat(AT_FDCWD, "mine", t, 0)); SHOW(utimensat(AT_FDCWD, "open", t, 0));
	   SHOW(utimensat(AT_FDCWD, "open", NULL, 0)); SHOW(utimensat(AT_FDCWD, "open", n, 0));
	   SHOW(utimensat(AT_FDCWD, "open", h, 0)); SHOW(utimensat(AT_FDCWD, "open", o, 0));
	   SHOW(utimensat(AT_FDCWD, "closed", n, 0)); SHOW(utimensat(AT_FDCWD, "closed", NULL, 0));
	   SHOW(utimensat(AT_FDCWD, "closed", t, 0)); SHOW(utimensat(AT_FDCWD, "closed", o, 0)););
	struct stat st;
	stat("mine", &st);
	printf("%ld %ld %ld %ld\n", st.st_atim.tv_sec, st.st_atim.tv_nsec, st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
	SHOW(utimensat(AT_FDCWD, "mine", bad, 0));
	SHOW(utimensat(AT_FDCWD, "missing", o, 0));
	SHOW(utimensat(AT_FDCWD, "missing", bad, 0));
	SHOW(utimensat(AT_FDCWD, "missing", t, 0));
	SHOW(utimensat(AT_FDCWD, "mine", t, 1));
	SHOW(syscall(SYS_utimensat, AT_FDCWD, NULL, t, 0));
	int fd = open("mine", O_RDONLY), path = open("mine", O_PATH);
	SHOW(syscall(SYS_utimensat, fd, NULL, t, 0));
	SHOW(syscall(SYS_utimensat, fd, NULL, t, AT_SYMLINK_NOFOLLOW));
	SHOW(syscall(SYS_utimensat, path, NULL, t, 0));
	SHOW(syscall(SYS_utimensat, path, "", t, AT_EMPTY_PATH));
	SHOW(syscall(SYS_utimensat, 99, NULL, t, 0));
	t[0].tv_sec = -1;
	SHOW(utimensat(AT_FDCWD, "mine", t, 0));
	stat("mine", &st);
	printf("%ld %ld\n", st.st_atim.tv_sec, st.st_atim.tv_nsec);
}

static void names(void)
{
	char name[300], path[5000];
	memset(name, 'n', sizeof name);
	name[255] = 0;
	SHOW(mkdir(name, 0700));
	memset(name, 'n', sizeof name);
	name[256] = 0;
	SHOW(mkdir(name, 0700));
	SHOW(symlink(name, "s"));
	SHOW(open("s", O_RDONLY));
	for (int i = 0; i < 4096; i += 2) memcpy(path + i, "./", 2);
	path[4095] = 0;
	SHOW(open(path, O_RDONLY | O_DIRECTORY));
	path[4095] = '/';
	path[4096] = 0;
	SHOW(open(path, O_RDONLY | O_DIRECTORY));
	SHOW(symlink("", "e"));
	SHOW(symlink("x", ""));
	SHOW(link("", "x"));
	SHOW(mkdir("", 0));
	SHOW(rename("", "x"));
	SHOW(unlink(""));
	SHOW(rmdir(""));
	SHOW(open("", O_CREAT, 0600));
	SHOW(readlink("", path, 10));
	SHOW(mkdir("/", 0));
	SHOW(rmdir("."));
	SHOW(unlink("."));
	SHOW(rmdir("x/.."));
	SHOW(mkdir("d/", 0700));
	SHOW(rmdir("d/.."));
	SHOW(unlink("d/"));
	SHOW(unlink("d"));
	SHOW(open("f/", O_CREAT, 0600));
	SHOW(open("d/", O_CREAT, 0600));
	SHOW(open("d", O_CREAT | O_EXCL | O_DIRECTORY, 0600));
	SHOW(open("f", O_CREAT | O_DIRECTORY, 0600));
	SHOW(mknod("n/", S_IFREG | 0600, 0));
	SHOW(symlink("x", "y/"));
}

static void links(void)
{
	char a[20], b[20];
	symlink("l1", "l0");
	for (int i = 1; i < 41; i++) {
		snprintf(a, 20, "l%d", i + 1);
		snprintf(b, 20, "l%d", i);
		symlink(a, b);
	}
	close(open("l41", O_CREAT | O_RDWR, 0600));
	SHOW(open("l0", O_RDONLY) < 0 ? -1 : 0);
	SHOW(open("l1", O_RDONLY) < 0 ? -1 : 0);
	SHOW(open("l2", O_RDONLY) < 0 ? -1 : 0);
	symlink("loop", "loop");
	SHOW(open("loop", O_RDONLY));
	SHOW(open("loop", O_RDONLY | O_CREAT, 0600));
	SHOW(open("loop/x", O_RDONLY));
	SHOW(open("loop", O_RDONLY | O_NOFOLLOW));
	SHOW(open("loop", O_RDONLY | O_NOFOLLOW | O_DIRECTORY));
	SHOW(open("loop", O_PATH | O_NOFOLLOW | O_DIRECTORY));
	SHOW(mkdir("loop", 0700));
	SHOW(mkdir("loop/", 0700));
	SHOW(rmdir("loop"));
	symlink("dir", "todir");
	mkdir("dir", 0700);
	SHOW(rmdir("todir"));
	SHOW(rmdir("todir/"));
	SHOW(unlink("todir/"));
	SHOW(rename("todir", "renamed"));
	SHOW(rename("renamed/", "dir2"));
	SHOW(unlink("renamed"));
	SHOW(link("dir", "x"));
	SHOW(linkat(AT_FDCWD, "l41", AT_FDCWD, "x", 0x10));
	SHOW(link("l41", "l41"));
	SHOW(link("missing", "l41"));
}

static void roots(void)
{
	chmod(".", 0755);
	mkdir("d", 0755);
	close(open("f", O_CREAT | O_RDWR, 0600));
	SHOW(chroot("f"));
	SHOW(chroot("missing"));
	AS(1000, 100, SHOW(chroot("d")); SHOW(chroot("missing")); SHOW(chroot("f")););
	fflush(stdout);
	char cwd[200];
	SHOW(chroot("d"));
	SHOW(open("/f", O_RDONLY));
	SHOW(open("f", O_RDONLY) < 0);
	long n = syscall(SYS_getcwd, cwd, sizeof cwd);
	printf("%.13s\n", cwd);
	SHOW(chdir("/"));
	SHOW(syscall(SYS_getcwd, cwd, sizeof cwd));
	SHOW(open("..", O_RDONLY) < 0);
	SHOW(open("../f", O_RDONLY));
}

static void accesses(void)
{
	chmod(".", 0755);
	make("f", 0604, 1000, 100);
	symlink("f", "l");
	symlink("missing", "broken");
	SHOW(syscall(439, AT_FDCWD, "f", R_OK, AT_EACCESS));
	SHOW(syscall(439, AT_FDCWD, "f", R_OK, 1));
	SHOW(syscall(439, AT_FDCWD, "f", 8, 0));
	SHOW(syscall(439, AT_FDCWD, "broken", F_OK, AT_SYMLINK_NOFOLLOW));
	SHOW(syscall(439, AT_FDCWD, "broken", F_OK, 0));
	SHOW(syscall(439, AT_FDCWD, "l", W_OK, AT_SYMLINK_NOFOLLOW));
	int fd = open("f", O_PATH);
	SHOW(syscall(439, fd, "", R_OK, AT_EMPTY_PATH));
	SHOW(syscall(439, fd, "", R_OK, 0));
	SHOW(syscall(439, 99, "", R_OK, AT_EMPTY_PATH));
	SHOW(syscall(439, AT_FDCWD, "", R_OK, AT_EMPTY_PATH));
	fflush(stdout);
	if (!fork()) {
		setgroups(0, NULL);
		setresgid(0, 500, 0);
		setresuid(0, 500, 0);
		SHOW(access("f", W_OK));
		SHOW(syscall(439, AT_FDCWD, "f", W_OK, AT_EACCESS));
		SHOW(syscall(439, AT_FDCWD, "f", R_OK, AT_EACCESS));
		_exit(0);
	}
	wait(NULL);
	AS(1000, 100, SHOW(open("f", O_RDONLY | O_NOATIME)););
	AS(2000, 100, SHOW(open("f", O_RDONLY | O_NOATIME)););
	AS(2000, 200, SHOW(open("f", O_RDONLY | O_NOATIME)); int fd = open("f", O_RDONLY);
	   SHOW(fcntl(fd, F_SETFL, O_NOATIME)););
}
PROBES({"classes", classes}, {"search", search}, {"sticky", sticky}, {"set_id_bits", set_id_bits}, {"chmods", chmods},
       {"chowns", chowns}, {"directories_with_group", directories_with_group}, {"times", times}, {"names", names},
       {"links", links}, {"roots", roots}, {"accesses", accesses})
