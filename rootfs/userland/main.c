/*
 * The multi-call entry: the name the binary was started under chooses the
 * applet. The image installs one symlink in /bin for each row of applets.h.
 */
#include "userland.h"

#define APPLET(name, options, usage) int name##_main(char **);
#define ALIAS(alias, name, options, usage)
#include "applets.h"
#undef APPLET
#undef ALIAS

const struct applet applets[] = {
#define APPLET(name, options, usage) {#name, name##_main, options, usage},
#define ALIAS(alias, name, options, usage) {alias, name##_main, options, usage},
#include "applets.h"
	{NULL, NULL, NULL, NULL},
};
const char *program_name = "userland";
const char *option[128];

const struct applet *find_applet(const struct applet *table, const char *name) {
	while (table->name && strcmp(table->name, name) != 0) table++;
	return table->name ? table : NULL;
}

int usage_error(void) {
	const struct applet *applet = find_applet(applets, program_name);
	fprintf(stderr, "usage: %s %s\n", program_name, applet ? applet->usage : "");
	return 1;
}

static void set_option(unsigned char letter, const char *argument) {
	const char *before = option[letter];
	option[letter] = before && *before ? format_text("%s\n%s", before, argument) : argument;
}

/* "-abc" or "-ofile" at **next; its argument may be the next word. False if there is no such option. */
static bool parse_letters(char ***next, const char *options) {
	for (const char *letter = **next + 1; *letter; letter++) {
		if (*options == '#' && *letter >= '0' && *letter <= '9') return set_option('n', letter), true;
		const char *known = *letter == ':' ? NULL : strchr(options, *letter);
		bool has_argument = known && known[1] == ':';
		if (!known || (has_argument && !letter[1] && !(*next)[1]))
			return !warn("invalid option -- '%c'", *letter);
		if (has_argument) return set_option(*letter, letter[1] ? letter + 1 : *++*next), true;
		set_option(*letter, "");
	}
	return true;
}

/* Moves the operands to the front, since options may stand between them. */
static bool parse_arguments(char **argv, const char *options) {
	char **operands = argv;
	memset(option, 0, sizeof option);
	for (; *argv && strcmp(*argv, "--") != 0; argv++) {
		bool is_operand = (*argv)[0] != '-' || !(*argv)[1];
		if (is_operand && *options == '+') break;
		if (is_operand) *operands++ = *argv;
		else if (!parse_letters(&argv, options)) return false;
	}
	argv += *argv && strcmp(*argv, "--") == 0;
	while ((*operands++ = *argv)) argv++;
	return true;
}

int run_applet(const struct applet *applet, char **argv) {
	program_name = applet->name;
	if (applet->options && !parse_arguments(argv + 1, applet->options)) return usage_error() + 1;
	int status = applet->run(argv + 1);
	/* A full disk or closed output shows only here. */
	bool written = fflush(stdout) == 0 && !ferror(stdout);
	if (!written) warn_errno("write error");
	clearerr(stdout);
	return written || status ? status : 1;
}

int main(int argc, char **argv) {
	const char *name = argc > 0 ? path_basename(argv[0]) : "";
	/* A leading dash marks a login shell. */
	const struct applet *applet = find_applet(applets, name + (*name == '-'));
	if (!applet && argc > 1) applet = find_applet(applets, *++argv);
	if (applet) return run_applet(applet, argv);
	for (const struct applet *row = applets; row->name; row++)
		printf("%s%c", row->name, row[1].name ? ' ' : '\n');
	return argc > 1 ? fprintf(stderr, "userland: %s: applet not found\n", argv[0]), 127 : 0;
}
