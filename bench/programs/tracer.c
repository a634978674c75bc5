/* tracer MODE PROGRAM ARGUMENT...: runs a program under ptrace and looks at nothing, to see what the stops cost.
 * syscall: two stops a call (PTRACE_SYSCALL). sysemu: one stop, the kernel makes no call, the tracer answers getppid
 * and lets every other call through, as UML would answer all. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static int run(pid_t pid, long request) {
    int status;
    if (ptrace(request, pid, 0, 0) < 0 || waitpid(pid, &status, 0) < 0) return -1;
    return status;
}

static int trace(pid_t pid) {
    for (;;) {
        int status = run(pid, PTRACE_SYSCALL);
        if (!WIFSTOPPED(status)) return status;
    }
}

/* A stop at a call; others, as the one behind execve, are not looked at. */
static int is_call(int status) {
    return WSTOPSIG(status) == (SIGTRAP | 0x80);
}

/* The call is made after all: back over the instruction, through it with two stops, then emulating again. */
static int let_through(pid_t pid, struct user_regs_struct *regs) {
    regs->rip -= 2;
    regs->rax = regs->orig_rax;
    ptrace(PTRACE_SETREGS, pid, 0, regs);
    int status = run(pid, PTRACE_SYSCALL);
    return WIFSTOPPED(status) ? run(pid, PTRACE_SYSCALL) : status;
}

static int emulate(pid_t pid) {
    struct user_regs_struct regs;
    for (;;) {
        int status = run(pid, PTRACE_SYSEMU);
        if (!WIFSTOPPED(status)) return status;
        if (!is_call(status)) continue;
        if (ptrace(PTRACE_GETREGS, pid, 0, &regs) < 0) return -1;
        if (regs.orig_rax == SYS_getppid) {
            regs.rax = 1;
            ptrace(PTRACE_SETREGS, pid, 0, &regs);
        } else {
            status = let_through(pid, &regs);
            if (!WIFSTOPPED(status)) return status;
        }
    }
}

int main(int argc, char **argv) {
    if (argc < 3) return fprintf(stderr, "usage: tracer syscall|sysemu PROGRAM ARGUMENT...\n"), 2;
    pid_t pid = fork();
    if (pid == 0) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        execv(argv[2], argv + 2);
        _exit(127);
    }
    int status;
    waitpid(pid, &status, 0);
    ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD);
    status = strcmp(argv[1], "sysemu") ? trace(pid) : emulate(pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
