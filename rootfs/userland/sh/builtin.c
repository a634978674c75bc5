/* The builtins that steer the shell itself, and the table of all of them. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sh.h"

/* Option letters in the order $- shows them, with set -o's names. */
static const struct option_row {
	char letter;
	const char *name; /* NULL: only for the command line */
	bool *value;
} option_rows[] = {
	{'e', "errexit", &sh.options.e}, {'f', "noglob", &sh.options.f},
	{'i', NULL, &sh.options.i}, {'n', "noexec", &sh.options.n},
	{'s', NULL, &sh.options.s}, {'x', "xtrace", &sh.options.x},
	{'v', "verbose", &sh.options.v}, {'C', "noclobber", &sh.options.C},
	{'a', "allexport", &sh.options.a}, {'u', "nounset", &sh.options.u},
};
enum { OPTION_COUNT = sizeof option_rows / sizeof *option_rows };

char *option_letters(void)
{
	char *letters = arena_allocate(&sh.scratch, OPTION_COUNT + 1), *next = letters;
	for (int i = 0; i < OPTION_COUNT; i++)
		if (*option_rows[i].value)
			*next++ = option_rows[i].letter;
	return letters;
}

static bool set_option(char letter, const char *name, bool value)
{
	for (int i = 0; i < OPTION_COUNT; i++) {
		const struct option_row *row = &option_rows[i];
		if (name ? row->name && strcmp(row->name, name) == 0 : row->letter == letter) {
			*row->value = value;
			return true;
		}
	}
	if (name)
		complain("Illegal option -o %s", name);
	else
		complain("Illegal option -%c", letter);
	return false;
}

static void print_options(bool as_commands)
{
	for (int i = 0; i < OPTION_COUNT; i++) {
		const struct option_row *row = &option_rows[i];
		if (!row->name)
			continue;
		if (as_commands)
			printf("set %co %s\n", *row->value ? '-' : '+', row->name);
		else
			printf("%-16s%s\n", row->name, *row->value ? "on" : "off");
	}
}

int parse_options(int argc, char **argv)
{
	int next = 0;
	for (; next < argc; next++) {
		const char *argument = argv[next];
		if ((*argument != '-' && *argument != '+') || (*argument == '+' && !argument[1]))
			return next;
		bool value = *argument == '-';
		if (strcmp(argument, "--") == 0 || strcmp(argument, "-") == 0)
			return next + (argument[1] == '-' || argc > 0);
		while (*++argument) {
			if (*argument != 'o') {
				if (!set_option(*argument, NULL, value))
					return -1;
			} else if (next + 1 == argc) {
				print_options(!value);
			} else if (!set_option(0, argv[++next], value)) {
				return -1;
			} else {
				break;
			}
		}
	}
	return next;
}

void set_parameters(int count, char **values)
{
	char **copies = allocate((count + 1) * sizeof *copies);
	for (int i = 0; i < count; i++)
		copies[i] = duplicate(values[i]);
	copies[count] = NULL;
	release_parameters();
	sh.parameters = (struct parameters){.values = copies, .count = count, .owned = copies};
}

void release_parameters(void)
{
	for (char **value = sh.parameters.owned; value && *value; value++)
		free(*value);
	free(sh.parameters.owned);
	sh.parameters.owned = NULL;
}

static int set_builtin(int argc, char **argv)
{
	if (argc == 1) {
		variable_print_all(0, "");
		return 0;
	}
	int used = parse_options(argc - 1, argv + 1);
	if (used < 0)
		shell_fail(2);
	/* "set -e" leaves the parameters, "set --" clears them. */
	if (1 + used < argc || strcmp(argv[used], "--") == 0)
		set_parameters(argc - 1 - used, argv + 1 + used);
	return 0;
}

/* A count operand, 1 if absent; a bad one is fatal in a special builtin. */
static int count_operand(int argc, char **argv, int fallback)
{
	long long count;
	if (argc < 2)
		return fallback;
	if (!parse_integer(argv[1], 10, &count) || count < 0 || count > 0x7fffffff) {
		complain("%s: Illegal number: %s", argv[0], argv[1]);
		shell_fail(2);
	}
	return count;
}

static int shift_builtin(int argc, char **argv)
{
	int count = count_operand(argc, argv, 1);
	if (count > sh.parameters.count) {
		complain("shift: can't shift that many");
		shell_fail(2);
	}
	sh.parameters.values += count;
	sh.parameters.count -= count;
	return 0;
}

static int loop_exit(int argc, char **argv, enum unwind unwind)
{
	int levels = count_operand(argc, argv, 1);
	if (levels == 0) {
		complain("%s: Illegal number: %s", argv[0], argv[1]);
		shell_fail(2);
	}
	if (sh.loop_depth > 0) {
		sh.unwind = unwind;
		sh.unwind_levels = levels < sh.loop_depth ? levels : sh.loop_depth;
	}
	return 0;
}

static int break_builtin(int argc, char **argv)
{
	return loop_exit(argc, argv, UNWIND_BREAK);
}

static int continue_builtin(int argc, char **argv)
{
	return loop_exit(argc, argv, UNWIND_CONTINUE);
}

static int return_builtin(int argc, char **argv)
{
	int status = count_operand(argc, argv, sh.status);
	sh.unwind = UNWIND_RETURN;
	return status;
}

static int exit_builtin(int argc, char **argv)
{
	shell_exit(count_operand(argc, argv, sh.status));
}

static int eval_builtin(int argc, char **argv)
{
	struct buffer text = {.arena = &sh.scratch};
	for (int i = 1; i < argc; i++) {
		if (i > 1)
			buffer_add(&text, ' ');
		buffer_append(&text, argv[i], strlen(argv[i]));
	}
	return run_text(buffer_text(&text));
}

/* The file for ".": on PATH it need not be executable. */
static const char *find_script(const char *name)
{
	const char *path = strchr(name, '/') ? NULL : variable_get("PATH");
	while (path) {
		size_t length = strcspn(path, ":");
		char *directory = length ? arena_copy(&sh.scratch, path, length) : ".";
		char *candidate = join_path(directory, name);
		char *kept = arena_copy(&sh.scratch, candidate, strlen(candidate));
		free(candidate);
		if (access(kept, R_OK) == 0)
			return kept;
		path = path[length] ? path + length + 1 : NULL;
	}
	return strchr(name, '/') && access(name, R_OK) == 0 ? name : NULL;
}

static int dot_builtin(int argc, char **argv)
{
	if (argc < 2)
		return 0;
	const char *file = find_script(argv[1]);
	int status = file ? run_file(file) : -1;
	if (status < 0) {
		complain(".: %s: not found", argv[1]);
		shell_fail(2);
	}
	return status;
}

static int exec_builtin(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--") == 0)
		argc--, argv++;
	if (argc == 1)
		return 0;
	traps_reset(false);
	int status = exec_program(argv + 1, variable_get("PATH"));
	traps_init();
	shell_fail(status);
}

static int declare(int argc, char **argv, int flags)
{
	int next = 1;
	if (next < argc && strcmp(argv[next], "--") == 0)
		next++;
	if (next == argc || strcmp(argv[next], "-p") == 0) {
		char prefix[16];
		snprintf(prefix, sizeof prefix, "%s ", argv[0]);
		variable_print_all(flags, prefix);
		return 0;
	}
	for (; next < argc; next++)
		variable_assign(argv[next], flags);
	return 0;
}

static int export_builtin(int argc, char **argv)
{
	return declare(argc, argv, VARIABLE_EXPORT);
}

static int readonly_builtin(int argc, char **argv)
{
	return declare(argc, argv, VARIABLE_READONLY);
}

static int local_builtin(int argc, char **argv)
{
	if (sh.function_depth == 0) {
		complain("local: not in a function");
		shell_fail(2);
	}
	for (int i = 1; i < argc; i++) {
		variable_make_local(arena_copy(&sh.scratch, argv[i], strcspn(argv[i], "=")));
		variable_assign(argv[i], 0);
	}
	return 0;
}

static int unset_builtin(int argc, char **argv)
{
	bool functions = false;
	int next = 1;
	for (; next < argc && argv[next][0] == '-'; next++)
		functions = strcmp(argv[next], "-f") == 0;
	for (; next < argc; next++) {
		if (functions)
			function_remove(argv[next]);
		else if (!variable_unset(argv[next]))
			shell_fail(2);
	}
	return 0;
}

static const struct builtin builtins[] = {
	{".", dot_builtin, true},
	{":", true_main, true},
	{"[", test_main, false},
	{"break", break_builtin, true},
	{"cd", cd_builtin, false},
	{"command", command_builtin, false},
	{"continue", continue_builtin, true},
	{"echo", echo_main, false},
	{"eval", eval_builtin, true},
	{"exec", exec_builtin, true},
	{"exit", exit_builtin, true},
	{"export", export_builtin, true},
	{"false", false_main, false},
	{"getopts", getopts_builtin, false},
	{"jobs", jobs_builtin, false},
	{"kill", kill_main, false},
	{"local", local_builtin, true},
	{"printf", printf_main, false},
	{"pwd", shell_pwd_builtin, false},
	{"read", read_builtin, false},
	{"readonly", readonly_builtin, true},
	{"return", return_builtin, true},
	{"set", set_builtin, true},
	{"shift", shift_builtin, true},
	{"test", test_main, false},
	{"trap", trap_builtin, true},
	{"true", true_main, false},
	{"type", type_builtin, false},
	{"umask", umask_builtin, false},
	{"unset", unset_builtin, true},
	{"wait", wait_builtin, false},
	{NULL, NULL, false},
};

const struct builtin *find_builtin(const char *name)
{
	for (const struct builtin *row = builtins; row->name; row++)
		if (strcmp(row->name, name) == 0)
			return row;
	return NULL;
}
