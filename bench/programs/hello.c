/* The smallest useful program: what starting one costs. */
#include <stdio.h>

int main(void) {
    puts("hello, world");
    return 0;
}
