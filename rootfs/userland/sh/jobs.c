/*
 * Background children and waiting. A job is one process here; process groups,
 * and with them fg, bg and ^Z, would join this table.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sh.h"

struct job {
	pid_t pid;
	bool done;
	int status;
	struct job *next;
};
static struct job *jobs; /* oldest first */

static int shell_status(int wait_status)
{
	return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

/* Takes what has ended already, so that zombies do not pile up. */
static void reap_finished(void)
{
	for (struct job *job = jobs; job; job = job->next) {
		int status;
		if (!job->done && waitpid(job->pid, &status, WNOHANG) == job->pid) {
			job->done = true;
			job->status = shell_status(status);
		}
	}
}

void job_add(pid_t pid)
{
	reap_finished();
	struct job **tail = &jobs;
	while (*tail)
		tail = &(*tail)->next;
	*tail = allocate(sizeof **tail);
	**tail = (struct job){.pid = pid};
}

static void job_remove(struct job *gone)
{
	struct job **slot = &jobs;
	while (*slot != gone)
		slot = &(*slot)->next;
	*slot = gone->next;
	free(gone);
}

void jobs_forget(void)
{
	while (jobs)
		job_remove(jobs);
}

int wait_foreground(pid_t pid)
{
	int status;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 127;
	if (WIFSIGNALED(status)) {
		int signal = WTERMSIG(status);
		if (signal != SIGINT && signal != SIGPIPE)
			fprintf(stderr, "%s%s\n", strsignal(signal), WCOREDUMP(status) ? " (core dumped)" : "");
	}
	return shell_status(status);
}

/* Sleeps until the job ends or a trapped signal comes; false for the signal. */
static bool wait_job(struct job *job, int *signal)
{
	/* All signals blocked between looking and sleeping: none is missed. */
	sigset_t all, before;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	bool ended = true;
	for (;;) {
		reap_finished();
		if (job->done)
			break;
		ended = !trap_is_pending(signal) && !interrupted;
		if (!ended)
			break;
		sigsuspend(&before);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	return ended;
}

static int wait_one(struct job *job)
{
	int signal = SIGINT;
	if (!wait_job(job, &signal))
		return 128 + signal;
	int status = job->status;
	job_remove(job);
	return status;
}

int wait_builtin(int argc, char **argv)
{
	int status = 0;
	if (argc == 1) {
		while (jobs) {
			struct job *first = jobs;
			status = wait_one(first);
			if (jobs == first)
				return status; /* a signal came */
		}
		return 0;
	}
	for (int i = 1; i < argc; i++) {
		long long pid;
		if (!parse_integer(argv[i], 10, &pid)) {
			complain("wait: Illegal number: %s", argv[i]);
			return 2;
		}
		struct job *job = jobs;
		while (job && job->pid != pid)
			job = job->next;
		status = job ? wait_one(job) : 127;
	}
	return status;
}

int jobs_builtin(int argc, char **argv)
{
	(void)argc, (void)argv;
	int number = 1;
	reap_finished();
	for (struct job *job = jobs, *next; job; job = next, number++) {
		next = job->next;
		printf("[%d] %d %s\n", number, job->pid, job->done ? "Done" : "Running");
		if (job->done)
			job_remove(job);
	}
	return 0;
}
