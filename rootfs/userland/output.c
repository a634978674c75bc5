/* echo, printf, test, true, false, basename, dirname, pwd, seq: what scripts are made of. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "userland.h"

int true_main(int argc, char **argv)
{
	(void)argc, (void)argv;
	return 0;
}

int false_main(int argc, char **argv)
{
	(void)argc, (void)argv;
	return 1;
}

/* Writes text with its escapes; false if \c ends all output. */
static bool put_escaped(const char *text, bool octal_needs_zero)
{
	while (*text) {
		char c = *text++;
		int byte = c == '\\' ? read_escape(&text, octal_needs_zero) : (unsigned char)c;
		if (byte == -1)
			return false;
		putchar(byte == -2 ? '\\' : byte);
	}
	return true;
}

/* XSI's echo, as dash has it: escapes always count. */
int echo_main(int argc, char **argv)
{
	int next = 1;
	bool newline = !(argc > 1 && strcmp(argv[1], "-n") == 0);
	if (!newline)
		next++;
	for (; next < argc; next++) {
		if (!put_escaped(argv[next], true))
			return 0;
		if (next + 1 < argc)
			putchar(' ');
	}
	if (newline)
		putchar('\n');
	return 0;
}

struct printf_state {
	char **arguments; /* the next one */
	int status;
	bool stopped;     /* by %b's \c */
};

static const char *next_argument(struct printf_state *state)
{
	return *state->arguments ? *state->arguments++ : NULL;
}

static void check_number(struct printf_state *state, const char *text, const char *end)
{
	const char *problem = end == text ? "expected numeric value" : *end ? "not completely converted" : NULL;
	if (errno == ERANGE)
		problem = strerror(ERANGE);
	if (problem) {
		warn_text("%s: %s", text, problem);
		state->status = 1;
	}
}

static long long integer_argument(struct printf_state *state, bool is_signed)
{
	const char *text = next_argument(state);
	if (!text)
		return 0;
	if (*text == '"' || *text == '\'') /* POSIX: the character's code */
		return (unsigned char)text[1];
	char *end;
	errno = 0;
	long long value = is_signed ? strtoll(text, &end, 0) : (long long)strtoull(text, &end, 0);
	check_number(state, text, end);
	return value;
}

static double float_argument(struct printf_state *state)
{
	const char *text = next_argument(state);
	if (!text)
		return 0;
	if (*text == '"' || *text == '\'')
		return (unsigned char)text[1];
	char *end;
	errno = 0;
	double value = strtod(text, &end);
	check_number(state, text, end);
	return value;
}

static void put_b_argument(struct printf_state *state)
{
	const char *text = next_argument(state);
	state->stopped = text && !put_escaped(text, true);
}

/* One conversion, `format` behind its %; returns what follows it, NULL if it is bad. */
static const char *put_conversion(struct printf_state *state, const char *format)
{
	char directive[64] = "%";
	size_t length = 1;
	int stars[2], star_count = 0;
	for (; *format && strchr("-+ #0123456789.*", *format) && length < 32; format++) {
		if (*format == '*')
			stars[star_count++ & 1] = integer_argument(state, true);
		directive[length++] = *format;
	}
	if (star_count > 2)
		return NULL;
	/* Width and precision always go through stars, absent ones as their defaults. */
	char plain[128];
	snprintf(plain, sizeof plain, "%s", directive);
	for (int i = 0; i < star_count; i++) {
		char *star = strchr(plain, '*'), rest[64];
		snprintf(rest, sizeof rest, "%s", star + 1);
		snprintf(star, 80, "%d%s", stars[i], rest);
	}
	length = strlen(plain);
	switch (*format) {
	case 'd': case 'i': case 'u': case 'o': case 'x': case 'X':
		snprintf(plain + length, 8, "ll%c", *format);
		printf(plain, integer_argument(state, *format == 'd' || *format == 'i'));
		break;
	case 'a': case 'A': case 'e': case 'E': case 'f': case 'F': case 'g': case 'G':
		plain[length] = *format, plain[length + 1] = 0;
		printf(plain, float_argument(state));
		break;
	case 's': case 'c': {
		const char *text = next_argument(state);
		char first[2] = {text ? *text : 0, 0};
		strcpy(plain + length, "s");
		printf(plain, !text ? "" : *format == 'c' ? first : text);
		break;
	}
	case 'b':
		put_b_argument(state);
		break;
	default:
		return NULL;
	}
	return format + 1;
}

/* The format once over; false if it is malformed. */
static bool put_format(struct printf_state *state, const char *format)
{
	while (*format && !state->stopped) {
		char c = *format++;
		if (c == '\\') {
			int byte = read_escape(&format, false);
			putchar(byte == -2 ? '\\' : byte);
		} else if (c != '%' || *format == '%') {
			format += c == '%';
			putchar(c);
		} else if (!(format = put_conversion(state, format))) {
			warn_text("bad conversion in format");
			return false;
		}
	}
	return true;
}

int printf_main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--") == 0)
		argc--, argv++;
	if (argc < 2)
		return usage_error(2);
	struct printf_state state = {.arguments = argv + 2};
	char **before;
	/* The format serves as often as there are arguments for it. */
	do {
		before = state.arguments;
		if (!put_format(&state, argv[1]))
			return 2;
	} while (!state.stopped && *state.arguments && state.arguments != before);
	return state.status;
}

int basename_main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--") == 0)
		argc--, argv++;
	if (argc < 2 || argc > 3)
		return usage_error(1);
	char *name = path_basename(argv[1]);
	size_t length = strlen(name), suffix = argc == 3 ? strlen(argv[2]) : 0;
	if (suffix < length && suffix > 0 && strcmp(name + length - suffix, argv[2]) == 0)
		name[length - suffix] = 0;
	puts(name);
	free(name);
	return 0;
}

int dirname_main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--") == 0)
		argc--, argv++;
	if (argc != 2)
		return usage_error(1);
	char *path = argv[1];
	size_t end = strlen(path);
	while (end > 1 && path[end - 1] == '/')
		end--;
	while (end > 0 && path[end - 1] != '/')
		end--;
	while (end > 1 && path[end - 1] == '/')
		end--;
	printf("%.*s\n", end ? (int)end : 1, end ? path : ".");
	return 0;
}

int pwd_main(int argc, char **argv)
{
	(void)argc, (void)argv;
	char *directory = getcwd(NULL, 0);
	if (!directory) {
		warn_errno("cannot determine current directory");
		return 1;
	}
	puts(directory);
	free(directory);
	return 0;
}

static int decimals_of(const char *number)
{
	const char *point = strchr(number, '.');
	return point ? (int)strlen(point + 1) : 0;
}

int seq_main(int argc, char **argv)
{
	const char *separator = "\n";
	bool equal_width = false;
	int next = 1;
	/* Not getopt: "-5" is a number. */
	for (; next < argc && argv[next][0] == '-' && strchr("ws", argv[next][1]) && argv[next][1]; next++) {
		if (argv[next][1] == 'w')
			equal_width = true;
		else if (argv[next][2])
			separator = argv[next] + 2;
		else if (next + 1 < argc)
			separator = argv[++next];
	}
	int count = argc - next;
	if (count < 1 || count > 3)
		return usage_error(1);
	double numbers[3] = {1, 1, 1};
	int decimals = 0, width = 0;
	for (int i = 0; i < count; i++) {
		char *end;
		const char *text = argv[next + i];
		numbers[i] = strtod(text, &end);
		if (end == text || *end) {
			warn_text("invalid floating point argument: '%s'", text);
			return 1;
		}
		bool is_last = i == count - 1;
		if ((!is_last || count == 1) && decimals_of(text) > decimals)
			decimals = decimals_of(text);
	}
	double first = count > 1 ? numbers[0] : 1, step = count > 2 ? numbers[1] : 1, last = numbers[count - 1];
	if (step == 0) {
		warn_text("invalid Zero increment value: '%s'", argv[next + 1]);
		return 1;
	}
	if (count == 1)
		decimals = 0;
	if (equal_width) {
		int first_width = snprintf(NULL, 0, "%.*f", decimals, first), last_width = snprintf(NULL, 0, "%.*f", decimals, last);
		width = first_width > last_width ? first_width : last_width;
	}
	/* Counted by index, lest 0.1 added ten times miss 1. */
	double steps = floor((last - first) / step + 1e-10);
	for (double i = 0; i <= steps; i++)
		printf("%s%0*.*f", i ? separator : "", width, decimals, first + i * step);
	if (steps >= 0)
		putchar('\n');
	return 0;
}
