/* The embedded userland: one static binary holding the shell and the small tools of the default image. This
 * header is what every applet may use. An applet is a row in applets.h, which says its options too: they are
 * parsed before it runs. It gets its operands and returns its exit status instead of calling exit(), because
 * the shell runs some of them in its own process (echo, test, printf ...). It writes through stdio, which its
 * caller flushes. */
#ifndef USERLAND_H
#define USERLAND_H

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <getopt.h>
#include <glob.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <pwd.h>
#include <regex.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <wctype.h>

struct applet { const char *name; int (*run)(char **operands); const char *options, *usage; };
extern const struct applet applets[]; /* ends with a row without name */
extern const char *option[128]; /* what was given as -x: NULL, "", or the argument; several one a line */
extern const char *program_name; /* under which errors are reported */
extern char **environ;
const struct applet *find_applet(const struct applet *table, const char *name);
int run_applet(const struct applet *applet, char **argv); /* parses the options, runs it and flushes */
int usage_error(void); /* prints the usage line and returns 1 */
/* Acts on every operand, without one a usage error; 1 if any was not good. */
int each_operand(char **operands, bool (*act)(char *operand));
int cat_main(char **), echo_main(char **), false_main(char **), kill_main(char **), printf_main(char **);
int pwd_main(char **), test_main(char **), true_main(char **);

/* ---- common.c. Both return 1, a failure's status; the second says "name: subject: Is a directory". */
int warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
int warn_errno(const char *subject);
void report(const char *who, const char *format, va_list arguments);

#define COUNT(array) (sizeof(array) / sizeof *(array))
/* Adds a value to an array in memory of its own. */
#define APPEND(array, count, ...) \
  ((array) = reallocate((array), ((count) + 1) * sizeof *(array)), (array)[(count)++] = (__VA_ARGS__))
static inline bool equal(const char *left, const char *right) { return strcmp(left, right) == 0; }
void *reallocate(void *old, size_t size);
char *duplicate(const char *text);
char *format_text(const char *format, ...) __attribute__((format(printf, 1, 2))); /* in new memory */
char *join_path(const char *directory, const char *name);
char *path_basename(const char *path); /* without trailing slashes, in new memory */
int count_words(char **words);
bool skip_word(char ***words, const char *word); /* if it is the next one */
int index_of(const char *word, const char *const *list); /* which ends with NULL; -1 if not there */
int compare_texts(const void *left, const void *right); /* of an array of them, for qsort */

/* Memory that is given back in the reverse order of its taking. */
struct arena { struct arena_chunk *top; };
void *arena_allocate(struct arena *arena, size_t size); /* zeroed */
char *arena_copy(struct arena *arena, const char *text, size_t length);
void arena_release(struct arena *arena, struct arena_chunk *mark); /* to where its top was */

/* A growing byte string, in an arena or (NULL) in memory of its own. */
struct buffer { char *bytes; size_t length, capacity; struct arena *arena; };
void buffer_add(struct buffer *buffer, char byte);
void buffer_append(struct buffer *buffer, const char *text, size_t length);
void buffer_put(struct buffer *buffer, const char *text);
void buffer_push(struct buffer *buffer, const void *pointer); /* one byte string is then an array of them */
char *buffer_text(struct buffer *buffer); /* with a NUL behind it; never NULL */

/* The files named as operands one after the other; "-" or none at all is standard input. */
struct inputs {
  char **names;
  const char *name; /* of the open one */
  FILE *file;
  int status; /* 1 after one could not be read */
  char *line; /* the last one read, without its newline */
  size_t length, size;
  bool has_newline, started;
};
bool next_input(struct inputs *inputs);
bool next_line(struct inputs *inputs);       /* of the open file */
bool next_input_line(struct inputs *inputs); /* of all the files */
bool copy_descriptor(int from, int to);
bool write_all(int fd, const char *bytes, size_t length);
char *read_all(int fd, size_t *length); /* the rest, with a NUL behind it; the length may be NULL */
char *read_file(const char *path, size_t *length); /* NULL if it cannot be opened */

char **list_names(const char *path); /* of a directory, sorted, without "." and ".."; NULL with errno */
void free_names(char **names);
/* False: do not go into this directory, or (after it) something failed. */
typedef bool visitor(const char *path, const struct stat *status, int depth);
/* Visits the path and all below it, directories before and after their content; a visitor may be NULL. */
bool walk(const char *path, visitor *before, visitor *after, int depth);
/* Walks each path, without one "."; 1 if anything failed. */
int walk_each(char **paths, visitor *before, visitor *after);
bool is_directory(const char *path);
bool is_same_file(const char *left, const char *right);
void make_parents(char *path);
bool remove_visited(const char *path, const struct stat *status, int depth);

bool parse_integer(const char *text, int base, long long *value); /* the whole text, else false */
bool parse_time(const char *text, time_t *time);            /* "@SECONDS", else false after a message */
static inline long long nanoseconds(struct timespec time) { return time.tv_sec * 1000000000LL + time.tv_nsec; }
long long parse_size(const char *text);                     /* "4k", "2M"; ends the program if malformed */
char *format_size(unsigned long long bytes, char text[24]); /* in KiB; with -h "1.5M" */
mode_t current_umask(void);
/* chmod(1)'s octal or symbolic mode applied to `old`; false if malformed. */
bool parse_mode(const char *text, mode_t old, bool is_directory, mode_t *mode);
void format_mode(mode_t mode, char text[11]); /* "-rwxr-xr-x" */
const char *user_name(uid_t id), *group_name(gid_t id); /* or the number; until the next call */
int signal_number(const char *name); /* "INT", "SIGINT" or "2" to 2; "EXIT" and "0" to 0; -1 if unknown */
const char *signal_name(int number);
enum { SIGNAL_LIMIT = 65 };
/* One echo/printf escape at `*text` (just behind the backslash): advances it and returns the byte, -1 for \c
 * (stop), or a backslash if it is no escape. `octal_needs_zero` is the echo and %b form, \0NNN instead of \NNN. */
int read_escape(const char **text, bool octal_needs_zero);
/* The next file a program of that name may be on the search path, in new memory; *path ends as NULL. */
char *next_candidate(const char **path, const char *name);
int execute(char **argv);     /* replaces the process; on failure says why and returns 126 or 127 */
int run_command(char **argv); /* and waits: its status as the shell sees it */

void terminal_size(int fd, int *rows, int *columns); /* 24 and 80 if unknown */
bool terminal_raw(int fd, bool raw);                 /* single keys without echo, or back; true if raw now */
/* A key from the terminal: a byte, or one of these for an escape sequence; -1 at the end. */
enum { KEY_UP = 256, KEY_DOWN, KEY_RIGHT, KEY_LEFT, KEY_END, KEY_HOME, KEY_DELETE, KEY_PAGE_UP,
  KEY_PAGE_DOWN, KEY_ALT = 512 };
int read_key(int fd);

#endif
