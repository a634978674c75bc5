/* Arenas and the byte strings that grow in them. */
#include <stdlib.h>
#include <string.h>

#include "sh.h"

struct arena_chunk {
	struct arena_chunk *previous;
	size_t used, size;
	_Alignas(16) char bytes[];
};

enum { CHUNK_SIZE_MIN = 4000, ALIGNMENT = 16 };

void *arena_allocate(struct arena *arena, size_t size)
{
	size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	struct arena_chunk *chunk = arena->top;
	if (!chunk || chunk->size - chunk->used < size) {
		size_t chunk_size = size > CHUNK_SIZE_MIN ? size : CHUNK_SIZE_MIN;
		chunk = allocate(sizeof *chunk + chunk_size);
		chunk->previous = arena->top;
		chunk->used = 0;
		chunk->size = chunk_size;
		arena->top = chunk;
	}
	void *block = chunk->bytes + chunk->used;
	chunk->used += size;
	return memset(block, 0, size);
}

char *arena_copy(struct arena *arena, const char *text, size_t length)
{
	/* Zeroed memory: the NUL is there. */
	return memcpy(arena_allocate(arena, length + 1), text, length);
}

struct arena_mark arena_mark(struct arena *arena)
{
	return (struct arena_mark){arena->top, arena->top ? arena->top->used : 0};
}

void arena_release(struct arena *arena, struct arena_mark mark)
{
	while (arena->top != mark.chunk) {
		struct arena_chunk *chunk = arena->top;
		arena->top = chunk->previous;
		free(chunk);
	}
	if (mark.chunk)
		mark.chunk->used = mark.used;
}

static void buffer_reserve(struct buffer *buffer, size_t extra)
{
	if (buffer->capacity - buffer->length >= extra)
		return;
	size_t capacity = buffer->capacity ? buffer->capacity * 2 : 32;
	while (capacity - buffer->length < extra)
		capacity *= 2;
	char *bytes = arena_allocate(buffer->arena, capacity);
	if (buffer->length)
		memcpy(bytes, buffer->bytes, buffer->length);
	buffer->bytes = bytes;
	buffer->capacity = capacity;
}

void buffer_add(struct buffer *buffer, char byte)
{
	buffer_reserve(buffer, 1);
	buffer->bytes[buffer->length++] = byte;
}

void buffer_append(struct buffer *buffer, const char *text, size_t length)
{
	if (length == 0)
		return;
	buffer_reserve(buffer, length);
	memcpy(buffer->bytes + buffer->length, text, length);
	buffer->length += length;
}

char *buffer_text(struct buffer *buffer)
{
	buffer_reserve(buffer, 1);
	buffer->bytes[buffer->length] = 0;
	return buffer->bytes;
}
