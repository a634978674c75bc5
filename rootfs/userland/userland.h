/*
 * The embedded userland: one static binary holding the shell and the small
 * tools of the default image. This header is what every applet may use.
 *
 * An applet is a row in main.c, which says its options too: they are parsed
 * before it runs. It gets its operands and returns its exit status instead of
 * calling exit(), because the shell runs some of them in its own process
 * (echo, test, printf ...). It writes through stdio, which its caller flushes.
 */
#ifndef USERLAND_H
#define USERLAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>

struct applet {
	const char *name;
	int (*run)(char **operands);
	/*
	 * The option letters, ":" after those with an argument. A leading "+" stops
	 * at the first operand, a leading "#" makes -5 mean -n 5. NULL: the applet
	 * reads all of its arguments itself.
	 */
	const char *options;
	const char *usage; /* the arguments, one line */
};
extern const struct applet applets[]; /* ends with a row without name */
const struct applet *find_applet(const struct applet *table, const char *name);
/* Parses the options, runs it and flushes; argv[0] is only a name. */
int run_applet(const struct applet *applet, char **argv);
/* Prints the applet's usage line to stderr and returns 1. */
int usage_error(void);

/* What was given as -x: NULL, "", or the argument; several arguments one a line. */
extern const char *option[128];
/* The name under which errors are reported. */
extern const char *program_name;

/* ---- common.c */
/* Both return 1, a failure's status. The second: "name: subject: No such file or directory". */
int warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
int warn_errno(const char *subject);

void *reallocate(void *old, size_t size);
char *duplicate(const char *text);
char *format_text(const char *format, ...) __attribute__((format(printf, 1, 2))); /* in new memory */
char *join_path(const char *directory, const char *name);
/* The last component without trailing slashes, in new memory. */
char *path_basename(const char *path);

/* Memory that is given back in the reverse order of its taking. */
struct arena {
	struct arena_chunk *top;
};
struct arena_mark {
	struct arena_chunk *chunk;
	size_t used;
};
void *arena_allocate(struct arena *arena, size_t size); /* zeroed */
char *arena_copy(struct arena *arena, const char *text, size_t length);
struct arena_mark arena_mark(struct arena *arena);
void arena_release(struct arena *arena, struct arena_mark mark);

/* A growing byte string, in an arena or (NULL) in memory of its own. */
struct buffer {
	char *bytes;
	size_t length, capacity;
	struct arena *arena;
};
void buffer_add(struct buffer *buffer, char byte);
void buffer_append(struct buffer *buffer, const char *text, size_t length);
/* The content with a NUL behind it; never NULL. */
char *buffer_text(struct buffer *buffer);

/* The files named as operands one after the other; "-" or none at all is standard input. */
struct inputs {
	char **names;
	const char *name; /* of the open one */
	FILE *file;
	int status;       /* 1 after one could not be read */
	char *line;       /* the last one read, without its newline */
	size_t length, size;
	bool has_newline, started;
};
bool next_input(struct inputs *inputs);
bool next_line(struct inputs *inputs); /* of the open file */
/* The line with its newline, if it had one. */
void put_line(struct inputs *inputs);
bool copy_descriptor(int from, int to);
bool write_all(int fd, const char *bytes, size_t length);
/* All that is left to read from fd, NUL-terminated; what came before an error counts. */
char *read_all(int fd, size_t *length);
char *read_file(const char *path, size_t *length); /* NULL if it cannot be opened */

/* The names in a directory, sorted, without "." and ".."; NULL with errno. NULL ends them. */
char **list_names(const char *path);
void free_names(char **names);
/* False: do not go into this directory, or (after it) something failed. */
typedef bool visitor(const char *path, const struct stat *status, int depth);
/* Visits the path and all below it, directories before and after their content; a visitor may be NULL. */
bool walk(const char *path, visitor *before, visitor *after);

/* The whole text must be a number in the base, else false. */
bool parse_integer(const char *text, int base, long long *value);
/* "4k", "2M": a size with a unit; warns and ends the program if malformed. */
long long parse_size(const char *text);
/* A size in KiB, or "1.5M"; returns the text. */
char *format_size(unsigned long long bytes, bool human, char text[24]);
/* chmod(1)'s octal or symbolic mode applied to `old`; false if malformed. */
bool parse_mode(const char *text, mode_t old, bool is_directory, mode_t *mode);
void format_mode(mode_t mode, char text[11]); /* "-rwxr-xr-x" */
/* /etc/passwd or /etc/group: field `wanted` of the line whose field `field` is `key`, or NULL. */
const char *account_field(const char *file, int field, const char *key, int wanted);
/* The name belonging to a number in such a file, else the number as text; until the next call. */
const char *account_name(const char *file, unsigned id);
extern const char passwd_path[], group_path[];

/* "INT", "SIGINT" or "2" to 2; "EXIT" and "0" to 0; -1 if unknown. */
int signal_number(const char *name);
const char *signal_name(int number);
enum { SIGNAL_LIMIT = 65 };

/*
 * One echo/printf escape at `*text` (just behind the backslash): advances it
 * and returns the byte, -1 for \c (stop), -2 if it is no escape at all.
 * `octal_needs_zero` is the echo and %b form, \0NNN instead of \NNN.
 */
int read_escape(const char **text, bool octal_needs_zero);
/* The next file a program of that name may be on the search path, in new memory; *path ends as NULL. */
char *next_candidate(const char **path, const char *name);
/* Replaces the process by a program; on failure says why and returns 126 or 127. */
int execute(char **argv);
/* Runs a program and waits: its status as the shell sees it. */
int run_command(char **argv);

/* The terminal's columns and rows, 80 and 24 if unknown. */
void terminal_size(int fd, int *rows, int *columns);
/* A key from the terminal: a byte, or one of these for an escape sequence; -1 at the end. */
enum { KEY_UP = 256, KEY_DOWN, KEY_RIGHT, KEY_LEFT, KEY_HOME, KEY_END, KEY_DELETE, KEY_PAGE_UP, KEY_PAGE_DOWN,
       KEY_ALT = 512 /* + the byte */ };
int read_key(int fd);
/* Switches the terminal to single keys without echo, or back. */
void terminal_raw(int fd, bool raw);

int basename_main(char **), cat_main(char **), chmod_main(char **), clear_main(char **), cp_main(char **);
int cut_main(char **), date_main(char **), dd_main(char **), df_main(char **), dirname_main(char **);
int du_main(char **), echo_main(char **), env_main(char **), false_main(char **), find_main(char **);
int grep_main(char **), head_main(char **), hexdump_main(char **), hostname_main(char **), id_main(char **);
int kill_main(char **), less_main(char **), ln_main(char **), ls_main(char **), mkdir_main(char **);
int mktemp_main(char **), mount_main(char **), mv_main(char **), printf_main(char **), ps_main(char **);
int pwd_main(char **), readlink_main(char **), rm_main(char **), rmdir_main(char **), sed_main(char **);
int seq_main(char **), sh_main(char **), sleep_main(char **), sort_main(char **), stat_main(char **);
int stty_main(char **), tail_main(char **), tar_main(char **), tee_main(char **), test_main(char **);
int time_main(char **), touch_main(char **), tr_main(char **), true_main(char **), tty_main(char **);
int umount_main(char **), uname_main(char **), uniq_main(char **), wc_main(char **), which_main(char **);
int xargs_main(char **), yes_main(char **);

#endif
