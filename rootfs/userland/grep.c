/* grep: lines against any of several patterns, through regcomp. */
#include <dirent.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "userland.h"

static struct {
	bool invert, number, count, quiet, names_only, recursive, silent, whole_line, fixed;
	bool with_names;
	int flags; /* of regcomp */
} options;

static regex_t *patterns;
static size_t pattern_count;
static bool any_match;

/* A fixed string as a basic regular expression. */
static char *escape_pattern(const char *text)
{
	char *escaped = allocate(strlen(text) * 2 + 1), *out = escaped;
	for (; *text; text++) {
		if (strchr("\\.[*^$", *text))
			*out++ = '\\';
		*out++ = *text;
	}
	*out = 0;
	return escaped;
}

static bool add_pattern(const char *text)
{
	char *escaped = options.fixed ? escape_pattern(text) : duplicate(text);
	patterns = reallocate(patterns, (pattern_count + 1) * sizeof *patterns);
	int error = regcomp(&patterns[pattern_count], escaped, options.flags);
	if (error) {
		char message[128];
		regerror(error, &patterns[pattern_count], message, sizeof message);
		warn_text("%s", message);
	} else {
		pattern_count++;
	}
	free(escaped);
	return error == 0;
}

/* Each line of the text is a pattern of its own. */
static bool add_patterns(char *text)
{
	for (char *newline; (newline = strchr(text, '\n')); text = newline + 1) {
		*newline = 0;
		if (!add_pattern(text))
			return false;
	}
	return add_pattern(text);
}

static bool line_matches(const char *line)
{
	for (size_t i = 0; i < pattern_count; i++) {
		regmatch_t match;
		if (regexec(&patterns[i], line, 1, &match, 0) != 0)
			continue;
		if (!options.whole_line || (match.rm_so == 0 && !line[match.rm_eo]))
			return true;
	}
	return false;
}

static int grep_stream(FILE *input, const char *name)
{
	char *line = NULL;
	size_t size = 0;
	unsigned long long number = 0, count = 0;
	const char *shown = strcmp(name, "-") == 0 ? "(standard input)" : name;
	for (ssize_t length; (length = getline(&line, &size, input)) >= 0;) {
		number++;
		if (length && line[length - 1] == '\n')
			line[length - 1] = 0;
		if (line_matches(line) == options.invert)
			continue;
		any_match = true;
		count++;
		if (options.quiet || options.names_only)
			break;
		if (options.count)
			continue;
		if (options.with_names)
			printf("%s:", shown);
		if (options.number)
			printf("%llu:", number);
		puts(line);
	}
	free(line);
	if (options.quiet)
		return 0;
	if (options.names_only && count)
		puts(shown);
	else if (options.count && options.with_names)
		printf("%s:%llu\n", shown, count);
	else if (options.count)
		printf("%llu\n", count);
	return 0;
}

static bool grep_path(const char *path);

static bool grep_directory(const char *path)
{
	struct dirent **entries;
	int count = scandir(path, &entries, NULL, alphasort);
	bool good = count >= 0;
	if (!good)
		warn_errno(path);
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;
		if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0) {
			char *inner = join_path(path, name);
			good &= grep_path(inner);
			free(inner);
		}
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return good;
}

static bool grep_path(const char *path)
{
	struct stat status;
	bool is_stdin = strcmp(path, "-") == 0;
	if (!is_stdin && stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
		if (options.recursive)
			return grep_directory(path);
		warn_text("%s: Is a directory", path);
		return true;
	}
	FILE *input = is_stdin ? stdin : fopen(path, "r");
	if (!input) {
		if (!options.silent)
			warn_errno(path);
		return false;
	}
	grep_stream(input, path);
	if (!is_stdin)
		fclose(input);
	return true;
}

static bool parse_options(int argc, char **argv, char **expressions)
{
	int option, names = 0;
	size_t length = 0;
	while ((option = getopt(argc, argv, "EFivncqlrhHsxe:")) >= 0) {
		switch (option) {
		case 'E': options.flags |= REG_EXTENDED; break;
		case 'F': options.fixed = true; break;
		case 'i': options.flags |= REG_ICASE; break;
		case 'v': options.invert = true; break;
		case 'n': options.number = true; break;
		case 'c': options.count = true; break;
		case 'q': options.quiet = true; break;
		case 'l': options.names_only = true; break;
		case 'r': options.recursive = true; break;
		case 'h': names = -1; break;
		case 'H': names = 1; break;
		case 's': options.silent = true; break;
		case 'x': options.whole_line = true; break;
		case 'e':
			/* Collected as lines: -E or -F may still come. */
			*expressions = reallocate(*expressions, length + strlen(optarg) + 2);
			length += sprintf(*expressions + length, "%s%s", length ? "\n" : "", optarg);
			break;
		default: return false;
		}
	}
	if (!*expressions && optind < argc)
		*expressions = duplicate(argv[optind++]);
	options.with_names = names > 0 || (names == 0 && (argc - optind > 1 || options.recursive));
	return *expressions != NULL;
}

int grep_main(int argc, char **argv)
{
	char *expressions = NULL;
	if (!parse_options(argc, argv, &expressions))
		return usage_error(2);
	if (options.fixed)
		options.flags &= ~REG_EXTENDED;
	if (!add_patterns(expressions))
		return 2;
	bool good = true;
	if (optind == argc)
		good = grep_path(options.recursive ? "." : "-");
	for (; optind < argc; optind++)
		good &= grep_path(argv[optind]);
	/* An error counts more than a match, except that -q has its answer. */
	return !good && !(options.quiet && any_match) ? 2 : !any_match;
}
