/* Redirections: for a child for good, for a builtin until it is done. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "sh.h"

enum {
	SHELL_FD_MIN = 10, /* scripts can name 0 to 9 */
	PIPE_SIZE_MIN = 4096, /* what any pipe takes without a reader */
};

/* A stack: redirections end in the reverse order of their beginnings. */
static struct saved_fd {
	int fd, copy; /* copy is -1 if fd was closed */
} *saved;
static int saved_count;

int move_fd_high(int fd)
{
	int high = fcntl(fd, F_DUPFD_CLOEXEC, SHELL_FD_MIN);
	close(fd);
	return high;
}

/* A here-document is the read end of a pipe; a long one needs a writer. */
static int open_heredoc(const char *body)
{
	int ends[2];
	size_t length = strlen(body);
	if (pipe(ends) < 0)
		return -1;
	if (length <= PIPE_SIZE_MIN) {
		/* It fits, so it neither blocks nor comes up short. */
		if (write(ends[1], body, length) < 0)
			complain("here-document: %s", strerror(errno));
	} else if (fork_subshell(false) == 0) {
		signal(SIGPIPE, SIG_DFL);
		close(ends[0]);
		while (length > 0) {
			ssize_t put = write(ends[1], body, length);
			if (put < 0)
				_exit(1);
			body += put;
			length -= put;
		}
		_exit(0);
	}
	close(ends[1]);
	return ends[0];
}

/* POSIX: with -C, > must not truncate a regular file; devices are fine. */
static int open_without_clobbering(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0666);
	struct stat status;
	if (fd >= 0 || errno != EEXIST || (stat(path, &status) == 0 && S_ISREG(status.st_mode)))
		return fd;
	return open(path, O_WRONLY);
}

static int open_file(struct redirect *redirect, const char *path)
{
	switch (redirect->kind) {
	case REDIRECT_READ: return open(path, O_RDONLY);
	case REDIRECT_READ_WRITE: return open(path, O_RDWR | O_CREAT, 0666);
	case REDIRECT_APPEND: return open(path, O_WRONLY | O_CREAT | O_APPEND, 0666);
	case REDIRECT_WRITE:
		if (sh.options.C)
			return open_without_clobbering(path);
		/* fall through */
	default: return open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	}
}

/* Remembers fd; `copy` false says it was closed before. */
static void save_fd(int fd, bool copy)
{
	saved = reallocate(saved, (saved_count + 1) * sizeof *saved);
	saved[saved_count].fd = fd;
	saved[saved_count++].copy = copy ? fcntl(fd, F_DUPFD_CLOEXEC, SHELL_FD_MIN) : -1;
}

static bool duplicate_fd(struct redirect *redirect, const char *text)
{
	if (strcmp(text, "-") == 0) {
		close(redirect->fd);
		return true;
	}
	long long from;
	if (!parse_integer(text, 10, &from) || from < 0 || from >= SHELL_FD_MIN) {
		complain("%s: bad file descriptor", text);
		return false;
	}
	if (from != redirect->fd ? dup2(from, redirect->fd) < 0 : fcntl(from, F_GETFD) < 0) {
		complain("%lld: %s", from, strerror(errno));
		return false;
	}
	return true;
}

static bool apply_one(struct redirect *redirect, bool save)
{
	char *target = expand_text(redirect->target);
	if (redirect->kind == REDIRECT_DUPLICATE) {
		if (save)
			save_fd(redirect->fd, true);
		return duplicate_fd(redirect, target);
	}
	bool is_heredoc = redirect->kind == REDIRECT_HEREDOC;
	int fd = is_heredoc ? open_heredoc(target) : open_file(redirect, target);
	if (fd < 0) {
		bool creates = redirect->kind != REDIRECT_READ;
		complain("cannot %s %s: %s", creates ? "create" : "open", is_heredoc ? "pipe" : target, strerror(errno));
		return false;
	}
	/* A file that got the very number was opened because that was free. */
	bool in_place = fd == redirect->fd;
	if (save)
		save_fd(redirect->fd, !in_place);
	if (!in_place) {
		dup2(fd, redirect->fd);
		close(fd);
	}
	return true;
}

bool redirect_apply(struct redirect *list, bool save)
{
	for (; list; list = list->next)
		if (!apply_one(list, save))
			return false;
	return true;
}

int redirect_depth(void)
{
	return saved_count;
}

void redirect_undo(int depth)
{
	while (saved_count > depth) {
		struct saved_fd *last = &saved[--saved_count];
		if (last->copy < 0) {
			close(last->fd);
			continue;
		}
		dup2(last->copy, last->fd);
		close(last->copy);
	}
}
