/* What strace prints of calls about files: fcntl's structs, extended attributes, statx, statfs, mounts. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "probe.h"

static char b[1000];

static void control(int fd)
{
	struct flock lock = {F_WRLCK, SEEK_SET, 10, 20, 0}, record = {F_RDLCK, SEEK_END, -5, 0, 0};
	struct f_owner_ex owner = {F_OWNER_TID, 1};
	fcntl(fd, F_SETLK, &lock);
	fcntl(fd, F_GETLK, &lock);
	fcntl(fd, F_OFD_SETLK, &record);
	record.l_type = F_UNLCK;
	fcntl(fd, F_OFD_SETLKW, &record);
	lock.l_type = F_UNLCK;
	fcntl(fd, F_SETLKW, &lock);
	lock.l_type = F_WRLCK;
	lock.l_pid = 0;
	fcntl(fd, F_OFD_GETLK, &lock);
	lock.l_type = 7;
	lock.l_whence = 9;
	fcntl(fd, F_SETLK, &lock);
	fcntl(fd, F_SETLK, NULL);
	fcntl(fd, F_SETLK, 8);
	fcntl(99, F_GETLK, &lock);
	fcntl(fd, F_SETOWN, 0);
	fcntl(fd, F_GETOWN);
	fcntl(fd, F_SETOWN_EX, &owner);
	fcntl(99, F_GETOWN_EX, &owner);
	owner.type = 9;
	fcntl(fd, F_SETOWN_EX, &owner);
	fcntl(fd, F_SETSIG, 10);
	fcntl(fd, F_GETSIG);
	fcntl(fd, F_ADD_SEALS, 4);
	fcntl(fd, F_GET_SEALS);
	int mem = syscall(SYS_memfd_create, "x", 2);
	fcntl(mem, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW);
	fcntl(mem, F_GET_SEALS);
	fcntl(mem, F_ADD_SEALS, 0x40);
	close(mem);
	int to[2];
	pipe(to);
	fcntl(to[0], F_GETPIPE_SZ);
	fcntl(to[0], F_SETPIPE_SZ, 65536);
	close(to[0]);
	close(to[1]);
	fcntl(fd, F_SETLEASE, F_RDLCK);
	fcntl(fd, F_GETLEASE);
	fcntl(fd, F_NOTIFY, 0);
	fcntl(fd, 1000, 5);
	fcntl(fd, F_DUPFD_CLOEXEC, 50);
	fcntl(50, F_GETFD);
	fcntl(50, F_SETFD, 0);
	fcntl(50, F_SETFD, 3);
	fcntl(50, F_SETFL, O_APPEND | O_NONBLOCK);
	close(50);
}

static void attributes(int fd)
{
	setxattr("file", "user.name", "value", 5, XATTR_CREATE);
	getxattr("file", "user.name", b, 100);
	getxattr("file", "user.name", NULL, 0);
	getxattr("file", "user.name", b, 2);
	fsetxattr(fd, "user.zero", "a\0b\377", 4, 0);
	fgetxattr(fd, "user.zero", b, 100);
	lgetxattr("file", "user.none", b, 100);
	listxattr("file", b, 100);
	listxattr("file", NULL, 0);
	listxattr("file", b, 0);
	getxattr("file", "user.name", b, 0);
	listxattr("file", b, 3);
	flistxattr(fd, b, 100);
	llistxattr("missing", b, 100);
	removexattr("file", "user.name");
	fremovexattr(fd, "user.name");
	lremovexattr("file", "user.zero");
	setxattr("file", "user.long", "0123456789012345678901234567890123456789", 40, XATTR_CREATE | XATTR_REPLACE);
	setxattr("file", "user.long", "0123456789012345678901234567890123456789", 40, 0);
	getxattr("file", "user.long", b, 100);
	removexattr("file", "user.long");
	setxattr("file", "user.x", NULL, 0, 4);
}

static void attributes_of_files(int fd)
{
	syscall(SYS_statx, AT_FDCWD, "missing", 0, 0x7ff, b);
	syscall(SYS_statx, AT_FDCWD, "file", AT_SYMLINK_NOFOLLOW, 0x1fff, NULL);
	syscall(SYS_statx, AT_FDCWD, "file", 0x2000, 0x800, 8);
	syscall(SYS_statx, fd, "", AT_EMPTY_PATH | 0x4000, 3, NULL);
	syscall(SYS_statx, fd, "", 0x6000, 0x80000000, b);
	syscall(SYS_statx, fd, "", 0x18000, 0x5ff, b);
	syscall(SYS_statx, AT_FDCWD, "file", 0, 0x7ff, b);
	syscall(SYS_statx, AT_FDCWD, "/proc", AT_NO_AUTOMOUNT, 0x800, b);
	syscall(SYS_statx, AT_FDCWD, "/dev/null", 0, 0, b);
	struct statfs s;
	syscall(SYS_statfs, "/proc", &s);
	syscall(SYS_statfs, "missing", &s);
	syscall(SYS_fstatfs, 99, &s);
}

static void mounts(void)
{
	mkdir("m", 0755);
	mkdir("n", 0755);
	mount("none", "m", "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,mode=700");
	mount("m", "n", NULL, MS_BIND | MS_REC, NULL);
	mount(NULL, "n", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL);
	mount(NULL, "n", "", MS_PRIVATE | MS_REC, "");
	mount("m", "n", "nonsense", MS_MGC_VAL | MS_SILENT, NULL);
	mount("m", "n", "nonsense", MS_STRICTATIME | MS_RELATIME | 0x100, "data");
	mount("missing", "n", "x", MS_MOVE, NULL);
	mount("missing", (void *)8, "x", 0, NULL);
	mount("m", "n", "x", 0, (void *)8);
	umount2("n", UMOUNT_NOFOLLOW);
	umount2("m", MNT_EXPIRE);
	umount2("m", MNT_DETACH | MNT_EXPIRE);
	umount2("m", 0x100);
	umount2("m", MNT_FORCE | 0x100);
	umount("m");
	syscall(SYS_pivot_root, "m", "missing");
	chroot("missing");
}

static void all(void)
{
	int fd = open("file", O_CREAT | O_RDWR, 0644);
	getppid();
	control(fd);
	attributes(fd);
	attributes_of_files(fd);
	mounts();
	getppid();
}

PROBES({"all", all})
