/* Uses every function of the header as it is meant. */
#include "check.h"

static int events[4];
static size_t grown;

static void on_event(void *user, const ap_arena_event *event) {
    CHECK(user == &grown);
    events[event->kind]++;
    if (event->kind == AP_ARENA_GROWN) {
        grown += event->capacity;
    }
    if (event->kind == AP_ARENA_REFUSED) {
        CHECK(event->status == AP_OVER_LIMIT);
    }
}

static void backing_pool(void) {
    ap_mempool *mempool = ap_mempool_create();
    char *text = (char *)ap_mempool_alloc(mempool, 100);
    int *numbers = (int *)ap_mempool_calloc(mempool, 25, sizeof(int));
    CHECK(text != NULL && numbers != NULL && (uintptr_t)text % 16 == 0);
    CHECK(ap_mempool_used(mempool) == 200);
    memset(text, 'x', 100);
    for (int i = 0; i < 25; i++) {
        CHECK(numbers[i] == 0);
    }
    STATUS(AP_OK, ap_mempool_free(mempool, text));
    CHECK(ap_mempool_used(mempool) == 100);
    ap_mempool_destroy(mempool); /* and with it the numbers */
}

static void arena_growth(void) {
    ap_mempool *mempool = ap_mempool_create();
    ap_arena *arena = ap_arena_create_default(mempool);
    CHECK(ap_arena_total_allocated(arena) == 4096);
    CHECK(ap_arena_chunk_count(arena) == 1);
    CHECK(ap_arena_total_used(arena) == 0 && ap_arena_waste(arena) == 0);
    CHECK(ap_arena_on_event(arena, on_event, &grown));

    CHECK(ap_arena_alloc(arena, 100) != NULL);
    CHECK(ap_arena_total_used(arena) == 112);
    for (int i = 0; i < 59; i++) {
        CHECK(ap_arena_alloc(arena, 1024) != NULL);
    }
    CHECK(ap_arena_total_allocated(arena) == 60 * 1024);
    CHECK(ap_arena_chunk_count(arena) == 4);
    CHECK(events[AP_ARENA_GROWN] == 3 && grown == 56 * 1024);
    CHECK(ap_arena_total_used(arena) == 112 + 59 * 1024);

    CHECK(ap_arena_reset(arena) && events[AP_ARENA_RESET] == 1);
    CHECK(ap_arena_total_used(arena) == 0 && ap_arena_total_allocated(arena) == 60 * 1024);
    CHECK(ap_arena_chunk_count(arena) == 4);
    CHECK(ap_arena_alloc(arena, 61000) != NULL); /* the grown size: 64 KiB */
    CHECK(ap_arena_total_allocated(arena) == 124 * 1024);
    CHECK(ap_arena_clear(arena) && events[AP_ARENA_RESET] == 2);
    CHECK(ap_arena_total_allocated(arena) == 4096 && ap_arena_chunk_count(arena) == 1);
    CHECK(ap_arena_alloc(arena, 4096) != NULL && ap_arena_alloc(arena, 16) != NULL);
    CHECK(ap_arena_total_allocated(arena) == 4096 + 8192); /* it starts over */
    ap_arena_destroy(arena);
    ap_arena_destroy(arena);

    /* A request above the next size has a chunk of its own; the target doubles. */
    arena = ap_arena_create(mempool, 1024, 1 << 20);
    CHECK(ap_arena_alloc(arena, 100000) != NULL);
    CHECK(ap_arena_total_allocated(arena) == 1024 + 100000);
    CHECK(ap_arena_alloc(arena, 2000) != NULL);
    CHECK(ap_arena_total_allocated(arena) == 1024 + 100000 + 4096);
    CHECK(ap_arena_waste(arena) == 1024);
    ap_arena_destroy(arena);

    arena = ap_arena_create(mempool, 128, 128);
    CHECK(ap_arena_alloc(arena, 128) != NULL && ap_arena_chunk_count(arena) == 1);
    CHECK(ap_arena_alloc(arena, 1) != NULL && ap_arena_total_allocated(arena) == 256);
    ap_arena_destroy(arena);
    arena = ap_arena_create(mempool, 64 * 1024, 4096); /* clamped */
    CHECK(ap_arena_total_allocated(arena) == 4096);
    ap_arena_destroy(arena);
    arena = ap_arena_create(mempool, 64, 0);
    CHECK(ap_arena_total_allocated(arena) == 64);
    ap_arena_destroy(arena);
    ap_mempool_destroy(mempool);
}

static void arena_requests(void) {
    ap_mempool *mempool = ap_mempool_create();
    ap_arena *arena = ap_arena_create(mempool, 0, 0);
    for (size_t alignment = 1; alignment <= 8192; alignment *= 2) {
        void *block = ap_arena_alloc_aligned(arena, 24, alignment);
        CHECK(block != NULL && (uintptr_t)block % alignment == 0 && (uintptr_t)block % 16 == 0);
    }
    unsigned char *zeros = (unsigned char *)ap_arena_calloc(arena, 10, 10);
    for (int i = 0; i < 100; i++) {
        CHECK(zeros[i] == 0);
    }
    CHECK(strcmp(ap_arena_strdup(arena, "a text"), "a text") == 0);
    CHECK(strcmp(ap_arena_strdup(arena, ""), "") == 0);
    CHECK(strcmp(ap_arena_strndup(arena, "a text", 3), "a t") == 0);
    CHECK(strcmp(ap_arena_strndup(arena, "a", 3), "a") == 0);
    CHECK(strcmp(ap_arena_sprintf(arena, "%d-%s-%.2f", 7, "x", 0.5), "7-x-0.50") == 0);
    CHECK(strcmp(ap_arena_sprintf(arena, "%s", ""), "") == 0);
    CHECK(strcmp(with_list(ap_arena_vsprintf, arena, "%d-%s", 7, "x"), "7-x") == 0);
    CHECK(strlen(ap_arena_sprintf(arena, "%10000d", 1)) == 10000);

    int outside = 0;
    CHECK(ap_arena_owns(arena, zeros) && ap_arena_owns(arena, zeros + 99));
    CHECK(!ap_arena_owns(arena, &outside));

    /* The last allocation grows and shrinks where it is. */
    ap_arena_clear(arena);
    char *first = (char *)ap_arena_realloc(arena, NULL, 0, 100);
    memset(first, 'a', 100);
    CHECK(ap_arena_realloc(arena, first, 100, 500) == first);
    CHECK(ap_arena_total_used(arena) == 512);
    CHECK(ap_arena_realloc(arena, first, 500, 100) == first);
    CHECK(ap_arena_total_used(arena) == 112);
    char *second = (char *)ap_arena_alloc(arena, 16);
    CHECK(second == first + 112);
    char *moved = (char *)ap_arena_realloc(arena, first, 100, 200);
    CHECK(moved != first && moved[99] == 'a');
    CHECK(ap_arena_total_used(arena) == 208 + 16);
    CHECK(ap_arena_free(arena, moved, 200) && ap_arena_total_used(arena) == 16);
    CHECK(ap_arena_realloc(arena, second, 16, 0) == NULL && ap_arena_total_used(arena) == 0);

    /* Marks. */
    ap_arena_reset(arena);
    ap_arena_alloc(arena, 100);
    ap_mark outer = ap_arena_mark(arena);
    CHECK(ap_arena_total_used(arena) == 112);
    ap_arena_alloc(arena, 10000);
    ap_mark inner = ap_arena_mark(arena);
    ap_arena_alloc(arena, 10000);
    CHECK(ap_arena_rewind(arena, inner) && ap_arena_rewind(arena, outer));
    CHECK(ap_arena_total_used(arena) == 112);
    CHECK(!ap_arena_rewind(arena, inner)); /* stale */
    CHECK(ap_arena_rewind(arena, outer));
    ap_arena_reset(arena);
    CHECK(!ap_arena_rewind(arena, outer));

    /* Limits. */
    ap_arena_clear(arena);
    CHECK(ap_arena_on_event(arena, on_event, &grown));
    CHECK(ap_arena_set_limit(arena, 8192) && ap_arena_alloc(arena, 4096) != NULL);
    CHECK(ap_arena_alloc(arena, 4097) == NULL && events[AP_ARENA_REFUSED] == 1);
    CHECK(ap_arena_alloc(arena, 4096) != NULL && ap_arena_alloc(arena, 1) == NULL);
    CHECK(ap_arena_total_allocated(arena) == 8192);
    CHECK(ap_arena_set_limit(arena, 0) && ap_arena_alloc(arena, 4097) != NULL);
    /* One that is passed takes nothing away, and the count stays right. */
    CHECK(ap_arena_set_limit(arena, 1) && ap_arena_clear(arena));
    CHECK(ap_arena_alloc(arena, 4096) != NULL && ap_arena_alloc(arena, 1) == NULL);
    CHECK(ap_arena_set_limit(arena, 4096 + 8192) && ap_arena_alloc(arena, 8192) != NULL);
    CHECK(ap_arena_alloc(arena, 1) == NULL && ap_arena_set_limit(arena, 4096 + 8192 + 64));
    CHECK(ap_arena_alloc(arena, 64) != NULL && ap_arena_alloc(arena, 1) == NULL);
    ap_arena_destroy(arena);
    ap_mempool_destroy(mempool);

    static unsigned char buffer[4096];
    arena = ap_arena_create_in(buffer, sizeof buffer);
    size_t room = ap_arena_total_allocated(arena);
    CHECK(room >= 4096 - 512 && ap_arena_chunk_count(arena) == 1);
    CHECK(ap_arena_alloc(arena, room) != NULL && ap_arena_alloc(arena, 1) == NULL);
    CHECK(ap_arena_reset(arena) && ap_arena_alloc(arena, 1) != NULL);
    CHECK((ap_arena_alloc)(arena, 1) != NULL); /* out of line */
    ap_arena_destroy(arena);
    ap_arena_destroy(arena);
}

static void pool_of(uint32_t strategy, const uint32_t *lengths, size_t count) {
    ap_status status = AP_PANIC;
    ap_pool_options options;
    memset(&options, 0, sizeof options);
    options.strategy = strategy;
    options.class_lengths = lengths;
    options.class_count = count;
    options.max_runs = 100;
    options.limit = 1 << 20;
    options.max_free = 50;
    options.status = &status;
    ap_pool *pool = ap_pool_create(sizeof(double), _Alignof(double), &options);
    CHECK(pool != NULL && status == AP_OK);
    STATUS(AP_OK, ap_pool_reserve(pool, 10, 20));
    STATUS(AP_OK, ap_pool_reserve(pool, 0, SIZE_MAX));
    double *numbers = (double *)ap_pool_alloc(pool, 10);
    numbers[9] = 1.0;
    ap_array token;
    STATUS(AP_OK, ap_pool_alloc_array(pool, 100, &token));
    memset(token.ptr, 0, 100 * sizeof(double));
    ap_pool_statistics stats;
    STATUS(AP_OK, ap_pool_stats(pool, &stats));
    CHECK(stats.live == 2 && stats.corrupted == 0 && stats.bytes > 0);
    if (strategy == AP_DIRECT) {
        STATUS(AP_NOT_RELEASABLE, ap_pool_release(pool, numbers));
        STATUS(AP_NOT_RELEASABLE, ap_pool_release_array(pool, token));
    } else {
        ap_located found;
        STATUS(AP_OK, ap_pool_locate(pool, &numbers[9], &found));
        CHECK(found.start == numbers && found.length == 10 && found.state == AP_SLOT_LIVE);
        CHECK(found.class_length == (lengths != NULL ? 12u : 16u));
        CHECK(ap_pool_len(pool, numbers) == 10 && ap_pool_len(pool, &numbers[3]) == 10);
        CHECK(ap_pool_len(pool, token.ptr) == 100 && ap_pool_len(pool, &token) == 0);
        STATUS(AP_OK, ap_pool_release(pool, numbers));
        STATUS(AP_OK, ap_pool_release_array(pool, token));
        STATUS(AP_OK, ap_pool_stats(pool, &stats));
        CHECK(stats.live == 0 && stats.free >= 2);
        CHECK(ap_pool_alloc(pool, 9) == numbers); /* the slot's next tenant */
        STATUS(AP_OK, ap_pool_release(pool, numbers));
    }
    STATUS(AP_OK, ap_pool_alloc_array(pool, 0, &token));
    CHECK(token.ptr == NULL);
    STATUS(AP_OK, ap_pool_release_array(pool, token));
    STATUS(AP_OK, ap_pool_verify(pool));
    STATUS(AP_OK, ap_pool_trim(pool, 0));
    STATUS(AP_OK, ap_pool_reset(pool));
    STATUS(AP_OK, ap_pool_freeze(pool));
    ap_pool_destroy(pool);
}

static void pool(void) {
    static const uint32_t lengths[] = {4, 12, 100};
    for (uint32_t strategy = AP_DEFAULT_STRATEGY; strategy <= AP_TAGGED; strategy++) {
        pool_of(strategy, NULL, 0);
        pool_of(strategy, lengths, 3);
        static unsigned char buffer[64 * 1024];
        ap_pool_options options;
        memset(&options, 0, sizeof options);
        options.strategy = strategy;
        ap_pool *pool = ap_pool_create_in(buffer, sizeof buffer, 4, 4, &options);
        ap_array token;
        STATUS(AP_OK, ap_pool_alloc_array(pool, 5, &token));
        CHECK((unsigned char *)token.ptr > buffer);
        CHECK((unsigned char *)token.ptr < buffer + sizeof buffer);
        ap_pool_destroy(pool);
    }
    ap_pool *pool = ap_pool_create(3, 1, NULL);
    CHECK(ap_pool_alloc(pool, 1000) != NULL);
    void *numbers = ap_pool_alloc_at(pool, 5, AP_HERE);
    ap_array token;
    STATUS(AP_OK, ap_pool_alloc_array_at(pool, 5, &token, AP_HERE));
    CHECK(numbers != NULL && token.ptr != NULL && token.ptr != numbers);
    STATUS(AP_OK, ap_pool_release_at(pool, numbers, AP_HERE));
    STATUS(AP_OK, ap_pool_release_array_at(pool, token, NULL));
    STATUS(AP_OK, ap_pool_reset_at(pool, AP_HERE));
    ap_pool_destroy(pool);
}

static void shared_pool(void) {
    for (uint32_t strategy = AP_METADATA; strategy <= AP_TAGGED; strategy++) {
        ap_pool_options options;
        memset(&options, 0, sizeof options);
        options.strategy = strategy;
        ap_shared_pool *pool = ap_shared_pool_create(24, 8, &options);
        unsigned char *bytes = (unsigned char *)ap_shared_pool_alloc(pool, 7);
        memset(bytes, 1, 7 * 24);
        CHECK(ap_shared_pool_len(pool, bytes + 7 * 24 - 1) == 7);
        ap_array token;
        STATUS(AP_OK, ap_shared_pool_alloc_array(pool, 70, &token));
        ap_located found;
        STATUS(AP_OK, ap_shared_pool_locate(pool, token.ptr, &found));
        CHECK(found.length == 70 && found.start == token.ptr);
        ap_pool_statistics stats;
        STATUS(AP_OK, ap_shared_pool_stats(pool, &stats));
        CHECK(stats.live == 2);
        STATUS(AP_OK, ap_shared_pool_release(pool, bytes));
        STATUS(AP_OK, ap_shared_pool_release_array(pool, token));
        STATUS(AP_ALREADY_RELEASED, ap_shared_pool_release_array(pool, token));
        STATUS(AP_OK, ap_shared_pool_trim(pool, 0));
        STATUS(AP_OK, ap_shared_pool_verify(pool));
        STATUS(AP_OK, ap_shared_pool_stats(pool, &stats));
        CHECK(stats.live == 0);
        ap_shared_pool_destroy(pool);
    }
}

static double mean(void *user, const double *arguments, size_t count) {
    double sum = 0.0;
    ++*(int *)user;
    for (size_t i = 0; i < count; i++) {
        sum += arguments[i];
    }
    return sum / (double)count;
}

static void fill(ap_batch_builder *builder, int *calls) {
    size_t x = 99, y = 99, sum = 99, half = 99;
    double result = 0.0;
    STATUS(AP_OK, ap_batch_builder_add_parameter(builder, "x", 1.0, &x));
    STATUS(AP_OK, ap_batch_builder_add_parameter(builder, "y", 2.0, &y));
    STATUS(AP_OK, ap_batch_builder_register_function(builder, "mean", -1, mean, calls));
    STATUS(AP_OK, ap_batch_builder_add_expression_function(builder, "twice", "a", "2 * a"));
    STATUS(AP_OK, ap_batch_builder_add_expression_function(builder, "mix", "a, b", "a / b"));
    STATUS(AP_OK, ap_batch_builder_add_expression(builder, "twice(x) + y", &sum));
    STATUS(AP_OK, ap_batch_builder_add_expression(builder, "mean(x, y, mix(y, 2))", &half));
    CHECK(x == 0 && y == 1 && sum == 0 && half == 1);
    STATUS(AP_NOT_EVALUATED, ap_batch_builder_get_result(builder, sum, &result));
    CHECK(result != result);
    STATUS(AP_OK, ap_batch_builder_set_parameter(builder, x, 3.0));
    STATUS(AP_OK, ap_batch_builder_eval(builder));
    STATUS(AP_OK, ap_batch_builder_get_result(builder, sum, &result));
    CHECK(result == 8.0);
    STATUS(AP_OK, ap_batch_builder_get_result(builder, half, &result));
    CHECK(result == 2.0 && *calls > 0);

    ap_error_position place;
    STATUS(AP_SYNTAX, ap_batch_builder_add_expression(builder, "x +\n  nix(y)", NULL));
    const char *message = ap_batch_builder_error(builder, &place);
    CHECK(place.line == 2 && place.column == 3 && place.offset == 6);
    CHECK(strstr(message, "line 2, column 3: unknown function") == message);
}

static void expressions(void) {
    int calls = 0;
    ap_batch_builder *builder = ap_batch_builder_new();
    fill(builder, &calls);
    STATUS(AP_OK, ap_batch_builder_free(builder));

    ap_expr_arena *arena = ap_expr_arena_new(1 << 20);
    for (int i = 0; i < 3; i++) {
        builder = ap_batch_builder_new_with_arena(arena);
        fill(builder, &calls);
        STATUS(AP_BUSY, ap_expr_arena_reset(arena));
        STATUS(AP_BUSY, ap_expr_arena_free(arena));
        STATUS(AP_OK, ap_batch_builder_free(builder));
        STATUS(AP_OK, ap_expr_arena_reset(arena));
    }
    STATUS(AP_OK, ap_expr_arena_free(arena));
}

static void json(void) {
    static const char text[] =
        "{ \"name\": \"Ada \\u00e9\", \"born\": 1815, \"list\": [1.5, -2, true, null], \"big\": "
        "18446744073709551615 }";
    ap_json_pool *pool = ap_json_pool_new(0);
    ap_json *document = NULL;
    STATUS(AP_OK, ap_json_parse(pool, text, strlen(text), &document, NULL));
    const ap_json_value *root = ap_json_root(document);
    CHECK(ap_json_kind_of(root) == AP_JSON_OBJECT && ap_json_len(root) == 4);
    size_t length = 0;
    const char *key = ap_json_key_at(root, 1, &length);
    CHECK(length == 4 && memcmp(key, "born", 4) == 0);
    uint64_t natural = 0;
    int64_t integer = 0;
    double number = 0.0;
    bool boolean = false;
    STATUS(AP_OK, ap_json_u64(ap_json_at(root, 1), &natural));
    CHECK(natural == 1815);
    STATUS(AP_OK, ap_json_i64(ap_json_pointer(root, "/list/1"), &integer));
    CHECK(integer == -2);
    STATUS(AP_OK, ap_json_f64(ap_json_at(ap_json_get(root, "list"), 0), &number));
    CHECK(number == 1.5);
    STATUS(AP_OK, ap_json_bool(ap_json_pointer(root, "/list/2"), &boolean));
    CHECK(boolean);
    CHECK(ap_json_kind_of(ap_json_pointer(root, "/list/3")) == AP_JSON_NULL);
    STATUS(AP_WRONG_TYPE, ap_json_i64(ap_json_get(root, "big"), &integer));
    const char *name = ap_json_string(ap_json_get(root, "name"), &length);
    CHECK(length == 6 && memcmp(name, "Ada \xc3\xa9", 6) == 0);

    char written[200], small[10];
    size_t all = ap_json_write(root, written, sizeof written);
    CHECK(all == strlen(written) && written[0] == '{');
    CHECK(ap_json_write(root, small, sizeof small) == all);
    CHECK(strlen(small) == 9 && memcmp(small, written, 9) == 0);
    char enough[200];
    CHECK(ap_json_write(root, enough, SIZE_MAX) == all && strcmp(enough, written) == 0);
    CHECK(ap_json_write(root, NULL, 0) == all);
    STATUS(AP_BUSY, ap_json_pool_free(pool));
    STATUS(AP_OK, ap_json_free(document));

    ap_json_error error;
    STATUS(AP_SYNTAX, ap_json_parse(pool, "{\n  1 }", 7, &document, &error));
    CHECK(document == NULL && error.position.line == 2 && error.position.column == 3);
    CHECK(error.position.offset == 4 && strstr(error.message, "key") != NULL);
    STATUS(AP_OK, ap_json_pool_free(pool));
}

#if SIZE_MAX > 0xffffffff
/* More than 1 GiB, of which an arena uses so much, and a pool all. */
static void large_buffer(void) {
    static unsigned char buffer[(size_t)68 << 24];
    ap_arena *arena = ap_arena_create_in(buffer, sizeof buffer);
    CHECK(ap_arena_total_allocated(arena) < (size_t)1 << 30);
    CHECK(ap_arena_total_allocated(arena) > ((size_t)1 << 30) - 1024);
    ap_arena_destroy(arena);
    for (uint32_t strategy = AP_DIRECT; strategy <= AP_TAGGED; strategy++) {
        ap_pool_options options;
        memset(&options, 0, sizeof options);
        options.strategy = strategy;
        ap_pool *pool = ap_pool_create_in(buffer, sizeof buffer, 1, 1, &options);
        int arrays = 0;
        while (ap_pool_alloc(pool, (size_t)1 << 24) != NULL) {
            arrays++;
        }
        CHECK(arrays > 64 && arrays < 68);
        ap_pool_destroy(pool);
    }
}
#endif

int main(void) {
    backing_pool();
    arena_growth();
    arena_requests();
    pool();
#if SIZE_MAX > 0xffffffff
    large_buffer();
#endif
    shared_pool();
    expressions();
    json();
    CHECK(strcmp(ap_status_message(AP_OK), "done") == 0);
    CHECK(ap_version() == AP_VERSION && AP_VERSION / 1000000 == AP_VERSION_MAJOR);
    CHECK(AP_VERSION / 1000 % 1000 == AP_VERSION_MINOR && AP_VERSION % 1000 == AP_VERSION_PATCH);
    return end("every");
}
