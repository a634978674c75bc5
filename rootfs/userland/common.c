/* What several applets share: messages, memory, paths, modes, signal names. */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "userland.h"

void warn_text(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	fprintf(stderr, "%s: ", program_name);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
}

void warn_errno(const char *subject)
{
	warn_text("%s: %s", subject, strerror(errno));
}

void *reallocate(void *old, size_t size)
{
	void *block = realloc(old, size ? size : 1);
	if (!block) {
		warn_text("out of memory");
		_exit(2);
	}
	return block;
}

void *allocate(size_t size)
{
	return reallocate(NULL, size);
}

char *duplicate(const char *text)
{
	size_t size = strlen(text) + 1;
	return memcpy(allocate(size), text, size);
}

char *join_path(const char *directory, const char *name)
{
	size_t length = strlen(directory);
	const char *separator = length && directory[length - 1] == '/' ? "" : "/";
	char *path = allocate(length + strlen(name) + 2);
	sprintf(path, "%s%s%s", directory, separator, name);
	return path;
}

char *path_basename(const char *path)
{
	size_t end = strlen(path);
	while (end > 1 && path[end - 1] == '/')
		end--;
	size_t start = end;
	while (start > 0 && path[start - 1] != '/')
		start--;
	if (start == end && end > 0)
		start--; /* the path is only slashes */
	char *name = allocate(end - start + 1);
	memcpy(name, path + start, end - start);
	name[end - start] = 0;
	return name;
}

bool parse_integer(const char *text, int base, long long *value)
{
	char *end;
	errno = 0;
	*value = strtoll(text, &end, base);
	return end != text && *end == 0 && errno == 0;
}

/* One "u+rwX" clause's permission letters, as the bits for all three classes. */
static bool parse_permissions(const char **text, mode_t old, bool is_directory, mode_t *bits)
{
	for (*bits = 0;; (*text)++) {
		switch (**text) {
		case 'r': *bits |= 0444; break;
		case 'w': *bits |= 0222; break;
		case 'x': *bits |= 0111; break;
		case 'X': *bits |= is_directory || (old & 0111) ? 0111 : 0; break;
		case 's': *bits |= 06000; break;
		case 't': *bits |= 01000; break;
		case 'u': *bits |= (old >> 6 & 7) * 0111; break;
		case 'g': *bits |= (old >> 3 & 7) * 0111; break;
		case 'o': *bits |= (old & 7) * 0111; break;
		case 0: case ',': case '+': case '-': case '=': return true;
		default: return false;
		}
	}
}

bool parse_mode(const char *text, mode_t old, bool is_directory, mode_t *mode)
{
	long long number;
	if (*text >= '0' && *text <= '7') {
		*mode = parse_integer(text, 8, &number) ? (mode_t)number : 0;
		return parse_integer(text, 8, &number) && number <= 07777;
	}
	mode_t mask = umask(0);
	umask(mask);
	for (*mode = old;; text++) {
		mode_t who = 0;
		for (; *text && strchr("ugoa", *text); text++)
			who |= *text == 'u' ? 04700 : *text == 'g' ? 02070 : *text == 'o' ? 01007 : 07777;
		/* Without a class the umask protects what it masks. */
		mode_t allowed = who ? who : 07777 & ~mask;
		if (!*text || !strchr("+-=", *text))
			return false;
		while (*text && strchr("+-=", *text)) {
			char operator = *text++;
			mode_t bits;
			if (!parse_permissions(&text, *mode, is_directory, &bits))
				return false;
			if (operator == '=')
				*mode &= ~((who ? who : 07777) & (is_directory ? 01777 : 07777));
			*mode = operator == '-' ? *mode & ~(bits & allowed) : *mode | (bits & allowed);
		}
		if (!*text)
			return true;
	}
}

int visit_inputs(char **names, int (*visit)(FILE *, const char *))
{
	static char *standard_input[] = {"-", NULL};
	int status = 0;
	for (char **name = *names ? names : standard_input; *name; name++) {
		bool is_stdin = strcmp(*name, "-") == 0;
		FILE *input = is_stdin ? stdin : fopen(*name, "r");
		if (!input) {
			warn_errno(*name);
			status = 1;
			continue;
		}
		if (visit(input, is_stdin ? "-" : *name) != 0)
			status = 1;
		if (ferror(input)) { /* a directory opens, and fails here */
			warn_errno(*name);
			status = 1;
		}
		if (!is_stdin)
			fclose(input);
	}
	return status;
}

bool copy_descriptor(int from, int to)
{
	static char block[16384];
	for (;;) {
		ssize_t got = read(from, block, sizeof block);
		if (got <= 0)
			return got == 0;
		for (ssize_t done = 0; done < got;) {
			ssize_t put = write(to, block + done, got - done);
			if (put < 0)
				return false;
			done += put;
		}
	}
}

static const char *const signal_names[] = {
	"EXIT", [SIGHUP] = "HUP", [SIGINT] = "INT", [SIGQUIT] = "QUIT", [SIGILL] = "ILL",
	[SIGTRAP] = "TRAP", [SIGABRT] = "ABRT", [SIGBUS] = "BUS", [SIGFPE] = "FPE",
	[SIGKILL] = "KILL", [SIGUSR1] = "USR1", [SIGSEGV] = "SEGV", [SIGUSR2] = "USR2",
	[SIGPIPE] = "PIPE", [SIGALRM] = "ALRM", [SIGTERM] = "TERM", [SIGSTKFLT] = "STKFLT",
	[SIGCHLD] = "CHLD", [SIGCONT] = "CONT", [SIGSTOP] = "STOP", [SIGTSTP] = "TSTP",
	[SIGTTIN] = "TTIN", [SIGTTOU] = "TTOU", [SIGURG] = "URG", [SIGXCPU] = "XCPU",
	[SIGXFSZ] = "XFSZ", [SIGVTALRM] = "VTALRM", [SIGPROF] = "PROF", [SIGWINCH] = "WINCH",
	[SIGIO] = "IO", [SIGPWR] = "PWR", [SIGSYS] = "SYS",
};
enum { SIGNAL_NAME_COUNT = sizeof signal_names / sizeof *signal_names };

const char *signal_name(int number)
{
	return number >= 0 && number < SIGNAL_NAME_COUNT ? signal_names[number] : NULL;
}

int signal_number(const char *name)
{
	long long number;
	if (parse_integer(name, 10, &number))
		return number >= 0 && number < SIGNAL_LIMIT ? (int)number : -1;
	if (strncasecmp(name, "SIG", 3) == 0)
		name += 3;
	for (int i = 0; i < SIGNAL_NAME_COUNT; i++)
		if (strcasecmp(signal_names[i], name) == 0)
			return i;
	return -1;
}

int read_escape(const char **text, bool octal_needs_zero)
{
	static const char letters[] = "\\abfnrtv\"", bytes[] = "\\\a\b\f\n\r\t\v\"";
	char c = **text;
	const char *found = c ? strchr(letters, c) : NULL;
	if (found && !(c == '"' && octal_needs_zero)) {
		(*text)++;
		return (unsigned char)bytes[found - letters];
	}
	if (c == 'c' && octal_needs_zero)
		return -1;
	if (c < '0' || c > '7')
		return -2;
	if (octal_needs_zero && c == '0')
		(*text)++; /* \0NNN; \NNN is taken too, as dash does */
	int value = 0;
	for (int digits = 0; digits < 3 && **text >= '0' && **text <= '7'; digits++)
		value = value * 8 + *(*text)++ - '0';
	return value & 0xff;
}
