/* fork, pipes, signals, longjmp, threads' absence: what C programs ask of the kernel. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static sigjmp_buf back;
static volatile sig_atomic_t alarms;

static void on_fault(int signo, siginfo_t *info, void *context) {
	(void)context;
	siglongjmp(back, info->si_addr == (void *)8 ? signo : 99);
}

static void on_alarm(int signo) { alarms += signo; }

static void at_exit(void) { printf("at exit\n"); }

int main(void) {
	struct sigaction action;
	memset(&action, 0, sizeof action);
	action.sa_sigaction = on_fault;
	action.sa_flags = SA_SIGINFO;
	sigaction(SIGSEGV, &action, NULL);
	int caught = sigsetjmp(back, 1);
	if (!caught) *(volatile int *)8 = 1;
	printf("caught %d\n", caught);

	int ends[2];
	if (pipe(ends)) return 1;
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 0; i < 3; i++)
		if (fork() == 0) {
			dprintf(ends[1], "%c", 'a' + i);
			_exit(10 + i);
		}
	close(ends[1]);
	int statuses = 0, status;
	while (wait(&status) > 0) statuses += WEXITSTATUS(status);
	char letters[8] = "";
	for (ssize_t n, at = 0; (n = read(ends[0], letters + at, 3)) > 0; at += n) {}
	printf("%zu letters, statuses %d\n", strlen(letters), statuses);

	signal(SIGALRM, on_alarm);
	alarm(1);
	pause();
	printf("alarm %d\n", (int)alarms);

	int *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (fork() == 0) {
		*shared = 42;
		abort();
	}
	wait(&status);
	printf("shared %d, signal %d\n", *shared, WTERMSIG(status));

	FILE *file = tmpfile();
	if (!file) file = fopen("scratch", "w+");
	for (int i = 0; i < 5000; i++) fprintf(file, "line %d\n", i);
	fseek(file, -10, SEEK_END);
	char line[40];
	while (fgets(line, sizeof line, file)) fputs(line, stdout);
	struct stat facts;
	fstat(fileno(file), &facts);
	printf("%ld bytes\n", (long)facts.st_size);

	time_t then = 1000000000;
	struct tm *utc = gmtime(&then);
	strftime(line, sizeof line, "%Y-%m-%d %H:%M:%S %j", utc);
	puts(line);
	atexit(at_exit);
	return 5;
}
