// FNSTENV, FNSAVE, FLDENV and FRSTOR with 16-bit operands: what of their areas does not depend on the CPU's maker.
#include "probe.h"

static unsigned char area[128];
static void show(const char *what, int bytes) {
    printf("%s:", what);
    for (int i = 0; i < bytes; i++)
        if (i < 6 || i >= 14) printf(" %02x", area[i]);
    puts("");
    memset(area, 0xee, sizeof area);
}

static void environment(void) {
    memset(area, 0xee, sizeof area);
    __asm__ volatile("fninit; fldpi; fld1; fldz; fdivrp; .byte 0x66; fnstenv %0" : "=m"(area));
    show("stored", 18);
    unsigned short status, control;
    __asm__ volatile("fnstcw %0; fnstsw %1" : "=m"(control), "=m"(status));
    printf("control %x status %x\n", control, status);
    static const unsigned short loaded[7] = {0x027f, 0x3845, 0x0fff, 0x1234, 0, 0x5678, 0};
    double top;
    __asm__ volatile(".byte 0x66; fldenv %1; fnstenv %0" : "=m"(area) : "m"(loaded));
    for (int i = 0; i < 12; i++) printf(" %02x", area[i]);
    puts("");
    __asm__ volatile("fninit; fld1; fldpi; faddp; fstpl %0" : "=m"(top));
    printf("%.17g\n", top);
}

static void everything(void) {
    static unsigned char saved[128];
    unsigned short status;
    double a, b;
    memset(area, 0xee, sizeof area);
    __asm__ volatile("fninit; fldpi; fld1; fldl2e; .byte 0x66; fnsave %0; fnstsw %1" : "=m"(area), "=m"(status));
    memcpy(saved, area, sizeof saved);
    printf("status %x\n", status);
    // Empty registers hold what was there before.
    memset(area + 44, 0, 50);
    show("saved", 98);
    __asm__ volatile(".byte 0x66; frstor %2; fstpl %0; fstp %%st(0); fstpl %1" : "=m"(a), "=m"(b) : "m"(saved));
    printf("%.17g %.17g\n", a, b);
}
PROBES({"environment", environment}, {"everything", everything})
