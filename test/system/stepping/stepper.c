/* stepper PROGRAM: where the program stands after each step of the kernel's, relative to its entry. */
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

static unsigned long pc(pid_t pid) {
  struct user_regs_struct regs;
  ptrace(PTRACE_GETREGS, pid, 0, &regs);
  return regs.rip;
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  pid_t pid = fork();
  if (pid == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    execl(argv[1], argv[1], (char *)0);
    return 1;
  }
  int status;
  waitpid(pid, &status, 0);
  unsigned long entry = pc(pid);
  for (long signo = 0;;) {
    if (ptrace(PTRACE_SINGLESTEP, pid, 0, signo) < 0) return 1;
    waitpid(pid, &status, 0);
    if (!WIFSTOPPED(status)) return 0;
    signo = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
    /* That a signal is on its way is no step. */
    if (signo == 0) printf("%ld\n", (long)(pc(pid) - entry));
  }
}
