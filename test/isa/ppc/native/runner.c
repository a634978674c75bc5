/*
 * Runs test cases on a PowerPC, for test/isa/ppc: reads batches from stdin, writes what each left to stdout. It is built for
 * each of the three modes and runs under qemu-user, or natively. Everything is in the mode's own byte order.
 * A case begins by loading all registers and branching to its code; the trap behind the code, or a fault in it, comes to
 * the handler, which stores float and vector registers before anything can change them.
 *
 * Batch: u32 code address, u32 code bytes, u32 states, u32 0, code, 4096 bytes of data, then the states.
 * State: u64 x: 32 general registers, lr, ctr, xer, cr, fpscr, vscr, vrsave, 0, then 64 vector-scalar registers of two.
 * Result: u32 signal, i32 si_code, u64 si_addr, u64 pc, state, u32 words, u32 0, and for each changed word of the data:
 * u64 offset, u64 value.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#define CODE 0x11000000UL
#define CODE_SIZE 0x10000UL
#define DATA 0x12000000UL
#define DATA_SIZE 4096UL
#define TRAP 0x7fe00008

struct state { uint64_t gpr[32], lr, ctr, xer, cr, fpscr, vscr, vrsave, zero, vsr[64][2]; };
struct header { uint32_t address, length, states, zero; };
struct result { uint32_t signal; int32_t code; uint64_t addr, pc; struct state after; uint32_t words, zero; };

/* What the assembly works on: live registers, 16-byte aligned, doubleword 0 first in memory. */
struct live {
    unsigned long gpr[32], lr, ctr, xer, cr;
    uint64_t fpscr;
    uint32_t vscr[4] __attribute__((aligned(16)));
    uint32_t vrsave, pad[3];
    uint64_t vsr[64][2] __attribute__((aligned(16)));
    /* The runner's own r2 and r13, which C needs. */
    unsigned long r2, r13;
};
struct live live __attribute__((aligned(16)));

static struct header batch;
static struct state *states;
static uint8_t before[DATA_SIZE], code[4096];
static uint32_t next;
static int running;

void enter(void);
void entry(int, siginfo_t *, void *);
void handler(int, siginfo_t *, void *);

/* The last instruction of enter: a branch to the case. */
static uint32_t *branch;

static void read_all(void *to, size_t size) {
    if (fread(to, 1, size, stdin) != size) { fflush(stdout); _exit(0); }
}

static void next_batch(void) {
    read_all(&batch, sizeof batch);
    if (batch.length > sizeof code) _exit(2);
    read_all(code, batch.length);
    read_all(before, DATA_SIZE);
    states = realloc(states, batch.states * sizeof *states);
    read_all(states, batch.states * sizeof *states);
    mprotect((void *)CODE, CODE_SIZE, PROT_READ | PROT_WRITE);
    for (uint32_t *w = (uint32_t *)CODE; (uintptr_t)w < CODE + CODE_SIZE; w++) *w = TRAP;
    memcpy((void *)(uintptr_t)batch.address, code, batch.length);
    mprotect((void *)CODE, CODE_SIZE, PROT_READ | PROT_EXEC);
    *branch = 0x48000000 | ((batch.address - (uint32_t)(uintptr_t)branch) & 0x03fffffc);
    __asm__ volatile("dcbst 0, %0\n sync\n icbi 0, %0\n isync" : : "r"(branch) : "memory");
    next = 0;
}

static void write_result(int signal, siginfo_t *info, ucontext_t *uc) {
#ifdef __powerpc64__
    unsigned long *regs = uc->uc_mcontext.gp_regs;
#else
    unsigned long *regs = uc->uc_mcontext.uc_regs->gregs;
#endif
    struct result r = { signal, info->si_code, (uintptr_t)info->si_addr, regs[32] };
    for (int i = 0; i < 32; i++) r.after.gpr[i] = regs[i];
    r.after.ctr = regs[35];
    r.after.lr = regs[36];
    r.after.xer = regs[37] & 0xe000007f;
    r.after.cr = (uint32_t)regs[38];
    /* A handler starts with FPSCR cleared. */
    uint64_t fpscr;
#ifdef __powerpc64__
    memcpy(&fpscr, &uc->uc_mcontext.fp_regs[32], 8);
#else
    memcpy(&fpscr, &uc->uc_mcontext.uc_regs->fpregs.fpregs[32], 8);
#endif
    r.after.fpscr = (uint32_t)fpscr;
    r.after.vscr = live.vscr[
#ifdef __LITTLE_ENDIAN__
        0
#else
        3
#endif
    ];
    r.after.vrsave = live.vrsave;
    memcpy(r.after.vsr, live.vsr, sizeof live.vsr);
    const uint64_t *was = (const void *)before, *is = (const void *)DATA;
    for (unsigned w = 0; w < DATA_SIZE / 8; w++) r.words += was[w] != is[w];
    fwrite(&r, sizeof r, 1, stdout);
    for (uint64_t w = 0; w < DATA_SIZE / 8; w++)
        if (was[w] != is[w]) {
            uint64_t change[2] = { w * 8, is[w] };
            fwrite(change, sizeof change, 1, stdout);
        }
}

static void load(const struct state *s) {
    memcpy((void *)DATA, before, DATA_SIZE);
    for (int i = 0; i < 32; i++) live.gpr[i] = s->gpr[i];
    live.lr = s->lr;
    live.ctr = s->ctr;
    live.xer = s->xer;
    live.cr = s->cr;
    live.fpscr = s->fpscr;
    memset(live.vscr, 0, sizeof live.vscr);
    live.vscr[
#ifdef __LITTLE_ENDIAN__
        0
#else
        3
#endif
    ] = s->vscr;
    live.vrsave = s->vrsave;
    memcpy(live.vsr, s->vsr, sizeof live.vsr);
}

void handler(int signal, siginfo_t *info, void *context) {
    if (running) write_result(signal, info, context);
    running = 1;
    while (next >= batch.states) {
        fflush(stdout);
        next_batch();
    }
    load(&states[next++]);
    enter();
}

int main(void) {
    __asm__ volatile("mr %0, 2\n mr %1, 13" : "=r"(live.r2), "=r"(live.r13));
    static uint8_t stack[256 << 10];
    stack_t alternate = { .ss_sp = stack, .ss_size = sizeof stack };
    sigaltstack(&alternate, 0);
    extern uint32_t enter_branch[];
    branch = enter_branch;
    uintptr_t page = (uintptr_t)branch & ~0xffffUL;
    mprotect((void *)page, 0x20000, PROT_READ | PROT_WRITE | PROT_EXEC);
    void *c = mmap((void *)CODE, CODE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    void *d = mmap((void *)DATA, DATA_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (c != (void *)CODE || d != (void *)DATA) return 3;
    static const int signals[] = { SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGILL };
    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct sigaction action = { .sa_sigaction = entry, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };
        sigaction(signals[i], &action, 0);
    }
    raise(SIGTRAP);
    return 4;
}
