/* Floating point of every width: arithmetic, conversion, formatting, rounding. */
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile double zero = 0;

int main(void) {
	double values[] = {0.1, -2.5, 3.5, 1e300, 1e-300, 123456789.987654321, 1.0 / 3, DBL_MAX, DBL_MIN, 5e-324, -0.0};
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		double v = values[i];
		uint64_t bits;
		memcpy(&bits, &v, 8);
		printf("%.17g %g %e %.3f %a %016llx\n", v, v, v, fabs(v) < 1e20 ? v : 0, v, (unsigned long long)bits);
		printf("%d %d %.0f %.0f %.0f %.0f\n", (int)fmod(v, 1000), (int)ilogb(v ? v : 1), floor(fmod(v, 1e6)),
		       ceil(fmod(v, 1e6)), trunc(fmod(v, 1e6)), rint(fmod(v, 1e6)));
		printf("%.9g %ld %.9g\n", (float)v, lrint(fmod(v, 1e9)), sqrt(fabs(v)));
	}
	printf("%f %f %f %d\n", 1 / zero, -1 / zero, zero / zero, isnan(zero / zero));
	printf("%.10f %.10f %.10f %.10f %.10f\n", sin(1.5), cos(1e6), exp(2.25), log(10), pow(1.1, 30));
	printf("%.10f %.10f %.10f %.10f\n", atan2(1, -2), tan(0.3), sinh(1.1), cbrt(27.5));

	long double x = 1, e = 1;
	for (int i = 1; i < 25; i++) {
		x /= i;
		e += x;
	}
	printf("%.19Lf %.19Lg %La\n", e, e * 1e4000L, e);
	printf("%.18Lf %.18Lf %Lg %Lg\n", sqrtl(2), expl(1), LDBL_MAX, LDBL_MIN);
	printf("%.18Lf %.15Lf %lld\n", fmodl(1e18L, 7), e - (double)e, (long long)(e * 1e15L));

	printf("%.17g %.17g %.17g %.9g\n", strtod("0x1.8p-3", NULL), strtod("2.2250738585072011e-308", NULL),
	       strtod("9007199254740993", NULL), strtof("3.4028236e38", NULL));
	printf("%.20Lg\n", strtold("3.14159265358979323846264338", NULL));

	uint64_t u = 0xfedcba9876543210u;
	printf("%.17g %.17g %llu %llu\n", (double)u, (double)(float)u, (unsigned long long)(double)(u >> 1),
	       (unsigned long long)1.2345e19);
	float s = 0;
	double d = 0;
	for (int i = 1; i <= 100000; i++) {
		s += 1.0f / i;
		d += 1.0 / ((double)i * i);
	}
	printf("%.9g %.17g\n", s, d);
#ifdef __SIZEOF_INT128__
	unsigned __int128 wide = (unsigned __int128)u * u;
	printf("%016llx%016llx %llx\n", (unsigned long long)(wide >> 64), (unsigned long long)wide,
	       (unsigned long long)(wide % 1000000007u));
#endif
	return 0;
}
