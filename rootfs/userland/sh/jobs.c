/* Children: each pipeline is a job; with job control also a process group of its own. */
#include "sh.h"

struct job {
  int number;        /* of a background or stopped one, else 0 */
  pid_t group, last; /* its process group, its last process */
  pid_t *pids;       /* 0 once it has ended */
  int count, live;
  int status; /* of waitpid, the last process's */
  bool stopped, changed;
  char *text;
  struct job *next;
};
static struct job *jobs; /* those with a number, ascending */
enum { TERMINAL = 0 };

static int shell_status(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WIFSTOPPED(status) ? 128 + WSTOPSIG(status)
                              : WEXITSTATUS(status);
}
struct job *job_new(const char *text) {
  struct job *job = reallocate(NULL, sizeof *job);
  *job = (struct job){.text = duplicate(text)};
  return job;
}

static void job_add(struct job *job) {
  struct job **tail = &jobs;
  int number = 1;
  for (; *tail; tail = &(*tail)->next) number = (*tail)->number + 1;
  job->number = number;
  *tail = job;
}

static void job_free(struct job *job) {
  struct job **slot = &jobs;
  while (*slot && *slot != job) slot = &(*slot)->next;
  if (*slot) *slot = job->next;
  free(job->pids);
  free(job->text);
  free(job);
}

pid_t fork_subshell(struct job *job, enum fork_kind kind) {
  fflush(stdout); /* or both processes would print it */
  pid_t pid = fork();
  if (pid < 0) shell_fail(complain("Cannot fork: %s", strerror(errno)));
  if (job && kind != FORK_INSIDE && sh.job_control) {
    if (!job->group) job->group = pid ? pid : getpid(); /* both do it: neither may go on before it is done */
    setpgid(pid, job->group);
    if (kind == FORK_FOREGROUND) tcsetpgrp(TERMINAL, job->group);
  }
  if (pid > 0) {
    if (!job) return pid;
    APPEND(job->pids, job->count, job->last = pid);
    job->live++;
    return pid;
  }
  traps_reset(kind == FORK_BACKGROUND && !sh.job_control);
  sh.is_subshell = true;
  sh.job_control = false;
  sh.top_level = NULL;
  jobs = NULL;
  return 0;
}

/* Takes the changes of its processes; without WNOHANG it waits for one. */
static void job_poll(struct job *job, int options) {
  for (int i = 0; i < job->count; i++) {
    int status, all = options | (sh.job_control ? WUNTRACED : 0);
    pid_t got = job->pids[i] ? waitpid(job->pids[i], &status, all) : 0;
    if (got <= 0) continue;
    if (got == job->last || WIFSTOPPED(status)) job->status = status;
    if (WIFSTOPPED(status)) {
      job->changed |= !job->stopped; /* the others of a pipeline say it again */
      job->stopped = true;
      return;
    }
    job->pids[i] = 0;
    job->changed = --job->live == 0;
  }
}

static void poll_all(void) {
  for (struct job *job = jobs; job; job = job->next)
    if (job->live) job_poll(job, WNOHANG);
}

/* "[1]+  Done                    sleep 1" */
static void print_job(struct job *job, FILE *output) {
  const char *state = job->stopped ? "Stopped" : job->live ? "Running" : "Done", *background = "";
  char mark = !job->next ? '+' : !job->next->next ? '-' : ' ';
  if (!job->live && WIFSIGNALED(job->status)) state = strsignal(WTERMSIG(job->status));
  else if (!job->live && job->status) state = scratch_text("Exit %d", WEXITSTATUS(job->status));
  else if (job->live && !job->stopped) background = " &";
  fprintf(output, "[%d]%c  %-24s%s%s\n", job->number, mark, state, job->text, background);
  job->changed = false;
}

static void print_jobs(FILE *output, bool only_changed) {
  poll_all();
  for (struct job *job = jobs, *next; job; job = next) {
    next = job->next;
    if (job->changed || !only_changed) print_job(job, output);
    if (!job->live) job_free(job);
  }
}

void report_jobs(void) { print_jobs(stderr, true); }
int jobs_builtin(char **operands) { return print_jobs(stdout, false), 0; }

static void report_signal(int status) {
  int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  if (signal == SIGINT && sh.job_control)
    interrupted = 1; /* it was meant for all of the command line */
  else if (signal && signal != SIGINT && signal != SIGPIPE)
    fprintf(stderr, "%s%s\n", strsignal(signal), WCOREDUMP(status) ? " (core dumped)" : "");
}

int wait_foreground(struct job *job) {
  while (job->live && !job->stopped) job_poll(job, 0);
  if (sh.job_control && job->group) tcsetpgrp(TERMINAL, getpgrp());
  int status = job->status;
  if (job->stopped) {
    if (!job->number) job_add(job);
    fputc('\n', stderr);
    print_job(job, stderr);
  } else {
    report_signal(status);
    job_free(job);
  }
  return shell_status(status);
}

void job_to_background(struct job *job) {
  poll_all(); /* so that zombies do not pile up */
  job_add(job);
  if (sh.job_control) fprintf(stderr, "[%d] %d\n", job->number, job->last);
}

/* "%2", or a process; the current job if it is NULL or "%". */
static struct job *find_job(const char *which) {
  struct job *found = NULL;
  bool is_job = !which || *which == '%';
  int number = which ? atoi(which + is_job) : 0;
  for (struct job *job = jobs; job; job = job->next)
    if (is_job ? !number || job->number == number : job->last == number) found = job;
  return found;
}

static struct job *required_job(const char *which) {
  struct job *job = find_job(which);
  if (!job) warn("%s: no such job", which ? which : "current");
  return job;
}

/* What kill takes for it: without job control it has no group of its own. */
static pid_t job_target(struct job *job) { return job->group ? -job->group : job->last; }

/* fg and bg */
int continue_builtin(char **operands) {
  bool foreground = *program_name == 'f';
  struct job *job = required_job(*operands);
  if (!job) return 1;
  if (foreground) fprintf(stderr, "%s\n", job->text);
  else fprintf(stderr, "[%d]+ %s &\n", job->number, job->text);
  if (foreground && sh.job_control) tcsetpgrp(TERMINAL, job->group);
  job->stopped = job->changed = false;
  kill(job_target(job), SIGCONT);
  return foreground ? wait_foreground(job) : 0;
}

/* kill, where %1 stands for the job's process group. */
int kill_builtin(char **operands) {
  struct job *job = NULL;
  for (char **operand = operands; *operand; operand++) {
    if (**operand != '%') continue;
    if (!(job = required_job(*operand))) return 1;
    /* The blank keeps "-123" from being taken for an option. */
    *operand = scratch_text(" %d", job_target(job));
  }
  int status = kill_main(operands);
  if (job && job->stopped) kill(job_target(job), SIGCONT); /* or it would not notice */
  return status;
}

/* Sleeps until the job ends or a trapped signal comes: then its number, else 0. */
static int wait_for(struct job *job) {
  int signal = 0;
  sigset_t all, before;
  traps_wake_waiting(); /* all signals blocked between looking and sleeping: none is missed */
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  for (;;) {
    job_poll(job, WNOHANG);
    signal = !job->live ? 0 : interrupted ? SIGINT : trap_is_pending();
    if (signal || !job->live) break;
    sigsuspend(&before);
  }
  sigprocmask(SIG_SETMASK, &before, NULL);
  return signal;
}

int wait_builtin(char **operands) {
  int status = 0, signal = 0;
  bool all = !*operands;
  while (all && jobs && !signal)
    if (!(signal = wait_for(jobs))) job_free(jobs);
  for (; !all && *operands && !signal; operands++) {
    struct job *job = find_job(*operands);
    signal = job ? wait_for(job) : 0;
    status = job ? shell_status(job->status) : 127;
    if (job && !signal) job_free(job);
  }
  return signal ? 128 + signal : status;
}

void jobs_init(void) {
  setpgid(0, 0); /* the shell's own group has the terminal whenever no job has */
  tcsetpgrp(TERMINAL, getpgrp());
  sh.job_control = true;
}
