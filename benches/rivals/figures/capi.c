/*
 * The C interface against malloc and free, as a C program sees them: every contender once
 * per round, each round in another order, by the thread's CPU time. Prints a line for
 * each: the workload, the contender, and nanoseconds per operation.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "arraypool.h"

#ifdef WITH_RPMALLOC
int rpmalloc_initialize(void);
void *rpmalloc(size_t size);
void rpfree(void *block);
#endif

enum { BLOCKS = 250, LAPS = 80, LIVE = 1024, STEPS = 20000, WARM_UP = 5 };

static uint64_t state;

static uint64_t next_random(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static ap_mempool *mempool;
static ap_arena *arena;
static ap_pool *metadata, *tagged;
static ap_shared_pool *shared;

/* 250 blocks of 32 bytes are taken and written to, and all given back. */
#define BATCH(name, TAKE, GIVE, AFTER)                          \
    static uint64_t name(void) {                                \
        static uint64_t *blocks[BLOCKS];                        \
        uint64_t sum = 0;                                       \
        for (int lap = 0; lap < LAPS; lap++) {                  \
            for (int i = 0; i < BLOCKS; i++) {                  \
                blocks[i] = (uint64_t *)TAKE(32);               \
                *blocks[i] = (uint64_t)i;                       \
            }                                                   \
            for (int i = 0; i < BLOCKS; i++) {                  \
                sum += *blocks[i];                              \
                GIVE(blocks[i]);                                \
            }                                                   \
            AFTER;                                              \
        }                                                       \
        return sum;                                             \
    }

/* A block of 32 bytes is taken, written to, and given back at once. */
#define PAIR(name, TAKE, GIVE, AFTER)                           \
    static uint64_t name(void) {                                \
        uint64_t sum = 0;                                       \
        for (int lap = 0; lap < LAPS; lap++) {                  \
            for (int i = 0; i < BLOCKS; i++) {                  \
                uint64_t *volatile block = (uint64_t *)TAKE(32); \
                *block = (uint64_t)i;                           \
                sum += *block;                                  \
                GIVE(block);                                    \
            }                                                   \
            AFTER;                                              \
        }                                                       \
        return sum;                                             \
    }

#define INLINE(size) ap_arena_alloc(arena, size)
#define CALL(size) (ap_arena_alloc)(arena, size)
#define KEEP(block) (void)(block)
#define RESET ap_arena_reset(arena)
#define NOTHING (void)0

BATCH(batch_inline, INLINE, KEEP, RESET)
BATCH(batch_call, CALL, KEEP, RESET)
BATCH(batch_glibc, malloc, free, NOTHING)
PAIR(pair_inline, INLINE, KEEP, RESET)
PAIR(pair_call, CALL, KEEP, RESET)
PAIR(pair_glibc, malloc, free, NOTHING)

struct step {
    uint16_t victim, length;
};
static struct step steps[STEPS];

/* Arrays of elements of 32 bytes, 3 of 4 short ones: one of 1024 is replaced at a time. */
#define CHURN(name, TAKE, GIVE)                                                     \
    static uint64_t name(void) {                                                    \
        static uint64_t *live[LIVE];                                                \
        uint64_t sum = 0;                                                           \
        for (int i = 0; i < STEPS; i++) {                                           \
            uint64_t **place = &live[steps[i].victim];                              \
            if (*place != NULL) {                                                   \
                sum += **place;                                                     \
                GIVE(*place);                                                       \
            }                                                                       \
            *place = (uint64_t *)TAKE(steps[i].length);                             \
            **place = steps[i].length;                                              \
        }                                                                           \
        for (int i = 0; i < LIVE; i++) {                                            \
            if (live[i] != NULL) {                                                  \
                sum += *live[i];                                                    \
                GIVE(live[i]);                                                      \
                live[i] = NULL;                                                     \
            }                                                                       \
        }                                                                           \
        return sum;                                                                 \
    }

#define MALLOC(length) malloc((size_t)(length) * 32)
#define METADATA(length) ap_pool_alloc(metadata, length)
#define METADATA_BACK(array) ap_pool_release(metadata, array)
#define TAGGED(length) ap_pool_alloc(tagged, length)
#define TAGGED_BACK(array) ap_pool_release(tagged, array)
#define SHARED(length) ap_shared_pool_alloc(shared, length)
#define SHARED_BACK(array) ap_shared_pool_release(shared, array)

CHURN(churn_metadata, METADATA, METADATA_BACK)
CHURN(churn_tagged, TAGGED, TAGGED_BACK)
CHURN(churn_shared, SHARED, SHARED_BACK)
CHURN(churn_glibc, MALLOC, free)

#ifdef WITH_RPMALLOC
#define RPMALLOC(length) rpmalloc((size_t)(length) * 32)
BATCH(batch_rpmalloc, rpmalloc, rpfree, NOTHING)
PAIR(pair_rpmalloc, rpmalloc, rpfree, NOTHING)
CHURN(churn_rpmalloc, RPMALLOC, rpfree)
#endif

static const struct contender {
    const char *workload, *name;
    uint64_t (*pass)(void);
    int operations;
} contenders[] = {
    {"batch-32", "ap-inline", batch_inline, BLOCKS * LAPS},
    {"batch-32", "ap-call", batch_call, BLOCKS * LAPS},
    {"batch-32", "glibc", batch_glibc, BLOCKS * LAPS},
    {"pair-32", "ap-inline", pair_inline, BLOCKS * LAPS},
    {"pair-32", "ap-call", pair_call, BLOCKS * LAPS},
    {"pair-32", "glibc", pair_glibc, BLOCKS * LAPS},
    {"churn", "ap-metadata", churn_metadata, STEPS},
    {"churn", "ap-tagged", churn_tagged, STEPS},
    {"churn", "ap-shared", churn_shared, STEPS},
    {"churn", "glibc", churn_glibc, STEPS},
#ifdef WITH_RPMALLOC
    {"batch-32", "rpmalloc", batch_rpmalloc, BLOCKS * LAPS},
    {"pair-32", "rpmalloc", pair_rpmalloc, BLOCKS * LAPS},
    {"churn", "rpmalloc", churn_rpmalloc, STEPS},
#endif
};

enum { CONTENDERS = sizeof contenders / sizeof *contenders };

static ap_pool *pool(uint32_t strategy) {
    ap_pool_options options;
    memset(&options, 0, sizeof options);
    options.strategy = strategy;
    return ap_pool_create(32, 8, &options);
}

int main(int count, char **arguments) {
    int rounds = count > 1 ? atoi(arguments[1]) : 50;
    uint64_t answers[CONTENDERS];
    state = (count > 2 ? strtoull(arguments[2], NULL, 10) : 1) | 1;
    mempool = ap_mempool_create();
    arena = ap_arena_create(mempool, 64 * 1024, 64 * 1024);
    metadata = pool(AP_METADATA);
    tagged = pool(AP_TAGGED);
    shared = ap_shared_pool_create(32, 8, NULL);
#ifdef WITH_RPMALLOC
    rpmalloc_initialize();
#endif
    for (int i = 0; i < STEPS; i++) {
        uint64_t pick = next_random(), size = next_random() >> 20;
        int is_small = (pick >> 40) % 100 < 75;
        steps[i].victim = (uint16_t)(pick % LIVE);
        steps[i].length = (uint16_t)(is_small ? 1 + size % 16 : 17 + size % 240);
    }
    for (int round = 0; round < rounds + WARM_UP; round++) {
        int order[CONTENDERS];
        for (int i = 0; i < CONTENDERS; i++) {
            int other = (int)((next_random() >> 40) % (uint64_t)(i + 1));
            order[i] = order[other];
            order[other] = i;
        }
        for (int i = 0; i < CONTENDERS; i++) {
            const struct contender *one = &contenders[order[i]];
            one->pass(); /* its memory is warm, as that of the others was */
            double before = now();
            uint64_t answer = one->pass();
            double taken = now() - before;
            if (round == 0) {
                answers[order[i]] = answer;
            } else if (answer != answers[order[i]]) {
                fprintf(stderr, "%s/%s: another answer\n", one->name, one->workload);
                return 1;
            }
            if (round >= WARM_UP) {
                printf("%s %s %.4f\n", one->workload, one->name, taken / one->operations);
            }
        }
    }
    for (int i = 0; i < CONTENDERS; i++) {
        for (int j = 0; j < CONTENDERS; j++) {
            if (strcmp(contenders[i].workload, contenders[j].workload) == 0 &&
                answers[i] != answers[j]) {
                fprintf(stderr, "%s: answers differ\n", contenders[i].workload);
                return 1;
            }
        }
    }
    ap_shared_pool_destroy(shared);
    ap_pool_destroy(tagged);
    ap_pool_destroy(metadata);
    ap_mempool_destroy(mempool);
    return 0;
}
