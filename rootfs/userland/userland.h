/*
 * The embedded userland: one static binary holding the shell and the small
 * tools of the default image. This header is what every applet may use.
 *
 * An applet is a row in main.c. It returns its exit status instead of calling
 * exit(), because the shell runs some of them in its own process (echo, test,
 * printf ...), and it writes through stdio, which its caller flushes.
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
	int (*run)(int argc, char **argv);
	const char *usage; /* the arguments, one line */
};

extern const struct applet applets[]; /* ends with a row without name */
const struct applet *find_applet(const char *name);
int run_applet(const struct applet *applet, int argc, char **argv);

/* The name under which errors are reported. */
extern const char *program_name;

void warn_text(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* "name: subject: No such file or directory", from errno. */
void warn_errno(const char *subject);
/* Prints the applet's usage line to stderr and returns `status`. */
int usage_error(int status);

void *allocate(size_t size);
void *reallocate(void *old, size_t size);
char *duplicate(const char *text);
char *join_path(const char *directory, const char *name);
/* The last component without trailing slashes, in new memory. */
char *path_basename(const char *path);

/* The whole text must be a number in the base, else false. */
bool parse_integer(const char *text, int base, long long *value);
/* chmod(1)'s octal or symbolic mode applied to `old`; false if malformed. */
bool parse_mode(const char *text, mode_t old, bool is_directory, mode_t *mode);
/* Calls `visit` for each named file, "-" or no name being standard input. */
int visit_inputs(char **names, int (*visit)(FILE *input, const char *name));
bool copy_descriptor(int from, int to);

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

int sh_main(int, char **), echo_main(int, char **), cat_main(int, char **);
int ls_main(int, char **), wc_main(int, char **), uname_main(int, char **);
int env_main(int, char **), sleep_main(int, char **), true_main(int, char **);
int false_main(int, char **), seq_main(int, char **), head_main(int, char **);
int tail_main(int, char **), sort_main(int, char **), kill_main(int, char **);
int ps_main(int, char **), mkdir_main(int, char **), rm_main(int, char **);
int rmdir_main(int, char **), cp_main(int, char **), mv_main(int, char **);
int chmod_main(int, char **), date_main(int, char **), id_main(int, char **);
int grep_main(int, char **), basename_main(int, char **), ln_main(int, char **);
int dirname_main(int, char **), pwd_main(int, char **), test_main(int, char **);
int printf_main(int, char **), touch_main(int, char **);

#endif
