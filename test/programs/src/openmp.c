/* OpenMP: parallel loops, reductions, tasks, critical sections. */
#include <omp.h>
#include <stdio.h>

static long fib(int n) {
    long a, b;
    if (n < 2) return n;
#pragma omp task shared(a) if (n > 12)
    a = fib(n - 1);
    b = fib(n - 2);
#pragma omp taskwait
    return a + b;
}

int main(void) {
    long sum = 0, product = 0, inside = 0;
    int seen[4] = {0};
    omp_set_num_threads(4);
#pragma omp parallel for reduction(+ : sum) schedule(dynamic, 100)
    for (int i = 0; i < 100000; i++) sum += i % 7;
#pragma omp parallel
    {
        seen[omp_get_thread_num()]++;
#pragma omp critical
        inside += omp_get_num_threads();
#pragma omp barrier
#pragma omp single
        product = fib(18);
    }
    printf("%ld %ld %ld %d%d%d%d\n", sum, product, inside, seen[0], seen[1], seen[2], seen[3]);
    return 0;
}
