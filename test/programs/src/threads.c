/* A torture of locks by seed: threads do a random mix of mutex, condition, barrier, semaphore and spinning, and the sums
   must come out whatever the schedule. */
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define THREADS 6
#define ROUNDS 300
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_barrier_t barrier;
static sem_t semaphore;
static long locked, written, tokens, met;
static atomic_long counted;
static volatile int baton;

static unsigned next_random(unsigned *state) { return (*state = *state * 1103515245 + 12345) >> 16; }

static void *torture(void *number) {
    long me = (long)number;
    unsigned random = 1234 + (unsigned)me;
    for (int round = 0; round < ROUNDS; round++) {
        switch (next_random(&random) % 6) {
        case 0:
            pthread_mutex_lock(&mutex);
            locked++;
            pthread_mutex_unlock(&mutex);
            break;
        case 1:
            pthread_mutex_lock(&mutex);
            tokens++;
            pthread_cond_signal(&condition);
            pthread_mutex_unlock(&mutex);
            pthread_mutex_lock(&mutex);
            while (tokens == 0) pthread_cond_wait(&condition, &mutex);
            tokens--;
            pthread_mutex_unlock(&mutex);
            break;
        case 2:
            pthread_rwlock_wrlock(&rwlock);
            written++;
            pthread_rwlock_unlock(&rwlock);
            break;
        case 3:
            pthread_rwlock_rdlock(&rwlock);
            if (written < 0) abort();
            pthread_rwlock_unlock(&rwlock);
            break;
        case 4:
            sem_wait(&semaphore);
            atomic_fetch_add(&counted, 1);
            sem_post(&semaphore);
            break;
        default:
            sched_yield();
        }
        if (round % 50 == 0 && pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) met++;
    }
    /* Each spins until it is its turn. */
    while (baton != me) {}
    baton = (int)me + 1;
    return NULL;
}

int main(void) {
    pthread_t threads[THREADS];
    pthread_barrier_init(&barrier, NULL, THREADS);
    sem_init(&semaphore, 0, 2);
    for (long i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, torture, (void *)i);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    printf("locked %ld written %ld tokens %ld counted %ld met %ld baton %d\n", locked, written, tokens, (long)counted,
           met, baton);
    return 0;
}
