/* A session with a pty as its terminal, and signals that are noted. */
#ifndef SESSION_H
#define SESSION_H
#include "tty.h"
#define TCON_ TCOON

static char noted[256];

static void note(int signo)
{
	const char *name = signo == SIGINT ? "INT " : signo == SIGQUIT ? "QUIT " : signo == SIGTSTP ? "TSTP "
		: signo == SIGWINCH ? "WINCH " : signo == SIGHUP ? "HUP " : signo == SIGCONT ? "CONT "
		: signo == SIGTTIN ? "TTIN " : signo == SIGTTOU ? "TTOU " : "? ";
	if (strlen(noted) < 240) strcat(noted, name);
}

static void act_on(int signo, int flags)
{
	struct sigaction a = {.sa_handler = note, .sa_flags = flags};
	sigaction(signo, &a, NULL);
}
static void catch(int signo) { act_on(signo, 0); }
static void restarting(int signo) { act_on(signo, SA_RESTART); }

static void caught(void)
{
	settle();
	printf("caught: %s\n", noted);
	fflush(stdout);
	noted[0] = 0;
}

static void type_later(const char *text)
{
	fflush(stdout);
	if (fork()) return;
	settle(), settle(), settle(), write(master, text, strlen(text));
	_exit(0);
}

/* Runs the block in a child that leads a session on a fresh pty, in the foreground, and shows how it ended. */
static int session_begin(void)
{
	fflush(stdout);
	open_pair();
	pid_t child = fork();
	if (!child) return setsid(), ioctl(slave, TIOCSCTTY, 0), 1;
	int status;
	close(master), close(slave);
	waitpid(child, &status, 0);
	printf("session ended: %s %d\n", WIFSIGNALED(status) ? "signal" : "status", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	return 0;
}
#define in_session() for (int once_ = session_begin(); once_; fflush(stdout), exit(7))

/* How a child is: waits for a change. */
static void show_child(pid_t child)
{
	int status;
	settle();
	pid_t got = waitpid(child, &status, WUNTRACED | WCONTINUED | WNOHANG);
	if (got <= 0) puts("child: nothing new");
	else if (WIFSTOPPED(status)) printf("child: stopped %d\n", WSTOPSIG(status));
	else if (WIFCONTINUED(status)) puts("child: continued");
	else if (WIFSIGNALED(status)) printf("child: killed %d\n", WTERMSIG(status));
	else printf("child: exit %d\n", WEXITSTATUS(status));
	fflush(stdout);
}
#endif
