/*
 * Runs test cases on this machine's CPU, for test/isa: reads batches from stdin, writes what each left to stdout.
 * States are loaded and saved by the kernel: a signal handler puts the wanted registers into its context and returns;
 * the trap behind the code, or the fault in it, comes back to the handler with all that changed.
 *
 * Batch: u32 code address, u32 code bytes, u32 states, u32 mode (64 or 32 bits), code, 4096 bytes of data, then the states.
 * State: 16 general registers in encoding order, flags, fxsave area (u64 x 17, 512 bytes). The area's end, which is the
 * program's own, may hold selectors for the case: u16 1, ES, CS, SS, DS, FS, GS; the result has them there too, and behind
 * them the exception's vector and error code, u16 each.
 * Result: u32 signal, i32 si_code, u64 si_addr, u64 rip, 16 registers, flags, fxsave area, u32 words, u32 0,
 * and for each changed word of the data: u64 offset, u64 value.
 */
#define _GNU_SOURCE
#include <asm/ldt.h>
#include <asm/prctl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define CODE 0x400000UL
#define CODE_SIZE 0x10000UL
#define DATA 0x600000UL
#define DATA_SIZE 4096UL
#define FXSAVE_USED 416

struct state { uint64_t gpr[16], flags; uint8_t fx[512]; };
struct segments { uint16_t marked, es, cs, ss, ds, fs, gs, vector, error; };
struct header { uint32_t address, length, states, mode; };
struct result { uint32_t signal; int32_t code; uint64_t addr, rip; struct state after; uint32_t words, zero; };

static const int GREG[16] = { REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
    REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15 };

static struct header batch;
static struct state *states;
static uint8_t before[DATA_SIZE], code[4096];
static uint32_t next;
static int running;
static unsigned long thread_pointer;

#define SEGMENTS(fx) ((struct segments *)((fx) + FXSAVE_USED))

/* Descriptors, as test/isa/segments.ts has them: base, limit, 32 bit, contents, read or execute only, pages, absent. */
static const struct user_desc LDT[] = {
    { 0, 0, 0xfffff, 1, 0, 0, 1, 0, 1 },
    { 1, 0x10, 0xfffff, 1, 0, 0, 1, 0, 1 },
    { 2, DATA - 0x40, 0x83f, 1, 0, 0, 0, 0, 1 },
    { 3, 0x20, 0xfffff, 1, 0, 1, 1, 0, 1 },
    { 4, DATA - 0x800, 0xbff, 1, 1, 0, 0, 0, 1 },
    { 5, DATA - 0x800, 0xbff, 0, 1, 0, 0, 0, 1 },
    { 6, 0, 0xfffff, 1, 0, 0, 1, 1, 1 },
    { 7, 0, 0xfffff, 1, 2, 0, 1, 0, 1 },
    { 8, 0x30, 0xfffff, 1, 2, 1, 1, 0, 1 },
    { 9, CODE + 0x2000, 0x805, 1, 2, 0, 0, 0, 1 },
    { 10, 0x50, 0xfffff, 1, 2, 0, 1, 0, 1 },
    { 11, 0, 0xfffff, 1, 3, 0, 1, 1, 1 },
};
static const struct user_desc TLS = { 12, DATA + 0x800, 0xfffff, 1, 0, 0, 1, 0, 1 };

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

static void write_result(int signal, siginfo_t *info, ucontext_t *uc, struct segments after) {
    struct result r = { signal, info->si_code, (uint64_t)info->si_addr, uc->uc_mcontext.gregs[REG_RIP] };
    for (int i = 0; i < 16; i++) r.after.gpr[i] = uc->uc_mcontext.gregs[GREG[i]];
    r.after.flags = uc->uc_mcontext.gregs[REG_EFL];
    memcpy(r.after.fx, uc->uc_mcontext.fpregs, FXSAVE_USED);
    uint16_t kept[4];
    memcpy(kept, &uc->uc_mcontext.gregs[REG_CSGSFS], sizeof kept);
    after.marked = 1, after.cs = kept[0], after.ss = kept[3];
    after.vector = uc->uc_mcontext.gregs[REG_TRAPNO];
    after.error = uc->uc_mcontext.gregs[REG_ERR];
    if (SEGMENTS(states[next - 1].fx)->marked) *SEGMENTS(r.after.fx) = after;
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
    const struct segments *wanted = SEGMENTS(s->fx);
    uint16_t segments[4];
    memcpy(segments, &uc->uc_mcontext.gregs[REG_CSGSFS], sizeof segments);
    segments[0] = wanted->marked ? wanted->cs : batch.mode == 32 ? 0x23 : 0x33;
    segments[3] = wanted->marked ? wanted->ss : 0x2b;
    /* A program counter is an offset in the code segment. */
    if (wanted->marked && wanted->cs & 4) uc->uc_mcontext.gregs[REG_RIP] -= LDT[wanted->cs >> 3].base_addr;
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
    struct segments after = { 0 };
    __asm__ volatile("mov %%es, %0\n mov %%ds, %1\n mov %%fs, %2\n mov %%gs, %3"
        : "=r"(after.es), "=r"(after.ds), "=r"(after.fs), "=r"(after.gs));
    __asm__ volatile("mov %0, %%ds\n mov %0, %%es" : : "r"(0x2b));
    /* Before anything looks at the thread's own variables. */
    long result;
    __asm__ volatile("mov %1, %%fs\n mov %1, %%gs\n mov %2, %%eax\n syscall" : "=a"(result)
        : "r"(0), "i"(SYS_arch_prctl), "D"(ARCH_SET_FS), "S"(thread_pointer) : "rcx", "r11", "memory");
    ucontext_t *uc = context;
    if (running) write_result(signal, info, uc, after);
    running = 1;
    while (next >= batch.states) {
        fflush(stdout);
        next_batch();
    }
    const struct state *state = &states[next++];
    load(uc, state);
    const struct segments *wanted = SEGMENTS(state->fx);
    if (wanted->marked)
        __asm__ volatile("mov %0, %%es\n mov %1, %%ds\n mov %2, %%gs\n mov %3, %%fs"
            : : "r"(wanted->es), "r"(wanted->ds), "r"(wanted->gs), "r"(wanted->fs));
}

/* 32-bit set_thread_area is the one that there is. */
static int make_descriptors(void) {
    for (unsigned i = 0; i < sizeof LDT / sizeof *LDT; i++)
        if (syscall(SYS_modify_ldt, 0x11, &LDT[i], sizeof LDT[i])) return 1;
    memcpy((void *)DATA, &TLS, sizeof TLS);
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(243), "b"(DATA) : "memory", "r8", "r9", "r10", "r11");
    return syscall(SYS_arch_prctl, ARCH_GET_FS, &thread_pointer) || result;
}

int main(void) {
    static uint8_t stack[256 << 10];
    stack_t alternate = { .ss_sp = stack, .ss_size = sizeof stack };
    sigaltstack(&alternate, 0);
    void *c = mmap((void *)CODE, CODE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    void *d = mmap((void *)DATA, DATA_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (c != (void *)CODE || d != (void *)DATA) return 3;
    if (make_descriptors()) return 5;
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
