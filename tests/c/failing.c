/*
 * Every request for memory fails once, in turn: the call that makes it is refused, the next
 * one is served, nothing is lost, and what was there before works on. The linker sends the
 * library's requests through here (--wrap).
 */
#include "check.h"
#include <errno.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
int __real_posix_memalign(void **place, size_t alignment, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
int __wrap_posix_memalign(void **place, size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void __wrap_free(void *block);

/* Requests until one fails; 0: none will. */
static long left;
/* Whether one has failed. */
static bool failed;
/* Calls that were refused. */
static int refusals;
/* Blocks that are out. */
static long live;
/* Whether a free is put off, and the memory stays as it was. */
static bool puts_off;
static void *put_off[200];
static int put_off_count;

static bool fails(void) {
    bool now = left > 0 && --left == 0;
    failed = failed || now;
    return now;
}

static void *taken(void *block) {
    live += block != NULL;
    return block;
}

void *__wrap_malloc(size_t size) {
    return fails() ? NULL : taken(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size) {
    return fails() ? NULL : taken(__real_calloc(count, size));
}

void *__wrap_realloc(void *block, size_t size) {
    if (fails()) {
        return NULL;
    }
    void *moved = __real_realloc(block, size);
    return block == NULL ? taken(moved) : moved;
}

int __wrap_posix_memalign(void **place, size_t alignment, size_t size) {
    int error = fails() ? ENOMEM : __real_posix_memalign(place, alignment, size);
    live += error == 0;
    return error;
}

void *__wrap_aligned_alloc(size_t alignment, size_t size) {
    return fails() ? NULL : taken(__real_aligned_alloc(alignment, size));
}

void __wrap_free(void *block) {
    if (puts_off && block != NULL && put_off_count < 200) {
        put_off[put_off_count++] = block;
        return;
    }
    live -= block != NULL;
    __real_free(block);
}

/* A call was refused: because a request failed, and for the first time. */
static void refused(void) {
    CHECK(failed && refusals == 0);
    refusals++;
}

/* What gives NULL if it is refused, and is then asked for again. */
#define TAKE(place, call)                  \
    do {                                   \
        (place) = (call);                  \
        if ((place) == NULL) {             \
            refused();                     \
            (place) = (call);              \
        }                                  \
        CHECK((place) != NULL);            \
    } while (0)

/* What says so. `again` is what must hold in between. */
#define DO(call, again)                             \
    do {                                            \
        ap_status status_now = (call);              \
        if (status_now != AP_OK) {                  \
            STATUS(AP_OUT_OF_MEMORY, status_now);   \
            refused();                              \
            CHECK(again);                           \
            status_now = (call);                    \
        }                                           \
        STATUS(AP_OK, status_now);                  \
    } while (0)

/* Runs a scenario once for each of its requests. `absorbed` of them are not missed. */
static void walk(const char *name, void (*scenario)(void), int least, int absorbed) {
    scenario(); /* what a thread has once and for all */
    int requests = 0, unseen = 0;
    for (;; requests++) {
        long before = live;
        left = requests + 1;
        failed = false;
        refusals = 0;
        scenario();
        left = 0;
        CHECK(live == before);
        if (!failed) {
            break;
        }
        unseen += refusals == 0;
    }
    printf("%s: %d requests, %d unseen\n", name, requests, unseen);
    if (requests < least || unseen > absorbed) {
        failures++;
        fprintf(stderr, "%s: %d requests, %d unseen\n", name, requests, unseen);
    }
    checks++;
}

static void backing_pool(void) {
    ap_mempool *mempool;
    void *block, *other;
    TAKE(mempool, ap_mempool_create());
    TAKE(block, ap_mempool_alloc(mempool, 100));
    TAKE(other, ap_mempool_calloc(mempool, 10, 10));
    CHECK(ap_mempool_used(mempool) == 200);
    STATUS(AP_OK, ap_mempool_free(mempool, block));
    ap_mempool_destroy(mempool);
}

/* A request that the chunk has no room for. */
#define GROW(place, call)                                                       \
    do {                                                                        \
        size_t used = ap_arena_total_used(arena);                               \
        size_t allocated = ap_arena_total_allocated(arena);                     \
        (place) = (call);                                                       \
        if ((place) == NULL) {                                                  \
            refused();                                                          \
            CHECK(ap_arena_total_used(arena) == used);                          \
            CHECK(ap_arena_total_allocated(arena) == allocated);                \
            CHECK(strcmp(kept, "kept") == 0);                                   \
            (place) = (call);                                                   \
        }                                                                       \
        CHECK((place) != NULL && ap_arena_total_allocated(arena) > allocated);  \
    } while (0)

static void one_arena(ap_arena *arena) {
    static char text[200];
    memset(text, 'x', sizeof text - 1);
    char *kept = ap_arena_strdup(arena, "kept"), *block;
    GROW(block, (char *)ap_arena_alloc(arena, 100));
    GROW(block, (char *)(ap_arena_alloc)(arena, 100));
    GROW(block, (char *)ap_arena_calloc(arena, 10, 30));
    GROW(block, ap_arena_strdup(arena, text));
    GROW(block, ap_arena_strndup(arena, text, 150));
    GROW(block, ap_arena_sprintf(arena, "%300d", 1));
    GROW(block, with_list(ap_arena_vsprintf, arena, "%400d", 1));
    GROW(block, (char *)ap_arena_realloc(arena, NULL, 0, 400));
    memset(block, 'y', 400);
    char *before = block;
    GROW(block, (char *)ap_arena_realloc(arena, before, 400, 4000));
    CHECK(block[0] == 'y' && block[399] == 'y');
    GROW(block, (char *)ap_arena_alloc_aligned(arena, 5000, 4096));
    CHECK(strcmp(kept, "kept") == 0);
    CHECK(ap_arena_clear(arena) && ap_arena_total_allocated(arena) == 64);
    CHECK(ap_arena_alloc(arena, 48) != NULL);
    ap_mark mark = ap_arena_mark(arena); /* has no room either */
    if (!ap_arena_rewind(arena, mark)) {
        refused();
        mark = ap_arena_mark(arena);
    }
    CHECK(ap_arena_alloc(arena, 16) != NULL && ap_arena_rewind(arena, mark));
    CHECK(ap_arena_total_used(arena) == 48);
    ap_arena_destroy(arena);
    ap_arena_destroy(arena);
}

static void arenas(void) {
    ap_mempool *mempool;
    ap_arena *arena;
    TAKE(mempool, ap_mempool_create());
    TAKE(arena, ap_arena_create(mempool, 64, 64));
    one_arena(arena);
    TAKE(arena, ap_arena_create(mempool, 64, 64));
    ap_arena_destroy(arena);
    TAKE(arena, ap_arena_create_default(mempool));
    CHECK(ap_arena_alloc(arena, 4096) != NULL);
    /* It goes with its backing pool. */
    ap_mempool_destroy(mempool);
}

/* Arenas that end with their backing pool, at every place of a strip: their handles are
   refused as long as that memory can be read. */
static void destroyed(void) {
    ap_arena *arenas[64];
    long before = live;
    ap_mempool *mempool = ap_mempool_create();
    for (int i = 0; i < 64; i++) {
        arenas[i] = ap_arena_create(mempool, 64, 64);
        CHECK(ap_arena_alloc(arenas[i], 16) != NULL);
        if (i % 32 > 0) {
            ap_arena_destroy(arenas[i - 1]);
        }
    }
    puts_off = true;
    ap_mempool_destroy(mempool);
    CHECK(put_off_count > 4 && ap_mempool_used(mempool) == 0);
    for (int i = 0; i < 64; i++) {
        CHECK(ap_arena_alloc(arenas[i], 16) == NULL && (ap_arena_alloc)(arenas[i], 16) == NULL);
        CHECK(!ap_arena_reset(arenas[i]) && ap_arena_total_allocated(arenas[i]) == 0);
        ap_arena_destroy(arenas[i]);
    }
    puts_off = false;
    while (put_off_count > 0) {
        free(put_off[--put_off_count]);
    }
    CHECK(live == before);
}

static ap_pool_options options;

static void fill_pool(ap_pool *pool) {
    ap_array tokens[40];
    double *numbers;
    ap_pool_statistics stats;
    DO(ap_pool_reserve(pool, 10, 20), ap_pool_verify(pool) == AP_OK);
    for (int i = 0; i < 40; i++) {
        size_t length = (size_t)(1 + i * i);
        DO(ap_pool_alloc_array(pool, length, &tokens[i]),
           ap_pool_verify(pool) == AP_OK && tokens[i].ptr == NULL);
        memset(tokens[i].ptr, i, length * sizeof(double));
    }
    TAKE(numbers, (double *)ap_pool_alloc(pool, 3000));
    numbers[2999] = 1.0;
    STATUS(AP_OK, ap_pool_stats(pool, &stats));
    CHECK(stats.live == 41);
    for (int i = 0; i < 40 && options.strategy != AP_DIRECT; i++) {
        CHECK(((char *)tokens[i].ptr)[i * i] == (char)i);
        STATUS(AP_OK, ap_pool_release_array(pool, tokens[i]));
    }
    if (options.strategy != AP_DIRECT) {
        STATUS(AP_OK, ap_pool_release(pool, numbers));
    }
    STATUS(AP_OK, ap_pool_verify(pool));
    STATUS(AP_OK, ap_pool_reset(pool));
    STATUS(AP_OK, ap_pool_trim(pool, 0));
    TAKE(numbers, (double *)ap_pool_alloc(pool, 10));
    ap_pool_destroy(pool);
}

static void pool(void) {
    ap_pool *pool;
    ap_status status = AP_PANIC;
    options.status = &status;
    TAKE(pool, ap_pool_create(sizeof(double), _Alignof(double), &options));
    STATUS(AP_OK, status);
    fill_pool(pool);
    static unsigned char buffer[1 << 20];
    TAKE(pool, ap_pool_create_in(buffer, sizeof buffer, 8, 8, &options));
    fill_pool(pool);
}

static void pools(void) {
    static const uint32_t lengths[] = {4, 12, 100};
    for (uint32_t strategy = AP_DIRECT; strategy <= AP_TAGGED; strategy++) {
        for (int which = 0; which < 3; which++) {
            memset(&options, 0, sizeof options);
            options.strategy = strategy;
            options.class_lengths = which == 1 ? lengths : NULL;
            options.class_count = which == 1 ? 3 : 0;
            options.checks = which == 2 ? AP_CHECK_CANARY | AP_CHECK_INTEGRITY : 0;
            options.quarantine = which == 2 ? 8 : 0;
            walk("pool", pool, 5, 0);
        }
    }
}

static void shared_pool(void) {
    ap_shared_pool *pool;
    ap_array tokens[30];
    void *bytes;
    ap_pool_statistics stats;
    TAKE(pool, ap_shared_pool_create(24, 8, &options));
    for (int i = 0; i < 30; i++) {
        DO(ap_shared_pool_alloc_array(pool, (size_t)(1 + i * i), &tokens[i]),
           ap_shared_pool_verify(pool) == AP_OK && tokens[i].ptr == NULL);
        memset(tokens[i].ptr, i, 24);
    }
    TAKE(bytes, ap_shared_pool_alloc(pool, 2000));
    STATUS(AP_OK, ap_shared_pool_release(pool, bytes));
    for (int i = 0; i < 30; i++) {
        STATUS(AP_OK, ap_shared_pool_release_array(pool, tokens[i]));
    }
    STATUS(AP_OK, ap_shared_pool_trim(pool, 0));
    STATUS(AP_OK, ap_shared_pool_stats(pool, &stats));
    CHECK(stats.live == 0 && stats.corrupted == 0);
    STATUS(AP_OK, ap_shared_pool_verify(pool));
    ap_shared_pool_destroy(pool);
}

static void shared_pools(void) {
    for (uint32_t strategy = AP_METADATA; strategy <= AP_TAGGED; strategy++) {
        memset(&options, 0, sizeof options);
        options.strategy = strategy;
        walk("shared pool", shared_pool, 5, 0);
    }
}

static double mean(void *user, const double *arguments, size_t count) {
    (void)user;
    return count == 0 ? 0.0 : arguments[0];
}

/* A builder of its own, or in an arena, and what it can do. */
static void fill_builder(ap_batch_builder *builder) {
    double result = 0.0;
    size_t index = 99;
    DO(ap_batch_builder_add_parameter(builder, "x", 1.0, NULL), true);
    DO(ap_batch_builder_register_function(builder, "mean", -1, mean, NULL), true);
    DO(ap_batch_builder_add_expression_function(builder, "mix", "a, b", "a / b + 1"), true);
    for (int i = 0; i < 30; i++) {
        char text[64];
        snprintf(text, sizeof text, "mean(x + %d, 2) * mix(x, %d) + sin(x)", i, i + 1);
        DO(ap_batch_builder_add_expression(builder, text, &index), true);
        CHECK(index == (size_t)i);
    }
    DO(ap_batch_builder_eval(builder), true);
    STATUS(AP_OK, ap_batch_builder_get_result(builder, index, &result));
    CHECK(result > 0.0);
    STATUS(AP_SYNTAX, ap_batch_builder_add_expression(builder, "x +", NULL));
    CHECK(strstr(ap_batch_builder_error(builder, NULL), "line 1") != NULL);
    STATUS(AP_OK, ap_batch_builder_free(builder));
}

static void expressions(void) {
    ap_expr_arena *arena;
    ap_batch_builder *builder;
    TAKE(builder, ap_batch_builder_new());
    fill_builder(builder);
    TAKE(arena, ap_expr_arena_new(0));
    TAKE(builder, ap_batch_builder_new_with_arena(arena));
    fill_builder(builder);
    STATUS(AP_OK, ap_expr_arena_reset(arena));
    STATUS(AP_OK, ap_expr_arena_free(arena));
}

static void json(void) {
    static char text[4000], written[4000];
    size_t length = 0;
    for (int i = 0; i < 100; i++) {
        length += (size_t)sprintf(text + length, "[{\"a\\n%d\":[%d,\"\\u00e9\"],\"b\":", i, i);
    }
    length += (size_t)sprintf(text + length, "null");
    for (int i = 0; i < 100; i++) {
        length += (size_t)sprintf(text + length, "}]");
    }
    ap_json_pool *pool;
    ap_json *document = NULL;
    TAKE(pool, ap_json_pool_new(0));
    ap_json_error error;
    memset(&error, 'x', sizeof error);
    DO(ap_json_parse(pool, text, length, &document, &error),
       document == NULL && strstr(error.message, "out of memory") != NULL);
    const ap_json_value *root = ap_json_root(document);
    size_t all = ap_json_write(root, written, sizeof written);
    if (all == 0) {
        refused();
        CHECK(written[0] == '\0');
        all = ap_json_write(root, written, sizeof written);
    }
    CHECK(all == strlen(written) && strstr(written, "{\"a\\n99\":[99,\"\xc3\xa9\"]") != NULL);
    STATUS(AP_OK, ap_json_free(document));
    STATUS(AP_SYNTAX, ap_json_parse(pool, "[1 2]", 5, &document, &error));
    STATUS(AP_OK, ap_json_pool_free(pool));
}

int main(void) {
    if (getenv("ARRAYPOOL_CHECK") != NULL) { /* which shared pools do not look at */
        shared_pools();
        return end("failing");
    }
    walk("backing pool", backing_pool, 4, 0);
    walk("arenas", arenas, 15, 0);
    destroyed();
    pools();
    shared_pools();
    walk("expressions", expressions, 10, 0);
    walk("JSON", json, 5, 0);
    return end("failing");
}
