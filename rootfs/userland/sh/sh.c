/* The shell's beginning and end: options, start-up files, the reading loop. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sh.h"

struct shell sh;

extern char **environ;

void complain(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	fflush(stdout);
	fprintf(stderr, "%s: %d: ", sh.name, sh.line);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
}

void shell_fail(int status)
{
	if (!sh.top_level)
		shell_exit(status);
	sh.status = status;
	longjmp(*sh.top_level, 1);
}

void shell_exit(int status)
{
	sh.status = status;
	sh.top_level = NULL; /* from here on errors end it too */
	traps_run_exit();
	fflush(stdout);
	_exit(status & 0xff);
}

/* One complete command; false at the end of the source. */
static bool run_one(struct parser *parser, bool *ran)
{
	struct arena tree = {0};
	struct node *command = NULL;
	parser->arena = &tree;
	if (parser->source->prompt)
		parser->source->prompt = "PS1";
	enum parse_result result = parse_command_line(parser, &command);
	if (result == PARSE_ERROR) {
		/* What else was typed on the line is as wrong as its beginning. */
		parser->source->position = parser->source->length;
		shell_fail(2);
	}
	if (result == PARSE_COMMAND) {
		*ran = true;
		exec_node(command, 0);
	}
	if (!tree.pinned)
		arena_release(&tree, (struct arena_mark){NULL, 0});
	return result != PARSE_END;
}

int run_source(struct source *source)
{
	struct parser parser = {.source = source, .line = 1};
	bool ran = false;
	while (run_one(&parser, &ran) && !sh.unwind)
		continue;
	if (!ran)
		sh.status = 0;
	return sh.status;
}

int run_text(const char *text)
{
	struct source source;
	source_from_text(&source, text);
	int line = sh.line;
	run_source(&source);
	sh.line = line;
	source_close(&source);
	return sh.status;
}

static int open_script(const char *path)
{
	int fd = open(path, O_RDONLY);
	return fd < 0 ? fd : move_fd_high(fd);
}

int run_file(const char *path)
{
	int fd = open_script(path);
	if (fd < 0)
		return -1;
	struct source source;
	source_from_fd(&source, fd, false);
	sh.source_depth++;
	run_source(&source);
	sh.source_depth--;
	if (sh.unwind == UNWIND_RETURN)
		sh.unwind = UNWIND_NONE;
	source_close(&source);
	return sh.status;
}

/* An interactive shell comes back here after every error and ^C. */
static void run_interactive(struct source *source)
{
	jmp_buf top_level;
	if (setjmp(top_level)) {
		if (interrupted)
			fputc('\n', stderr);
		interrupted = 0;
		unwind_everything();
	}
	sh.top_level = &top_level;
	do {
		sh.unwind = UNWIND_NONE;
		run_source(source);
	} while (sh.unwind); /* a stray return or break */
	if (isatty(0))
		fputc('\n', stderr);
}

static void set_initial_variables(void)
{
	char text[24];
	static const struct { const char *name, *value; } defaults[] = {
		{"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		{"PS2", "> "}, {"PS4", "+ "},
	};
	variables_import(environ);
	for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
		if (!variable_get(defaults[i].name))
			variable_set(defaults[i].name, defaults[i].value, 0);
	if (!variable_get("PS1"))
		variable_set("PS1", geteuid() == 0 ? "# " : "$ ", 0);
	variable_set("IFS", " \t\n", 0); /* POSIX: not taken from outside */
	variable_set("OPTIND", "1", 0);
	snprintf(text, sizeof text, "%d", getppid());
	variable_set("PPID", text, 0);
	/* PWD from outside counts if it is where we are. */
	const char *claimed = variable_get("PWD");
	struct stat here, there;
	if (!claimed || *claimed != '/' || stat(claimed, &there) < 0 || stat(".", &here) < 0 ||
	    here.st_ino != there.st_ino || here.st_dev != there.st_dev) {
		char *directory = getcwd(NULL, 0);
		if (directory)
			variable_set("PWD", directory, 0);
		free(directory);
	}
}

static void run_startup_files(bool login)
{
	if (login) {
		run_file("/etc/profile");
		const char *home = variable_get("HOME");
		char *profile = join_path(home ? home : "/", ".profile");
		run_file(profile);
		free(profile);
	}
	const char *env = variable_get("ENV");
	if (sh.interactive && env && getuid() == geteuid())
		run_file(arena_copy(&sh.scratch, env, strlen(env)));
}

/* Takes -c's text or the script's name off the arguments and opens it. */
static void open_source(struct source *source, const char *command, int *argc, char ***argv)
{
	if (!command && !sh.options.s && *argc > 0) {
		sh.name = **argv;
		int fd = open_script(sh.name);
		if (fd < 0) {
			complain("cannot open %s: %s", sh.name, strerror(errno));
			shell_exit(errno == ENOENT ? 127 : 126);
		}
		source_from_fd(source, fd, false);
		(*argc)--, (*argv)++;
		return;
	}
	if (!command) {
		source_from_fd(source, 0, sh.interactive);
		return;
	}
	source_from_text(source, command);
	if (*argc > 0) {
		sh.name = **argv;
		(*argc)--, (*argv)++;
	}
}

int sh_main(int argc, char **argv)
{
	sh.name = argv[0];
	sh.pid = getpid();
	bool login = *argv[0] == '-', wants_command = false;
	argc--, argv++;
	/* -c and -l are for the command line only; `set` does not know them. */
	while (argc > 0 && (strcmp(*argv, "-c") == 0 || strcmp(*argv, "-l") == 0)) {
		*(argv[0][1] == 'c' ? &wants_command : &login) = true;
		argc--, argv++;
	}
	char *combined = argc > 0 && **argv == '-' && (*argv)[1] != '-' ? strchr(*argv, 'c') : NULL;
	if (combined) { /* "-ec": set the others, remember the c */
		wants_command = true;
		memmove(combined, combined + 1, strlen(combined));
	}
	int used = parse_options(argc, argv);
	if (used < 0)
		return 2;
	argc -= used, argv += used;
	const char *command = NULL;
	if (wants_command) {
		if (argc == 0) {
			complain("-c requires an argument");
			return 2;
		}
		command = *argv;
		argc--, argv++;
	}
	sh.interactive = sh.options.i || (!command && (argc == 0 || sh.options.s) && isatty(0) && isatty(2));
	sh.options.i = sh.interactive;
	traps_init();
	set_initial_variables();
	struct source source;
	open_source(&source, command, &argc, &argv);
	set_parameters(argc, argv);
	run_startup_files(login);
	if (sh.interactive && !command)
		run_interactive(&source);
	else
		run_source(&source);
	shell_exit(sh.status);
}
