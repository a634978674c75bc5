/* sed: a script of commands, run over each line. */
#include <ctype.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "userland.h"

struct address {
	enum { NO_ADDRESS, LINE, LAST, REGEX, STEP } kind;
	long number, step;
	regex_t *regex; /* NULL: the last one used */
};
struct command {
	struct address first, second;
	bool negated, in_range;
	long range_end; /* of a range to a line number */
	char name;
	char *text;     /* of a i c, a label, a file name, y's two strings of 256 bytes, s's replacement */
	regex_t *regex;
	int nth;        /* which match s replaces */
	bool global, print;
	size_t target;  /* of { and b t: where to go on */
};
static struct command *commands;
static size_t command_count;
static const char *script; /* the rest of it */
static char *writing;      /* the file that -i replaces */

static struct inputs inputs;
static struct buffer pattern, hold, appended;
static long line_number;
static bool has_newline = true;
static int quit_status = -1;
static regex_t *last_regex;

static _Noreturn void script_error(const char *why) { exit(warn("-e expression: %s", why)); }

/* Up to the delimiter, which is taken too; escaped it stands for itself, and \n for a newline. */
static char *read_delimited(char delimiter, bool is_regex) {
	struct buffer text = {0};
	for (bool in_set = false; *script != delimiter || in_set; script++) {
		if (!*script || (*script == '\n' && is_regex)) script_error("unterminated command or address");
		if (is_regex && *script == '[' && !in_set) {
			in_set = true;
			/* A ] in the first place is one of the set. */
			buffer_add(&text, *script);
			if (script[1] == '^') buffer_add(&text, *++script);
			if (script[1] == ']') buffer_add(&text, *++script);
			continue;
		}
		in_set &= *script != ']';
		if (*script == '\\' && !in_set) {
			script++;
			if (*script == 'n' && is_regex) {
				buffer_add(&text, '\n');
				continue;
			}
			if (*script != delimiter) buffer_add(&text, '\\');
			if (!*script) script_error("unterminated command or address");
		}
		buffer_add(&text, *script);
	}
	script++;
	return buffer_text(&text);
}

static regex_t *compile(const char *text, int flags) {
	if (!*text) return NULL;
	regex_t *regex = reallocate(NULL, sizeof *regex);
	if (regcomp(regex, text, flags | (option['E'] || option['r'] ? REG_EXTENDED : 0))) script_error("bad regular expression");
	return regex;
}

static void skip_blanks(void) {
	while (isblank(*script)) script++;
}

static struct address read_address(void) {
	struct address address = {0};
	char delimiter = *script;
	if (isdigit(*script)) {
		address.kind = LINE;
		address.number = strtol(script, (char **)&script, 10);
		if (*script == '~') {
			address.kind = STEP;
			address.step = strtol(script + 1, (char **)&script, 10);
		}
	} else if (*script == '$') {
		address.kind = LAST;
		script++;
	} else if (delimiter == '/' || delimiter == '\\') {
		address.kind = REGEX;
		if (delimiter == '\\') delimiter = *++script;
		script++;
		char *text = read_delimited(delimiter, true);
		bool folds = *script == 'I';
		script += folds;
		address.regex = compile(text, folds ? REG_ICASE : 0);
	}
	return address;
}

/* The text of a, i and c: the rest of the line, and lines joined to it by backslashes. */
static char *read_text(void) {
	struct buffer text = {0};
	skip_blanks();
	if (*script == '\\') {
		const char *rest = script + 1 + strspn(script + 1, " \t");
		script = *rest == '\n' ? rest + 1 : script + 1;
	}
	for (; *script && *script != '\n'; script++) {
		if (*script == '\\' && script[1]) script++;
		buffer_add(&text, *script);
	}
	buffer_add(&text, '\n');
	return buffer_text(&text);
}

static void read_substitution(struct command *command) {
	char delimiter = *script++;
	int flags = 0;
	char *regex = read_delimited(delimiter, true);
	command->text = read_delimited(delimiter, false);
	command->nth = 1;
	for (; *script && !strchr(";}\n #", *script); script++) {
		if (isdigit(*script)) {
			command->nth = strtol(script, (char **)&script, 10);
			script--;
		} else if (*script == 'g') {
			command->global = true;
		} else if (*script == 'p') {
			command->print = true;
		} else if (*script == 'I' || *script == 'i') {
			flags = REG_ICASE;
		} else {
			script_error("unknown option to 's'");
		}
	}
	command->regex = compile(regex, flags);
}

static void read_transliteration(struct command *command) {
	char delimiter = *script++, *from = read_delimited(delimiter, true), *to = read_delimited(delimiter, true);
	if (strlen(from) != strlen(to)) script_error("strings for 'y' command are different lengths");
	command->text = reallocate(NULL, 256);
	for (int c = 0; c < 256; c++) command->text[c] = c;
	for (; *from; from++, to++) command->text[(unsigned char)*from] = *to;
}

static void read_command(size_t *open_braces, int *depth) {
	commands = reallocate(commands, (command_count + 1) * sizeof *commands);
	struct command *command = &commands[command_count];
	*command = (struct command){.first = read_address()};
	skip_blanks();
	if (*script == ',') {
		script++;
		skip_blanks();
		command->second = read_address();
	}
	for (skip_blanks(); *script == '!'; script++) command->negated = true;
	skip_blanks();
	command->name = *script ? *script++ : 0;
	switch (command->name) {
	case '{': open_braces[(*depth)++] = command_count; break;
	case '}':
		if (!*depth) script_error("unexpected '}'");
		commands[open_braces[--*depth]].target = command_count;
		break;
	case 'a': case 'i': case 'c': command->text = read_text(); break;
	case 's': read_substitution(command); break;
	case 'y': read_transliteration(command); break;
	case 'b': case 't': case ':': case 'r': case 'w': {
		skip_blanks();
		size_t length = strcspn(script, command->name == 'r' || command->name == 'w' ? "\n" : ";\n} ");
		command->text = format_text("%.*s", (int)length, script);
		script += length;
		break;
	}
	case 'q': case 'Q':
		skip_blanks();
		command->nth = strtol(script, (char **)&script, 10);
		break;
	case 0: script_error("missing command");
	default:
		if (!strchr("=dDgGhHlnNpPx", command->name)) script_error("unknown command");
	}
	command_count++;
	skip_blanks();
	if (*script && !strchr(";}\n#", *script) && command->name != '{') script_error("extra characters after command");
}

static void parse_script(void) {
	size_t open_braces[32];
	int depth = 0;
	while (*(script += strspn(script, " \t;\n"))) {
		if (*script == '#')
			script += strcspn(script, "\n");
		else
			read_command(open_braces, &depth);
	}
	if (depth) script_error("unmatched '{'");
	for (size_t i = 0; i < command_count; i++) {
		struct command *jump = &commands[i];
		if (jump->name != 'b' && jump->name != 't') continue;
		size_t label = *jump->text ? 0 : command_count;
		while (label < command_count && !(commands[label].name == ':' && strcmp(commands[label].text, jump->text) == 0)) label++;
		if (*jump->text && label == command_count) script_error("can't find label");
		jump->target = label;
	}
}

/* ---- running */

/* What follows the last line of an input without a newline gets it first. */
static void put_text(const char *text, size_t length, bool ends_line) {
	static bool owes_newline;
	if (owes_newline && length) putchar('\n');
	fwrite(text, 1, length, stdout);
	if (ends_line) putchar('\n');
	owes_newline = !ends_line && length && text[length - 1] != '\n';
}

static void put_pattern(size_t length) { put_text(pattern.bytes, length, has_newline || length < pattern.length); }

static void flush_appended(void) {
	put_text(appended.bytes, appended.length, false);
	appended.length = 0;
}

static void finish_output(void) {
	if (!writing) return;
	if (fflush(stdout) != 0 || rename(format_text("%s.sed", writing), writing) < 0) exit(warn_errno(writing));
	writing = NULL;
}

/* With -i the output of each file goes to another one that takes its place. */
static bool open_input(void) {
	struct stat status;
	if (option['i']) finish_output();
	if (!next_input(&inputs)) return false;
	if (!option['i']) return true;
	char *temporary = format_text("%s.sed", inputs.name);
	if (!freopen(temporary, "w", stdout)) exit(warn_errno(temporary));
	if (fstat(fileno(inputs.file), &status) == 0) chmod(temporary, status.st_mode & 07777);
	writing = duplicate(inputs.name);
	line_number = 0;
	return true;
}

static bool at_last_line(void) {
	for (;;) {
		int c = inputs.file ? getc(inputs.file) : EOF;
		if (c != EOF) return ungetc(c, inputs.file), false;
		if (option['i'] || !*inputs.names || !open_input()) return true;
	}
}

/* Appends the next line to the pattern space. */
static bool read_line(void) {
	while (!inputs.file || !next_line(&inputs))
		if (!open_input()) return false;
	buffer_append(&pattern, inputs.line, inputs.length);
	buffer_text(&pattern);
	has_newline = inputs.has_newline;
	line_number++;
	return true;
}

static bool search(regex_t *regex, const char *text, regmatch_t *matches, int flags) {
	if (!regex && !(regex = last_regex)) script_error("no previous regular expression");
	last_regex = regex;
	return regexec(regex, text, 10, matches, flags) == 0;
}

static bool matches_address(struct address *address) {
	regmatch_t matches[10];
	switch (address->kind) {
	case LINE: return line_number == address->number;
	case STEP: return address->step > 0 ? line_number >= address->number && (line_number - address->number) % address->step == 0
	                                    : line_number == address->number;
	case LAST: return at_last_line();
	case REGEX: return search(address->regex, pattern.bytes, matches, 0);
	default: return true;
	}
}

static bool is_selected(struct command *command) {
	if (command->second.kind == NO_ADDRESS) return matches_address(&command->first);
	if (command->in_range) {
		bool beyond = command->second.kind == LINE && line_number > command->second.number;
		bool ends = command->second.kind == LINE ? line_number >= command->second.number : matches_address(&command->second);
		command->in_range = !ends;
		return !beyond;
	}
	if (!matches_address(&command->first)) return false;
	command->in_range = command->second.kind != LINE || line_number < command->second.number;
	return true;
}

static void add_replacement(struct buffer *out, const char *replacement, const char *text, const regmatch_t *matches) {
	for (; *replacement; replacement++) {
		int group = *replacement == '&' ? 0 : -1;
		if (*replacement == '\\' && replacement[1]) {
			replacement++;
			if (isdigit(*replacement)) group = *replacement - '0';
		}
		if (group < 0)
			buffer_add(out, replacement[-1] == '\\' && *replacement == 'n' ? '\n' : *replacement);
		else if (matches[group].rm_so >= 0)
			buffer_append(out, text + matches[group].rm_so, matches[group].rm_eo - matches[group].rm_so);
	}
}

static bool substitute(struct command *command) {
	struct buffer out = {0};
	regmatch_t matches[10];
	const char *text = pattern.bytes;
	bool replaced = false, after_match = false;
	for (int number = 0; search(command->regex, text, matches, text == pattern.bytes ? 0 : REG_NOTBOL);) {
		bool is_empty = matches[0].rm_so == matches[0].rm_eo;
		/* An empty match right behind another one is none. */
		bool counts = !(is_empty && matches[0].rm_so == 0 && after_match) && ++number >= command->nth && (command->global || number == command->nth);
		buffer_append(&out, text, matches[0].rm_so);
		if (counts)
			add_replacement(&out, command->text, text, matches);
		else
			buffer_append(&out, text + matches[0].rm_so, matches[0].rm_eo - matches[0].rm_so);
		replaced |= counts;
		text += matches[0].rm_eo;
		after_match = !is_empty;
		if ((replaced && !command->global) || (is_empty && !*text)) break;
		if (is_empty) buffer_add(&out, *text++);
	}
	buffer_append(&out, text, strlen(text));
	buffer_text(&out);
	if (replaced) {
		free(pattern.bytes);
		pattern = out;
	} else {
		free(out.bytes);
	}
	return replaced;
}

static void copy_space(struct buffer *to, struct buffer *from, bool appends) {
	if (appends)
		buffer_add(to, '\n');
	else
		to->length = 0;
	buffer_append(to, from->bytes, from->length);
	buffer_text(to);
}

static void list_pattern(void) {
	static const char bytes[] = "\\\a\b\f\n\r\t\v", letters[] = "\\abfnrtv";
	for (size_t i = 0; i < pattern.length; i++) {
		const char *found = pattern.bytes[i] ? strchr(bytes, pattern.bytes[i]) : NULL;
		if (found)
			printf("\\%c", letters[found - bytes]);
		else
			printf(isprint(pattern.bytes[i]) ? "%c" : "\\%03o", (unsigned char)pattern.bytes[i]);
	}
	puts("$");
}

enum outcome { GOES_ON, ENDS_CYCLE, RESTARTS, QUITS };

static enum outcome quit(int status, bool prints) {
	quit_status = status;
	if (prints && !option['n']) put_pattern(pattern.length);
	return QUITS;
}

static enum outcome run_next(bool appends) {
	/* At the end GNU sed prints the pattern space and quits. */
	if (at_last_line()) return quit(0, true);
	if (!appends && !option['n']) put_pattern(pattern.length);
	flush_appended();
	if (appends)
		buffer_add(&pattern, '\n');
	else
		pattern.length = 0;
	read_line();
	return GOES_ON;
}

static enum outcome run_command_at(size_t *at, bool *substituted) {
	struct command *command = &commands[*at];
	char *newline = memchr(pattern.bytes, '\n', pattern.length);
	switch (command->name) {
	case 's':
		if (!substitute(command)) break;
		*substituted = true;
		if (command->print) put_pattern(pattern.length);
		break;
	case 'p': put_pattern(pattern.length); break;
	case 'P': put_pattern(newline ? (size_t)(newline - pattern.bytes) : pattern.length); break;
	case 'd': return ENDS_CYCLE;
	case 'D':
		if (!newline) return ENDS_CYCLE;
		pattern.length -= newline + 1 - pattern.bytes;
		memmove(pattern.bytes, newline + 1, pattern.length + 1);
		return RESTARTS;
	case 'q': return quit(command->nth, true);
	case 'Q': return quit(command->nth, false);
	case 'a': buffer_append(&appended, command->text, strlen(command->text)); break;
	case 'i': fputs(command->text, stdout); break;
	case 'c':
		if (!command->in_range || command->negated) fputs(command->text, stdout);
		return ENDS_CYCLE;
	case 'r': {
		size_t length;
		char *text = read_file(command->text, &length);
		if (text) buffer_append(&appended, text, length);
		free(text);
		break;
	}
	case 'w': {
		FILE *file = fopen(command->text, line_number == 1 ? "w" : "a");
		if (file && fprintf(file, "%s\n", pattern.bytes) >= 0) fclose(file);
		break;
	}
	case 'y':
		for (size_t i = 0; i < pattern.length; i++) pattern.bytes[i] = command->text[(unsigned char)pattern.bytes[i]];
		break;
	case '=': printf("%ld\n", line_number); break;
	case 'l': list_pattern(); break;
	case 'n': case 'N': return run_next(command->name == 'N');
	case 'g': case 'G': copy_space(&pattern, &hold, command->name == 'G'); break;
	case 'h': case 'H': copy_space(&hold, &pattern, command->name == 'H'); break;
	case 'x': {
		struct buffer other = pattern;
		pattern = hold;
		hold = other;
		break;
	}
	case 'b': *at = command->target; break;
	case 't':
		if (*substituted) *at = command->target;
		*substituted = false;
		break;
	}
	return GOES_ON;
}

static void run_script(void) {
	enum outcome outcome = GOES_ON;
	while (outcome != QUITS && (outcome == RESTARTS || read_line())) {
		bool substituted = false;
		outcome = GOES_ON;
		for (size_t at = 0; at < command_count && outcome == GOES_ON; at++) {
			struct command *command = &commands[at];
			bool selected = is_selected(command) != command->negated;
			if (selected)
				outcome = run_command_at(&at, &substituted);
			else if (command->name == '{')
				at = command->target;
		}
		if (outcome == GOES_ON && !option['n']) put_pattern(pattern.length);
		flush_appended();
		if (outcome != RESTARTS) pattern.length = 0;
	}
}

int sed_main(char **operands) {
	size_t length;
	script = option['e'];
	if (option['f'] && !(script = read_file(option['f'], &length))) return warn_errno(option['f']);
	if (!script && !(script = *operands++)) return usage_error();
	parse_script();
	inputs.names = operands;
	buffer_text(&hold);
	if (!option['i'] || *operands) run_script();
	if (writing) {
		/* What is left of a file that was quit is kept. */
		if (quit_status >= 0) while (next_line(&inputs)) put_line(&inputs);
		finish_output();
	}
	return quit_status > 0 ? quit_status : inputs.status * 2;
}
