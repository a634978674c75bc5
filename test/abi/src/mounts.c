/* mount(2), umount2(2): binds, remounts, moves, what keeps a mount busy, and what /proc shows of it. */
#include "mounts.h"

static void bind_directory(void)
{
	world();
	SHOW(mount("a", "b", NULL, MS_BIND, NULL));
	cat("b/file");
	put("b/new", "made in b");
	cat("a/new");
	struct stat a, b;
	stat("a", &a);
	stat("b", &b);
	printf("same %d %d\n", a.st_dev == b.st_dev, a.st_ino == b.st_ino);
	SHOW(rmdir("b"));
	SHOW(rename("b", "d"));
	SHOW(rename("c", "b"));
	SHOW(unlink("b"));
	SHOW(rename("b/new", "a/other"));
	SHOW(link("b/new", "a/other"));
	SHOW(rename("b/new", "b/other"));
	cat("a/other");
	SHOW(rmdir("a"));
	info();
	chdir("b");
	where();
	chdir("/");
	SHOW(umount("b"));
	cat("b/file");
	info();
}

static void bind_file(void)
{
	world();
	SHOW(mount("f", "g", NULL, MS_BIND, NULL));
	cat("g");
	put("g", "changed");
	cat("f");
	SHOW(unlink("g"));
	SHOW(rename("g", "h"));
	SHOW(rename("f", "g"));
	SHOW(rmdir("g"));
	SHOW(mount("f", "a", NULL, MS_BIND, NULL));
	SHOW(mount("a", "f", NULL, MS_BIND, NULL));
	SHOW(unlink("f"));
	info();
	cat("g");
	SHOW(umount("g"));
	cat("g");
	SHOW(mount("x", "f", "tmpfs", 0, NULL));
	SHOW(mount("/proc/version", "f", NULL, MS_BIND, NULL));
	SHOW(access("f", W_OK));
	SHOW(umount("f"));
}

static void bind_errors(void)
{
	world();
	symlink("a", "l");
	SHOW(mount(NULL, "b", NULL, MS_BIND, NULL));
	SHOW(mount("", "b", NULL, MS_BIND, NULL));
	SHOW(mount("missing", "b", NULL, MS_BIND, NULL));
	SHOW(mount("a", "missing", NULL, MS_BIND, NULL));
	SHOW(mount((void *)8, "b", NULL, MS_BIND, NULL));
	SHOW(mount("a", (void *)8, NULL, MS_BIND, NULL));
	SHOW(mount("a", "b", (void *)8, MS_BIND, NULL));
	SHOW(mount("a", "b", NULL, MS_BIND, (void *)8));
	SHOW(mount("l", "b", NULL, MS_BIND, NULL));
	cat("b/file");
	SHOW(umount("b"));
	SHOW(mount("b", "l", NULL, MS_BIND, NULL));
	cat("a/file");
	SHOW(umount("a"));
	SHOW(mount("a", "a", NULL, MS_BIND, NULL));
	SHOW(mount("a", "b", NULL, MS_BIND | MS_MGC_VAL, NULL));
	SHOW(umount("b"));
	SHOW(mount("a/file", "a", NULL, MS_BIND, NULL));
	SHOW(mount("a/file/", "f", NULL, MS_BIND, NULL));
	int fd = open("c", O_RDONLY);
	rmdir("c");
	SHOW(mount("a", "/proc/self/fd/3", NULL, MS_BIND, NULL));
	AS_USER(SHOW(mount("a", "b", NULL, MS_BIND, NULL)); SHOW(mount("a", "missing", NULL, MS_BIND, NULL));
		SHOW(mount("missing", "b", NULL, MS_BIND, NULL)); SHOW(umount("b")); SHOW(umount("missing"));
		SHOW(umount2("b", 16)); SHOW(syscall(SYS_pivot_root, "b", "missing")); SHOW(chroot("b"));
		SHOW(mount("a", "b", (void *)8, MS_BIND, NULL)););
}

static void recursive(void)
{
	world();
	mkdir("a/sub", 0755);
	mount("one", "a/sub", "tmpfs", 0, NULL);
	mkdir("a/sub/deep", 0755);
	mount("two", "a/sub/deep", "tmpfs", MS_NODEV, NULL);
	put("a/sub/deep/here", "deep");
	SHOW(mount("a", "b", NULL, MS_BIND, NULL));
	cat("b/sub/deep/here");
	SHOW(mount("a", "c", NULL, MS_BIND | MS_REC, NULL));
	cat("c/sub/deep/here");
	info();
	SHOW(umount("c"));
	SHOW(umount("c/sub/deep"));
	SHOW(umount("c/sub"));
	SHOW(umount("c"));
	SHOW(umount("b"));
	SHOW(mount("a", "a/sub", NULL, MS_BIND | MS_REC, NULL));
	info();
}

static void read_only(void)
{
	world();
	mount("a", "b", NULL, MS_BIND, NULL);
	int fd = open("b/file", O_RDWR);
	SHOW(mount(NULL, "b", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
	close(fd);
	fd = open("a/file", O_RDWR);
	SHOW(mount(NULL, "b", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
	info();
	SHOW(write(fd, "new", 3));
	cat("b/file");
	SHOW(open("b/file", O_RDWR));
	SHOW(open("b/file", O_RDONLY | O_TRUNC));
	SHOW(open("b/new", O_RDWR | O_CREAT, 0600));
	SHOW(open("b/file", O_RDONLY | O_CREAT, 0600) >= 0);
	SHOW(mkdir("b/d", 0755));
	SHOW(mkdir("b/file", 0755));
	SHOW(rmdir("b/d"));
	SHOW(unlink("b/file"));
	SHOW(unlink("b/missing"));
	SHOW(symlink("x", "b/l"));
	SHOW(link("b/file", "b/l"));
	SHOW(rename("b/file", "b/l"));
	SHOW(chmod("b/file", 0600));
	SHOW(chown("b/file", 1, 1));
	SHOW(truncate("b/file", 0));
	SHOW(access("b/file", W_OK));
	SHOW(access("b", W_OK));
	SHOW(utimensat(AT_FDCWD, "b/file", NULL, 0));
	SHOW(setxattr("b/file", "user.a", "x", 1, 0));
	SHOW(mkfifo("b/fifo", 0600));
	SHOW(chmod("a/file", 0600));
	SHOW(mount(NULL, "b", NULL, MS_REMOUNT | MS_BIND, NULL));
	SHOW(chmod("b/file", 0644));
	SHOW(mount("a", "c", NULL, MS_BIND | MS_RDONLY, NULL));
	SHOW(access("c", W_OK));
	SHOW(mount(NULL, "b/file", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
	SHOW(mount(NULL, "missing", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
}

static void whole_remount(void)
{
	world();
	SHOW(mount("x", "a", "tmpfs", 0, NULL));
	SHOW(mount("a", "b", NULL, MS_BIND, NULL));
	int fd = open("b/file", O_RDWR | O_CREAT, 0600);
	SHOW(mount(NULL, "a", NULL, MS_REMOUNT | MS_RDONLY, NULL));
	close(fd);
	SHOW(mount(NULL, "a", NULL, MS_REMOUNT | MS_RDONLY, NULL));
	info();
	SHOW(access("b/file", W_OK));
	SHOW(mount(NULL, "b", NULL, MS_REMOUNT | MS_NOSUID, NULL));
	info();
	SHOW(access("b/file", W_OK));
	SHOW(access("a/file", W_OK));
	SHOW(mount(NULL, "a", NULL, MS_REMOUNT, "nonsense"));
	SHOW(mount(NULL, "a", NULL, MS_REMOUNT, "size=1m"));
	struct statfs s;
	statfs("a", &s);
	printf("%ld\n", (long)(s.f_blocks * s.f_bsize));
	SHOW(mount(NULL, "c", NULL, MS_REMOUNT, NULL));
	SHOW(mount("x", "c", "tmpfs", MS_RDONLY, NULL));
	SHOW(mkdir("c/d", 0755));
	info();
}

static void flags(void)
{
	world();
	SHOW(mount("x", "a", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME, NULL));
	SHOW(mount("x", "b", "tmpfs", MS_STRICTATIME | MS_SILENT, NULL));
	SHOW(mount("x", "c", "tmpfs", MS_RELATIME | 256 | MS_SYNCHRONOUS | MS_DIRSYNC, NULL));
	info();
	mkdir("a/d", 0755);
	SHOW(mount("a", "a/d", NULL, MS_BIND | MS_RDONLY, NULL));
	SHOW(mount(NULL, "a", NULL, MS_REMOUNT | MS_BIND | MS_NOSUID, NULL));
	SHOW(mount(NULL, "b", NULL, MS_REMOUNT | MS_BIND | MS_NOATIME, NULL));
	SHOW(mount(NULL, "c", NULL, MS_REMOUNT | MS_BIND | MS_NOEXEC, NULL));
	info();
	SHOW(mount("x", "b", "tmpfs", MS_NOUSER, NULL));
	struct statfs s;
	statfs("a/d", &s);
	printf("%lx\n", (long)s.f_flags);
	statfs("b", &s);
	printf("%lx\n", (long)s.f_flags);
	statfs("c", &s);
	printf("%lx\n", (long)s.f_flags);
	statfs("/", &s);
	printf("%lx\n", (long)s.f_flags);
	mount("a", "b", NULL, MS_BIND, NULL);
	mount(NULL, "b", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL);
	statfs("b", &s);
	printf("%lx\n", (long)s.f_flags);
}

static void copy_self(const char *to, int mode)
{
	static char b[1 << 20];
	int in = open("/proc/self/exe", O_RDONLY), out = open(to, O_CREAT | O_WRONLY, 0755);
	long n = read(in, b, sizeof b);
	write(out, b, n);
	close(in);
	close(out);
	chown(to, 1000, 1000);
	chmod(to, mode);
}

static void whoami(void)
{
	printf("uid %d euid %d\n", getuid(), geteuid());
}

static void run(const char *program)
{
	char *argv[] = {(char *)program, "whoami", NULL}, *envp[] = {NULL};
	fflush(stdout);
	if (!fork()) {
		SHOW(execve(program, argv, envp));
		_exit(0);
	}
	wait(NULL);
}

static void nosuid(void)
{
	world();
	copy_self("a/program", 04755);
	mount("a", "b", NULL, MS_BIND, NULL);
	mount(NULL, "b", NULL, MS_REMOUNT | MS_BIND | MS_NOSUID, NULL);
	run("a/program");
	run("b/program");
}

static void noexec(void)
{
	world();
	copy_self("a/program", 0755);
	put("a/script", "#!/a/program\n");
	chmod("a/script", 0755);
	mount("a", "b", NULL, MS_BIND, NULL);
	int before = open("b/program", O_RDONLY);
	char *early = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, before, 0);
	mount(NULL, "b", NULL, MS_REMOUNT | MS_BIND | MS_NOEXEC, NULL);
	run("b/program");
	run("b/script");
	put("a/script", "#!/b/program\n");
	run("a/script");
	SHOW(access("b/program", X_OK));
	SHOW(access("b", X_OK));
	SHOW(access("a/program", X_OK));
	int fd = open("b/program", O_RDONLY);
	SHOW((long)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0));
	char *at = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
	SHOW(mprotect(at, 4096, PROT_READ | PROT_EXEC));
	SHOW(mprotect(at, 4096, PROT_READ | PROT_WRITE));
	SHOW(mprotect(early, 4096, PROT_READ | PROT_EXEC));
	mount(NULL, "b", NULL, MS_REMOUNT | MS_BIND, NULL);
	SHOW(mprotect(at, 4096, PROT_READ | PROT_EXEC));
	run("b/program");
}

static void nodev(void)
{
	world();
	SHOW(mknod("a/null", S_IFCHR | 0666, 0x103));
	mount("a", "b", NULL, MS_BIND, NULL);
	mount(NULL, "b", NULL, MS_REMOUNT | MS_BIND | MS_NODEV, NULL);
	SHOW(open("a/null", O_RDWR) >= 0);
	SHOW(open("b/null", O_RDWR));
	SHOW(open("b/null", O_RDONLY));
	SHOW(open("b/null", O_PATH) >= 0);
	SHOW(access("b/null", R_OK));
	SHOW(mknod("b/zero", S_IFCHR | 0666, 0x105));
	mkfifo("b/fifo", 0600);
	SHOW(open("b/fifo", O_RDWR) >= 0);
}

static void nosymfollow(void)
{
	world();
	symlink("file", "a/l");
	mount("a", "b", NULL, MS_BIND, NULL);
	mount(NULL, "b", NULL, MS_REMOUNT | MS_BIND | 256, NULL);
	char b[10];
	struct stat st;
	SHOW(readlink("b/l", b, 10));
	SHOW(lstat("b/l", &st));
	SHOW(stat("b/l", &st));
	SHOW(open("b/l", O_RDONLY));
	SHOW(open("b/l", O_CREAT | O_RDONLY, 0600));
	SHOW(stat("a/l", &st));
	info();
}

static void moving(void)
{
	world();
	mkdir("d", 0755);
	mount("x", "a", "tmpfs", MS_NOSUID, NULL);
	mkdir("a/sub", 0755);
	mount("y", "a/sub", "tmpfs", 0, NULL);
	put("a/sub/here", "here");
	SHOW(mount("a", "b", NULL, MS_MOVE, NULL));
	cat("b/sub/here");
	cat("a/file");
	info();
	SHOW(mount("b", "b/sub", NULL, MS_MOVE, NULL));
	SHOW(mount("b/sub", "b", NULL, MS_MOVE, NULL));
	info();
	SHOW(mount("c", "d", NULL, MS_MOVE, NULL));
	SHOW(mount("/", "d", NULL, MS_MOVE, NULL));
	SHOW(mount("b", "f", NULL, MS_MOVE, NULL));
	SHOW(mount(NULL, "d", NULL, MS_MOVE, NULL));
	SHOW(mount("", "d", NULL, MS_MOVE, NULL));
	SHOW(mount("missing", "d", NULL, MS_MOVE, NULL));
	SHOW(mount("b", "missing", NULL, MS_MOVE, NULL));
	chdir("b");
	SHOW(mount("/b", "/d", NULL, MS_MOVE, NULL));
	where();
	cat("here");
	SHOW(umount2("/d", MNT_DETACH));
	cat("here");
	where();
	info();
}

static void propagation(void)
{
	world();
	mount("a", "a", NULL, MS_BIND, NULL);
	SHOW(mount(NULL, "a", NULL, MS_PRIVATE, NULL));
	SHOW(mount(NULL, "a", NULL, MS_PRIVATE | MS_REC, NULL));
	SHOW(mount(NULL, "a", NULL, MS_SLAVE | MS_SILENT, NULL));
	SHOW(mount(NULL, "b", NULL, MS_PRIVATE, NULL));
	SHOW(mount(NULL, "missing", NULL, MS_PRIVATE, NULL));
	SHOW(mount(NULL, "a", NULL, MS_PRIVATE | MS_SHARED, NULL));
	SHOW(mount(NULL, "a", NULL, MS_PRIVATE | MS_RDONLY, NULL));
	SHOW(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
	SHOW(mount(NULL, "a", NULL, MS_UNBINDABLE, NULL));
	info();
	SHOW(mount("a", "b", NULL, MS_BIND, NULL));
	mkdir("d", 0755);
	SHOW(mount("/", "d", NULL, MS_BIND | MS_REC, NULL));
	info();
	SHOW(mount(NULL, "a", NULL, MS_PRIVATE, NULL));
	SHOW(mount("a", "b", NULL, MS_BIND, NULL));
}

static void stacked(void)
{
	world();
	SHOW(mount("one", "a", "tmpfs", 0, NULL));
	put("a/n", "one");
	SHOW(mount("two", "a", "tmpfs", 0, NULL));
	put("a/n", "two");
	info();
	cat("a/n");
	SHOW(umount("a"));
	cat("a/n");
	SHOW(umount("a"));
	cat("a/n");
	cat("a/file");
	SHOW(umount("a"));
	SHOW(mount("x", "/", "tmpfs", 0, NULL));
	cat("/f");
	cat("/../f");
	cat("../f");
	info();
	SHOW(umount("/.."));
	cat("/../f");
}

static void fresh_errors(void)
{
	world();
	symlink("nowhere", "l");
	SHOW(mount("x", "a", "nonsense", 0, NULL));
	SHOW(mount("x", "a", NULL, 0, NULL));
	SHOW(mount("x", "a", "", 0, NULL));
	SHOW(mount("x", "a", (void *)8, 0, NULL));
	SHOW(mount((void *)8, "a", "tmpfs", 0, NULL));
	SHOW(mount("x", "a", "tmpfs", 0, (void *)8));
	SHOW(mount("x", "f", "tmpfs", 0, NULL));
	SHOW(mount("x", "missing", "tmpfs", 0, NULL));
	SHOW(mount("x", "missing", "nonsense", 0, NULL));
	SHOW(mount("x", "l", "tmpfs", 0, NULL));
	SHOW(mount("x", "", "tmpfs", 0, NULL));
	SHOW(mount("x", "f/", "tmpfs", 0, NULL));
	SHOW(mount("x", "a", "tmpfs", 0, "nonsense"));
	SHOW(mount("x", "a", "tmpfs", 0, "size=nonsense"));
	SHOW(mount("x", "a", "tmpfs", 0, "mode=700,size=4096,uid=5,gid=6"));
	struct stat st;
	stat("a", &st);
	printf("%o %d %d\n", st.st_mode, st.st_uid, st.st_gid);
	SHOW(mount("x", "/proc", "proc", 0, NULL));
	SHOW(mount(NULL, "b", "tmpfs", 0, NULL));
	SHOW(mount("", "c", "tmpfs", 0, NULL));
	info();
	char b[5000];
	memset(b, 'x', sizeof b);
	b[4999] = 0;
	SHOW(mount(b, "b", "tmpfs", 0, NULL));
	SHOW(mount("x", b, "tmpfs", 0, NULL));
	SHOW(mount("x", "b", b, 0, NULL));
}

static void shown(void)
{
	world();
	mkdir("with space", 0755);
	mkdir("with space/tab\there", 0755);
	mkdir("new\nline", 0755);
	mkdir("back\\slash#", 0755);
	SHOW(mount("the source", "with space", "tmpfs", 0, NULL));
	SHOW(mount("a#b\\c", "new\nline", "tmpfs", MS_RDONLY | MS_NOSUID, NULL));
	SHOW(mount("with space", "back\\slash#", NULL, MS_BIND, NULL));
	mkdir("with space/x y", 0755);
	SHOW(mount("with space/x y", "b", NULL, MS_BIND, NULL));
	info();
	cat("/proc/self/mounts");
	cat("/proc/mounts");
	cat("/proc/self/mountstats");
	rmdir("with space/x y");
	info();
}

PROBES({"bind_directory", bind_directory}, {"bind_file", bind_file}, {"bind_errors", bind_errors},
       {"recursive", recursive}, {"read_only", read_only}, {"whole_remount", whole_remount}, {"flags", flags},
       {"whoami", whoami}, {"nosuid", nosuid}, {"noexec", noexec}, {"nodev", nodev}, {"nosymfollow", nosymfollow},
       {"moving", moving}, {"propagation", propagation}, {"stacked", stacked}, {"fresh_errors", fresh_errors},
       {"shown", shown})
