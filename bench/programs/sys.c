/* System-call workloads of the benchmark: `sys NAME COUNT` repeats one and prints what it counted. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *self;

static long getppid_loop(long n) {
    long sum = 0;
    while (n--) sum += syscall(SYS_getppid) >= 0;
    return sum;
}

/* A byte to another process and back: two context switches. */
static long ping_pong(long n) {
    int to[2], from[2];
    char byte = 'x';
    if (pipe(to) || pipe(from)) return -1;
    pid_t child = fork();
    if (child == 0) {
        close(to[1]);
        while (read(to[0], &byte, 1) == 1) write(from[1], &byte, 1);
        _exit(0);
    }
    long sum = 0;
    for (long i = 0; i < n; i++) sum += write(to[1], &byte, 1) + read(from[0], &byte, 1);
    close(to[1]);
    waitpid(child, NULL, 0);
    return sum;
}

static void *add_one(void *sum) {
    ++*(long *)sum;
    return NULL;
}

static long threads(long n) {
    long sum = 0;
    while (n--) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, add_one, &sum)) return -1;
        pthread_join(thread, NULL);
    }
    return sum;
}

static long fork_wait(long n) {
    long sum = 0;
    for (long i = 0; i < n; i++) {
        pid_t child = fork();
        if (child == 0) _exit(3);
        int status;
        waitpid(child, &status, 0);
        sum += WEXITSTATUS(status);
    }
    return sum;
}

static long fork_exec(long n) {
    long sum = 0;
    for (long i = 0; i < n; i++) {
        pid_t child = fork();
        if (child == 0) {
            execl(self, "sys", "exit", "5", (char *)NULL);
            _exit(1);
        }
        int status;
        waitpid(child, &status, 0);
        sum += WEXITSTATUS(status);
    }
    return sum;
}

static long files(long n) {
    long sum = 0;
    char text[64] = "some text";
    int fd = open("/tmp/umwelt-bench", O_CREAT | O_TRUNC | O_WRONLY, 0600);
    write(fd, text, sizeof text);
    close(fd);
    for (long i = 0; i < n; i++) {
        struct stat st;
        if (stat("/tmp/umwelt-bench", &st)) return -1;
        fd = open("/tmp/umwelt-bench", O_RDONLY);
        sum += read(fd, text, sizeof text);
        close(fd);
    }
    unlink("/tmp/umwelt-bench");
    return sum;
}

static long map(long n) {
    long sum = 0;
    for (long i = 0; i < n; i++) {
        char *p = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        for (int at = 0; at < 65536; at += 4096) p[at] = 1;
        sum += p[4096];
        munmap(p, 65536);
    }
    return sum;
}

static volatile sig_atomic_t caught;
static void on_signal(int s) { caught += s == SIGUSR1; }
static long signals(long n) {
    signal(SIGUSR1, on_signal);
    while (n--) raise(SIGUSR1);
    return caught;
}

static const struct { const char *name; long (*run)(long); } LOADS[] = {
    {"getppid", getppid_loop}, {"switch", ping_pong}, {"thread", threads}, {"fork", fork_wait}, {"exec", fork_exec},
    {"files", files}, {"mmap", map}, {"signal", signals},
};

int main(int argc, char **argv) {
    if (argc != 3) return fprintf(stderr, "usage: sys NAME COUNT\n"), 2;
    self = argv[0];
    if (!strcmp(argv[1], "exit")) _exit(atoi(argv[2]));
    for (size_t i = 0; i < sizeof LOADS / sizeof *LOADS; i++)
        if (!strcmp(argv[1], LOADS[i].name)) {
            printf("%s %ld\n", argv[1], LOADS[i].run(atol(argv[2])));
            return 0;
        }
    return 2;
}
