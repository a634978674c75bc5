/* mkdir, rmdir, rm, cp, mv, ln, chmod, touch, readlink, mktemp, stat, du: the tree of names. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "userland.h"

static bool is_directory(const char *path) {
	struct stat status;
	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static mode_t current_umask(void) {
	mode_t mask = umask(0);
	umask(mask);
	return mask;
}

int mkdir_main(char **operands) {
	mode_t mode = 0777;
	int status = 0;
	if (!*operands) return usage_error();
	if (option['m'] && !parse_mode(option['m'], 0777, true, &mode)) return warn("invalid mode '%s'", option['m']);
	for (; *operands; operands++) {
		char *path = *operands;
		for (char *slash = option['p'] ? strchr(path + 1, '/') : NULL; slash; slash = strchr(slash + 1, '/')) {
			*slash = 0;
			mkdir(path, 0777); /* what fails here shows below */
			*slash = '/';
		}
		if (mkdir(path, mode) < 0 && !(option['p'] && errno == EEXIST && is_directory(path)))
			status = warn_errno(path);
		else if (option['m'])
			chmod(path, mode); /* past the umask */
	}
	return status;
}

int rmdir_main(char **operands) {
	int status = 0;
	if (!*operands) return usage_error();
	for (; *operands; operands++) {
		for (char *path = *operands, *slash = path; slash && *path;) {
			if (rmdir(path) < 0) {
				status = warn_errno(path);
				break;
			}
			slash = option['p'] ? strrchr(path, '/') : NULL;
			if (slash) *slash = 0;
		}
	}
	return status;
}

static bool remove_visited(const char *path, const struct stat *status, int depth) {
	(void)depth;
	return (S_ISDIR(status->st_mode) ? rmdir : unlink)(path) == 0 || !warn_errno(path);
}

int rm_main(char **operands) {
	int status = 0;
	struct stat target;
	if (!*operands && !option['f']) return usage_error();
	for (; *operands; operands++) {
		const char *name = path_basename(*operands);
		bool exists = lstat(*operands, &target) == 0;
		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
			status = warn("%s: refusing to remove '.' or '..'", *operands);
		} else if (!exists) {
			bool silent = option['f'] && (errno == ENOENT || errno == ENOTDIR);
			status |= silent ? 0 : warn_errno(*operands);
		} else if (S_ISDIR(target.st_mode) && !option['r'] && !option['R']) {
			errno = EISDIR;
			status = warn_errno(*operands);
		} else {
			status |= !walk(*operands, NULL, remove_visited);
		}
	}
	return status;
}

/* ---- cp, mv, ln: many sources into a directory, or one to a name. */

static int each_pair(char **paths, bool (*act)(const char *source, const char *target)) {
	int count = 0, status = 0;
	while (paths[count]) count++;
	if (count < 2) return usage_error();
	const char *last = paths[count - 1];
	bool into = is_directory(last);
	if (count > 2 && !into) return warn("target '%s' is not a directory", last);
	for (int i = 0; i < count - 1; i++)
		status |= !act(paths[i], into ? join_path(last, path_basename(paths[i])) : last);
	return status;
}

static struct {
	bool recursive, preserve, force;
	const char *source, *target; /* the roots, to map one path to the other */
	bool failed;
} copying;

static char *copy_target(const char *path) {
	return format_text("%s%s", copying.target, path + strlen(copying.source));
}

static bool copy_regular(const char *source, const char *target, mode_t mode) {
	int from = open(source, O_RDONLY), flags = O_WRONLY | O_CREAT | O_TRUNC;
	if (from < 0) return !warn_errno(source);
	int to = open(target, flags, mode & 0777);
	if (to < 0 && copying.force && unlink(target) == 0) to = open(target, flags, mode & 0777);
	bool good = to >= 0 && copy_descriptor(from, to);
	if (!good) warn_errno(target);
	close(from);
	close(to);
	return good;
}

static bool copy_link(const char *source, const char *target) {
	char destination[PATH_MAX] = "";
	if (readlink(source, destination, sizeof destination - 1) < 0) return !warn_errno(source);
	return symlink(destination, target) == 0 || !warn_errno(target);
}

static void copy_attributes(const char *target, const struct stat *status) {
	struct timespec times[2] = {status->st_atim, status->st_mtim};
	/* chown first: it takes set-user-id bits away. Not every user may do it. */
	bool owned = lchown(target, status->st_uid, status->st_gid) == 0;
	if (!S_ISLNK(status->st_mode)) chmod(target, status->st_mode & (owned ? 07777 : 01777));
	utimensat(AT_FDCWD, target, times, AT_SYMLINK_NOFOLLOW);
}

static bool copy_before(const char *path, const struct stat *found, int depth) {
	struct stat from = *found, to;
	char *target = copy_target(path);
	bool good = true;
	/* -r copies links as links, else what they point to. */
	if (!copying.recursive && stat(path, &from) < 0) return copying.failed = warn_errno(path), false;
	if (stat(target, &to) == 0 && from.st_ino == to.st_ino && from.st_dev == to.st_dev)
		good = !warn("'%s' and '%s' are the same file", path, target);
	else if (S_ISDIR(from.st_mode) && !copying.recursive)
		good = !warn("-r not specified; omitting directory '%s'", path);
	else if (S_ISDIR(from.st_mode))
		good = mkdir(target, from.st_mode | 0700) == 0 || is_directory(target) || !warn_errno(target);
	else if (S_ISLNK(from.st_mode))
		good = copy_link(path, target);
	else if (S_ISREG(from.st_mode) || !copying.recursive)
		good = copy_regular(path, target, from.st_mode);
	else
		good = mknod(target, from.st_mode, from.st_rdev) == 0 || !warn_errno(target);
	if (good && copying.preserve && !S_ISDIR(from.st_mode)) copy_attributes(target, &from);
	copying.failed |= !good;
	(void)depth;
	return good;
}

/* A directory's mode and times come last: it had to be writable. */
static bool copy_after(const char *path, const struct stat *from, int depth) {
	(void)depth;
	if (!S_ISDIR(from->st_mode)) return true;
	if (copying.preserve)
		copy_attributes(copy_target(path), from);
	else
		chmod(copy_target(path), from->st_mode & ~current_umask() & 07777);
	return true;
}

static bool copy_tree(const char *source, const char *target) {
	copying.source = source;
	copying.target = target;
	copying.failed = false;
	return walk(source, copy_before, copy_after) && !copying.failed;
}

int cp_main(char **operands) {
	copying.preserve = option['p'] || option['a'];
	copying.recursive = option['r'] || option['R'] || option['a'];
	copying.force = option['f'];
	return each_pair(operands, copy_tree);
}

static bool move_path(const char *source, const char *target) {
	if (rename(source, target) == 0) return true;
	if (errno != EXDEV) return !warn_errno(source);
	/* Another file system: a copy takes its place. */
	copying.recursive = copying.preserve = true;
	if (!is_directory(target)) unlink(target);
	return copy_tree(source, target) && walk(source, NULL, remove_visited);
}

int mv_main(char **operands) { return each_pair(operands, move_path); }

static bool link_path(const char *source, const char *target) {
	if (option['f'] && unlink(target) < 0 && errno != ENOENT) return !warn_errno(target);
	return (option['s'] ? symlink : link)(source, target) == 0 || !warn_errno(target);
}

int ln_main(char **operands) {
	char *here[] = {operands[0], ".", NULL};
	return each_pair(operands[0] && !operands[1] ? here : operands, link_path);
}

/* ---- attributes */

static const char *new_mode;

static bool change_mode(const char *path, const struct stat *status, int depth) {
	mode_t mode;
	(void)depth;
	if (S_ISLNK(status->st_mode)) return false;
	parse_mode(new_mode, status->st_mode & 07777, S_ISDIR(status->st_mode), &mode);
	if (chmod(path, mode) < 0) warn_errno(path);
	return true;
}

int chmod_main(char **operands) {
	mode_t ignored;
	struct stat status;
	int result = 0;
	/* Options by hand: "-w" is a mode. */
	bool recursive = *operands && strcmp(*operands, "-R") == 0;
	operands += recursive;
	if (*operands && strcmp(*operands, "--") == 0) operands++;
	if (!operands[0] || !operands[1]) return usage_error();
	new_mode = *operands++;
	if (!parse_mode(new_mode, 0, false, &ignored)) return warn("invalid mode: '%s'", new_mode);
	for (; *operands; operands++) {
		if (stat(*operands, &status) < 0)
			result = warn_errno(*operands);
		else if (recursive)
			result |= !walk(*operands, change_mode, NULL);
		else
			change_mode(*operands, &status, 0);
	}
	return result;
}

int touch_main(char **operands) {
	struct timespec times[2] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_NOW}};
	struct stat reference;
	int status = 0;
	long long seconds;
	if (!*operands) return usage_error();
	if (option['r']) {
		if (stat(option['r'], &reference) < 0) return warn_errno(option['r']);
		times[0] = reference.st_atim;
		times[1] = reference.st_mtim;
	} else if (option['d']) {
		if (*option['d'] != '@' || !parse_integer(option['d'] + 1, 10, &seconds))
			return warn("invalid date '%s'", option['d']);
		times[0] = times[1] = (struct timespec){.tv_sec = seconds};
	}
	if (!option['a'] != !option['m']) times[option['a'] ? 1 : 0].tv_nsec = UTIME_OMIT;
	for (; *operands; operands++) {
		int fd = option['c'] ? -1 : open(*operands, O_WRONLY | O_CREAT | O_NONBLOCK, 0666);
		if (fd >= 0) close(fd);
		if (utimensat(AT_FDCWD, *operands, times, 0) < 0 && !(option['c'] && errno == ENOENT)) status = warn_errno(*operands);
	}
	return status;
}

int readlink_main(char **operands) {
	int status = 0;
	if (!*operands) return usage_error();
	for (; *operands; operands++) {
		char target[PATH_MAX] = "";
		if (option['f'] ? !realpath(*operands, target) : readlink(*operands, target, sizeof target - 1) < 0)
			status = 1;
		else
			printf("%s%s", target, option['n'] ? "" : "\n");
	}
	return status;
}

int mktemp_main(char **operands) {
	char *path = *operands ? *operands : duplicate("/tmp/tmp.XXXXXX");
	if (option['d'] ? !mkdtemp(path) : mkstemp(path) < 0) return warn_errno(path);
	return puts(path) < 0;
}

static const char *type_name(const struct stat *status) {
	static const char *const names[16] = {
		[1] = "fifo", [2] = "character special file", [4] = "directory", [6] = "block special file",
		[8] = "regular file", [10] = "symbolic link", [12] = "socket",
	};
	bool is_empty = S_ISREG(status->st_mode) && status->st_size == 0;
	return is_empty ? "regular empty file" : names[status->st_mode >> 12 & 15];
}

static void put_stat(const char *format, const char *path, const struct stat *s) {
	char mode[11], date[64];
	for (; *format; format++) {
		if (*format != '%') {
			putchar(*format);
			continue;
		}
		switch (*++format) {
		case 'a': printf("%o", s->st_mode & 07777); break;
		case 'A': format_mode(s->st_mode, mode), fputs(mode, stdout); break;
		case 'b': printf("%lld", (long long)s->st_blocks); break;
		case 'd': printf("%llu", (unsigned long long)s->st_dev); break;
		case 'f': printf("%x", s->st_mode); break;
		case 'F': fputs(type_name(s), stdout); break;
		case 'g': printf("%u", s->st_gid); break;
		case 'G': fputs(account_name(group_path, s->st_gid), stdout); break;
		case 'h': printf("%llu", (unsigned long long)s->st_nlink); break;
		case 'i': printf("%llu", (unsigned long long)s->st_ino); break;
		case 'n': fputs(path, stdout); break;
		case 's': printf("%lld", (long long)s->st_size); break;
		case 'u': printf("%u", s->st_uid); break;
		case 'U': fputs(account_name(passwd_path, s->st_uid), stdout); break;
		case 'Y': printf("%lld", (long long)s->st_mtime); break;
		case 'y':
			strftime(date, sizeof date, "%F %T", localtime(&s->st_mtime));
			printf("%s.%09ld", date, s->st_mtim.tv_nsec);
			break;
		default: putchar(*format); format -= !*format; break;
		}
	}
	putchar('\n');
}

int stat_main(char **operands) {
	int result = 0;
	struct stat status;
	const char *format = option['c'] ? option['c'] : "  File: %n\n  Size: %s\tBlocks: %b\t%F\n"
		"Device: %d\tInode: %i\tLinks: %h\nAccess: (%a/%A)  Uid: (%u/%U)   Gid: (%g/%G)\nModify: %y";
	for (; *operands; operands++) {
		if ((option['L'] ? stat : lstat)(*operands, &status) < 0)
			result = warn_errno(*operands);
		else
			put_stat(format, *operands, &status);
	}
	return result;
}

static unsigned long long used[256]; /* blocks below the directory at a depth */

static void put_usage(unsigned long long blocks, const char *path) {
	char size[24];
	format_size((blocks + 1) / 2 * 1024, option['h'], size);
	printf("%s\t%s\n", size, path);
}

static bool add_usage(const char *path, const struct stat *status, int depth) {
	int level = depth < 254 ? depth : 254;
	unsigned long long blocks = status->st_blocks + used[level + 1];
	used[level + 1] = 0;
	used[level] += blocks;
	bool shown = depth == 0 || (!option['s'] && (S_ISDIR(status->st_mode) || option['a']));
	if (shown) put_usage(blocks, path);
	return true;
}

int du_main(char **operands) {
	static char *here[] = {".", NULL};
	int status = 0;
	for (char **path = *operands ? operands : here; *path; path++) {
		used[0] = 0;
		status |= !walk(*path, NULL, add_usage);
	}
	return status;
}

int df_main(char **operands) {
	size_t length;
	char size[24], *mounts = read_file("/proc/mounts", &length);
	if (!mounts) return warn_errno("/proc/mounts");
	printf("%-20s %10s %10s %10s %4s Mounted on\n", "Filesystem", option['h'] ? "Size" : "1K-blocks", "Used", "Available", "Use%");
	for (char *line = strtok(mounts, "\n"); line; line = strtok(NULL, "\n")) {
		char source[64], directory[256];
		struct statvfs all;
		struct stat here, wanted;
		if (sscanf(line, "%63s %255s", source, directory) != 2 || statvfs(directory, &all) < 0) continue;
		bool named = !*operands || (stat(*operands, &wanted) == 0 && stat(directory, &here) == 0 && here.st_dev == wanted.st_dev);
		if (all.f_blocks == 0 || !named) continue;
		unsigned long long unit = all.f_frsize, taken = all.f_blocks - all.f_bfree, usable = taken + all.f_bavail;
		printf("%-20s", source);
		printf(" %10s", format_size(all.f_blocks * unit, option['h'], size));
		printf(" %10s", format_size(taken * unit, option['h'], size));
		printf(" %10s", format_size(all.f_bavail * unit, option['h'], size));
		printf(" %3llu%% %s\n", usable ? (taken * 100 + usable - 1) / usable : 0, directory);
	}
	return 0;
}
