/* Misuses every function of the header: each call is refused, and none crashes. */
#include "check.h"
#include <math.h>
#include <time.h>

/* Arenas that come and go, and an old handle stays one of nobody. */
#define STALE_AFTER 5000

static int outside[64];

/* Memory of the program's that is no handle. */
static void *no_handle(void) {
    return (char *)outside + 64;
}

static void null_arena(ap_arena *arena) {
    ap_mark mark = ap_arena_mark(arena);
    const char *no_text = NULL;
    int block = 0;
    CHECK(ap_arena_alloc(arena, 1) == NULL && (ap_arena_alloc)(arena, 1) == NULL);
    CHECK(ap_arena_alloc_aligned(arena, 1, 16) == NULL && ap_arena_calloc(arena, 1, 1) == NULL);
    CHECK(ap_arena_strdup(arena, "x") == NULL && ap_arena_strndup(arena, "x", 1) == NULL);
    CHECK(ap_arena_sprintf(arena, "%d", 1) == NULL && ap_arena_sprintf(arena, no_text) == NULL);
    CHECK(with_list(ap_arena_vsprintf, arena, "%d", 1) == NULL);
    CHECK(with_list(ap_arena_vsprintf, arena, no_text) == NULL);
    CHECK(ap_arena_realloc(arena, NULL, 0, 1) == NULL);
    CHECK(ap_arena_realloc(arena, &block, 1, 1) == NULL);
    CHECK(!ap_arena_free(arena, &block, 1) && !ap_arena_reset(arena) && !ap_arena_clear(arena));
    CHECK(!ap_arena_rewind(arena, mark) && !ap_arena_set_limit(arena, 1));
    CHECK(!ap_arena_on_event(arena, NULL, NULL) && !ap_arena_owns(arena, &block));
    CHECK(ap_arena_total_allocated(arena) == 0 && ap_arena_total_used(arena) == 0);
    CHECK(ap_arena_waste(arena) == 0 && ap_arena_chunk_count(arena) == 0);
    ap_arena_destroy(arena);
}

/* Handles of every other kind are no arenas. */
static void wrong_arenas(void) {
    ap_mempool *mempool = ap_mempool_create();
    ap_pool *pool = ap_pool_create(8, 8, NULL);
    ap_shared_pool *shared = ap_shared_pool_create(8, 8, NULL);
    ap_expr_arena *memory = ap_expr_arena_new(0);
    ap_batch_builder *builder = ap_batch_builder_new();
    ap_json_pool *documents = ap_json_pool_new(0);
    ap_json *document = NULL;
    STATUS(AP_OK, ap_json_parse(documents, "1", 1, &document, NULL));
    void *handles[] = {mempool, pool, shared, memory, builder, documents, document};
    for (size_t i = 0; i < sizeof handles / sizeof *handles; i++) {
        null_arena((ap_arena *)handles[i]);
        CHECK(ap_arena_create((ap_mempool *)handles[i], 0, 0) == NULL || i == 0);
        STATUS(i == 1 ? AP_OK : AP_WRONG_HANDLE, ap_pool_verify((ap_pool *)handles[i]));
    }
    STATUS(AP_OK, ap_json_free(document));
    STATUS(AP_OK, ap_json_pool_free(documents));
    STATUS(AP_OK, ap_batch_builder_free(builder));
    STATUS(AP_OK, ap_expr_arena_free(memory));
    ap_shared_pool_destroy(shared);
    ap_pool_destroy(pool);
    ap_mempool_destroy(mempool);
}

/* Chunks and the arenas themselves are blocks of the backing pool, but not the program's. */
static void arenas_keep_their_blocks(void) {
    ap_mempool *mempool = ap_mempool_create();
    ap_arena *arena = ap_arena_create_default(mempool);
    char *first = (char *)ap_arena_alloc(arena, 16), *handle = (char *)arena;
    size_t used = ap_mempool_used(mempool);
    for (int back = 0; back <= 64; back += 16) {
        STATUS(AP_FOREIGN, ap_mempool_free(mempool, first - back));
        STATUS(AP_FOREIGN, ap_mempool_free(mempool, handle - back));
    }
    CHECK(ap_mempool_used(mempool) == used);
    memset(first, 1, 16);
    CHECK(ap_arena_owns(arena, first) && ap_arena_alloc(arena, 100000) != NULL);
    ap_mempool_destroy(mempool);
}

static ap_mark early;
static int told;

/* Uses the arena that calls it. */
static void greedy_listener(void *user, const ap_arena_event *event) {
    ap_arena *arena = (ap_arena *)user;
    size_t used = ap_arena_total_used(arena);
    told++;
    CHECK(!ap_arena_reset(arena) && !ap_arena_clear(arena) && !ap_arena_rewind(arena, early));
    ap_arena_destroy(arena);
    CHECK(ap_arena_total_used(arena) == used);
    if (event->kind == AP_ARENA_RESET) {
        CHECK(used == 0);
    }
    /* Refused or grown, it is not told. */
    if (event->kind == AP_ARENA_REFUSED) {
        CHECK(ap_arena_alloc(arena, 100000) == NULL && ap_arena_alloc(arena, 1) != NULL);
    } else {
        char *block = (char *)ap_arena_alloc(arena, 10000);
        CHECK(block != NULL && ap_arena_free(arena, block, 10000));
        block = (char *)ap_arena_calloc(arena, 1, 10000);
        CHECK(block != NULL && ap_arena_owns(arena, block + 9999));
    }
}

static void listeners(void) {
    ap_mempool *mempool = ap_mempool_create();
    ap_arena *arena = ap_arena_create(mempool, 64, 64);
    early = ap_arena_mark(arena);
    CHECK(ap_arena_on_event(arena, greedy_listener, arena));
    char *first = (char *)ap_arena_calloc(arena, 1, 200);
    CHECK(told == 1 && ap_arena_total_used(arena) == 208 + 10000);
    memset(first, 7, 200);
    char *larger = (char *)ap_arena_realloc(arena, first, 200, 20000);
    CHECK(told == 2 && larger != NULL && larger[0] == 7 && larger[199] == 7);
    CHECK(ap_arena_set_limit(arena, 1) && ap_arena_alloc(arena, 50000) == NULL && told == 3);
    CHECK(ap_arena_set_limit(arena, 0) && ap_arena_rewind(arena, early));
    CHECK(ap_arena_total_used(arena) == 0 && told == 3);
    CHECK(ap_arena_alloc(arena, 16) != NULL);
    CHECK(ap_arena_reset(arena) && told == 4 && ap_arena_total_used(arena) == 10000);
    CHECK(ap_arena_clear(arena) && told == 5 && ap_arena_total_used(arena) == 10000);
    ap_arena_destroy(arena);
    CHECK(told == 5 && ap_arena_alloc(arena, 1) == NULL);
    ap_mempool_destroy(mempool);
}

static void arena(void) {
    ap_mempool *mempool = ap_mempool_create();
    CHECK(ap_arena_create(NULL, 0, 0) == NULL && ap_arena_create_default(NULL) == NULL);
    CHECK(ap_arena_create((ap_mempool *)no_handle(), 0, 0) == NULL);
    unsigned char buffer[4096];
    CHECK(ap_arena_create_in(NULL, 4096) == NULL && ap_arena_create_in(buffer, 0) == NULL);
    for (size_t size = 0; size < 700; size += 7) {
        ap_arena *tiny = ap_arena_create_in(buffer + size % 16, size);
        CHECK(tiny == NULL || ap_arena_total_allocated(tiny) < size);
        ap_arena_destroy(tiny);
    }
    null_arena(NULL);

    ap_arena *arena = ap_arena_create_default(mempool);
    CHECK(ap_arena_alloc(arena, 0) == NULL && ap_arena_alloc(arena, SIZE_MAX) == NULL);
    CHECK(ap_arena_alloc(arena, ((size_t)1 << 30) + 1) == NULL);
    CHECK((ap_arena_alloc)(arena, ((size_t)1 << 30) + 1) == NULL);
    size_t none[] = {0, 3, 24, 1000, SIZE_MAX};
    for (int i = 0; i < 5; i++) {
        CHECK(ap_arena_alloc_aligned(arena, 16, none[i]) == NULL);
    }
    CHECK(ap_arena_alloc_aligned(arena, 0, 16) == NULL);
    CHECK(ap_arena_alloc_aligned(arena, 16, SIZE_MAX / 2 + 1) == NULL);
    CHECK(ap_arena_calloc(arena, SIZE_MAX, 2) == NULL && ap_arena_calloc(arena, 0, 2) == NULL);
    CHECK(ap_arena_strdup(arena, NULL) == NULL && ap_arena_strndup(arena, NULL, 3) == NULL);
    CHECK(ap_arena_total_used(arena) == 0);

    /* What it has not handed out, it does not take. */
    char *block = (char *)ap_arena_alloc(arena, 64);
    CHECK(!ap_arena_free(arena, outside, 16) && !ap_arena_free(arena, block, 0));
    CHECK(!ap_arena_free(arena, block + 1, 16) && !ap_arena_free(arena, block, 4096));
    CHECK(!ap_arena_free(arena, block, SIZE_MAX) && !ap_arena_free(arena, NULL, 16));
    CHECK(ap_arena_realloc(arena, outside, 16, 32) == NULL);
    CHECK(ap_arena_realloc(arena, block, SIZE_MAX, SIZE_MAX) == NULL);
    CHECK(ap_arena_realloc(arena, block, 64, SIZE_MAX) == NULL);
    CHECK(ap_arena_realloc(arena, block, 64, 0) == NULL && ap_arena_total_used(arena) == 0);

    /* Marks of others, and of the past. */
    ap_arena *other = ap_arena_create_default(mempool);
    ap_mark theirs = ap_arena_mark(other), ours = ap_arena_mark(arena), zero;
    memset(&zero, 0, sizeof zero);
    CHECK(!ap_arena_rewind(arena, theirs) && !ap_arena_rewind(arena, zero));
    ap_arena_clear(arena);
    CHECK(!ap_arena_rewind(arena, ours));
    ap_arena_destroy(other);
    CHECK(!ap_arena_rewind(other, theirs));

    /* Twice, and after others have come and gone. */
    ap_arena_destroy(arena);
    ap_arena_destroy(arena);
    null_arena(arena);
    for (int i = 0; i < STALE_AFTER; i++) {
        ap_arena *next = ap_arena_create_default(mempool);
        ap_arena_destroy(arena);
        CHECK(ap_arena_alloc(next, 16) != NULL && next != arena);
        ap_arena_destroy(next);
    }

    arenas_keep_their_blocks();
    STATUS(AP_FOREIGN, ap_mempool_free(mempool, outside));
    STATUS(AP_FOREIGN, ap_mempool_free(mempool, (void *)(uintptr_t)1));
    void *once = ap_mempool_alloc(mempool, 8);
    STATUS(AP_FOREIGN, ap_mempool_free(mempool, (char *)once + 1));
    STATUS(AP_OK, ap_mempool_free(mempool, once));
    STATUS(AP_FOREIGN, ap_mempool_free(mempool, once));
    STATUS(AP_OK, ap_mempool_free(mempool, NULL));
    CHECK(ap_mempool_alloc(mempool, 0) == NULL && ap_mempool_alloc(mempool, SIZE_MAX) == NULL);
    CHECK(ap_mempool_calloc(mempool, SIZE_MAX, SIZE_MAX) == NULL);
    CHECK(ap_mempool_alloc(NULL, 1) == NULL && ap_mempool_calloc(NULL, 1, 1) == NULL);
    CHECK(ap_mempool_used(NULL) == 0 && ap_mempool_used((ap_mempool *)no_handle()) == 0);
    STATUS(AP_NULL, ap_mempool_free(NULL, outside));
    STATUS(AP_WRONG_HANDLE, ap_mempool_free((ap_mempool *)no_handle(), outside));
    ap_mempool_destroy((ap_mempool *)no_handle());
    ap_mempool_destroy(NULL);
    ap_mempool_destroy(mempool);
}

static ap_status why(size_t size, size_t alignment, ap_pool_options options) {
    ap_status status = AP_OK;
    options.status = &status;
    CHECK(ap_pool_create(size, alignment, &options) == NULL);
    return status;
}

static void pool_options(void) {
    ap_pool_options options;
    memset(&options, 0, sizeof options);
    STATUS(AP_INVALID_ARGUMENT, why(0, 8, options));
    STATUS(AP_INVALID_ARGUMENT, why(8, 0, options));
    STATUS(AP_INVALID_ARGUMENT, why(8, 3, options));
    STATUS(AP_INVALID_ARGUMENT, why(SIZE_MAX, 8, options));
    options.strategy = 4;
    STATUS(AP_INVALID_ARGUMENT, why(8, 8, options));
    options.strategy = 0;
    static const uint32_t descending[] = {4, 3}, zero[] = {0};
    options.class_lengths = descending;
    STATUS(AP_INVALID_CLASSES, why(8, 8, options));
    options.class_count = 2;
    STATUS(AP_INVALID_CLASSES, why(8, 8, options));
    options.class_lengths = zero;
    options.class_count = 1;
    STATUS(AP_INVALID_CLASSES, why(8, 8, options));
    options.class_count = 65;
    STATUS(AP_INVALID_CLASSES, why(8, 8, options));
    options.class_lengths = NULL;
    STATUS(AP_INVALID_ARGUMENT, why(8, 8, options));
    options.class_count = 0;
    /* More than an alignment can be, of both kinds of pool. */
    ap_status too_large = AP_OK;
    STATUS(AP_TOO_LARGE, why(8, (size_t)1 << 40, options));
    STATUS(AP_TOO_LARGE, why((size_t)1 << 60, 8, options));
    options.status = &too_large;
    CHECK(ap_shared_pool_create(8, (size_t)1 << 40, &options) == NULL);
    STATUS(AP_TOO_LARGE, too_large);
    too_large = AP_OK;
    CHECK(ap_shared_pool_create((size_t)1 << 60, 8, &options) == NULL);
    STATUS(AP_TOO_LARGE, too_large);
    options.class_count = 1;
    CHECK(ap_shared_pool_create(8, 8, &options) == NULL);
    STATUS(AP_INVALID_ARGUMENT, too_large);
    options.class_count = 0;
    options.status = NULL;
    options.limit = 10;
    STATUS(AP_OVER_LIMIT, why(8, 8, options));
    CHECK(ap_pool_create(0, 0, NULL) == NULL && ap_pool_create_in(NULL, 99, 8, 8, NULL) == NULL);
    CHECK(ap_pool_create_in(outside, sizeof outside, 8, 8, NULL) == NULL);
    /* In a buffer, a limit is one of bookkeeping on the heap. */
    static unsigned char buffer[64 * 1024];
    ap_status of_books = AP_OK;
    options.status = &of_books;
    options.strategy = AP_METADATA;
    CHECK(ap_pool_create_in(buffer, sizeof buffer, 8, 8, &options) == NULL);
    STATUS(AP_OVER_LIMIT, of_books);
    options.strategy = AP_TAGGED;
    ap_pool *tagged = ap_pool_create_in(buffer, sizeof buffer, 8, 8, &options);
    STATUS(AP_OK, of_books);
    CHECK(ap_pool_alloc(tagged, 1000) != NULL);
    ap_pool_destroy(tagged);

    ap_status status = AP_OK;
    options.limit = 0;
    options.strategy = AP_DIRECT;
    options.status = &status;
    CHECK(ap_shared_pool_create(8, 8, &options) == NULL && status == AP_UNSUPPORTED);
    CHECK(ap_shared_pool_create(0, 8, &options) == NULL && status == AP_INVALID_ARGUMENT);
    /* What a shared pool has not: each by itself, and with both strategies. */
    static const uint32_t lengths[] = {4, 12};
    for (uint32_t strategy = AP_DEFAULT_STRATEGY; strategy <= AP_TAGGED; strategy++) {
        ap_pool_options wrong[10];
        memset(wrong, 0, sizeof wrong);
        wrong[0].class_lengths = lengths;
        wrong[0].class_count = 2;
        wrong[1].max_free = 1;
        wrong[2].quarantine = 1;
        wrong[3].fail_every = 1;
        for (int check = 0; check < 6; check++) {
            wrong[4 + check].checks = 1u << check; /* one of `ap_check` */
        }
        for (int i = 0; i < 10; i++) {
            wrong[i].strategy = strategy;
            wrong[i].status = &status;
            CHECK(ap_shared_pool_create(8, 8, &wrong[i]) == NULL && status == AP_UNSUPPORTED);
        }
        wrong[4].checks = 1u << 6;
        CHECK(ap_shared_pool_create(8, 8, &wrong[4]) == NULL && status == AP_INVALID_ARGUMENT);
    }
}

static void no_pool(ap_pool *pool, ap_status expected) {
    ap_array token = {outside, 1};
    ap_located located;
    ap_pool_statistics stats;
    CHECK(ap_pool_alloc(pool, 1) == NULL && ap_pool_len(pool, outside) == 0);
    STATUS(expected, ap_pool_release(pool, outside));
    STATUS(expected, ap_pool_alloc_array(pool, 1, &token));
    CHECK(token.ptr == NULL);
    STATUS(expected, ap_pool_release_array(pool, token));
    CHECK(ap_pool_alloc_at(pool, 1, AP_HERE) == NULL);
    STATUS(expected, ap_pool_release_at(pool, outside, AP_HERE));
    STATUS(expected, ap_pool_alloc_array_at(pool, 1, &token, AP_HERE));
    STATUS(expected, ap_pool_release_array_at(pool, token, AP_HERE));
    STATUS(expected, ap_pool_reset_at(pool, AP_HERE));
    STATUS(expected, ap_pool_locate(pool, outside, &located));
    STATUS(expected, ap_pool_stats(pool, &stats));
    STATUS(expected, ap_pool_verify(pool));
    STATUS(expected, ap_pool_reset(pool));
    STATUS(expected, ap_pool_trim(pool, 1));
    STATUS(expected, ap_pool_freeze(pool));
    STATUS(expected, ap_pool_reserve(pool, 1, 1));
    ap_pool_destroy(pool);
}

static void pool_of(uint32_t strategy) {
    ap_pool_options options;
    memset(&options, 0, sizeof options);
    options.strategy = strategy;
    ap_pool *pool = ap_pool_create(8, 8, &options);
    ap_array first, second, again;
    STATUS(AP_OK, ap_pool_alloc_array(pool, 10, &first));
    STATUS(AP_OK, ap_pool_alloc_array(pool, 10, &second));

    /* Addresses of any value. */
    STATUS(AP_FOREIGN, ap_pool_release(pool, outside));
    for (unsigned bit = 0; bit < sizeof(void *) * 8; bit++) {
        uintptr_t value = (uintptr_t)1 << bit;
        ap_array wild = {(void *)value, bit};
        STATUS(AP_FOREIGN, ap_pool_release(pool, (void *)value));
        STATUS(AP_FOREIGN, ap_pool_release(pool, (void *)~value));
        STATUS(AP_FOREIGN, ap_pool_release_array(pool, wild));
        CHECK(ap_pool_len(pool, (void *)value) == 0);
    }
    for (int at = 1; at < 80; at++) {
        STATUS(AP_INTERIOR, ap_pool_release(pool, (char *)first.ptr + at));
    }
    ap_array wrong = {NULL, 7};
    STATUS(AP_FOREIGN, ap_pool_release_array(pool, wrong));
    wrong = first;
    wrong.generation += 7;
    STATUS(AP_STALE, ap_pool_release_array(pool, wrong));

    /* Twice, before and after the slot has another tenant. */
    STATUS(AP_OK, ap_pool_release_array(pool, first));
    STATUS(AP_ALREADY_RELEASED, ap_pool_release_array(pool, first));
    STATUS(AP_ALREADY_RELEASED, ap_pool_release(pool, first.ptr));
    STATUS(AP_OK, ap_pool_alloc_array(pool, 10, &again));
    CHECK(again.ptr == first.ptr);
    STATUS(AP_STALE, ap_pool_release_array(pool, first));
    STATUS(AP_OK, ap_pool_release_array(pool, again));

    /* After a reset. */
    STATUS(AP_OK, ap_pool_reset(pool));
    STATUS(AP_STALE, ap_pool_release_array(pool, second));
    STATUS(AP_ALREADY_RELEASED, ap_pool_release(pool, second.ptr));

    /* What is too much, and what is frozen. */
    CHECK(ap_pool_alloc(pool, 0) == NULL && ap_pool_alloc(pool, SIZE_MAX) == NULL);
    STATUS(AP_TOO_LARGE, ap_pool_alloc_array(pool, SIZE_MAX, &again));
    STATUS(AP_NULL, ap_pool_alloc_array(pool, 1, NULL));
    STATUS(AP_OK, ap_pool_freeze(pool));
    STATUS(AP_FROZEN, ap_pool_alloc_array(pool, 200, &again));
    ap_located located;
    STATUS(AP_FOREIGN, ap_pool_locate(pool, outside, &located));
    STATUS(AP_NULL, ap_pool_locate(pool, second.ptr, NULL));
    STATUS(AP_NULL, ap_pool_stats(pool, NULL));
    STATUS(AP_OK, ap_pool_verify(pool));
    no_pool((ap_pool *)no_handle(), AP_WRONG_HANDLE);
    ap_pool_destroy(pool);

    /* Few runs, and a limit. */
    options.max_runs = 1;
    pool = ap_pool_create(8, 8, &options);
    STATUS(AP_OK, ap_pool_alloc_array(pool, 10, &first));
    STATUS(strategy == AP_METADATA ? AP_TOO_MANY_RUNS : AP_OK,
           ap_pool_alloc_array(pool, 200, &first));
    ap_pool_destroy(pool);
    options.max_runs = 0;
    options.limit = 20000;
    pool = ap_pool_create(8, 8, &options);
    STATUS(AP_OVER_LIMIT, ap_pool_alloc_array(pool, 100000, &first));
    ap_pool_destroy(pool);
}

/* A strategy that takes no single arrays back. */
static void direct(void) {
    /* It has no classes, and does not look at these, which are none. */
    static const uint32_t descending[] = {5, 3};
    ap_pool_options options;
    memset(&options, 0, sizeof options);
    options.strategy = AP_DIRECT;
    options.class_lengths = descending;
    options.class_count = 65;
    ap_pool *pool = ap_pool_create(8, 8, &options);
    ap_array array;
    STATUS(AP_OK, ap_pool_alloc_array(pool, 10, &array));
    STATUS(AP_NOT_RELEASABLE, ap_pool_release_array(pool, array));
    STATUS(AP_NOT_RELEASABLE, ap_pool_release(pool, array.ptr));
    STATUS(AP_NOT_RELEASABLE, ap_pool_release(pool, (char *)array.ptr + 8));
    STATUS(AP_FOREIGN, ap_pool_release(pool, outside));
    CHECK(ap_pool_len(pool, array.ptr) == 0);
    STATUS(AP_OK, ap_pool_freeze(pool)); /* which changes nothing here */
    CHECK(ap_pool_alloc(pool, 100000) != NULL);
    STATUS(AP_OK, ap_pool_reset(pool));
    STATUS(AP_FOREIGN, ap_pool_release_array(pool, array));
    STATUS(AP_FOREIGN, ap_pool_release(pool, array.ptr));
    ap_pool_destroy(pool);
}

/* Writes over the bookkeeping in front of an array are found. */
static void overwritten(void) {
    ap_pool_options options;
    memset(&options, 0, sizeof options);
    options.strategy = AP_TAGGED;
    ap_pool *pool = ap_pool_create(8, 8, &options);
    char *first = (char *)ap_pool_alloc(pool, 16), *second = (char *)ap_pool_alloc(pool, 16);
    memset((first < second ? second : first) - 16, 0x55, 16);
    STATUS(AP_CORRUPTED, ap_pool_verify(pool));
    STATUS(AP_CORRUPTED, ap_pool_release(pool, first < second ? second : first));
    STATUS(AP_OK, ap_pool_release(pool, first < second ? first : second));
    ap_pool_statistics stats;
    STATUS(AP_OK, ap_pool_stats(pool, &stats));
    CHECK(stats.lost == 1 && stats.corrupted == 1);
    ap_pool_destroy(pool);
}

/* What a pool finds that was asked to watch. */
static void watched(uint32_t strategy) {
    ap_pool_options options;
    memset(&options, 0, sizeof options);
    options.strategy = strategy;
    options.checks = AP_CHECK_CANARY;
    ap_pool *pool = ap_pool_create(8, 8, &options);
    char *array = (char *)ap_pool_alloc(pool, 5);
    array[40] = 1;
    STATUS(AP_OVERFLOW, ap_pool_verify(pool));
    STATUS(AP_OVERFLOW, ap_pool_release(pool, array));
    ap_pool_destroy(pool);

    options.checks = AP_CHECK_INTEGRITY;
    pool = ap_pool_create(8, 8, &options);
    array = (char *)ap_pool_alloc(pool, 5);
    STATUS(AP_OK, ap_pool_release(pool, array));
    array[20] = 1;
    STATUS(AP_WRITTEN_AFTER_RELEASE, ap_pool_verify(pool));
    char *next = (char *)ap_pool_alloc(pool, 5);
    CHECK(next != NULL && next != array);
    ap_pool_destroy(pool);

    options.checks = AP_CHECK_POISON | AP_CHECK_CLEAR_ON_RELEASE;
    options.quarantine = 4;
    pool = ap_pool_create(8, 8, &options);
    array = (char *)ap_pool_alloc(pool, 5);
    STATUS(AP_OK, ap_pool_release(pool, array));
    CHECK(ap_pool_alloc(pool, 5) != array); /* it rests */
    STATUS(AP_ALREADY_RELEASED, ap_pool_release(pool, array));
    ap_pool_destroy(pool);

    options.checks = AP_CHECK_LEAKS;
    options.quarantine = 0;
    options.fail_every = 2;
    pool = ap_pool_create(8, 8, &options);
    ap_array token;
    STATUS(AP_OK, ap_pool_alloc_array(pool, 5, &token));
    STATUS(AP_OUT_OF_MEMORY, ap_pool_alloc_array(pool, 5, &token));
    ap_pool_destroy(pool);
    options.checks = 1u << 31;
    STATUS(AP_INVALID_ARGUMENT, why(8, 8, options));
}

static void no_shared_pool(ap_shared_pool *pool, ap_status expected) {
    ap_array token = {outside, 1};
    ap_located located;
    ap_pool_statistics stats;
    CHECK(ap_shared_pool_alloc(pool, 1) == NULL && ap_shared_pool_len(pool, outside) == 0);
    STATUS(expected, ap_shared_pool_release(pool, outside));
    STATUS(expected, ap_shared_pool_alloc_array(pool, 1, &token));
    STATUS(expected, ap_shared_pool_release_array(pool, token));
    STATUS(expected, ap_shared_pool_locate(pool, outside, &located));
    STATUS(expected, ap_shared_pool_trim(pool, 0));
    STATUS(expected, ap_shared_pool_stats(pool, &stats));
    STATUS(expected, ap_shared_pool_verify(pool));
    ap_shared_pool_destroy(pool);
}

static void shared_pool(void) {
    no_shared_pool(NULL, AP_NULL);
    no_shared_pool((ap_shared_pool *)no_handle(), AP_WRONG_HANDLE);
    ap_pool_options options;
    memset(&options, 0, sizeof options);
    for (uint32_t strategy = AP_METADATA; strategy <= AP_TAGGED; strategy++) {
        options.strategy = strategy;
        ap_shared_pool *pool = ap_shared_pool_create(8, 8, &options);
        ap_array token, again;
        STATUS(AP_FOREIGN, ap_shared_pool_release(pool, outside));
        STATUS(AP_OK, ap_shared_pool_alloc_array(pool, 10, &token));
        STATUS(AP_FOREIGN, ap_shared_pool_release(pool, outside));
        STATUS(AP_INTERIOR, ap_shared_pool_release(pool, (char *)token.ptr + 8));
        STATUS(AP_OK, ap_shared_pool_release_array(pool, token));
        STATUS(AP_ALREADY_RELEASED, ap_shared_pool_release(pool, token.ptr));
        for (int i = 0; i < 200; i++) {
            STATUS(AP_OK, ap_shared_pool_alloc_array(pool, 10, &again));
        }
        STATUS(AP_STALE, ap_shared_pool_release_array(pool, token));
        STATUS(AP_TOO_LARGE, ap_shared_pool_alloc_array(pool, SIZE_MAX, &again));
        STATUS(AP_NULL, ap_shared_pool_alloc_array(pool, 1, NULL));
        CHECK(ap_shared_pool_alloc(pool, 0) == NULL);
        ap_shared_pool_destroy(pool);
    }
}

/* What was wrong last, of which no text is to blame. */
static void check_error(ap_batch_builder *builder, const char *expected) {
    ap_error_position place = {9, 9, 9};
    CHECK(strcmp(ap_batch_builder_error(builder, &place), expected) == 0);
    CHECK(place.offset == 0 && place.line == 0 && place.column == 0);
}

static ap_batch_builder *running;
static int greedy_calls;

/* Uses the batch that calls it. What it is told is about its own call, whichever is first. */
static double greedy(void *user, const double *arguments, size_t count) {
    (void)user, (void)arguments, (void)count;
    double result = 0.0;
    if (greedy_calls++ == 0) {
        STATUS(AP_BUSY, ap_batch_builder_eval(running));
    } else {
        STATUS(AP_BUSY, ap_batch_builder_free(running));
    }
    check_error(running, ap_status_message(AP_BUSY));
    STATUS(AP_BUSY, ap_batch_builder_get_result(running, 0, &result));
    STATUS(AP_BUSY, ap_batch_builder_add_expression(running, "1", NULL));
    STATUS(AP_BUSY, ap_batch_builder_free(running));
    return 1.0;
}

/* What there is room for, and one more. */
static void crowded(void) {
    ap_batch_builder *builder = ap_batch_builder_new();
    ap_error_position place;
    char name[16], names[256 * 5], call[256 * 2 + 8];
    size_t index = 0, length = 0;
    for (int i = 0; i < 256; i++) {
        length += (size_t)sprintf(names + length, "%sp%d", i > 0 ? "," : "", i);
    }
    STATUS(AP_TOO_LARGE, ap_batch_builder_add_expression_function(builder, "f", names, "1"));
    CHECK(strcmp(ap_batch_builder_error(builder, &place), "more than 255 arguments") == 0);
    CHECK(place.offset == 0 && place.line == 0 && place.column == 0);
    length = (size_t)sprintf(call, "max(1");
    for (int i = 1; i < 256; i++) {
        length += (size_t)sprintf(call + length, ",1");
    }
    sprintf(call + length, ")");
    STATUS(AP_TOO_LARGE, ap_batch_builder_add_expression(builder, call, NULL));
    for (int i = 0; i < 256; i++) {
        snprintf(name, sizeof name, "x%d", i);
        STATUS(AP_OK, ap_batch_builder_add_parameter(builder, name, 0.0, &index));
    }
    CHECK(index == 255);
    STATUS(AP_TOO_LARGE, ap_batch_builder_add_parameter(builder, "more", 0.0, &index));
    CHECK(index == 255 && strstr(ap_batch_builder_error(builder, &place), "than 256") != NULL);
    STATUS(AP_OK, ap_batch_builder_free(builder));

    /* Out of memory: no place in a text. */
    ap_expr_arena *arena = ap_expr_arena_new(60000);
    ap_status status = AP_OK;
    builder = ap_batch_builder_new_with_arena(arena);
    for (int i = 0; status == AP_OK && i < 100000; i++) {
        status = ap_batch_builder_add_expression(builder, "sin(1 + 2) * cos(3)", NULL);
    }
    STATUS(AP_OVER_LIMIT, status);
    const char *message = ap_batch_builder_error(builder, &place);
    CHECK(place.offset == 0 && place.line == 0 && place.column == 0);
    CHECK(message[0] != '\0' && strstr(message, "line") == NULL);
    STATUS(AP_OK, ap_batch_builder_free(builder));
    STATUS(AP_OK, ap_expr_arena_free(arena));
}

/* Seconds of the processor for a function whose parameters are blanks, and commas. */
static double time_of(ap_batch_builder *builder, size_t commas) {
    static char names[2 * 65536 + 1];
    memset(names, ' ', 65536);
    memset(names + 65536, ',', commas);
    names[65536 + commas] = '\0';
    clock_t before = clock();
    STATUS(commas < 255 ? AP_INVALID_ARGUMENT : AP_TOO_LARGE,
           ap_batch_builder_add_expression_function(builder, "f", names, "1"));
    return (double)(clock() - before) / CLOCKS_PER_SEC;
}

/* Many commas take no longer than few. */
static void many_commas(void) {
    ap_batch_builder *builder = ap_batch_builder_new();
    double few = time_of(builder, 200), many = time_of(builder, 65536);
    CHECK(many < 20 * few + 0.1);
    STATUS(AP_OK, ap_batch_builder_free(builder));
}

/* A text of some bytes, which ends with a zero byte: `unit` again and again, then blanks
   and a number. */
static const char *text_of(size_t bytes, const char *unit, size_t count) {
    static char text[65536 + 1];
    size_t length = strlen(unit);
    memset(text, ' ', bytes);
    for (size_t i = 0; i < count; i++) {
        memcpy(text + i * length, unit, length);
    }
    text[bytes - 1] = '1';
    text[bytes] = '\0';
    return text;
}

/* What is said of an expression's text: its bytes, and its levels, also of a flat chain. */
static void long_and_deep(void) {
    ap_batch_builder *builder = ap_batch_builder_new();
    STATUS(AP_OK, ap_batch_builder_add_expression(builder, text_of(65535, "", 0), NULL));
    STATUS(AP_SYNTAX, ap_batch_builder_add_expression(builder, text_of(65536, "", 0), NULL));
    CHECK(strstr(ap_batch_builder_error(builder, NULL), "65535") != NULL);
    static const char *const units[] = {"-", "1+"};
    for (int i = 0; i < 2; i++) {
        const char *text = text_of(2000, units[i], 511);
        STATUS(AP_OK, ap_batch_builder_add_expression(builder, text, NULL));
        text = text_of(2000, units[i], 512);
        STATUS(AP_SYNTAX, ap_batch_builder_add_expression(builder, text, NULL));
        CHECK(strstr(ap_batch_builder_error(builder, NULL), "512") != NULL);
    }
    STATUS(AP_OK, ap_batch_builder_free(builder));
}

static void no_builder(ap_batch_builder *builder, ap_status expected) {
    double result = 0.0;
    STATUS(expected, ap_batch_builder_add_expression(builder, "1", NULL));
    STATUS(expected, ap_batch_builder_add_parameter(builder, "x", 0.0, NULL));
    STATUS(expected, ap_batch_builder_set_parameter(builder, 0, 0.0));
    STATUS(expected, ap_batch_builder_register_function(builder, "f", 0, greedy, NULL));
    STATUS(expected, ap_batch_builder_add_expression_function(builder, "f", "", "1"));
    STATUS(expected, ap_batch_builder_eval(builder));
    STATUS(expected, ap_batch_builder_get_result(builder, 0, &result));
    CHECK(ap_batch_builder_error(builder, NULL) == NULL);
    STATUS(expected, ap_batch_builder_free(builder));
}

static void expressions(void) {
    no_builder(NULL, AP_NULL);
    no_builder((ap_batch_builder *)no_handle(), AP_WRONG_HANDLE);
    STATUS(AP_NULL, ap_expr_arena_reset(NULL));
    STATUS(AP_NULL, ap_expr_arena_free(NULL));
    STATUS(AP_WRONG_HANDLE, ap_expr_arena_reset((ap_expr_arena *)no_handle()));
    CHECK(ap_batch_builder_new_with_arena(NULL) == NULL);
    CHECK(ap_batch_builder_new_with_arena((ap_expr_arena *)no_handle()) == NULL);
    CHECK(ap_expr_arena_new(1) == NULL && ap_expr_arena_new(8000) == NULL);

    ap_batch_builder *builder = running = ap_batch_builder_new();
    size_t index = 99;
    double result = 0.0;
    CHECK(strcmp(ap_batch_builder_error(builder, NULL), "") == 0);
    STATUS(AP_NULL, ap_batch_builder_add_expression(builder, NULL, &index));
    STATUS(AP_INVALID_UTF8, ap_batch_builder_add_expression(builder, "\xff", &index));
    STATUS(AP_SYNTAX, ap_batch_builder_add_expression(builder, "", &index));
    STATUS(AP_SYNTAX, ap_batch_builder_add_expression(builder, "1 +", &index));
    CHECK(index == 99);
    STATUS(AP_INVALID_ARGUMENT, ap_batch_builder_add_parameter(builder, "1x", 0.0, NULL));
    STATUS(AP_INVALID_UTF8, ap_batch_builder_add_parameter(builder, "\xc3", 0.0, NULL));
    STATUS(AP_OK, ap_batch_builder_add_parameter(builder, "x", 0.0, NULL));
    STATUS(AP_INVALID_ARGUMENT, ap_batch_builder_add_parameter(builder, "x", 0.0, NULL));
    STATUS(AP_NOT_FOUND, ap_batch_builder_set_parameter(builder, 1, 0.0));
    check_error(builder, "no such index");
    STATUS(AP_SYNTAX, ap_batch_builder_add_expression(builder, "1 +", NULL));
    STATUS(AP_NULL, ap_batch_builder_register_function(builder, "f", 0, NULL, NULL));
    check_error(builder, ap_status_message(AP_NULL));
    STATUS(AP_SYNTAX, ap_batch_builder_add_expression(builder, "1 +", NULL));
    STATUS(AP_INVALID_ARGUMENT, ap_batch_builder_register_function(builder, "f", 256, greedy, NULL));
    check_error(builder, "an argument has a value that it cannot have");
    STATUS(AP_INVALID_ARGUMENT, ap_batch_builder_register_function(builder, "f g", 0, greedy, NULL));
    STATUS(AP_SYNTAX, ap_batch_builder_add_expression_function(builder, "g", "a", "a +"));
    STATUS(AP_NULL, ap_batch_builder_add_expression_function(builder, NULL, "a", "a"));
    STATUS(AP_NOT_FOUND, ap_batch_builder_get_result(builder, 0, &result));
    CHECK(isnan(result));
    check_error(builder, "no such index");
    STATUS(AP_NULL, ap_batch_builder_get_result(builder, 0, NULL));

    STATUS(AP_OK, ap_batch_builder_register_function(builder, "greedy", 0, greedy, NULL));
    STATUS(AP_OK, ap_batch_builder_add_expression(builder, "greedy()", NULL));
    STATUS(AP_OK, ap_batch_builder_add_expression(builder, "1 << 99 + x", NULL));
    STATUS(AP_OK, ap_batch_builder_add_expression(builder, "x + 1", NULL));
    STATUS(AP_EVALUATION_FAILED, ap_batch_builder_eval(builder));
    check_error(builder, ap_status_message(AP_EVALUATION_FAILED));
    STATUS(AP_OK, ap_batch_builder_get_result(builder, 0, &result));
    check_error(builder, ap_status_message(AP_EVALUATION_FAILED));
    STATUS(AP_EVALUATION_FAILED, ap_batch_builder_get_result(builder, 1, &result));
    CHECK(isnan(result) && strstr(ap_batch_builder_error(builder, NULL), "shift") != NULL);
    check_error(builder, "a shift is out of range");
    STATUS(AP_OK, ap_batch_builder_get_result(builder, 2, &result));
    CHECK(result == 1.0);
    STATUS(AP_EVALUATION_FAILED, ap_batch_builder_eval(builder));
    check_error(builder, ap_status_message(AP_EVALUATION_FAILED));
    CHECK(greedy_calls == 2);
    STATUS(AP_OK, ap_batch_builder_free(builder));
}

/* Where it is: in the text of the call, or in that of one before, which is no place of it. */
static void blamed(void) {
    ap_batch_builder *builder = ap_batch_builder_new();
    ap_error_position place = {9, 9, 9};
    STATUS(AP_OK, ap_batch_builder_add_expression_function(builder, "f", "x", "x +\n  gain"));
    STATUS(AP_SYNTAX, ap_batch_builder_add_expression(builder, "f(2)", NULL));
    const char *message = ap_batch_builder_error(builder, &place);
    CHECK(strstr(message, "in `f`, line 2, column 3") != NULL && strstr(message, "^^^^") != NULL);
    CHECK(place.offset == 0 && place.line == 0 && place.column == 0);
    STATUS(AP_SYNTAX, ap_batch_builder_add_expression(builder, "1 +\n gain", NULL));
    message = ap_batch_builder_error(builder, &place);
    CHECK(strstr(message, "line 2, column 2") == message);
    CHECK(place.offset == 5 && place.line == 2 && place.column == 2);
    STATUS(AP_SYNTAX, ap_batch_builder_add_expression_function(builder, "g", "a", "a + $"));
    message = ap_batch_builder_error(builder, &place);
    CHECK(strstr(message, "line 1, column 5") == message);
    CHECK(place.offset == 4 && place.line == 1 && place.column == 5);
    STATUS(AP_OK, ap_batch_builder_free(builder));
}

/* What the header says of depth, numbers and keys. */
static void json_at_its_limits(ap_json_pool *pool) {
    ap_json *document = NULL;
    ap_json_error error;
    char deep[2 * 1025];
    for (int depth = 1024; depth <= 1025; depth++) {
        size_t levels = (size_t)depth;
        memset(deep, '[', levels);
        memset(deep + levels, ']', levels);
        STATUS(depth == 1024 ? AP_OK : AP_SYNTAX,
               ap_json_parse(pool, deep, 2 * levels, &document, &error));
        STATUS(depth == 1024 ? AP_OK : AP_NULL, ap_json_free(document));
    }
    CHECK(strstr(error.message, "nested too deep") != NULL);
    STATUS(AP_SYNTAX, ap_json_parse(pool, "1e999", 5, &document, &error));
    CHECK(strstr(error.message, "number out of range") != NULL);
    static const char text[] = "{\"a\": 18446744073709551616, \"a\": 1.0, \"b\": -0}";
    uint64_t natural = 7;
    int64_t integer = 7;
    double number = 0.0;
    STATUS(AP_OK, ap_json_parse(pool, text, strlen(text), &document, NULL));
    const ap_json_value *root = ap_json_root(document), *big = ap_json_at(root, 0);
    CHECK(ap_json_len(root) == 3 && ap_json_get(root, "a") == ap_json_at(root, 1));
    CHECK(ap_json_pointer(root, "/a") == ap_json_at(root, 1));
    STATUS(AP_OK, ap_json_f64(big, &number));
    CHECK(number == 18446744073709551616.0);
    STATUS(AP_WRONG_TYPE, ap_json_u64(big, &natural));
    for (size_t i = 0; i < 3; i++) {
        STATUS(AP_WRONG_TYPE, ap_json_i64(ap_json_at(root, i), &integer));
    }
    CHECK(natural == 7 && integer == 7);
    STATUS(AP_OK, ap_json_free(document));
}

static void json(void) {
    ap_json *document = NULL;
    ap_json_error error;
    size_t length = 0;
    bool boolean = false;
    STATUS(AP_NULL, ap_json_pool_free(NULL));
    STATUS(AP_WRONG_HANDLE, ap_json_pool_free((ap_json_pool *)no_handle()));
    STATUS(AP_NULL, ap_json_parse(NULL, "1", 1, &document, NULL));
    STATUS(AP_WRONG_HANDLE, ap_json_parse((ap_json_pool *)no_handle(), "1", 1, &document, NULL));
    STATUS(AP_NULL, ap_json_free(NULL));
    STATUS(AP_WRONG_HANDLE, ap_json_free((ap_json *)no_handle()));
    CHECK(ap_json_root(NULL) == NULL && ap_json_root((ap_json *)no_handle()) == NULL);
    CHECK(ap_json_pool_new(1) == NULL && ap_json_pool_new(8000) == NULL);

    ap_json_pool *pool = ap_json_pool_new(100000);
    STATUS(AP_NULL, ap_json_parse(pool, NULL, 1, &document, NULL));
    STATUS(AP_NULL, ap_json_parse(pool, "1", 1, NULL, NULL));
    ap_json_pool *no_pools[] = {NULL, (ap_json_pool *)no_handle(), pool, pool};
    for (int i = 0; i < 4; i++) {
        memset(&error, 'x', sizeof error);
        ap_status status = ap_json_parse(no_pools[i], i == 2 ? NULL : "1", 1,
                                         i == 3 ? NULL : &document, &error);
        STATUS(i == 1 ? AP_WRONG_HANDLE : AP_NULL, status);
        CHECK(strcmp(error.message, ap_status_message(status)) == 0);
        CHECK(error.position.offset == 0 && error.position.line == 0);
    }
    static const char *const bad[] = {"", "[", "{\"a\"}", "01", "nul", "1 2", "\"\\x\"", "[1,]"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        STATUS(AP_SYNTAX, ap_json_parse(pool, bad[i], strlen(bad[i]), &document, &error));
        CHECK(document == NULL && error.position.line == 1 && error.message[0] != '\0');
    }
    STATUS(AP_INVALID_UTF8, ap_json_parse(pool, "\"\xff\"", 3, &document, &error));
    /* A length that was -1 somewhere is that of no text, which nobody looks into. */
    STATUS(AP_TOO_LARGE, ap_json_parse(pool, "[1]", SIZE_MAX, &document, &error));
    CHECK(document == NULL && error.position.line == 0 && error.message[0] != '\0');
    json_at_its_limits(pool);

    /* Values that are not there, of which everything is nothing. */
    const ap_json_value *nothing = NULL;
    CHECK(ap_json_kind_of(nothing) == AP_JSON_NONE && ap_json_len(nothing) == 0);
    CHECK(ap_json_at(nothing, 0) == NULL && ap_json_get(nothing, "a") == NULL);
    CHECK(ap_json_pointer(nothing, "") == NULL && ap_json_string(nothing, &length) == NULL);
    CHECK(ap_json_key_at(nothing, 0, NULL) == NULL && ap_json_write(nothing, NULL, 0) == 0);
    char some[4] = "xyz";
    CHECK(ap_json_write(nothing, some, sizeof some) == 0 && some[0] == '\0' && some[1] == 'y');
    STATUS(AP_NULL, ap_json_bool(nothing, &boolean));

    /* And of another type. */
    STATUS(AP_OK, ap_json_parse(pool, "[1.5]", 5, &document, NULL));
    const ap_json_value *root = ap_json_root(document);
    uint64_t natural;
    int64_t integer;
    double number;
    CHECK(ap_json_at(root, 1) == NULL && ap_json_get(root, "0") == NULL);
    CHECK(ap_json_get(root, NULL) == NULL && ap_json_pointer(root, NULL) == NULL);
    CHECK(ap_json_get(root, "\xff") == NULL && ap_json_pointer(root, "0") == NULL);
    CHECK(ap_json_string(root, NULL) == NULL && ap_json_key_at(root, 0, NULL) == NULL);
    length = 77;
    CHECK(ap_json_string(root, &length) == NULL && ap_json_key_at(root, 0, &length) == NULL);
    CHECK(length == 77);
    STATUS(AP_WRONG_TYPE, ap_json_bool(root, &boolean));
    STATUS(AP_WRONG_TYPE, ap_json_f64(root, &number));
    STATUS(AP_WRONG_TYPE, ap_json_u64(ap_json_at(root, 0), &natural));
    STATUS(AP_WRONG_TYPE, ap_json_i64(ap_json_at(root, 0), &integer));
    STATUS(AP_NULL, ap_json_f64(ap_json_at(root, 0), NULL));
    STATUS(AP_WRONG_HANDLE, ap_json_free((ap_json *)(void *)pool));
    STATUS(AP_BUSY, ap_json_pool_free(pool));
    STATUS(AP_OK, ap_json_free(document));
    STATUS(AP_OK, ap_json_pool_free(pool));
}

int main(void) {
    wrong_arenas();
    arena();
    listeners();
    pool_options();
    no_pool(NULL, AP_NULL);
    pool_of(AP_METADATA);
    pool_of(AP_TAGGED);
    direct();
    overwritten();
    watched(AP_METADATA);
    watched(AP_TAGGED);
    shared_pool();
    expressions();
    blamed();
    crowded();
    many_commas();
    long_and_deep();
    json();
    CHECK(ap_version() == AP_VERSION);
    for (int status = -1000; status < 1000; status++) {
        CHECK(ap_status_message(status) != NULL);
    }
    return end("misuse");
}
