/* System calls of i386 as they are, by `int $0x80`: what a library makes of them is left out. */
#ifndef INT80_H
#define INT80_H
#include <stdint.h>
#include <sys/syscall.h>
#include "probe.h"

/* (number, six arguments); the result as it is in EAX. */
long int80_words(long, ...);
asm(".globl int80_words\n"
    "int80_words:\n"
    "push %ebp; push %ebx; push %esi; push %edi\n"
    "mov 20(%esp), %eax; mov 24(%esp), %ebx; mov 28(%esp), %ecx; mov 32(%esp), %edx\n"
    "mov 36(%esp), %esi; mov 40(%esp), %edi; mov 44(%esp), %ebp\n"
    "int $0x80\n"
    "pop %edi; pop %esi; pop %ebx; pop %ebp\n"
    "ret\n");
#define INT80(...) int80_words(__VA_ARGS__, 0, 0, 0, 0, 0, 0)

static long show_raw(const char *what, long result)
{
	if (result < 0 && result > -4096) printf("%s = %s\n", what, errno_name(-result));
	else printf("%s = %ld\n", what, result);
	fflush(stdout);
	return result;
}
/* CALL(read, 0, at, 3): shown with its result. */
#define CALL(name, ...) show_raw(#name "(" #__VA_ARGS__ ")", INT80(SYS_##name, __VA_ARGS__))
/* The same where the result differs from run to run: only whether it is an error. */
#define OKAY(name, ...)                                                                                  \
	({                                                                                               \
		long result_ = INT80(SYS_##name, __VA_ARGS__);                                           \
		if (result_ < 0 && result_ > -4096) show_raw(#name "(" #__VA_ARGS__ ")", result_);       \
		else printf("%s(%s) = ok\n", #name, #__VA_ARGS__);                                       \
		result_;                                                                                 \
	})
#define BAD ((void *)8)

struct time32 {
	int32_t sec, frac;
};
struct time64 {
	int64_t sec;
	uint32_t frac, pad;
};
#endif
