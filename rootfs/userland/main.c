/*
 * The multi-call entry: the name the binary was started under chooses the
 * applet. The image installs one symlink in /bin for each row below.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "userland.h"

const struct applet applets[] = {
	{"[", test_main, "EXPRESSION ]"},
	{"basename", basename_main, "NAME [SUFFIX]"},
	{"cat", cat_main, "[-u] [FILE]..."},
	{"chmod", chmod_main, "[-R] MODE FILE..."},
	{"cp", cp_main, "[-rRpf] SOURCE... TARGET"},
	{"date", date_main, "[-u] [-d @SECONDS] [+FORMAT]"},
	{"dirname", dirname_main, "NAME"},
	{"echo", echo_main, "[-n] [TEXT]..."},
	{"env", env_main, "[-i] [-u NAME] [NAME=VALUE]... [COMMAND [ARGUMENT]...]"},
	{"false", false_main, ""},
	{"grep", grep_main, "[-EFivncqlrhHsx] [-e] PATTERN [FILE]..."},
	{"head", head_main, "[-n LINES] [-c BYTES] [FILE]..."},
	{"id", id_main, "[-u | -g | -G] [-n]"},
	{"kill", kill_main, "[-s SIGNAL | -SIGNAL] PID... | -l [STATUS]"},
	{"ln", ln_main, "[-sf] SOURCE... TARGET"},
	{"ls", ls_main, "[-laA1dRFtSri] [FILE]..."},
	{"mkdir", mkdir_main, "[-p] [-m MODE] DIRECTORY..."},
	{"mv", mv_main, "[-f] SOURCE... TARGET"},
	{"printf", printf_main, "FORMAT [ARGUMENT]..."},
	{"ps", ps_main, "[-ef]"},
	{"pwd", pwd_main, "[-L | -P]"},
	{"rm", rm_main, "[-rRf] FILE..."},
	{"rmdir", rmdir_main, "[-p] DIRECTORY..."},
	{"seq", seq_main, "[-w] [-s SEPARATOR] [FIRST [STEP]] LAST"},
	{"sh", sh_main, "[-aCefinuvx] [-c COMMAND | -s | FILE] [ARGUMENT]..."},
	{"sleep", sleep_main, "NUMBER[smhd]..."},
	{"sort", sort_main, "[-nrufb] [-t CHARACTER] [-k KEY] [-o FILE] [FILE]..."},
	{"tail", tail_main, "[-f] [-n LINES] [-c BYTES] [FILE]..."},
	{"test", test_main, "EXPRESSION"},
	{"touch", touch_main, "[-acm] [-r FILE] FILE..."},
	{"true", true_main, ""},
	{"uname", uname_main, "[-asnrvm]"},
	{"wc", wc_main, "[-lwc] [FILE]..."},
	{NULL, NULL, NULL},
};

const char *program_name = "userland";

const struct applet *find_applet(const char *name)
{
	for (const struct applet *row = applets; row->name; row++)
		if (strcmp(row->name, name) == 0)
			return row;
	return NULL;
}

int usage_error(int status)
{
	const struct applet *applet = find_applet(program_name);
	fprintf(stderr, "usage: %s %s\n", program_name, applet ? applet->usage : "");
	return status;
}

int run_applet(const struct applet *applet, int argc, char **argv)
{
	program_name = applet->name;
	opterr = 0; /* usage_error says it, in one line */
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		printf("usage: %s %s\n", applet->name, applet->usage);
		return 0;
	}
	int status = applet->run(argc, argv);
	/* A full disk or closed output shows only here. */
	if (fflush(stdout) != 0 || ferror(stdout)) {
		warn_errno("write error");
		return status ? status : 1;
	}
	return status;
}

int main(int argc, char **argv)
{
	const char *name = argc > 0 ? argv[0] : "";
	const char *slash = strrchr(name, '/');
	if (slash)
		name = slash + 1;
	/* A leading dash marks a login shell. */
	const struct applet *applet = find_applet(name + (*name == '-'));
	if (!applet && argc > 1) {
		argc--, argv++;
		name = argv[0];
		applet = find_applet(name);
	}
	if (applet)
		return run_applet(applet, argc, argv);
	if (argc > 1)
		fprintf(stderr, "userland: %s: applet not found\n", name);
	for (const struct applet *row = applets; row->name; row++)
		printf("%s%c", row->name, row[1].name ? ' ' : '\n');
	return argc > 1 ? 127 : 0;
}
