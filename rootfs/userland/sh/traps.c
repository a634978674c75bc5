/* Signals: a handler only notes them; traps run between commands. */
#include "sh.h"

volatile sig_atomic_t interrupted;
static volatile sig_atomic_t pending[SIGNAL_LIMIT], any_pending;
static char *actions[SIGNAL_LIMIT]; /* NULL: default; "": ignored; 0 is EXIT */

static void note_signal(int number) {
  if (number == SIGINT && !actions[SIGINT]) interrupted = 1;
  else if (actions[number]) pending[number] = any_pending = 1;
}
static void set_handler(int number, void (*handler)(int)) {
  struct sigaction action = {.sa_handler = handler}; /* no SA_RESTART: read and wait must notice */
  sigaction(number, &action, NULL);
}

/* What someone who types at the shell must not end it with. */
static const char guarded[] = {SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU, 0};

/* What the shell does about signals without a trap: nothing, unless it is interactive. */
static void set_default(int number) {
  bool ignores = sh.interactive && strchr(guarded, number);
  bool notes = number == SIGCHLD || (number == SIGINT && sh.interactive);
  set_handler(number, notes ? note_signal : ignores ? SIG_IGN : SIG_DFL);
}

void traps_set_interactive(void) {
  for (const char *number = guarded; *number; number++)
    if (!actions[(int)*number]) set_default(*number);
}
void traps_wake_waiting(void) { set_handler(SIGCHLD, note_signal); }

void traps_reset(bool background) {
  bool was_interactive = sh.interactive;
  sh.interactive = false;
  for (int i = 0; i < SIGNAL_LIMIT; i++) {
    pending[i] = 0;
    if (!actions[i] || !*actions[i]) continue;
    free(actions[i]);
    actions[i] = NULL;
    if (i > 0) set_handler(i, SIG_DFL);
  }
  any_pending = interrupted = 0;
  if (was_interactive) traps_set_interactive();
  if (background) { set_handler(SIGINT, SIG_IGN); set_handler(SIGQUIT, SIG_IGN); }
}

void traps_run_pending(void) {
  if (!any_pending || sh.unwind) return;
  any_pending = 0;
  for (int i = 1; i < SIGNAL_LIMIT; i++) {
    if (!pending[i]) continue;
    pending[i] = 0;
    /* A copy: the action may change its own trap. $? survives it. */
    char *action = duplicate(actions[i] ? actions[i] : "");
    int status = sh.status;
    run_text(action);
    sh.status = status;
    free(action);
  }
}

int trap_is_pending(void) {
  for (int i = 1; any_pending && i < SIGNAL_LIMIT; i++)
    if (pending[i]) return i;
  return 0;
}
bool traps_any_set(void) {
  for (int i = 0; i < SIGNAL_LIMIT; i++)
    if (actions[i] && *actions[i]) return true;
  return false;
}
void traps_run_exit(void) {
  char *action = actions[0];
  actions[0] = NULL; /* it runs once, whatever it does */
  if (action && *action) { sh.unwind = UNWIND_NONE; run_text(action); }
}

static int list_traps(void) {
  for (int i = 0; i < SIGNAL_LIMIT; i++) {
    if (!actions[i]) continue;
    fputs("trap -- ", stdout);
    print_quoted(actions[i]);
    printf(" %s\n", signal_name(i) ? signal_name(i) : scratch_text("%d", i));
  }
  return 0;
}

/* `action` NULL puts the default back. */
static void set_trap(int number, const char *action) {
  struct sigaction now = {0};
  sigaction(number, NULL, &now);
  /* POSIX: what was ignored when the shell began stays ignored. */
  if (now.sa_handler == SIG_IGN && !actions[number] && !sh.interactive) return;
  free(actions[number]);
  actions[number] = action ? duplicate(action) : NULL;
  if (number > 0 && action) set_handler(number, *action ? note_signal : SIG_IGN);
  else if (number > 0) set_default(number);
}

int trap_builtin(char **operands) {
  long long number;
  const char *action = NULL;
  int status = 0;
  if (!*operands) return list_traps();
  /* A first operand that is a number means: reset all of them. */
  if (!parse_integer(*operands, 10, &number) && operands[1]) {
    action = *operands++;
    if (equal(action, "-")) action = NULL;
  }
  for (; *operands; operands++) {
    int signal = signal_number(*operands);
    if (signal >= 0) set_trap(signal, action);
    else status = warn("%s: bad trap", *operands);
  }
  return status;
}
