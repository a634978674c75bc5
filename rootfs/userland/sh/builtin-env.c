/* Builtins about the shell's surroundings: directory, umask, names, input. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sh.h"

/* The path without ".", ".." and doubled slashes, as text: links are not followed. */
static char *normalise(const char *path)
{
	struct buffer out = {.arena = &sh.scratch};
	while (*path) {
		size_t length = strcspn(path, "/");
		if (length == 2 && memcmp(path, "..", 2) == 0) {
			while (out.length && out.bytes[--out.length] != '/')
				continue;
		} else if (length && !(length == 1 && *path == '.')) {
			buffer_add(&out, '/');
			buffer_append(&out, path, length);
		}
		path += length + (path[length] == '/');
	}
	if (!out.length)
		buffer_add(&out, '/');
	return buffer_text(&out);
}

static bool change_directory(const char *target, bool physical)
{
	const char *here = variable_get("PWD");
	char *old = arena_copy(&sh.scratch, here ? here : "", here ? strlen(here) : 0);
	char *joined = *target == '/' ? duplicate(target) : join_path(old, target);
	char *logical = normalise(joined);
	free(joined);
	bool went_logically = !physical && *old == '/' && chdir(logical) == 0;
	if (!went_logically && chdir(target) < 0)
		return false;
	char *actual = went_logically ? NULL : getcwd(NULL, 0);
	variable_set("OLDPWD", old, 0);
	variable_set("PWD", actual ? actual : logical, 0);
	free(actual);
	return true;
}

int cd_builtin(int argc, char **argv)
{
	bool physical = false;
	int next = 1;
	for (; next < argc && argv[next][0] == '-' && argv[next][1]; next++) {
		physical = strcmp(argv[next], "-P") == 0;
		if (strcmp(argv[next], "--") == 0) {
			next++;
			break;
		}
	}
	const char *target = next < argc ? argv[next] : variable_get("HOME");
	bool back = target && strcmp(target, "-") == 0;
	if (back)
		target = variable_get("OLDPWD");
	if (!target) {
		complain("cd: %s not set", back ? "OLDPWD" : "HOME");
		return 2;
	}
	target = arena_copy(&sh.scratch, target, strlen(target));
	if (!change_directory(target, physical)) {
		complain("cd: can't cd to %s", target);
		return 2;
	}
	if (back)
		puts(variable_get("PWD"));
	return 0;
}

int shell_pwd_builtin(int argc, char **argv)
{
	const char *logical = variable_get("PWD");
	if (logical && !(argc > 1 && strcmp(argv[1], "-P") == 0)) {
		puts(logical);
		return 0;
	}
	return pwd_main(argc, argv);
}

int umask_builtin(int argc, char **argv)
{
	mode_t mask = umask(0), mode;
	umask(mask);
	if (argc == 1) {
		printf("%04o\n", mask);
		return 0;
	}
	if (strcmp(argv[1], "-S") == 0) {
		for (int shift = 6; shift >= 0; shift -= 3) {
			mode_t allowed = ~mask >> shift;
			printf("%c=%s%s%s%c", "ogu"[shift / 3], allowed & 4 ? "r" : "", allowed & 2 ? "w" : "",
			       allowed & 1 ? "x" : "", shift ? ',' : '\n');
		}
		return 0;
	}
	bool is_octal = argv[1][0] >= '0' && argv[1][0] <= '9';
	/* Symbolic modes speak of what is allowed, the number of what is not. */
	if (!parse_mode(argv[1], is_octal ? 0 : ~mask & 0777, false, &mode)) {
		complain("umask: Illegal mode: %s", argv[1]);
		return 2;
	}
	umask((is_octal ? mode : ~mode) & 0777);
	return 0;
}

static bool is_keyword(const char *name)
{
	static const char *const keywords[] = {
		"!", "case", "do", "done", "elif", "else", "esac", "fi", "for",
		"if", "in", "then", "until", "while", "{", "}",
	};
	for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
		if (strcmp(keywords[i], name) == 0)
			return true;
	return false;
}

/* What `name` would run; `brief` as command -v, else in words. 127 if nothing. */
static int describe(const char *name, const char *path, bool brief)
{
	const struct builtin *builtin = find_builtin(name);
	const char *kind = NULL;
	if (is_keyword(name))
		kind = "a shell keyword";
	else if (builtin && builtin->special)
		kind = "a special shell builtin";
	else if (function_find(name))
		kind = "a shell function";
	else if (builtin)
		kind = "a shell builtin";
	if (kind) {
		printf(brief ? "%s\n" : "%s is %s\n", name, kind);
		return 0;
	}
	const char *file = find_program(name, path);
	if (file && access(file, X_OK) == 0) {
		if (!brief)
			printf("%s is ", name);
		puts(file);
		return 0;
	}
	if (!brief)
		printf("%s: not found\n", name);
	return 127;
}

int type_builtin(int argc, char **argv)
{
	int status = 0;
	for (int i = 1; i < argc; i++)
		status |= describe(argv[i], variable_get("PATH"), false);
	return status;
}

int command_builtin(int argc, char **argv)
{
	const char *path = variable_get("PATH");
	char mode = 0;
	int next = 1;
	for (; next < argc && argv[next][0] == '-' && argv[next][1]; next++) {
		if (strcmp(argv[next], "--") == 0) {
			next++;
			break;
		}
		for (const char *letter = argv[next] + 1; *letter; letter++) {
			if (*letter == 'p')
				path = "/usr/sbin:/usr/bin:/sbin:/bin";
			else if (*letter == 'v' || *letter == 'V')
				mode = *letter;
			else
				return complain("command: Illegal option -%c", *letter), 2;
		}
	}
	if (next == argc)
		return 0;
	if (!mode)
		return run_without_functions(argc - next, argv + next, path);
	int status = 0;
	for (; next < argc; next++)
		status |= describe(argv[next], path, mode == 'v');
	return status;
}

/* Sets OPTIND and name; `place` is how far into a bundle like -abc we are. */
static int finish_getopts(const char *name, int index, char result, int status)
{
	char text[16], letter[2] = {result, 0};
	snprintf(text, sizeof text, "%d", index + 1);
	variable_set("OPTIND", text, 0);
	variable_set(name, letter, 0);
	return status;
}

int getopts_builtin(int argc, char **argv)
{
	static int place, last_index;
	if (argc < 3)
		return complain("getopts: usage: getopts optstring name [argument]..."), 2;
	const char *options = argv[1], *name = argv[2], *optind = variable_get("OPTIND");
	char **values = argc > 3 ? argv + 3 : sh.parameters.values;
	int count = argc > 3 ? argc - 3 : sh.parameters.count;
	int index = optind ? atoi(optind) - 1 : 0;
	if (index != last_index)
		place = 0; /* the script began anew */
	bool silent = *options == ':';
	const char *value = index >= 0 && index < count ? values[index] : NULL;
	if (place == 0) {
		if (!value || value[0] != '-' || !value[1] || strcmp(value, "--") == 0) {
			variable_unset("OPTARG");
			last_index = index + (value && strcmp(value, "--") == 0);
			return finish_getopts(name, last_index, '?', 1);
		}
		place = 1;
	}
	char letter[2] = {value[place++], 0};
	bool bundle_ends = !value[place];
	const char *known = *letter == ':' ? NULL : strchr(options, *letter);
	char result = *letter;
	variable_unset("OPTARG");
	if (!known || (known[1] == ':' && bundle_ends && index + 1 >= count)) {
		result = silent && known ? ':' : '?';
		if (silent)
			variable_set("OPTARG", letter, 0);
		else
			complain(known ? "No arg for -%s option" : "Illegal option -%s", letter);
		bundle_ends |= known != NULL;
	} else if (known[1] == ':') {
		variable_set("OPTARG", bundle_ends ? values[++index] : value + place, 0);
		bundle_ends = true;
	}
	if (bundle_ends) {
		index++;
		place = 0;
	}
	last_index = index;
	return finish_getopts(name, index, result, 0);
}

/* A line from descriptor 0, byte by byte: what follows is for others to read. */
static bool read_line(struct buffer *line, struct buffer *marks, bool raw)
{
	char c;
	for (bool escaped = false;;) {
		ssize_t got = read(0, &c, 1);
		if (got < 0 && errno == EINTR && !interrupted) {
			traps_run_pending();
			continue;
		}
		if (got <= 0)
			return false;
		if (escaped) {
			escaped = false;
			if (c != '\n') { /* escaped newlines vanish */
				buffer_add(line, c);
				buffer_add(marks, 1);
			}
		} else if (c == '\\' && !raw) {
			escaped = true;
		} else if (c == '\n') {
			return true;
		} else if (c) {
			buffer_add(line, c);
			buffer_add(marks, 0);
		}
	}
}

struct line_split {
	const char *text, *marks, *ifs;
	size_t length, at;
};

static bool is_separator(struct line_split *split, size_t at)
{
	return at < split->length && !split->marks[at] && strchr(split->ifs, split->text[at]);
}

static bool is_blank_separator(struct line_split *split, size_t at)
{
	return is_separator(split, at) && strchr(" \t\n", split->text[at]);
}

/* Steps over one delimiter: blanks, one other separator, blanks. */
static size_t skip_delimiter(struct line_split *split, size_t at)
{
	while (is_blank_separator(split, at))
		at++;
	if (is_separator(split, at))
		at++;
	while (is_blank_separator(split, at))
		at++;
	return at;
}

static void next_field(struct line_split *split, const char *name, bool is_last)
{
	size_t start = split->at, end = start;
	while (end < split->length && !is_separator(split, end))
		end++;
	split->at = skip_delimiter(split, end);
	if (is_last && split->at < split->length) {
		/* The rest is more than one field: all of it but blanks at the end. */
		end = split->length;
		while (end > start && is_blank_separator(split, end - 1))
			end--;
	}
	variable_set(name, arena_copy(&sh.scratch, split->text + start, end - start), 0);
}

int read_builtin(int argc, char **argv)
{
	bool raw = false;
	int next = 1;
	for (; next < argc && argv[next][0] == '-'; next++) {
		if (strcmp(argv[next], "-r") == 0)
			raw = true;
		else if (strcmp(argv[next], "-p") == 0 && next + 1 < argc)
			fputs(argv[++next], stderr);
		else
			return complain("read: Illegal option %s", argv[next]), 2;
	}
	if (next == argc)
		return complain("read: arg count"), 2;
	struct buffer line = {.arena = &sh.scratch}, marks = {.arena = &sh.scratch};
	bool complete = read_line(&line, &marks, raw);
	const char *ifs = variable_get("IFS");
	struct line_split split = {
		.text = buffer_text(&line), .marks = buffer_text(&marks), .length = line.length,
		.ifs = ifs ? arena_copy(&sh.scratch, ifs, strlen(ifs)) : " \t\n",
	};
	while (is_blank_separator(&split, split.at))
		split.at++;
	for (; next < argc; next++)
		next_field(&split, argv[next], next == argc - 1);
	return complete ? 0 : 1;
}
