/*
 * The multi-call entry: the name the binary was started under chooses the
 * applet. The image installs one symlink in /bin for each row below.
 */
#include <string.h>
#include <unistd.h>

#include "userland.h"

const struct applet applets[] = {
	{"[", test_main, NULL, "EXPRESSION ]"},
	{"basename", basename_main, "", "NAME [SUFFIX]"},
	{"cat", cat_main, "u", "[FILE]..."},
	{"chmod", chmod_main, NULL, "[-R] MODE FILE..."},
	{"clear", clear_main, "", ""},
	{"cp", cp_main, "rRpaf", "[-rRpaf] SOURCE... TARGET"},
	{"cut", cut_main, "b:c:f:d:s", "-b LIST | -c LIST | -f LIST [-d CHARACTER] [-s] [FILE]..."},
	{"date", date_main, "ud:", "[-u] [-d @SECONDS] [+FORMAT]"},
	{"dd", dd_main, NULL, "[if=FILE] [of=FILE] [bs=N] [count=N] [skip=N] [seek=N] [conv=notrunc] [status=none]"},
	{"df", df_main, "hk", "[-h] [FILE]..."},
	{"dirname", dirname_main, "", "NAME..."},
	{"du", du_main, "ashk", "[-ash] [FILE]..."},
	{"echo", echo_main, NULL, "[-n] [TEXT]..."},
	{"env", env_main, "+iu:", "[-i] [-u NAME] [NAME=VALUE]... [COMMAND [ARGUMENT]...]"},
	{"false", false_main, NULL, ""},
	{"find", find_main, NULL, "[PATH]... [EXPRESSION]"},
	{"grep", grep_main, "EFivncqlrhHsxoe:", "[-EFivncqlrhHsxo] [-e] PATTERN [FILE]..."},
	{"head", head_main, "#n:c:q", "[-n LINES] [-c BYTES] [FILE]..."},
	{"hexdump", hexdump_main, "Cvn:s:", "[-C] [-v] [-n LENGTH] [-s OFFSET] [FILE]..."},
	{"hostname", hostname_main, "", "[NAME]"},
	{"id", id_main, "ugGn", "[-u | -g | -G] [-n]"},
	{"kill", kill_main, NULL, "[-s SIGNAL | -SIGNAL] PID... | -l [STATUS]"},
	{"less", less_main, "", "[FILE]..."},
	{"ln", ln_main, "sf", "[-sf] SOURCE... TARGET"},
	{"ls", ls_main, "laA1dRFtSrihC", "[-laA1dRFtSrihC] [FILE]..."},
	{"mkdir", mkdir_main, "pm:", "[-p] [-m MODE] DIRECTORY..."},
	{"mktemp", mktemp_main, "d", "[-d] [TEMPLATE]"},
	{"more", less_main, "", "[FILE]..."},
	{"mount", mount_main, "t:o:r", "[-r] [-t TYPE] [-o OPTIONS] [SOURCE DIRECTORY]"},
	{"mv", mv_main, "f", "[-f] SOURCE... TARGET"},
	{"printf", printf_main, NULL, "FORMAT [ARGUMENT]..."},
	{"ps", ps_main, "eflax", ""},
	{"pwd", pwd_main, "LP", "[-L | -P]"},
	{"readlink", readlink_main, "fn", "[-f] [-n] FILE..."},
	{"rm", rm_main, "rRf", "[-rRf] FILE..."},
	{"rmdir", rmdir_main, "p", "[-p] DIRECTORY..."},
	{"sed", sed_main, "nEre:f:i", "[-nEi] [-e SCRIPT] [-f FILE] [SCRIPT] [FILE]..."},
	{"seq", seq_main, NULL, "[-w] [-s SEPARATOR] [FIRST [STEP]] LAST"},
	{"sh", sh_main, NULL, "[-aCefinuvx] [-c COMMAND | -s | FILE] [ARGUMENT]..."},
	{"sleep", sleep_main, "", "NUMBER[smhd]..."},
	{"sort", sort_main, "nrufbt:k:o:", "[-nrufb] [-t CHARACTER] [-k KEY] [-o FILE] [FILE]..."},
	{"stat", stat_main, "c:L", "[-L] [-c FORMAT] FILE..."},
	{"stty", stty_main, NULL, "[-a | size | [-]raw | [-]echo | sane | rows N | cols N | SETTING]..."},
	{"tail", tail_main, "#n:c:fq", "[-f] [-n LINES] [-c BYTES] [FILE]..."},
	{"tar", tar_main, NULL, "c|x|t[v][f ARCHIVE] [-C DIRECTORY] [FILE]..."},
	{"tee", tee_main, "ai", "[-ai] [FILE]..."},
	{"test", test_main, NULL, "EXPRESSION"},
	{"time", time_main, "+p", "COMMAND [ARGUMENT]..."},
	{"touch", touch_main, "acmr:d:", "[-acm] [-r FILE] [-d @SECONDS] FILE..."},
	{"tr", tr_main, "+cCds", "[-cds] SET1 [SET2]"},
	{"true", true_main, NULL, ""},
	{"tty", tty_main, "s", "[-s]"},
	{"umount", umount_main, "lf", "[-lf] DIRECTORY..."},
	{"uname", uname_main, "asnrvm", "[-asnrvm]"},
	{"uniq", uniq_main, "cduif:s:", "[-cdui] [-f FIELDS] [-s CHARACTERS] [INPUT [OUTPUT]]"},
	{"wc", wc_main, "lwcm", "[-lwc] [FILE]..."},
	{"which", which_main, "a", "[-a] NAME..."},
	{"xargs", xargs_main, "+n:I:0rtd:", "[-0rt] [-n COUNT] [-I TEXT] [COMMAND [ARGUMENT]...]"},
	{"yes", yes_main, "", "[TEXT]..."},
	{NULL, NULL, NULL, NULL},
};

const char *program_name = "userland";
const char *option[128];

const struct applet *find_applet(const struct applet *table, const char *name)
{
	for (; table->name; table++)
		if (strcmp(table->name, name) == 0)
			return table;
	return NULL;
}

int usage_error(void)
{
	const struct applet *applet = find_applet(applets, program_name);
	fprintf(stderr, "usage: %s %s\n", program_name, applet ? applet->usage : "");
	return 1;
}

static void set_option(unsigned char letter, const char *argument)
{
	const char *before = option[letter];
	option[letter] = before && *before ? format_text("%s\n%s", before, argument) : argument;
}

/* "-abc" or "-ofile" at **next; its argument may be the next word. False if there is no such option. */
static bool parse_letters(char ***next, const char *options)
{
	for (const char *letter = **next + 1; *letter; letter++) {
		if (*options == '#' && *letter >= '0' && *letter <= '9')
			return set_option('n', letter), true;
		const char *known = *letter == ':' ? NULL : strchr(options, *letter);
		bool has_argument = known && known[1] == ':';
		if (!known || (has_argument && !letter[1] && !(*next)[1]))
			return warn("invalid option -- '%c'", *letter), false;
		if (has_argument)
			return set_option(*letter, letter[1] ? letter + 1 : *++*next), true;
		set_option(*letter, "");
	}
	return true;
}

/* Moves the operands to the front, since options may stand between them. */
static bool parse_arguments(char **argv, const char *options)
{
	char **operands = argv;
	memset(option, 0, sizeof option);
	while (*argv) {
		if ((*argv)[0] != '-' || !(*argv)[1]) {
			if (*options == '+')
				break;
			*operands++ = *argv++;
		} else if (strcmp(*argv, "--") == 0) {
			argv++;
			break;
		} else {
			if (!parse_letters(&argv, options))
				return false;
			argv++;
		}
	}
	do
		*operands++ = *argv;
	while (*argv++);
	return true;
}

int run_applet(const struct applet *applet, char **argv)
{
	program_name = applet->name;
	if (applet->options && !parse_arguments(argv + 1, applet->options)) {
		usage_error();
		return 2;
	}
	int status = applet->run(argv + 1);
	/* A full disk or closed output shows only here. */
	if (fflush(stdout) != 0 || ferror(stdout)) {
		warn_errno("write error");
		clearerr(stdout);
		return status ? status : 1;
	}
	return status;
}

int main(int argc, char **argv)
{
	const char *name = argc > 0 ? path_basename(argv[0]) : "";
	/* A leading dash marks a login shell. */
	const struct applet *applet = find_applet(applets, name + (*name == '-'));
	if (!applet && argc > 1)
		applet = find_applet(applets, *++argv);
	if (applet)
		return run_applet(applet, argv);
	if (argc > 1)
		fprintf(stderr, "userland: %s: applet not found\n", argv[0]);
	for (const struct applet *row = applets; row->name; row++)
		printf("%s%c", row->name, row[1].name ? ' ' : '\n');
	return argc > 1 ? 127 : 0;
}
