/* ls: one line a file, columns on a terminal, or the long form. */
#include "userland.h"

struct file {
  char *name, *path;
  struct stat status;
  const char *link; /* where a symbolic link points, or "" */
};
struct listing { struct file *files; size_t count; };
static int exit_status;
static bool something_printed;

static void fail(const char *path) {
  warn_errno(path);
  exit_status = 2;
}

static void add_file(struct listing *listing, char *name, char *path) {
  struct file file = {.name = name, .path = path, .link = ""};
  char target[PATH_MAX] = "";
  bool follow = path == name && !option['l'] && !option['d'];
  if ((!follow || stat(path, &file.status) < 0) && lstat(path, &file.status) < 0) return fail(path);
  if (option['l'] && S_ISLNK(file.status.st_mode) && readlink(path, target, sizeof target - 1) >= 0)
    file.link = format_text(" -> %s", target);
  APPEND(listing->files, listing->count, file);
}

static int compare_files(const void *left, const void *right) {
  const struct file *l = left, *r = right;
  long long newer = nanoseconds(r->status.st_mtim) - nanoseconds(l->status.st_mtim);
  long long order = option['t'] ? newer : option['S'] ? (long long)r->status.st_size - l->status.st_size : 0;
  if (order == 0) order = strcmp(l->name, r->name);
  int sign = (order > 0) - (order < 0);
  return option['r'] ? -sign : sign;
}

static const char *type_mark(const struct file *file) {
  mode_t mode = file->status.st_mode;
  if (!option['F']) return "";
  const char *special = S_ISLNK(mode) ? "@" : S_ISFIFO(mode) ? "|" : S_ISSOCK(mode) ? "=" : NULL;
  return special ? special : S_ISDIR(mode) ? "/" : mode & 0111 ? "*" : "";
}

enum { LINKS, OWNER, GROUP, SIZE, COLUMNS };

/* The texts of the columns whose widths must agree. */
static void format_columns(const struct stat *status, char texts[COLUMNS][40]) {
  snprintf(texts[LINKS], 40, "%lu", (unsigned long)status->st_nlink);
  snprintf(texts[OWNER], 40, "%s", user_name(status->st_uid));
  snprintf(texts[GROUP], 40, "%s", group_name(status->st_gid));
  if (S_ISCHR(status->st_mode) || S_ISBLK(status->st_mode))
    snprintf(texts[SIZE], 40, "%u, %3u", major(status->st_rdev), minor(status->st_rdev));
  else if (option['h']) format_size(status->st_size, texts[SIZE]);
  else snprintf(texts[SIZE], 40, "%lld", (long long)status->st_size);
}

static void print_long(struct listing *listing) {
  int widths[COLUMNS] = {0};
  char texts[COLUMNS][40], mode[11], date[32];
  for (size_t i = 0; i < listing->count; i++) {
    format_columns(&listing->files[i].status, texts);
    for (int column = 0; column < COLUMNS; column++)
      if ((int)strlen(texts[column]) > widths[column]) widths[column] = strlen(texts[column]);
  }
  time_t now = time(NULL);
  for (size_t i = 0; i < listing->count; i++) {
    struct file *file = &listing->files[i];
    /* POSIX: files older than half a year show the year instead of the hour. */
    long long age = (long long)now - file->status.st_mtime;
    bool recent = age >= 0 && age < 31556952 / 2;
    strftime(date, sizeof date, recent ? "%b %e %H:%M" : "%b %e  %Y", localtime(&file->status.st_mtime));
    format_mode(file->status.st_mode, mode);
    format_columns(&file->status, texts);
    printf("%s %*s %-*s %-*s %*s %s %s%s\n", mode, widths[LINKS], texts[LINKS], widths[OWNER], texts[OWNER],
           widths[GROUP], texts[GROUP], widths[SIZE], texts[SIZE], date, file->name,
           *file->link ? file->link : type_mark(file));
  }
}

/* Names down the columns of a terminal line, as many as fit; at least one column. */
static void print_columns(struct listing *listing, int width) {
  int widest = 0;
  for (size_t i = 0; i < listing->count; i++) {
    int length = strlen(listing->files[i].name) + !!option['F'];
    widest = length > widest ? length : widest;
  }
  size_t columns = width > widest + 2 ? width / (widest + 2) : 1;
  size_t rows = (listing->count + columns - 1) / columns;
  for (size_t row = 0; row < rows; row++) {
    for (size_t i = row; i < listing->count; i += rows) {
      int written = printf("%s%s", listing->files[i].name, type_mark(&listing->files[i]));
      printf("%*s", i + rows < listing->count ? widest + 2 - written : 0, "");
    }
    putchar('\n');
  }
}

static void print_listing(struct listing *listing) {
  int width = 0, height;
  if (option['C'] || (!option['1'] && isatty(1))) terminal_size(1, &height, &width);
  qsort(listing->files, listing->count, sizeof *listing->files, compare_files);
  if (option['l']) print_long(listing);
  else print_columns(listing, width);
  something_printed |= listing->count > 0;
}

static void list_directory(const char *path, bool with_title) {
  struct listing listing = {0};
  unsigned long long blocks = 0;
  char **names = list_names(path);
  if (!names) return fail(path);
  if (option['a']) {
    add_file(&listing, ".", join_path(path, "."));
    add_file(&listing, "..", join_path(path, ".."));
  }
  for (char **name = names; *name; name++)
    if (**name != '.' || option['a'] || option['A']) add_file(&listing, *name, join_path(path, *name));
  for (size_t i = 0; i < listing.count; i++) blocks += listing.files[i].status.st_blocks;
  if (with_title) printf("%s%s:\n", something_printed ? "\n" : "", path);
  something_printed |= with_title;
  if (option['l']) printf("total %llu\n", blocks / 2);
  print_listing(&listing);
  for (struct file *file = listing.files; option['R'] && file < listing.files + listing.count; file++)
    if (S_ISDIR(file->status.st_mode) && !equal(file->name, ".") && !equal(file->name, ".."))
      list_directory(file->path, true);
  free(listing.files);
}

int ls_main(char **operands) {
  static char *here[] = {".", NULL};
  struct listing files = {0}, directories = {0};
  struct stat status;
  bool several = operands[0] && operands[1];
  for (char **name = *operands ? operands : here; *name; name++) {
    bool enters = !option['d'] && (option['l'] ? lstat : stat)(*name, &status) == 0
      && S_ISDIR(status.st_mode);
    add_file(enters ? &directories : &files, *name, *name);
  }
  print_listing(&files);
  qsort(directories.files, directories.count, sizeof *directories.files, compare_files);
  for (size_t i = 0; i < directories.count; i++)
    list_directory(directories.files[i].path, several || option['R']);
  return exit_status;
}
