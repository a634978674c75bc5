/* Where the shell's text comes from. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sh.h"

enum { READ_SIZE = 4096 };

static void refill_nothing(struct source *source)
{
	source->at_end = true;
}

static void read_more(struct source *source, size_t size)
{
	/* What is still unread moves to the front. */
	size_t rest = source->length - source->position;
	memmove(source->bytes, source->bytes + source->position, rest);
	source->position = 0;
	source->length = rest;
	ssize_t got;
	do
		got = read(source->fd, source->bytes + rest, size);
	while (got < 0 && errno == EINTR && !interrupted);
	if (got < 0 && interrupted && sh.top_level)
		shell_fail(128 + SIGINT);
	if (got <= 0)
		source->at_end = true;
	else
		source->length += got;
}

static void refill_file(struct source *source)
{
	read_more(source, READ_SIZE);
}

/* Byte by byte, because the commands of the script read the same stdin. */
static void refill_stdin(struct source *source)
{
	read_more(source, 1);
}

static void refill_terminal(struct source *source)
{
	if (source->prompt) {
		fputs(expand_prompt(source->prompt), stderr);
		fflush(stderr);
		source->prompt = "PS2";
	}
	read_more(source, READ_SIZE);
}

void source_from_text(struct source *source, const char *text)
{
	*source = (struct source){
		.bytes = duplicate(text), .length = strlen(text), .fd = -1, .refill = refill_nothing,
	};
}

void source_from_fd(struct source *source, int fd, bool interactive)
{
	*source = (struct source){
		/* Two bytes of lookahead may be left when the next block comes. */
		.bytes = allocate(READ_SIZE + 2), .fd = fd,
		.refill = interactive ? refill_terminal : fd == 0 ? refill_stdin : refill_file,
		.prompt = interactive ? "PS1" : NULL,
	};
}

void source_close(struct source *source)
{
	free(source->bytes);
	if (source->fd > 0)
		close(source->fd);
}

int source_peek(struct source *source, size_t ahead)
{
	while (source->position + ahead >= source->length) {
		if (source->at_end)
			return -1;
		source->refill(source);
		if (source->fd >= 0 && sh.options.v && !source->at_end)
			fwrite(source->bytes + source->position, 1, source->length - source->position, stderr);
	}
	return (unsigned char)source->bytes[source->position + ahead];
}
