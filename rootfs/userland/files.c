/* mkdir, rmdir, rm, cp, mv, ln, chmod, touch: the tree of names. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "userland.h"

/* Calls `visit` for each name in the directory; false if one of them failed. */
static bool each_entry(const char *path, bool (*visit)(const char *path, void *context), void *context)
{
	struct dirent **entries;
	/* All names first: visiting may remove them. */
	int count = scandir(path, &entries, NULL, NULL);
	if (count < 0) {
		warn_errno(path);
		return false;
	}
	bool good = true;
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;
		if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0) {
			char *inner = join_path(path, name);
			good &= visit(inner, context);
			free(inner);
		}
		free(entries[i]);
	}
	free(entries);
	return good;
}

static bool is_directory(const char *path)
{
	struct stat status;
	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool fail(const char *what, const char *path)
{
	warn_text("cannot %s '%s': %s", what, path, strerror(errno));
	return false;
}

/* With -p: the directories above as well, and no complaint if all is there. */
static bool make_parents(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = 0;
		bool good = mkdir(path, 0777) == 0 || is_directory(path);
		if (!good)
			fail("create directory", path);
		*slash = '/';
		if (!good)
			return false;
	}
	return true;
}

int mkdir_main(int argc, char **argv)
{
	bool parents = false;
	const char *mode_text = NULL;
	mode_t mode = 0777;
	int option, status = 0;
	while ((option = getopt(argc, argv, "pm:")) >= 0) {
		if (option == '?')
			return usage_error(1);
		if (option == 'p')
			parents = true;
		else
			mode_text = optarg;
	}
	if (optind == argc)
		return usage_error(1);
	if (mode_text && !parse_mode(mode_text, 0777, true, &mode)) {
		warn_text("invalid mode '%s'", mode_text);
		return 1;
	}
	for (; optind < argc; optind++) {
		char *path = argv[optind];
		if (parents && !make_parents(path)) {
			status = 1;
		} else if (mkdir(path, mode) < 0) {
			if (!(parents && errno == EEXIST && is_directory(path)))
				status = !fail("create directory", path);
		} else if (mode_text) {
			chmod(path, mode); /* past the umask */
		}
	}
	return status;
}

int rmdir_main(int argc, char **argv)
{
	bool parents = false;
	int option, status = 0;
	while ((option = getopt(argc, argv, "p")) >= 0) {
		if (option != 'p')
			return usage_error(1);
		parents = true;
	}
	if (optind == argc)
		return usage_error(1);
	for (; optind < argc; optind++) {
		char *path = argv[optind], *slash;
		do {
			if (rmdir(path) < 0) {
				warn_text("failed to remove '%s': %s", path, strerror(errno));
				status = 1;
				break;
			}
			slash = strrchr(path, '/');
			if (slash)
				*slash = 0;
		} while (parents && slash && *path);
	}
	return status;
}

struct removal {
	bool recursive, force;
};

static bool remove_path(const char *path, void *context)
{
	struct removal *removal = context;
	struct stat status;
	if (lstat(path, &status) < 0)
		return (removal->force && (errno == ENOENT || errno == ENOTDIR)) || fail("remove", path);
	if (!S_ISDIR(status.st_mode))
		return unlink(path) == 0 || fail("remove", path);
	if (!removal->recursive) {
		errno = EISDIR;
		return fail("remove", path);
	}
	return each_entry(path, remove_path, context) && (rmdir(path) == 0 || fail("remove", path));
}

int rm_main(int argc, char **argv)
{
	struct removal removal = {0};
	int option, status = 0;
	while ((option = getopt(argc, argv, "rRf")) >= 0) {
		if (option == '?')
			return usage_error(1);
		if (option == 'f')
			removal.force = true;
		else
			removal.recursive = true;
	}
	if (optind == argc && !removal.force)
		return usage_error(1);
	for (; optind < argc; optind++) {
		char *name = path_basename(argv[optind]);
		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
			warn_text("refusing to remove '.' or '..' directory: skipping '%s'", argv[optind]);
			status = 1;
		} else if (!remove_path(argv[optind], &removal)) {
			status = 1;
		}
		free(name);
	}
	return status;
}

struct copying {
	bool recursive, preserve, force;
	const char *source, *target; /* the roots, to map one path to the other */
};

static bool copy_tree(const char *source, const char *target, struct copying *copying);

static bool copy_inner(const char *path, void *context)
{
	struct copying *outer = context;
	char *name = path_basename(path), *target = join_path(outer->target, name);
	struct copying copying = *outer;
	bool good = copy_tree(path, target, &copying);
	free(target);
	free(name);
	return good;
}

static bool copy_regular(const char *source, const char *target, mode_t mode, bool force)
{
	int from = open(source, O_RDONLY);
	if (from < 0)
		return fail("open", source);
	int to = open(target, O_WRONLY | O_CREAT | O_TRUNC, mode & 0777);
	if (to < 0 && force && unlink(target) == 0)
		to = open(target, O_WRONLY | O_CREAT | O_TRUNC, mode & 0777);
	bool good = to >= 0 && copy_descriptor(from, to);
	if (!good)
		fail("create regular file", target);
	close(from);
	if (to >= 0)
		close(to);
	return good;
}

static bool copy_link(const char *source, const char *target)
{
	char destination[PATH_MAX];
	ssize_t length = readlink(source, destination, sizeof destination - 1);
	if (length < 0)
		return fail("read symbolic link", source);
	destination[length] = 0;
	return symlink(destination, target) == 0 || fail("create symbolic link", target);
}

static void copy_attributes(const char *target, const struct stat *status)
{
	struct timespec times[2] = {status->st_atim, status->st_mtim};
	/* chown first: it takes set-user-id bits away. Not every user may do it. */
	bool owned = lchown(target, status->st_uid, status->st_gid) == 0;
	if (!S_ISLNK(status->st_mode))
		chmod(target, status->st_mode & (owned ? 07777 : 01777));
	utimensat(AT_FDCWD, target, times, AT_SYMLINK_NOFOLLOW);
}

static bool copy_tree(const char *source, const char *target, struct copying *copying)
{
	struct stat from, to;
	/* -r copies links as links, else what they point to. */
	if ((copying->recursive ? lstat : stat)(source, &from) < 0)
		return fail("stat", source);
	if (stat(target, &to) == 0 && from.st_ino == to.st_ino && from.st_dev == to.st_dev) {
		warn_text("'%s' and '%s' are the same file", source, target);
		return false;
	}
	bool good;
	if (S_ISDIR(from.st_mode)) {
		if (!copying->recursive) {
			warn_text("-r not specified; omitting directory '%s'", source);
			return false;
		}
		bool made = mkdir(target, from.st_mode | 0700) == 0;
		if (!made && !is_directory(target))
			return fail("create directory", target);
		struct copying inner = *copying;
		inner.source = source;
		inner.target = target;
		good = each_entry(source, copy_inner, &inner);
		mode_t mask = umask(0);
		umask(mask);
		if (made)
			chmod(target, from.st_mode & ~mask & 07777);
	} else if (S_ISLNK(from.st_mode)) {
		good = copy_link(source, target);
	} else if (S_ISREG(from.st_mode) || !copying->recursive) {
		good = copy_regular(source, target, from.st_mode, copying->force);
	} else {
		good = mknod(target, from.st_mode, from.st_rdev) == 0 || fail("create special file", target);
	}
	if (good && copying->preserve)
		copy_attributes(target, &from);
	return good;
}

/* cp, mv and ln: many sources into a directory, or one to a name. */
static int each_pair(int count, char **paths, bool (*act)(const char *, const char *, struct copying *), struct copying *copying)
{
	if (count < 2)
		return usage_error(1);
	const char *last = paths[count - 1];
	bool into = is_directory(last);
	if (count > 2 && !into) {
		warn_text("target '%s' is not a directory", last);
		return 1;
	}
	int status = 0;
	for (int i = 0; i < count - 1; i++) {
		char *name = path_basename(paths[i]);
		char *target = into ? join_path(last, name) : duplicate(last);
		if (!act(paths[i], target, copying))
			status = 1;
		free(target);
		free(name);
	}
	return status;
}

int cp_main(int argc, char **argv)
{
	struct copying copying = {0};
	int option;
	while ((option = getopt(argc, argv, "rRpf")) >= 0) {
		if (option == '?')
			return usage_error(1);
		*(option == 'p' ? &copying.preserve : option == 'f' ? &copying.force : &copying.recursive) = true;
	}
	return each_pair(argc - optind, argv + optind, copy_tree, &copying);
}

static bool move_path(const char *source, const char *target, struct copying *copying)
{
	if (rename(source, target) == 0)
		return true;
	if (errno != EXDEV) {
		warn_text("cannot move '%s' to '%s': %s", source, target, strerror(errno));
		return false;
	}
	/* Another file system: a copy takes its place. */
	struct removal removal = {.recursive = true, .force = true};
	return remove_path(target, &removal) && copy_tree(source, target, copying) && remove_path(source, &removal);
}

int mv_main(int argc, char **argv)
{
	struct copying copying = {.recursive = true, .preserve = true};
	int option;
	while ((option = getopt(argc, argv, "f")) >= 0)
		if (option != 'f')
			return usage_error(1);
	return each_pair(argc - optind, argv + optind, move_path, &copying);
}

static bool link_symbolically;

static bool link_path(const char *source, const char *target, struct copying *copying)
{
	if (copying->force && unlink(target) < 0 && errno != ENOENT)
		return fail("remove", target);
	if ((link_symbolically ? symlink : link)(source, target) == 0)
		return true;
	warn_text("failed to create %s link '%s': %s", link_symbolically ? "symbolic" : "hard", target, strerror(errno));
	return false;
}

int ln_main(int argc, char **argv)
{
	struct copying copying = {0};
	int option;
	while ((option = getopt(argc, argv, "sf")) >= 0) {
		if (option == '?')
			return usage_error(1);
		*(option == 's' ? &link_symbolically : &copying.force) = true;
	}
	if (argc - optind == 1) {
		char *pair[] = {argv[optind], "."};
		return each_pair(2, pair, link_path, &copying);
	}
	return each_pair(argc - optind, argv + optind, link_path, &copying);
}

struct mode_change {
	const char *mode;
	bool recursive;
};

static bool change_mode(const char *path, void *context)
{
	struct mode_change *change = context;
	struct stat status;
	if (stat(path, &status) < 0)
		return fail("access", path);
	bool directory = S_ISDIR(status.st_mode);
	mode_t mode;
	parse_mode(change->mode, status.st_mode & 07777, directory, &mode);
	if (chmod(path, mode) < 0) {
		warn_text("changing permissions of '%s': %s", path, strerror(errno));
		return false;
	}
	return !change->recursive || !directory || each_entry(path, change_mode, change);
}

int chmod_main(int argc, char **argv)
{
	struct mode_change change = {0};
	/* Not getopt: "-w" is a mode. */
	int next = 1, status = 0;
	if (next < argc && strcmp(argv[next], "-R") == 0) {
		change.recursive = true;
		next++;
	}
	if (next < argc && strcmp(argv[next], "--") == 0)
		next++;
	if (argc - next < 2)
		return usage_error(1);
	change.mode = argv[next++];
	mode_t ignored;
	if (!parse_mode(change.mode, 0, false, &ignored)) {
		warn_text("invalid mode: '%s'", change.mode);
		return 1;
	}
	for (; next < argc; next++)
		if (!change_mode(argv[next], &change))
			status = 1;
	return status;
}

int touch_main(int argc, char **argv)
{
	bool create = true, access_time = false, modify_time = false;
	struct timespec times[2] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_NOW}};
	struct stat reference;
	int option, status = 0;
	while ((option = getopt(argc, argv, "acmr:")) >= 0) {
		if (option == '?')
			return usage_error(1);
		create &= option != 'c';
		access_time |= option == 'a';
		modify_time |= option == 'm';
		if (option == 'r') {
			if (stat(optarg, &reference) < 0) {
				warn_errno(optarg);
				return 1;
			}
			times[0] = reference.st_atim;
			times[1] = reference.st_mtim;
		}
	}
	if (optind == argc)
		return usage_error(1);
	if (access_time != modify_time)
		times[access_time ? 1 : 0].tv_nsec = UTIME_OMIT;
	for (; optind < argc; optind++) {
		const char *path = argv[optind];
		int fd = create ? open(path, O_WRONLY | O_CREAT | O_NONBLOCK, 0666) : -1;
		if (fd >= 0)
			close(fd);
		if (utimensat(AT_FDCWD, path, times, 0) < 0 && !(!create && errno == ENOENT))
			status = !fail("touch", path);
	}
	return status;
}
