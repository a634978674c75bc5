/* CPU kernels of the benchmark: `cpu NAME SCALE` runs one and prints a checksum, the same on every CPU. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t rng_state = 88172645463325252ull;
static uint64_t rng(void) {
    rng_state ^= rng_state << 13;
    rng_state ^= rng_state >> 7;
    return rng_state ^= rng_state << 17;
}

static int fib_of(int n) { return n < 2 ? n : fib_of(n - 1) + fib_of(n - 2); }
static uint64_t fib(int scale) { return fib_of(25 + scale); }

static uint64_t sieve(int scale) {
    enum { LIMIT = 1 << 20 };
    static unsigned char composite[LIMIT];
    uint64_t count = 0;
    for (int round = 0; round < scale; round++) {
        memset(composite, 0, LIMIT);
        for (int i = 2; i < LIMIT; i++) {
            if (composite[i]) continue;
            count++;
            for (int k = i * 2; k < LIMIT; k += i) composite[k] = 1;
        }
    }
    return count;
}

static uint32_t rotate(uint32_t x, int n) { return x >> n | x << (32 - n); }

static void sha256_block(uint32_t h[8], const uint32_t k[64], const unsigned char *p) {
    uint32_t w[64], s[8];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)p[4 * i] << 24 | p[4 * i + 1] << 16 | p[4 * i + 2] << 8 | p[4 * i + 3];
    for (int i = 16; i < 64; i++) {
        uint32_t a = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
        uint32_t b = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + a + w[i - 7] + b;
    }
    memcpy(s, h, sizeof s);
    for (int i = 0; i < 64; i++) {
        uint32_t big1 = rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25);
        uint32_t t1 = s[7] + big1 + ((s[4] & s[5]) ^ (~s[4] & s[6])) + k[i] + w[i];
        uint32_t big0 = rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22);
        uint32_t t2 = big0 + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
        memmove(s + 1, s, 7 * sizeof *s);
        s[4] += t1;
        s[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++) h[i] += s[i];
}

static uint64_t sha256(int scale) {
    uint32_t h[8] = {1, 2, 3, 4, 5, 6, 7, 8}, k[64];
    static unsigned char message[1 << 16];
    for (int i = 0; i < 64; i++) k[i] = (uint32_t)rng();
    for (size_t i = 0; i < sizeof message; i++) message[i] = (unsigned char)rng();
    for (int round = 0; round < scale * 8; round++)
        for (size_t at = 0; at < sizeof message; at += 64) sha256_block(h, k, message + at);
    return (uint64_t)h[0] << 32 | h[7];
}

static int by_value(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static uint64_t sort(int scale) {
    enum { COUNT = 100000 };
    static uint32_t values[COUNT];
    uint64_t sum = 0;
    for (int round = 0; round < scale; round++) {
        for (int i = 0; i < COUNT; i++) values[i] = (uint32_t)rng();
        qsort(values, COUNT, sizeof *values, by_value);
        for (int i = 0; i < COUNT; i += 1000) sum = sum * 31 + values[i];
    }
    return sum;
}

static uint64_t matrix(int scale) {
    enum { N = 120 };
    static double a[N][N], b[N][N], c[N][N];
    for (int i = 0; i < N; i++)
        for (int k = 0; k < N; k++) a[i][k] = i + k, b[i][k] = i - k;
    for (int round = 0; round < scale * 4; round++)
        for (int i = 0; i < N; i++)
            for (int k = 0; k < N; k++) {
                double sum = 0;
                for (int j = 0; j < N; j++) sum += a[i][j] * b[j][k];
                c[i][k] = sum + round;
            }
    double total = 0;
    for (int i = 0; i < N; i++) total += c[i][i] * i;
    return (uint64_t)(int64_t)total;
}

struct body { double x[3], v[3], mass; };

static uint64_t nbody(int scale) {
    struct body bodies[5];
    for (int i = 0; i < 5; i++) {
        for (int d = 0; d < 3; d++) {
            bodies[i].x[d] = (double)(rng() % 1000) / 100;
            bodies[i].v[d] = (double)(rng() % 1000) / 10000;
        }
        bodies[i].mass = 1 + i;
    }
    for (int step = 0; step < scale * 40000; step++) {
        for (int i = 0; i < 5; i++)
            for (int k = i + 1; k < 5; k++) {
                double d[3], square = 0.01;
                for (int n = 0; n < 3; n++) {
                    d[n] = bodies[i].x[n] - bodies[k].x[n];
                    square += d[n] * d[n];
                }
                double pull = 0.0001 / (square * __builtin_sqrt(square));
                for (int n = 0; n < 3; n++) {
                    bodies[i].v[n] -= d[n] * bodies[k].mass * pull;
                    bodies[k].v[n] += d[n] * bodies[i].mass * pull;
                }
            }
        for (int i = 0; i < 5; i++)
            for (int n = 0; n < 3; n++) bodies[i].x[n] += 0.0001 * bodies[i].v[n];
    }
    uint64_t bits;
    memcpy(&bits, &bodies[0].x[0], sizeof bits);
    return bits;
}

struct node { struct node *left, *right; };

static struct node *grow(int depth) {
    struct node *n = malloc(sizeof *n);
    n->left = depth ? grow(depth - 1) : NULL;
    n->right = depth ? grow(depth - 1) : NULL;
    return n;
}
static uint64_t fell(struct node *n) {
    uint64_t count = 1;
    if (n->left) count += fell(n->left) + fell(n->right);
    free(n);
    return count;
}
static uint64_t trees(int scale) {
    uint64_t count = 0;
    for (int round = 0; round < scale * 4; round++) count += fell(grow(14));
    return count;
}

enum { OP_ADD, OP_SUB, OP_MUL, OP_XOR, OP_SHIFT, OP_LOAD, OP_STORE, OP_LOOP, OP_END };

static uint64_t vm_run(const unsigned char *code, uint64_t rounds) {
    uint64_t r[8] = {1, 2, 3, 5, 8, 13, 21, rounds}, memory[16] = {0};
    for (int pc = 0;; pc += 3) {
        int a = code[pc + 1] & 7, b = code[pc + 2] & 7;
        switch (code[pc]) {
        case OP_ADD: r[a] += r[b]; break;
        case OP_SUB: r[a] -= r[b]; break;
        case OP_MUL: r[a] *= r[b] | 1; break;
        case OP_XOR: r[a] ^= r[b]; break;
        case OP_SHIFT: r[a] = r[a] >> 3 | r[b] << 61; break;
        case OP_LOAD: r[a] += memory[r[b] & 15]; break;
        case OP_STORE: memory[r[b] & 15] = r[a]; break;
        case OP_LOOP:
            if (--r[7]) pc = -3;
            break;
        default: return r[0] ^ r[1] ^ r[2] ^ r[3];
        }
    }
}
static uint64_t vm(int scale) {
    unsigned char code[3 * 42];
    for (int i = 0; i < 40; i++) {
        code[3 * i] = rng() % OP_LOOP;
        code[3 * i + 1] = rng() % 7;
        code[3 * i + 2] = rng() % 7;
    }
    code[120] = OP_LOOP;
    code[123] = OP_END;
    return vm_run(code, (uint64_t)scale * 100000);
}

static uint64_t strings(int scale) {
    enum { BUCKETS = 4096 };
    static struct entry { char word[24]; int count; struct entry *next; } *table[BUCKETS];
    uint64_t sum = 0;
    for (int i = 0; i < scale * 100000; i++) {
        char word[24];
        snprintf(word, sizeof word, "word%u", (unsigned)(rng() % 5000));
        unsigned hash = 5381;
        for (char *p = word; *p; p++) hash = hash * 33 ^ (unsigned char)*p;
        struct entry **at = &table[hash % BUCKETS];
        while (*at && strcmp((*at)->word, word)) at = &(*at)->next;
        if (!*at) {
            *at = calloc(1, sizeof **at);
            strcpy((*at)->word, word);
        }
        sum += (uint64_t)++(*at)->count * strlen(word);
    }
    return sum;
}

static uint64_t lz(int scale) {
    enum { SIZE = 1 << 16 };
    static unsigned char text[SIZE];
    static int last[1 << 14];
    uint64_t matched = 0;
    for (int i = 0; i < SIZE; i++) text[i] = "etaoin shrdlu"[rng() % 13];
    for (int round = 0; round < scale * 8; round++) {
        memset(last, 0, sizeof last);
        for (int i = 0; i + 8 < SIZE;) {
            unsigned key = (text[i] << 8 ^ text[i + 1] << 4 ^ text[i + 2] << 1 ^ text[i + 3]) & 0x3fff;
            int from = last[key], length = 0;
            last[key] = i;
            while (i + length < SIZE && length < 255 && text[from + length] == text[i + length]) length++;
            matched += length > 3 ? length : 0;
            i += length > 3 ? length : 1;
        }
    }
    return matched;
}

static const struct { const char *name; uint64_t (*run)(int); } KERNELS[] = {
    {"fib", fib}, {"sieve", sieve}, {"sha256", sha256}, {"sort", sort}, {"matrix", matrix}, {"nbody", nbody},
    {"trees", trees}, {"vm", vm}, {"strings", strings}, {"lz", lz},
};

int main(int argc, char **argv) {
    int scale = argc > 2 ? atoi(argv[2]) : 1;
    for (size_t i = 0; argc > 1 && i < sizeof KERNELS / sizeof *KERNELS; i++)
        if (!strcmp(argv[1], KERNELS[i].name)) {
            printf("%s %llu\n", argv[1], (unsigned long long)KERNELS[i].run(scale));
            return 0;
        }
    fprintf(stderr, "usage: cpu fib|sieve|sha256|sort|matrix|nbody|trees|vm|strings|lz SCALE\n");
    return 2;
}
