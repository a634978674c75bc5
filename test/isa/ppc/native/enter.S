/* Loading and storing all registers, for runner.c: offsets are those of struct live. */
#ifdef __powerpc64__
#define LR_ ld
#define STR_ std
#define W 8
#else
#define LR_ lwz
#define STR_ stw
#define W 4
#endif
#define LIVE_LR (32 * W)
#define LIVE_CTR (33 * W)
#define LIVE_XER (34 * W)
#define LIVE_CR (35 * W)
#define LIVE_FPSCR (36 * W)
#define LIVE_VSCR (((36 * W + 8) + 15) & ~15)
#define LIVE_VRSAVE (LIVE_VSCR + 16)
#define LIVE_VSR (LIVE_VRSAVE + 16)
#define LIVE_R2 (LIVE_VSR + 1024)
#define LIVE_R13 (LIVE_R2 + W)
#define EVERY_32 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31

    .section .text, "ax"
    .p2align 4
    .globl enter
#ifdef __powerpc64__
#if _CALL_ELF == 2
    .abiversion 2
    .type enter, @function
enter:
0:  addis 2, 12, .TOC.-0b@ha
    addi 2, 2, .TOC.-0b@l
    addis 3, 2, live@toc@ha
    addi 3, 3, live@toc@l
#else
    .section ".opd", "aw"
    .align 3
enter:
    .quad .L.enter, .TOC.@tocbase, 0
    .previous
    .type enter, @function
.L.enter:
    addis 3, 2, live@toc@ha
    addi 3, 3, live@toc@l
#endif
#else
    .type enter, @function
enter:
    lis 3, live@ha
    addi 3, 3, live@l
#endif
    lfd 0, LIVE_FPSCR(3)
    mtfsf 0xff, 0
    addi 4, 3, LIVE_VSCR
    lvx 0, 0, 4
    mtvscr 0
    lwz 4, LIVE_VRSAVE(3)
    mtvrsave 4
#ifdef __powerpc64__
    .irp k, EVERY_32
    addi 4, 3, LIVE_VSR + 16 * \k
    lxvd2x \k, 0, 4
    addi 4, 4, 512
    lxvd2x \k + 32, 0, 4
    .endr
#else
    .irp k, EVERY_32
    lfd \k, LIVE_VSR + 16 * \k(3)
    addi 4, 3, LIVE_VSR + 16 * \k + 512
    lvx \k, 0, 4
    .endr
#endif
    LR_ 4, LIVE_LR(3)
    mtlr 4
    LR_ 4, LIVE_CTR(3)
    mtctr 4
    LR_ 4, LIVE_XER(3)
    mtxer 4
    LR_ 4, LIVE_CR(3)
    mtcrf 0xff, 4
    .irp k, 0,1,2,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    LR_ \k, \k * W(3)
    .endr
    LR_ 3, 3 * W(3)
    .globl enter_branch
enter_branch:
    b enter_branch

/* The signal handler: stores what the handler in C could change, in registers that it is not called with. */
    .globl entry
    .p2align 4
#ifdef __powerpc64__
#if _CALL_ELF == 2
    .type entry, @function
entry:
0:  addis 2, 12, .TOC.-0b@ha
    addi 2, 2, .TOC.-0b@l
    addis 6, 2, live@toc@ha
    addi 6, 6, live@toc@l
#else
    .section ".opd", "aw"
    .align 3
entry:
    .quad .L.entry, .TOC.@tocbase, 0
    .previous
    .type entry, @function
.L.entry:
    addis 6, 2, live@toc@ha
    addi 6, 6, live@toc@l
#endif
#else
    .type entry, @function
entry:
    lis 6, live@ha
    addi 6, 6, live@l
#endif
#ifdef __powerpc64__
    .irp k, EVERY_32
    addi 7, 6, LIVE_VSR + 16 * \k
    stxvd2x \k, 0, 7
    addi 7, 7, 512
    stxvd2x \k + 32, 0, 7
    .endr
#else
    .irp k, EVERY_32
    stfd \k, LIVE_VSR + 16 * \k(6)
    addi 7, 6, LIVE_VSR + 16 * \k + 512
    stvx \k, 0, 7
    .endr
#endif
    mfvscr 0
    addi 7, 6, LIVE_VSCR
    stvx 0, 0, 7
    mfvrsave 7
    stw 7, LIVE_VRSAVE(6)
    LR_ 2, LIVE_R2(6)
    LR_ 13, LIVE_R13(6)
    b handler

    .section .note.GNU-stack, "", @progbits
