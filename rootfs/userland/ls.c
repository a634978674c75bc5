/* ls: one line a file, columns on a terminal, or the long form. */
#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "userland.h"

struct file {
	char *name, *path;
	struct stat status;
	char link[PATH_MAX / 4]; /* where a symbolic link points, cut if endless */
};

struct listing {
	struct file *files;
	size_t count;
};

static struct {
	bool all, almost_all, one, directories, recursive, marks, inodes, by_time, by_size, reverse, longer;
} options;
static int exit_status;
static bool something_printed;

static void add_file(struct listing *listing, const char *name, const char *path)
{
	struct file file = {0};
	bool follow = path == name && !options.longer && !options.directories;
	if ((follow ? stat(path, &file.status) < 0 : true) && lstat(path, &file.status) < 0) {
		warn_text("cannot access '%s': %s", path, strerror(errno));
		exit_status = 2;
		return;
	}
	file.name = duplicate(name);
	file.path = duplicate(path);
	if (S_ISLNK(file.status.st_mode) && readlink(path, file.link, sizeof file.link - 1) < 0)
		warn_errno(path);
	listing->files = reallocate(listing->files, (listing->count + 1) * sizeof file);
	listing->files[listing->count++] = file;
}

static void free_listing(struct listing *listing)
{
	for (size_t i = 0; i < listing->count; i++) {
		free(listing->files[i].name);
		free(listing->files[i].path);
	}
	free(listing->files);
}

static int compare_files(const void *left, const void *right)
{
	const struct file *l = left, *r = right;
	int order = 0;
	if (options.by_time) {
		const struct timespec *lt = &l->status.st_mtim, *rt = &r->status.st_mtim;
		order = lt->tv_sec != rt->tv_sec ? (lt->tv_sec < rt->tv_sec ? 1 : -1)
		                                 : (lt->tv_nsec < rt->tv_nsec) - (lt->tv_nsec > rt->tv_nsec);
	} else if (options.by_size) {
		order = (l->status.st_size < r->status.st_size) - (l->status.st_size > r->status.st_size);
	}
	if (order == 0)
		order = strcmp(l->name, r->name);
	return options.reverse ? -order : order;
}

static void format_mode(mode_t mode, char *text)
{
	static const struct { mode_t type; char letter; } types[] = {
		{S_IFDIR, 'd'}, {S_IFLNK, 'l'}, {S_IFCHR, 'c'}, {S_IFBLK, 'b'}, {S_IFIFO, 'p'}, {S_IFSOCK, 's'},
	};
	strcpy(text, "-rwxrwxrwx");
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if ((mode & S_IFMT) == types[i].type)
			text[0] = types[i].letter;
	for (int bit = 0; bit < 9; bit++)
		if (!(mode & (0400 >> bit)))
			text[1 + bit] = '-';
	if (mode & S_ISUID)
		text[3] = text[3] == 'x' ? 's' : 'S';
	if (mode & S_ISGID)
		text[6] = text[6] == 'x' ? 's' : 'S';
	if (mode & S_ISVTX)
		text[9] = text[9] == 'x' ? 't' : 'T';
}

static const char *type_mark(mode_t mode)
{
	if (!options.marks)
		return "";
	return S_ISDIR(mode) ? "/" : S_ISLNK(mode) ? "@" : S_ISFIFO(mode) ? "|" : S_ISSOCK(mode) ? "=" : mode & 0111 ? "*" : "";
}

enum { LINKS, OWNER, GROUP, SIZE, COLUMNS };

/* The texts of the columns whose widths must agree. */
static void format_columns(const struct stat *status, char texts[COLUMNS][40])
{
	struct passwd *owner = getpwuid(status->st_uid);
	struct group *group = getgrgid(status->st_gid);
	snprintf(texts[LINKS], 40, "%lu", (unsigned long)status->st_nlink);
	snprintf(texts[OWNER], 40, owner ? "%.30s" : "%.0s%u", owner ? owner->pw_name : "", status->st_uid);
	snprintf(texts[GROUP], 40, group ? "%.30s" : "%.0s%u", group ? group->gr_name : "", status->st_gid);
	if (S_ISCHR(status->st_mode) || S_ISBLK(status->st_mode))
		snprintf(texts[SIZE], 40, "%u, %3u", major(status->st_rdev), minor(status->st_rdev));
	else
		snprintf(texts[SIZE], 40, "%lld", (long long)status->st_size);
}

static void print_long(struct listing *listing)
{
	int widths[COLUMNS] = {0};
	char texts[COLUMNS][40];
	for (size_t i = 0; i < listing->count; i++) {
		format_columns(&listing->files[i].status, texts);
		for (int column = 0; column < COLUMNS; column++)
			if ((int)strlen(texts[column]) > widths[column])
				widths[column] = strlen(texts[column]);
	}
	time_t now = time(NULL);
	for (size_t i = 0; i < listing->count; i++) {
		struct file *file = &listing->files[i];
		char mode[16], date[32];
		format_mode(file->status.st_mode, mode);
		format_columns(&file->status, texts);
		/* POSIX: files older than half a year show the year instead of the hour. */
		long long age = (long long)now - file->status.st_mtime;
		bool recent = age >= 0 && age < 31556952 / 2;
		strftime(date, sizeof date, recent ? "%b %e %H:%M" : "%b %e  %Y", localtime(&file->status.st_mtime));
		if (options.inodes)
			printf("%llu ", (unsigned long long)file->status.st_ino);
		printf("%s %*s %-*s %-*s %*s %s %s", mode, widths[LINKS], texts[LINKS], widths[OWNER], texts[OWNER],
		       widths[GROUP], texts[GROUP], widths[SIZE], texts[SIZE], date, file->name);
		if (S_ISLNK(file->status.st_mode))
			printf(" -> %s\n", file->link);
		else
			printf("%s\n", type_mark(file->status.st_mode));
	}
}

/* Names down the columns of a terminal line, as many as fit. */
static void print_columns(struct listing *listing, size_t line_width)
{
	size_t widest = 0;
	for (size_t i = 0; i < listing->count; i++) {
		size_t width = strlen(listing->files[i].name) + options.marks;
		widest = width > widest ? width : widest;
	}
	size_t columns = line_width / (widest + 2) ? line_width / (widest + 2) : 1;
	size_t rows = (listing->count + columns - 1) / columns;
	for (size_t row = 0; row < rows; row++) {
		for (size_t i = row; i < listing->count; i += rows) {
			int written = printf("%s%s", listing->files[i].name, type_mark(listing->files[i].status.st_mode));
			printf("%*s", i + rows < listing->count ? (int)(widest + 2) - written : 0, "");
		}
		putchar('\n');
	}
}

static void print_listing(struct listing *listing)
{
	struct winsize size;
	if (listing->count)
		qsort(listing->files, listing->count, sizeof *listing->files, compare_files);
	if (options.longer) {
		print_long(listing);
	} else if (!options.one && !options.inodes && isatty(1)) {
		bool known = ioctl(1, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
		print_columns(listing, known ? size.ws_col : 80);
	} else {
		for (size_t i = 0; i < listing->count; i++) {
			struct file *file = &listing->files[i];
			if (options.inodes)
				printf("%llu ", (unsigned long long)file->status.st_ino);
			printf("%s%s\n", file->name, type_mark(file->status.st_mode));
		}
	}
	something_printed |= listing->count > 0;
}

static void list_directory(const char *path, bool with_title)
{
	DIR *directory = opendir(path);
	if (!directory) {
		warn_text("cannot open directory '%s': %s", path, strerror(errno));
		exit_status = 2;
		return;
	}
	struct listing listing = {0};
	unsigned long long blocks = 0;
	for (struct dirent *entry; (entry = readdir(directory));) {
		bool is_dots = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
		if (entry->d_name[0] == '.' && !options.all && (is_dots || !options.almost_all))
			continue;
		char *inner = join_path(path, entry->d_name);
		add_file(&listing, entry->d_name, inner);
		free(inner);
	}
	closedir(directory);
	for (size_t i = 0; i < listing.count; i++)
		blocks += listing.files[i].status.st_blocks;
	if (with_title)
		printf("%s%s:\n", something_printed ? "\n" : "", path);
	something_printed |= with_title;
	if (options.longer)
		printf("total %llu\n", blocks / 2);
	print_listing(&listing);
	for (size_t i = 0; options.recursive && i < listing.count; i++) {
		struct file *file = &listing.files[i];
		bool is_dots = strcmp(file->name, ".") == 0 || strcmp(file->name, "..") == 0;
		if (S_ISDIR(file->status.st_mode) && !is_dots)
			list_directory(file->path, true);
	}
	free_listing(&listing);
}

static bool parse_options(int argc, char **argv)
{
	int option;
	while ((option = getopt(argc, argv, "laA1dRFtSri")) >= 0) {
		switch (option) {
		case 'l': options.longer = true; break;
		case 'a': options.all = true; break;
		case 'A': options.almost_all = true; break;
		case '1': options.one = true; break;
		case 'd': options.directories = true; break;
		case 'R': options.recursive = true; break;
		case 'F': options.marks = true; break;
		case 't': options.by_time = true; break;
		case 'S': options.by_size = true; break;
		case 'r': options.reverse = true; break;
		case 'i': options.inodes = true; break;
		default: return false;
		}
	}
	return true;
}

int ls_main(int argc, char **argv)
{
	if (!parse_options(argc, argv))
		return usage_error(2);
	struct listing files = {0}, directories = {0}, named = {0};
	for (int i = optind; i < argc; i++)
		add_file(&named, argv[i], argv[i]);
	if (optind == argc)
		add_file(&named, ".", ".");
	if (named.count)
		qsort(named.files, named.count, sizeof *named.files, compare_files);
	for (size_t i = 0; i < named.count; i++) {
		bool enters = S_ISDIR(named.files[i].status.st_mode) && !options.directories;
		struct listing *listing = enters ? &directories : &files;
		listing->files = reallocate(listing->files, (listing->count + 1) * sizeof *listing->files);
		listing->files[listing->count++] = named.files[i];
	}
	print_listing(&files);
	for (size_t i = 0; i < directories.count; i++)
		list_directory(directories.files[i].path, argc - optind > 1 || options.recursive);
	free_listing(&files);
	free_listing(&directories);
	free(named.files);
	return exit_status;
}
