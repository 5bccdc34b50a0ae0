/* What pools say on the standard error when they are asked to watch: exactly what this
   program expects, on the standard output. */
#define AP_CALLERS
#include "check.h"

/* A line as a pool says it, and the line of the program that it names. */
#define SAYS(...) (printf(__VA_ARGS__), putchar('\n'))
#define NAMES(what, line) printf("  %s at %s:%d\n", what, __FILE__, line)

static ap_pool *pool_with(uint32_t strategy, uint32_t checks) {
    ap_pool_options options;
    memset(&options, 0, sizeof options);
    options.strategy = strategy;
#if defined(NO_CHECKS) /* the environment has them */
    (void)checks;
#else
    options.checks = checks;
#endif
    return ap_pool_create(8, 8, &options);
}

static void released_twice(uint32_t strategy) {
    ap_pool *pool = pool_with(strategy, AP_CHECK_CALLERS);
    int first = __LINE__ + 1;
    void *numbers = ap_pool_alloc(pool, 5);
    int released = __LINE__ + 1;
    STATUS(AP_OK, ap_pool_release(pool, numbers));
    int again = __LINE__ + 1;
    STATUS(AP_ALREADY_RELEASED, ap_pool_release(pool, numbers));
    SAYS("arraypool: wrong release: the array at %p was released already", numbers);
    NAMES("allocated", first);
    NAMES("first released", released);
    NAMES("released again", again);

    ap_array token;
    int second = __LINE__ + 1;
    STATUS(AP_OK, ap_pool_alloc_array(pool, 5, &token));
    int reset = __LINE__ + 1;
    STATUS(AP_OK, ap_pool_reset(pool));
    int late = __LINE__ + 1;
    STATUS(AP_STALE, ap_pool_release_array(pool, token));
    SAYS("arraypool: wrong release: the array at %p is gone: it was generation %u, its slot is at 0",
         token.ptr, token.generation);
    NAMES("allocated", second);
    NAMES("first released by the reset of its pool", reset);
    NAMES("released", late);

    int third = __LINE__ + 1;
    STATUS(AP_OK, ap_pool_alloc_array(pool, 5, &token));
    int by_token = __LINE__ + 1;
    STATUS(AP_OK, ap_pool_release_array(pool, token));
    int at_last = __LINE__ + 1;
    STATUS(AP_ALREADY_RELEASED, ap_pool_release_array(pool, token));
    SAYS("arraypool: wrong release: the array at %p was released already", token.ptr);
    NAMES("allocated", third);
    NAMES("first released", by_token);
    NAMES("released again", at_last);
    ap_pool_destroy(pool);
}

static void overflowed(uint32_t strategy) {
    ap_pool *pool = pool_with(strategy, AP_CHECK_CALLERS | AP_CHECK_CANARY);
    int first = __LINE__ + 1;
    unsigned char *bytes = (unsigned char *)ap_pool_alloc(pool, 5);
    bytes[42] = 7;
    int released = __LINE__ + 1;
    STATUS(AP_OVERFLOW, ap_pool_release(pool, bytes));
    SAYS("arraypool: overflow of the array of 5 at %p: byte 42, 2 behind its end, was "
         "overwritten and holds 0x07", (void *)bytes);
    NAMES("allocated", first);
    NAMES("found", released);
    ap_pool_destroy(pool);
}

static void written_after_release(uint32_t strategy) {
    ap_pool *pool = pool_with(strategy, AP_CHECK_CALLERS | AP_CHECK_INTEGRITY);
    int first = __LINE__ + 1;
    unsigned char *bytes = (unsigned char *)ap_pool_alloc(pool, 5);
    int released = __LINE__ + 1;
    STATUS(AP_OK, ap_pool_release(pool, bytes));
    bytes[16] = 42;
    int next = __LINE__ + 1;
    void *other = ap_pool_alloc(pool, 8);
    CHECK(other != NULL && other != bytes);
    STATUS(AP_OK, ap_pool_release(pool, other));
    SAYS("arraypool: write after release to the array of 5 at %p: byte 16 holds 0x2a instead "
         "of 0xdd", (void *)bytes);
    NAMES("allocated", first);
    NAMES("released", released);
    NAMES("found when its slot was to be used again,", next);
    ap_pool_destroy(pool);
}

static void leaked(uint32_t strategy) {
    ap_pool *pool = pool_with(strategy, AP_CHECK_CALLERS | AP_CHECK_LEAKS);
    void *first = NULL;
    int line = __LINE__ + 2;
    for (int i = 0; i < 3; i++) {
        void *one = ap_pool_alloc(pool, 5);
        first = first == NULL || one < first ? one : first;
    }
    ap_pool_destroy(pool);
    SAYS("arraypool: leak: 3 arrays of class 16 (384 bytes), held by hand, when the pool was "
         "dropped; the first is at %p", first);
    NAMES("allocated", line);
}

/* A program that does not say where it is, and one that does for a while. */
static void without_places(uint32_t strategy) {
    ap_pool *pool = pool_with(strategy, AP_CHECK_CALLERS);
    void *numbers = ap_pool_alloc_at(pool, 5, "the parser");
    STATUS(AP_OK, (ap_pool_release)(pool, numbers));
    STATUS(AP_ALREADY_RELEASED, ap_pool_release_at(pool, numbers, "\xff the writer"));
    SAYS("arraypool: wrong release: the array at %p was released already", numbers);
    SAYS("  allocated at the parser");
    SAYS("  first released at an unknown place (define AP_CALLERS before the header)");
    SAYS("  released again at \xef\xbf\xbd the writer");
    ap_pool_destroy(pool);
}

/* All of it on, and no mistake: not a word. */
static void used_well(uint32_t strategy) {
    ap_pool *pool = pool_with(strategy, 63);
    for (int round = 0; round < 100; round++) {
        ap_array token;
        void *numbers = ap_pool_alloc(pool, 5 + (size_t)round);
        STATUS(AP_OK, ap_pool_alloc_array(pool, 7, &token));
        memset(numbers, round, 8 * (5 + (size_t)round));
        memset(token.ptr, round, 8 * 7);
        STATUS(AP_OK, ap_pool_release(pool, numbers));
        STATUS(AP_OK, ap_pool_release_array(pool, token));
    }
    STATUS(AP_OK, ap_pool_verify(pool));
    ap_pool_destroy(pool);
}

int main(void) {
    for (uint32_t strategy = AP_METADATA; strategy <= AP_TAGGED; strategy++) {
        released_twice(strategy);
        overflowed(strategy);
        written_after_release(strategy);
        leaked(strategy);
        without_places(strategy);
        used_well(strategy);
    }
    return failures == 0 ? 0 : 1;
}
