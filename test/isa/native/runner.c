/*
 * Runs test cases on this machine's CPU, for test/isa: reads batches from stdin, writes what each left to stdout.
 * States are loaded and saved by the kernel: a signal handler puts the wanted registers into its context and returns;
 * the trap behind the code, or the fault in it, comes back to the handler with all that changed.
 *
 * Batch: u32 code address, u32 code bytes, u32 states, u32 mode (64 or 32 bits), code, 4096 bytes of data, then the states.
 * State: 16 general registers in encoding order, flags, fxsave area (u64 x 17, 512 bytes).
 * Result: u32 signal, i32 si_code, u64 si_addr, u64 rip, 16 registers, flags, fxsave area, u32 words, u32 0,
 * and for each changed word of the data: u64 offset, u64 value.
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

#define CODE 0x400000UL
#define CODE_SIZE 0x10000UL
#define DATA 0x600000UL
#define DATA_SIZE 4096UL
#define FXSAVE_USED 416

struct state { uint64_t gpr[16], flags; uint8_t fx[512]; };
struct header { uint32_t address, length, states, mode; };
struct result { uint32_t signal; int32_t code; uint64_t addr, rip; struct state after; uint32_t words, zero; };

static const int GREG[16] = { REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
    REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15 };

static struct header batch;
static struct state *states;
static uint8_t before[DATA_SIZE], code[4096];
static uint32_t next;
static int running;

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
    memset((void *)CODE, 0xcc, CODE_SIZE);
    memcpy((void *)(uintptr_t)batch.address, code, batch.length);
    mprotect((void *)CODE, CODE_SIZE, PROT_READ | PROT_EXEC);
    next = 0;
}

static void write_result(int signal, siginfo_t *info, ucontext_t *uc) {
    struct result r = { signal, info->si_code, (uint64_t)info->si_addr, uc->uc_mcontext.gregs[REG_RIP] };
    for (int i = 0; i < 16; i++) r.after.gpr[i] = uc->uc_mcontext.gregs[GREG[i]];
    r.after.flags = uc->uc_mcontext.gregs[REG_EFL];
    memcpy(r.after.fx, uc->uc_mcontext.fpregs, FXSAVE_USED);
    const uint64_t *was = (const void *)before, *is = (const void *)DATA;
    for (unsigned w = 0; w < DATA_SIZE / 8; w++) r.words += was[w] != is[w];
    fwrite(&r, sizeof r, 1, stdout);
    for (uint64_t w = 0; w < DATA_SIZE / 8; w++)
        if (was[w] != is[w]) {
            uint64_t change[2] = { w * 8, is[w] };
            fwrite(change, sizeof change, 1, stdout);
        }
}

static void load(ucontext_t *uc, const struct state *s) {
    memcpy((void *)DATA, before, DATA_SIZE);
    for (int i = 0; i < 16; i++) uc->uc_mcontext.gregs[GREG[i]] = s->gpr[i];
    uc->uc_mcontext.gregs[REG_EFL] = s->flags;
    uc->uc_mcontext.gregs[REG_RIP] = batch.address;
    /* The code segment makes the mode; the kernel keeps the rest of the process as it is. */
    uint16_t segments[4];
    memcpy(segments, &uc->uc_mcontext.gregs[REG_CSGSFS], sizeof segments);
    segments[0] = batch.mode == 32 ? 0x23 : 0x33;
    memcpy(&uc->uc_mcontext.gregs[REG_CSGSFS], segments, sizeof segments);
    uint8_t *fx = (uint8_t *)uc->uc_mcontext.fpregs;
    uint32_t mask;
    memcpy(&mask, fx + 28, 4);
    memcpy(fx, s->fx, FXSAVE_USED);
    memcpy(fx + 28, &mask, 4);
    /* The xsave header behind it: x87 and SSE state are there. */
    uint64_t components;
    memcpy(&components, fx + 512, 8);
    components |= 3;
    memcpy(fx + 512, &components, 8);
}

static void handler(int signal, siginfo_t *info, void *context) {
    ucontext_t *uc = context;
    if (running) write_result(signal, info, uc);
    running = 1;
    while (next >= batch.states) {
        fflush(stdout);
        next_batch();
    }
    load(uc, &states[next++]);
}

int main(void) {
    static uint8_t stack[256 << 10];
    stack_t alternate = { .ss_sp = stack, .ss_size = sizeof stack };
    sigaltstack(&alternate, 0);
    void *c = mmap((void *)CODE, CODE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    void *d = mmap((void *)DATA, DATA_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (c != (void *)CODE || d != (void *)DATA) return 3;
    static const int signals[] = { SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGILL };
    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };
        sigaction(signals[i], &action, 0);
    }
    /* 32-bit code looks at its data segments. */
    __asm__ volatile("mov %0, %%ds\n mov %0, %%es" : : "r"(0x2b));
    __asm__ volatile("int3");
    return 4;
}
