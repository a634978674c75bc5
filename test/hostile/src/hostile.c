/* Programs that mean harm: `hostile NAME` runs one. What the machine must do about each is in hostile.test.ts; natively
   these would hurt, so nothing is recorded. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void fork_bomb(void) {
    for (;;) fork();
}

/* Each piece alone may be had, and memory is only promised; touching all of it is too much, and this is the largest. */
static void memory_bomb(void) {
    enum { PIECES = 8, SIZE = 48 << 20 };
    char *pieces[PIECES];
    for (int i = 0; i < PIECES; i++) {
        pieces[i] = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (pieces[i] == MAP_FAILED) perror("mmap");
    }
    for (int i = 0; i < PIECES; i++) memset(pieces[i], 1, SIZE);
    puts("all of it");
}

static void too_much(void) {
    void *all = mmap(NULL, 1UL << 40, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    printf("%s\n", all == MAP_FAILED ? strerror(errno) : "promised");
}

static void descriptors(void) {
    int count = 0;
    while (open("/dev/null", O_RDONLY) >= 0) count++;
    printf("%d then %s\n", count, strerror(errno));
}

static void deep_directories(void) {
    int depth = 0;
    mkdir("/tmp/deep", 0777);
    chdir("/tmp/deep");
    while (depth < 5000 && mkdir("d", 0777) == 0 && chdir("d") == 0) depth++;
    char name[PATH_MAX * 2];
    printf("%d getcwd %s\n", depth, getcwd(name, sizeof name) ? "ok" : strerror(errno));
    while (depth-- > 0)
        if (chdir("..") || rmdir("d")) break;
    printf("left %d\n", depth + 1);
}

static void symlink_loops(void) {
    chdir("/tmp");
    symlink("b", "a");
    symlink("a", "b");
    printf("open: %s\n", open("a", O_RDONLY) < 0 ? strerror(errno) : "ok");
    symlink("/tmp/x/../y", "x");
    symlink("x", "y");
    printf("stat: %s\n", access("y/z", F_OK) < 0 ? strerror(errno) : "ok");
    /* Names that double at each step: 2^60 components if somebody followed them all. */
    char from[16], to[64];
    mkdir("l0", 0777);
    for (int i = 1; i <= 60; i++) {
        snprintf(to, sizeof to, "l%d/../l%d", i - 1, i - 1);
        snprintf(from, sizeof from, "l%d", i);
        symlink(to, from);
    }
    printf("doubling: %s\n", access("l60/q", F_OK) < 0 ? strerror(errno) : "ok");
}

static volatile long caught;
static void count(int signo) { caught++; }
static void signal_storm(void) {
    signal(SIGUSR1, count);
    pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < 50000; i++) kill(parent, SIGUSR1);
        _exit(0);
    }
    int status;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    printf("%s\n", caught > 0 ? "caught" : "none");
    /* The queue of real-time signals is bounded. */
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 5);
    sigprocmask(SIG_BLOCK, &set, NULL);
    union sigval value = {0};
    long queued = 0;
    while (queued < 1000000 && sigqueue(parent, SIGRTMIN + 5, value) == 0) queued++;
    printf("%s\n", queued < 1000000 ? strerror(errno) : "without end");
}

static void many_files(void) {
    char name[32];
    int made = 0;
    mkdir("/tmp/many", 0777);
    chdir("/tmp/many");
    for (; made < 100000; made++) {
        snprintf(name, sizeof name, "file-%d", made);
        int fd = open(name, O_CREAT | O_WRONLY, 0666);
        if (fd < 0) break;
        close(fd);
    }
    char buffer[65536];
    int fd = open(".", O_RDONLY | O_DIRECTORY);
    long entries = 0, got;
    while ((got = syscall(SYS_getdents64, fd, buffer, sizeof buffer)) > 0)
        for (long at = 0; at < got; at += *(unsigned short *)(buffer + at + 16)) entries++;
    printf("%d files, %ld entries\n", made, entries);
}

static void flood(void) {
    char line[4096];
    memset(line, 'x', sizeof line);
    for (;;) write(1, line, sizeof line);
}

static void spin(void) {
    for (;;) {}
}

/* Loops without a direct jump back. */
#ifdef __i386__
#define ADDRESS_OF_0 "mov $0b, %eax; "
#define JUMP "jmp *%eax"
#define PUSH "push %eax; "
#define STACK "%esp"
#define KEPT "%ebx"
#else
#define ADDRESS_OF_0 "lea 0b(%rip), %rax; "
#define JUMP "jmp *%rax"
#define PUSH "push %rax; "
#define STACK "%rsp"
#define KEPT "%rbx"
#endif
static void spin_by_jump(void) {
    __asm__ volatile("0: " ADDRESS_OF_0 JUMP);
}

static void spin_by_return(void) {
    __asm__ volatile("0: " ADDRESS_OF_0 PUSH "ret");
}

static void spin_by_call(void) {
    __asm__ volatile("mov " STACK ", " KEPT "; 0: mov " KEPT ", " STACK "; call 0b");
}

static void recurse_exec(void) {
    execl("/proc/self/exe", "hostile", "exec-loop", NULL);
    printf("execl: %s\n", strerror(errno));
}

/* ---- random system calls */

static uint64_t state;
static uint64_t next(void) {
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}
static char arena[1 << 16];
static const char *const NAMES[] = {"/tmp/f", "/tmp/d", "/tmp/d/g", "/proc/self/status", "/proc/self/fd/3", "/dev/null", "/dev/zero",
                                    "/", ".", "..", "", "/tmp/none/x", "/proc/self/mem", "/proc/self/exe", "/etc/passwd"};

static long argument(void) {
    switch (next() % 12) {
    case 0: return (long)(next() % 16);
    case 1: return -(long)(next() % 16);
    case 2: return (long)NAMES[next() % (sizeof NAMES / sizeof *NAMES)];
    case 3: return (long)(arena + next() % sizeof arena);
    case 4: return (long)arena + (long)sizeof arena - (long)(next() % 64);
    case 5: return (long)next();
    case 6: return (long)(next() % 8192);
    case 7: return (long)(1ULL << (next() % 64));
    case 8: return (1L << (next() % 32)) - 1;
    case 9: return 0;
    case 10: return (long)(int)next();
    default: return (long)(next() % 4096) * 4096;
    }
}

#ifdef __i386__
#define SYS_timer_settime SYS_timer_settime64
#endif

/* Calls that end or stop this process by design, or wait for ever, say nothing here. */
static int is_left_out(long nr) {
    static const short list[] = {SYS_exit, SYS_exit_group, SYS_kill, SYS_tkill, SYS_tgkill, SYS_pause, SYS_fork, SYS_vfork, SYS_clone,
                                 435 /* clone3 */, SYS_rt_sigsuspend, SYS_rt_sigreturn, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo,
                                 SYS_setrlimit, SYS_prlimit64, SYS_alarm, SYS_setitimer, SYS_timer_settime, SYS_execve, SYS_execveat,
                                 424 /* pidfd_send_signal */, SYS_rt_sigprocmask, SYS_setsid,
#ifdef __i386__
                                 SYS_sigsuspend, SYS_sigreturn, SYS_sigprocmask, SYS_ssetmask, SYS_timer_settime32,
#endif
    };
    for (unsigned i = 0; i < sizeof list / sizeof *list; i++)
        if (nr == list[i]) return 1;
    return 0;
}

/* Each child makes at most so many calls; one that died or waits is followed by the next. The parent counts. */
static void fuzz(uint64_t seed, long total) {
    enum { PER_CHILD = 2000 };
    long made = 0, died = 0;
    mkdir("/tmp/d", 0777);
    long *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (uint64_t round = 0; made < total; round++) {
        pid_t child = fork();
        if (child == 0) {
            setpgid(0, 0);
            if (round % 3 == 0) { setgid(1000); setuid(1000); }
            state = (seed + round) * 0x9e3779b97f4a7c15ULL + 1;
            for (long i = 0; i < PER_CHILD; i++) {
                long nr;
                do nr = next() % 452;
                while (is_left_out(nr));
                memcpy(arena + next() % 4096, NAMES[next() % 15], 8);
                ++*shared;
                syscall(nr, argument(), argument(), argument(), argument(), argument(), argument());
            }
            _exit(0);
        }
        if (child < 0) break;
        int status;
        /* One that waits for ever is given a while. */
        for (int looks = 0; waitpid(child, &status, WNOHANG) == 0; looks++) {
            if (looks == 200) kill(child, SIGKILL);
            usleep(1000);
        }
        died += WIFSIGNALED(status);
        made = *shared;
    }
    printf("%s\n", made >= total ? "done" : "stopped");
    fprintf(stderr, "%ld calls, %ld children died\n", made, died);
}

int main(int argc, char **argv) {
    static const struct { const char *name; void (*run)(void); } CASES[] = {
        {"fork-bomb", fork_bomb}, {"memory-bomb", memory_bomb}, {"too-much", too_much}, {"descriptors", descriptors},
        {"deep-directories", deep_directories}, {"symlink-loops", symlink_loops}, {"signal-storm", signal_storm},
        {"many-files", many_files}, {"flood", flood}, {"spin", spin},
        {"spin-by-jump", spin_by_jump}, {"spin-by-return", spin_by_return}, {"spin-by-call", spin_by_call},
        {"exec-loop", recurse_exec},
    };
    if (argc == 4 && !strcmp(argv[1], "fuzz")) return fuzz(strtoull(argv[2], NULL, 10), atol(argv[3])), 0;
    for (unsigned i = 0; i < sizeof CASES / sizeof *CASES; i++)
        if (argc > 1 && !strcmp(argv[1], CASES[i].name)) return CASES[i].run(), 0;
    return 2;
}
