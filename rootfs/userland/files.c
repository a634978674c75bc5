/* mkdir, rmdir, rm, cp, mv, ln, chmod, touch, readlink, du: the tree of names. */
#include "userland.h"

static mode_t new_directory_mode;

static bool make_directory(char *path) {
  if (option['p']) make_parents(path);
  bool there = option['p'] && is_directory(path);
  if (!there && mkdir(path, new_directory_mode) < 0) return !warn_errno(path);
  return there || !option['m'] || chmod(path, new_directory_mode) == 0; /* past the umask */
}

int mkdir_main(char **operands) {
  new_directory_mode = 0777;
  bool valid = !option['m'] || parse_mode(option['m'], 0777, true, &new_directory_mode);
  return valid ? each_operand(operands, make_directory) : warn("invalid mode '%s'", option['m']);
}
static bool remove_directory(char *path) {
  bool good = rmdir(path) == 0;
  for (char *slash; good && option['p'] && (slash = strrchr(path, '/')); good = rmdir(path) == 0) *slash = 0;
  return good || !warn_errno(path);
}
int rmdir_main(char **operands) { return each_operand(operands, remove_directory); }

static bool remove_tree(char *path) {
  struct stat status;
  const char *name = path_basename(path);
  if (equal(name, ".") || equal(name, "..")) return !warn("%s: refusing to remove '.' or '..'", path);
  if (lstat(path, &status) < 0)
    return (option['f'] && (errno == ENOENT || errno == ENOTDIR)) || !warn_errno(path);
  if (S_ISDIR(status.st_mode) && !option['r'] && !option['R']) return !warn("%s: %s", path, strerror(EISDIR));
  return walk(path, NULL, remove_visited, 0);
}

int rm_main(char **operands) { return !*operands && option['f'] ? 0 : each_operand(operands, remove_tree); }

/* cp, mv, ln: many sources into a directory, or one to a name. */
static int each_pair(char **paths, bool (*act)(const char *source, const char *target)) {
  int count = count_words(paths), status = 0;
  if (count < 2) return usage_error();
  const char *last = paths[count - 1];
  bool into = is_directory(last);
  if (count > 2 && !into) return warn("target '%s' is not a directory", last);
  for (; paths[1]; paths++) status |= !act(*paths, into ? join_path(last, path_basename(*paths)) : last);
  return status;
}

static bool recursive, preserve; /* how to copy */

static bool copy_regular(const char *source, const char *target, mode_t mode) {
  int from = open(source, O_RDONLY), flags = O_WRONLY | O_CREAT | O_TRUNC;
  if (from < 0) return !warn_errno(source);
  int to = open(target, flags, mode & 0777);
  if (to < 0 && option['f'] && unlink(target) == 0) to = open(target, flags, mode & 0777);
  bool good = (to >= 0 && copy_descriptor(from, to)) || !warn_errno(target);
  close(from);
  close(to);
  return good;
}

static void copy_attributes(const char *target, const struct stat *status) {
  struct timespec times[2] = {status->st_atim, status->st_mtim};
  /* chown first: it takes set-user-id bits away. Not every user may do it. */
  bool owned = lchown(target, status->st_uid, status->st_gid) == 0;
  if (!S_ISLNK(status->st_mode)) chmod(target, status->st_mode & (owned ? 07777 : 01777));
  utimensat(AT_FDCWD, target, times, AT_SYMLINK_NOFOLLOW);
}

static bool copy_tree(const char *source, const char *target);

static bool copy_directory(const char *source, const char *target, mode_t mode) {
  char **names = list_names(source); /* before the copy can appear among them */
  bool good = true;
  if (!names) return !warn_errno(source);
  if (mkdir(target, mode | 0700) < 0 && !is_directory(target)) return !warn_errno(target);
  for (char **name = names; *name; name++) good &= copy_tree(join_path(source, *name), join_path(target, *name));
  chmod(target, mode & ~current_umask() & 07777); /* last: it had to be writable */
  free_names(names);
  return good;
}

static bool copy_tree(const char *source, const char *target) {
  struct stat from;
  char link[PATH_MAX] = "";
  /* -r copies links as links, else what they point to. */
  if ((recursive ? lstat : stat)(source, &from) < 0) return !warn_errno(source);
  if (is_same_file(source, target)) return !warn("'%s' and '%s' are the same file", source, target);
  mode_t mode = from.st_mode;
  if (S_ISDIR(mode) && !recursive) return !warn("-r not specified; omitting directory '%s'", source);
  bool is_link = S_ISLNK(mode) && readlink(source, link, sizeof link - 1) >= 0;
  bool good = S_ISDIR(mode) ? copy_directory(source, target, mode)
            : S_ISREG(mode) || !recursive ? copy_regular(source, target, mode)
            : (is_link ? symlink(link, target) : mknod(target, mode, from.st_rdev)) == 0 || !warn_errno(target);
  if (good && preserve) copy_attributes(target, &from);
  return good;
}

int cp_main(char **operands) {
  preserve = option['p'] || option['a'];
  recursive = option['r'] || option['R'] || option['a'];
  return each_pair(operands, copy_tree);
}

static bool move_path(const char *source, const char *target) {
  if (rename(source, target) == 0) return true;
  if (errno != EXDEV) return !warn_errno(source);
  recursive = preserve = true; /* on another file system a copy takes its place */
  if (!is_directory(target)) unlink(target);
  return copy_tree(source, target) && walk(source, NULL, remove_visited, 0);
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

static const char *new_mode;

static bool change_mode(const char *path, const struct stat *status, int depth) {
  mode_t mode;
  if (S_ISLNK(status->st_mode)) return false;
  parse_mode(new_mode, status->st_mode & 07777, S_ISDIR(status->st_mode), &mode);
  return chmod(path, mode) == 0 || !warn_errno(path);
}

/* Options by hand: "-w" is a mode. */
int chmod_main(char **operands) {
  mode_t ignored;
  struct stat status;
  int result = 0;
  bool recursive = *operands && equal(*operands, "-R");
  operands += recursive;
  if (!operands[0] || !operands[1]) return usage_error();
  new_mode = *operands++;
  if (!parse_mode(new_mode, 0, false, &ignored)) return warn("invalid mode: '%s'", new_mode);
  for (; *operands; operands++) {
    if (stat(*operands, &status) < 0) result = warn_errno(*operands);
    else result |= recursive ? !walk(*operands, change_mode, NULL, 0) : !change_mode(*operands, &status, 0);
  }
  return result;
}

static struct timespec new_times[2];

static bool touch_path(char *path) {
  int fd = option['c'] ? -1 : open(path, O_WRONLY | O_CREAT | O_NONBLOCK, 0666);
  if (fd >= 0) close(fd);
  return utimensat(AT_FDCWD, path, new_times, 0) == 0 || (option['c'] && errno == ENOENT) || !warn_errno(path);
}

int touch_main(char **operands) {
  struct stat reference = {.st_atim.tv_nsec = UTIME_NOW, .st_mtim.tv_nsec = UTIME_NOW};
  const char *date = option['r'] ? NULL : option['d'];
  time_t seconds;
  if (option['r'] && stat(option['r'], &reference) < 0) return warn_errno(option['r']);
  if (date && !parse_time(date, &seconds)) return 1;
  if (date) reference.st_atim = reference.st_mtim = (struct timespec){.tv_sec = seconds};
  new_times[0] = reference.st_atim;
  new_times[1] = reference.st_mtim;
  return each_operand(operands, touch_path);
}

static bool print_link(char *path) {
  char target[PATH_MAX] = "";
  bool found = option['f'] ? realpath(path, target) != NULL : readlink(path, target, sizeof target - 1) >= 0;
  if (found) printf("%s%s", target, option['n'] ? "" : "\n");
  return found;
}

int readlink_main(char **operands) { return each_operand(operands, print_link); }

static unsigned long long used[256]; /* blocks below the directory at a depth */

static bool add_usage(const char *path, const struct stat *status, int depth) {
  int level = depth < 254 ? depth : 254;
  unsigned long long blocks = status->st_blocks + used[level + 1];
  char size[24];
  used[level + 1] = 0;
  used[level] = depth ? used[level] + blocks : 0;
  bool shown = depth == 0 || (!option['s'] && (S_ISDIR(status->st_mode) || option['a']));
  return !shown || printf("%s\t%s\n", format_size((blocks + 1) / 2 * 1024, size), path) > 0;
}

int du_main(char **operands) { return walk_each(operands, NULL, add_usage); }
