/* sleep, kill, ps, env, id, uname, date: processes and the system they are in. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <math.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "userland.h"

extern char **environ;

int sleep_main(int argc, char **argv)
{
	double seconds = 0;
	if (argc < 2)
		return usage_error(1);
	for (int i = 1; i < argc; i++) {
		char *end;
		double number = strtod(argv[i], &end);
		double unit = *end == 'm' ? 60 : *end == 'h' ? 3600 : *end == 'd' ? 86400 : 1;
		if (end == argv[i] || number < 0 || (*end && (!strchr("smhd", *end) || end[1]))) {
			warn_text("invalid time interval '%s'", argv[i]);
			return 1;
		}
		seconds += number * unit;
	}
	double whole = floor(seconds);
	struct timespec left = {.tv_sec = whole, .tv_nsec = (seconds - whole) * 1e9};
	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		continue;
	return 0;
}

/* kill -l: all names, or the one behind a number or exit status. */
static int list_signals(int count, char **numbers)
{
	if (count == 0)
		for (int i = 1; signal_name(i); i++)
			puts(signal_name(i));
	for (int i = 0; i < count; i++) {
		int number = atoi(numbers[i]);
		const char *name = signal_name(number > 128 ? number - 128 : number);
		if (!name) {
			warn_text("%s: invalid signal", numbers[i]);
			return 1;
		}
		puts(name);
	}
	return 0;
}

int kill_main(int argc, char **argv)
{
	int number = SIGTERM, next = 1, status = 0;
	if (argc > 1 && strcmp(argv[1], "-l") == 0)
		return list_signals(argc - 2, argv + 2);
	if (argc > 1 && argv[1][0] == '-' && strcmp(argv[1], "--") != 0) {
		const char *name = argv[next++] + 1;
		if (strcmp(name, "s") == 0 && next < argc)
			name = argv[next++];
		number = signal_number(name);
		if (number < 0) {
			warn_text("%s: invalid signal", name);
			return 1;
		}
	}
	if (next < argc && strcmp(argv[next], "--") == 0)
		next++;
	if (next == argc)
		return usage_error(2);
	for (; next < argc; next++) {
		long long pid;
		if (!parse_integer(argv[next], 10, &pid)) {
			warn_text("%s: invalid process id", argv[next]);
			status = 1;
		} else if (kill(pid, number) < 0) {
			warn_errno(argv[next]);
			status = 1;
		}
	}
	return status;
}

static bool read_proc_file(const char *pid, const char *name, char *text, size_t size, size_t *length)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%.16s/%s", pid, name);
	int fd = open(path, O_RDONLY);
	ssize_t got = fd < 0 ? -1 : read(fd, text, size - 1);
	if (fd >= 0)
		close(fd);
	*length = got > 0 ? got : 0;
	text[*length] = 0;
	return got >= 0;
}

static void print_process(const char *pid)
{
	char stat_text[1024], command[1024];
	size_t length;
	if (!read_proc_file(pid, "stat", stat_text, sizeof stat_text, &length))
		return; /* it ended meanwhile */
	/* The name in parentheses may hold anything, even a parenthesis. */
	char *open = strchr(stat_text, '('), *close = strrchr(stat_text, ')');
	char state;
	int parent;
	if (!open || !close || sscanf(close + 1, " %c %d", &state, &parent) != 2)
		return;
	if (read_proc_file(pid, "cmdline", command, sizeof command, &length) && length > 0) {
		for (size_t i = 0; i + 1 < length; i++)
			if (!command[i])
				command[i] = ' ';
	} else {
		snprintf(command, sizeof command, "[%.*s]", (int)(close - open - 1), open + 1);
	}
	char path[64];
	struct stat owner;
	snprintf(path, sizeof path, "/proc/%.16s", pid);
	struct passwd *user = stat(path, &owner) == 0 ? getpwuid(owner.st_uid) : NULL;
	printf("%5s %5d %-8s %c    %s\n", pid, parent, user ? user->pw_name : "?", state, command);
}

static int only_numbers(const struct dirent *entry)
{
	return isdigit((unsigned char)entry->d_name[0]);
}

static int by_number(const struct dirent **left, const struct dirent **right)
{
	return atoi((*left)->d_name) - atoi((*right)->d_name);
}

int ps_main(int argc, char **argv)
{
	(void)argc, (void)argv; /* every process is always shown */
	struct dirent **entries;
	int count = scandir("/proc", &entries, only_numbers, by_number);
	if (count < 0) {
		warn_errno("/proc");
		return 1;
	}
	puts("  PID  PPID USER     STAT COMMAND");
	for (int i = 0; i < count; i++) {
		print_process(entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return 0;
}

int env_main(int argc, char **argv)
{
	int option;
	while ((option = getopt(argc, argv, "+iu:")) >= 0) {
		if (option == '?')
			return usage_error(125);
		if (option == 'i')
			clearenv();
		else
			unsetenv(optarg);
	}
	if (optind < argc && strcmp(argv[optind], "-") == 0) { /* the old -i */
		clearenv();
		optind++;
	}
	for (; optind < argc && strchr(argv[optind], '='); optind++)
		putenv(argv[optind]);
	if (optind == argc) {
		for (char **variable = environ; variable && *variable; variable++)
			puts(*variable);
		return 0;
	}
	execvp(argv[optind], argv + optind);
	int status = errno == ENOENT ? 127 : 126;
	warn_text("'%s': %s", argv[optind], strerror(errno));
	return status;
}

static void print_user(uid_t id, bool by_name)
{
	struct passwd *user = getpwuid(id);
	if (by_name && user)
		printf("%s", user->pw_name);
	else
		printf("%u", id);
}

static void print_group(gid_t id, bool by_name)
{
	struct group *group = getgrgid(id);
	if (by_name && group)
		printf("%s", group->gr_name);
	else
		printf("%u", id);
}

/* The groups, the effective one first; `with_names` in id's own format. */
static void print_groups(const char *separator, bool by_name, bool with_names)
{
	gid_t groups[65];
	int count = getgroups(64, groups + 1);
	groups[0] = getegid();
	for (int i = 0; i <= (count < 0 ? 0 : count); i++) {
		if (i > 0 && groups[i] == groups[0])
			continue;
		printf("%s", i ? separator : "");
		print_group(groups[i], by_name);
		if (with_names && getgrgid(groups[i])) {
			putchar('(');
			print_group(groups[i], true);
			putchar(')');
		}
	}
}

int id_main(int argc, char **argv)
{
	char which = 0;
	bool by_name = false;
	int option;
	while ((option = getopt(argc, argv, "ugGn")) >= 0) {
		if (option == '?')
			return usage_error(1);
		if (option == 'n')
			by_name = true;
		else
			which = option;
	}
	if (which == 'u') {
		print_user(geteuid(), by_name);
	} else if (which == 'g') {
		print_group(getegid(), by_name);
	} else if (which == 'G') {
		print_groups(" ", by_name, false);
	} else {
		struct passwd *user = getpwuid(geteuid());
		struct group *group = getgrgid(getegid());
		printf(user ? "uid=%u(%s) " : "uid=%u ", geteuid(), user ? user->pw_name : "");
		printf(group ? "gid=%u(%s) groups=" : "gid=%u groups=", getegid(), group ? group->gr_name : "");
		print_groups(",", false, true);
	}
	putchar('\n');
	return 0;
}

int uname_main(int argc, char **argv)
{
	static const char letters[] = "snrvm"; /* in the order of printing */
	bool shown[5] = {false}, any = false;
	int option;
	while ((option = getopt(argc, argv, "asnrvm")) >= 0) {
		if (option == '?')
			return usage_error(1);
		any = true;
		for (int i = 0; i < 5; i++)
			shown[i] |= option == 'a' || option == letters[i];
	}
	if (!any)
		shown[0] = true;
	struct utsname name;
	uname(&name);
	const char *const texts[] = {name.sysname, name.nodename, name.release, name.version, name.machine};
	const char *separator = "";
	for (int i = 0; i < 5; i++) {
		if (!shown[i])
			continue;
		printf("%s%s", separator, texts[i]);
		separator = " ";
	}
	putchar('\n');
	return 0;
}

int date_main(int argc, char **argv)
{
	time_t now = time(NULL);
	bool universal = false;
	int option;
	while ((option = getopt(argc, argv, "ud:")) >= 0) {
		long long seconds;
		if (option == '?')
			return usage_error(1);
		if (option == 'u') {
			universal = true;
		} else if (*optarg != '@' || !parse_integer(optarg + 1, 10, &seconds)) {
			warn_text("invalid date '%s'", optarg);
			return 1;
		} else {
			now = seconds;
		}
	}
	const char *format = "%a %b %e %H:%M:%S %Z %Y";
	if (optind < argc && argv[optind][0] == '+')
		format = argv[optind] + 1;
	else if (optind < argc)
		return usage_error(1);
	if (universal)
		setenv("TZ", "UTC0", 1);
	char text[1024];
	/* A length of 0 may be an empty format; either way there is nothing to show. */
	size_t length = strftime(text, sizeof text, format, localtime(&now));
	printf("%.*s\n", (int)length, text);
	return 0;
}
