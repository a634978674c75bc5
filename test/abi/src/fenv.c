// The exception flags of MXCSR as programs see them: each operation on values that raise each flag, cleared before and
// tested behind, before and after the code is hot; rounding, held environments, FTZ and DAZ.
#pragma GCC target("sse4.1")
#include "probe.h"
#include <emmintrin.h>
#include <fenv.h>
#include <float.h>
#include <math.h>
#include <pmmintrin.h>
#include <smmintrin.h>
#include <sys/wait.h>
#include <unistd.h>

#define ALL 0x3f
static const double doubles[] = {0.0, -0.0, 1.0, 3.0, 0.1, -2.5, 1e308, 1e-308, 4.9e-324, 2.2250738585072014e-308,
    INFINITY, NAN, 4503599627370497.5, 1e10, 9.3e18, 1.1754943508222875e-38, 1e-42};
static const float floats[] = {0.0f, -0.0f, 1.0f, 3.0f, 0.1f, -2.5f, 3e38f, 1e-38f, 1e-45f, 1.17549435e-38f, INFINITY,
    NAN, 8388609.0f, 1e10f, 1e19f, 1e-30f, 7.0f};
enum { COUNT = sizeof doubles / sizeof *doubles };

static void clear(void) { _mm_setcsr(_mm_getcsr() & ~ALL); }
static unsigned raised(void) { return _mm_getcsr() & ALL; }

// A digest of flags and results, so that a run is short and the last rounds of it are hot.
static unsigned long digest;
static void note(unsigned long x) { digest = (digest ^ x) * 1099511628211ul + (digest >> 29); }
static void note_double(double x) {
    unsigned long bits;
    memcpy(&bits, &x, 8);
    note(x != x ? 1 : bits);
}

#define EACH(TYPE, LIST, NAME, EXPRESSION) \
    static void NAME(int show) { \
        for (int i = 0; i < COUNT; i++) \
            for (int k = 0; k < COUNT; k++) { \
                volatile TYPE va = LIST[i], vb = LIST[k]; \
                clear(); \
                TYPE a = va, b = vb; \
                volatile double r = (double)(EXPRESSION); \
                unsigned flags = raised(); \
                note(flags); \
                note_double(r); \
                if (show && i < 4) printf("%x", flags); \
            } \
        if (show) printf(" %s\n", #NAME); \
    }
EACH(double, doubles, add, a + b)
EACH(double, doubles, sub, a - b)
EACH(double, doubles, mul, a *b)
EACH(double, doubles, quotient, a / b)
EACH(double, doubles, root, (__builtin_sqrt(a), _mm_cvtsd_f64(_mm_sqrt_sd(_mm_set_sd(b), _mm_set_sd(a)))))
EACH(double, doubles, chain, (a + b) * a - b / 3)
EACH(double, doubles, less, a < b)
EACH(double, doubles, equal, a == b)
EACH(double, doubles, least, _mm_cvtsd_f64(_mm_min_sd(_mm_set_sd(a), _mm_set_sd(b))))
EACH(double, doubles, most, _mm_cvtsd_f64(_mm_max_sd(_mm_set_sd(a), _mm_set_sd(b))))
EACH(double, doubles, to_int, (int)a + (int)b)
EACH(double, doubles, to_long, (long)a)
#ifdef __i386__
#define _mm_cvtsd_si64 _mm_cvtsd_si32
#endif
EACH(double, doubles, nearest_long, _mm_cvtsd_si64(_mm_set_sd(a)))
EACH(double, doubles, narrow, (float)a)
EACH(double, doubles, round_even, _mm_cvtsd_f64(_mm_round_sd(_mm_set_sd(b), _mm_set_sd(a), 0)))
EACH(double, doubles, round_down, _mm_cvtsd_f64(_mm_round_sd(_mm_set_sd(b), _mm_set_sd(a), 9)))
EACH(float, floats, add_f, a + b)
EACH(float, floats, sub_f, a - b)
EACH(float, floats, mul_f, a *b)
EACH(float, floats, div_f, a / b)
EACH(float, floats, less_f, a < b)
EACH(float, floats, widen, (double)a)
EACH(float, floats, to_int_f, (int)a)
EACH(float, floats, from_long, (float)((long)(int)(a * 0 == 0) * 16777217l * (long)(b == 1)))

#define EACH_PACKED(NAME, VECTOR, LOAD, STORE, LIST, TYPE, LANES, EXPRESSION) \
    static void NAME(int show) { \
        for (int i = 0; i < COUNT; i++) \
            for (int k = 0; k < COUNT; k++) { \
                TYPE x[LANES], y[LANES], z[4]; \
                for (int n = 0; n < LANES; n++) { \
                    x[n] = LIST[(i + 3 * n) % COUNT]; \
                    y[n] = LIST[(k + 5 * n) % COUNT]; \
                } \
                VECTOR a = LOAD(x), b = LOAD(y); \
                __asm__ volatile("" : "+x"(a), "+x"(b)); \
                clear(); \
                VECTOR r = EXPRESSION; \
                __asm__ volatile("" : "+x"(r)); \
                unsigned flags = raised(); \
                STORE(z, r); \
                note(flags); \
                for (int n = 0; n < LANES; n++) note_double(z[n]); \
                if (show && i < 2) printf("%x", flags); \
            } \
        if (show) printf(" %s\n", #NAME); \
    }
#define EACH_PD(NAME, EXPRESSION) \
    EACH_PACKED(NAME, __m128d, _mm_loadu_pd, _mm_storeu_pd, doubles, double, 2, EXPRESSION)
#define EACH_PS(NAME, EXPRESSION) \
    EACH_PACKED(NAME, __m128, _mm_loadu_ps, _mm_storeu_ps, floats, float, 4, EXPRESSION)
EACH_PD(addpd, _mm_add_pd(a, b))
EACH_PD(mulpd, _mm_mul_pd(a, b))
EACH_PD(divpd, _mm_div_pd(a, b))
EACH_PD(sqrtpd, _mm_sqrt_pd(a))
EACH_PD(minpd, _mm_min_pd(a, b))
EACH_PD(cmppd, _mm_cmplt_pd(a, b))
EACH_PD(haddpd, _mm_hadd_pd(a, b))
EACH_PS(subps, _mm_sub_ps(a, b))
EACH_PS(mulps, _mm_mul_ps(a, b))
EACH_PS(divps, _mm_div_ps(a, b))
EACH_PS(maxps, _mm_max_ps(a, b))
EACH_PS(cvtps, _mm_castsi128_ps(_mm_cvttps_epi32(a)))
EACH_PS(dpps, _mm_dp_ps(a, b, 0xf1))

static void (*const operations[])(int) = {add, sub, mul, quotient, root, chain, less, equal, least, most, to_int, to_long,
    nearest_long, narrow, round_even, round_down, add_f, sub_f, mul_f, div_f, less_f, widen, to_int_f, from_long, addpd,
    mulpd, divpd, sqrtpd, minpd, cmppd, haddpd, subps, mulps, divps, maxps, cvtps, dpps};
enum { OPERATIONS = sizeof operations / sizeof *operations };

static void all(int rounds) {
    for (int n = 0; n < OPERATIONS; n++) operations[n](1);
    for (int round = 0; round < rounds; round++)
        for (int n = 0; n < OPERATIONS; n++) operations[n](0);
    printf("digest %lx\n", digest);
}

static void case_flags(void) { all(4); }
// With DAZ and FTZ, each alone and both.
static void case_daz(void) { _mm_setcsr(_mm_getcsr() | 0x40), all(2); }
static void case_ftz(void) { _mm_setcsr(_mm_getcsr() | 0x8000), all(2); }
static void case_flush(void) { _mm_setcsr(_mm_getcsr() | 0x8040), all(4); }

// A hot loop whose flags are raised in its last iteration only.
static void case_late(void) {
    for (int divisor = 0; divisor < 3; divisor++) {
        feclearexcept(FE_ALL_EXCEPT);
        volatile double zero = divisor == 0 ? 0 : divisor == 1 ? 4.9e-324 : 3;
        double sum = 0;
        for (int i = 0; i < 200000; i++) sum += i == 199999 ? sum / zero : 2;
        printf("%d %x %g\n", divisor, raised(), sum);
    }
    // Denormals decay to the least one and stay.
    for (int flush = 0; flush < 2; flush++) {
        _mm_setcsr(0x1f80 | (flush ? 0x8040 : 0));
        double x = 1;
        volatile double factor = 0.75;
        for (int i = 0; i < 5000; i++) x *= factor;
        unsigned flags = raised();
        printf("flush %d %x %g\n", flush, flags, x);
    }
}

static void case_environment(void) {
    fenv_t held;
    volatile double one = 1, three = 3, zero = 0;
    volatile double r;
    int rounds[] = {FE_TONEAREST, FE_DOWNWARD, FE_UPWARD, FE_TOWARDZERO};
    for (int i = 0; i < 4; i++) {
        fesetround(rounds[i]);
        feclearexcept(FE_ALL_EXCEPT);
        r = one / three;
        printf("round %x: %a %x %ld\n", fegetround(), r, fetestexcept(FE_ALL_EXCEPT), lrint(2.5));
    }
    fesetround(FE_TONEAREST);
    feclearexcept(FE_ALL_EXCEPT);
    r = one / zero;
    feholdexcept(&held);
    printf("held %x\n", fetestexcept(FE_ALL_EXCEPT));
    r = zero / zero;
    printf("inside %x\n", fetestexcept(FE_ALL_EXCEPT));
    feupdateenv(&held);
    printf("updated %x\n", fetestexcept(FE_ALL_EXCEPT));
    feclearexcept(FE_DIVBYZERO);
    printf("without one %x\n", fetestexcept(FE_ALL_EXCEPT));
    feraiseexcept(FE_OVERFLOW | FE_INEXACT);
    printf("raised %x\n", fetestexcept(FE_ALL_EXCEPT));
    feclearexcept(FE_ALL_EXCEPT);
    printf("%g %g %x\n", nearbyint(2.5), rint(3.5), fetestexcept(FE_ALL_EXCEPT));
    if (fork() == 0) {
        r = one / three;
        printf("child %x\n", fetestexcept(FE_ALL_EXCEPT));
        exit(0);
    }
    wait(NULL);
    printf("parent %x\n", fetestexcept(FE_ALL_EXCEPT));
}

PROBES({"flags", case_flags}, {"daz", case_daz}, {"ftz", case_ftz}, {"flush", case_flush}, {"late", case_late},
       {"environment", case_environment})
