/* Signals: a handler only notes them; traps run between commands. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sh.h"

volatile sig_atomic_t interrupted;
static volatile sig_atomic_t pending[SIGNAL_LIMIT];
static volatile sig_atomic_t any_pending;
static char *actions[SIGNAL_LIMIT]; /* NULL: default; "": ignored; 0 is EXIT */
static bool ignored_at_start[SIGNAL_LIMIT];

static void note_signal(int number)
{
	if (number == SIGCHLD && !actions[SIGCHLD])
		return; /* caught only to wake `wait` */
	if (number == SIGINT && !actions[SIGINT]) {
		interrupted = 1;
		return;
	}
	pending[number] = 1;
	any_pending = 1;
}

static void set_handler(int number, void (*handler)(int))
{
	/* No SA_RESTART: read and wait must notice. */
	struct sigaction action = {.sa_handler = handler};
	sigaction(number, &action, NULL);
}

/* The disposition a signal has while no trap is set for it. */
static void set_default(int number)
{
	void (*handler)(int) = SIG_DFL;
	if (number == SIGCHLD)
		handler = note_signal;
	else if (sh.interactive && number == SIGINT)
		handler = note_signal;
	else if (sh.interactive && (number == SIGTERM || number == SIGQUIT))
		handler = SIG_IGN;
	set_handler(number, handler);
}

void traps_init(void)
{
	for (int i = 1; i < SIGNAL_LIMIT; i++) {
		struct sigaction action;
		if (sigaction(i, NULL, &action) == 0)
			ignored_at_start[i] = action.sa_handler == SIG_IGN;
	}
	set_default(SIGCHLD);
	if (sh.interactive) {
		set_default(SIGINT);
		set_default(SIGTERM);
		set_default(SIGQUIT);
	}
}

void traps_reset(bool background)
{
	for (int i = 0; i < SIGNAL_LIMIT; i++) {
		pending[i] = 0;
		if (!actions[i] || !*actions[i])
			continue;
		free(actions[i]);
		actions[i] = NULL;
		if (i > 0)
			set_handler(i, SIG_DFL);
	}
	any_pending = interrupted = 0;
	if (sh.interactive) {
		static const int guarded[] = {SIGINT, SIGTERM, SIGQUIT};
		for (int i = 0; i < 3; i++)
			if (!actions[guarded[i]])
				set_handler(guarded[i], SIG_DFL);
	}
	set_handler(SIGCHLD, note_signal);
	if (background) {
		set_handler(SIGINT, SIG_IGN);
		set_handler(SIGQUIT, SIG_IGN);
	}
}

static void run_action(int number)
{
	/* A copy: the action may change its own trap. $? survives it. */
	char *action = duplicate(actions[number]);
	int status = sh.status;
	run_text(action);
	sh.status = status;
	free(action);
}

void traps_run_pending(void)
{
	if (!any_pending || sh.unwind)
		return;
	any_pending = 0;
	for (int i = 1; i < SIGNAL_LIMIT; i++) {
		if (!pending[i])
			continue;
		pending[i] = 0;
		if (actions[i] && *actions[i])
			run_action(i);
	}
}

bool trap_is_pending(int *number)
{
	for (int i = 1; any_pending && i < SIGNAL_LIMIT; i++) {
		if (pending[i]) {
			*number = i;
			return true;
		}
	}
	return false;
}

bool traps_any_set(void)
{
	for (int i = 0; i < SIGNAL_LIMIT; i++)
		if (actions[i] && *actions[i])
			return true;
	return false;
}

void traps_run_exit(void)
{
	char *action = actions[0];
	actions[0] = NULL; /* it runs once, whatever it does */
	if (action && *action) {
		sh.unwind = UNWIND_NONE;
		run_text(action);
	}
}

static void list_traps(void)
{
	for (int i = 0; i < SIGNAL_LIMIT; i++) {
		if (!actions[i])
			continue;
		fputs("trap -- ", stdout);
		print_quoted(actions[i]);
		if (signal_name(i))
			printf(" %s\n", signal_name(i));
		else
			printf(" %d\n", i);
	}
}

/* `action` NULL puts the default back. */
static void set_trap(int number, const char *action)
{
	free(actions[number]);
	actions[number] = action ? duplicate(action) : NULL;
	/* POSIX: what was ignored when the shell began stays ignored. */
	if (number == 0 || (ignored_at_start[number] && !sh.interactive))
		return;
	if (!action)
		set_default(number);
	else
		set_handler(number, *action ? note_signal : SIG_IGN);
}

int trap_builtin(int argc, char **argv)
{
	int next = 1;
	if (next < argc && strcmp(argv[next], "--") == 0)
		next++;
	if (next == argc) {
		list_traps();
		return 0;
	}
	/* A first operand that is a number means: reset all of them. */
	long long number;
	const char *action = NULL;
	if (!parse_integer(argv[next], 10, &number) && argc > next + 1) {
		action = argv[next++];
		if (strcmp(action, "-") == 0)
			action = NULL;
	}
	int status = 0;
	for (; next < argc; next++) {
		int signal = signal_number(argv[next]);
		if (signal < 0) {
			complain("trap: %s: bad trap", argv[next]);
			status = 1;
			continue;
		}
		set_trap(signal, action);
	}
	return status;
}
