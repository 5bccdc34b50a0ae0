/*
 * C on a Cortex-M7 that calls the library built without a heap: an arena and pools in
 * static buffers, used and misused for a thousand ticks. It says what it found through
 * the debugger, as ../run.sh runs it, and ends with it.
 */
#define AP_NO_HEAP
#include "arraypool.h"

/* The machine: start, end, and a way to say something. */

extern uint32_t data_start[], data_end[], data_load[], bss_start[], bss_end[], stack_top[];

int main(void);

static uint32_t semihost(uint32_t operation, const void *argument) {
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static void say(const char *text) {
    semihost(0x04, text);
}

static void say_number(const char *name, uint32_t number) {
    char digits[12];
    char *first = &digits[11];
    *first = '\0';
    do {
        *--first = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    say(name);
    say(" ");
    say(first);
    say("\n");
}

static void leave(int is_well) {
    /* ADP_Stopped_ApplicationExit, or ADP_Stopped_RunTimeErrorUnknown. */
    semihost(0x18, (const void *)(is_well ? 0x20026u : 0x20023u));
    for (;;) {
    }
}

void ap_panic(void) {
    say("panic\n");
    leave(0);
}

static void fault(void) {
    say("fault\n");
    leave(0);
}

void reset(void) {
    for (uint32_t *to = data_start, *from = data_load; to < data_end;) {
        *to++ = *from++;
    }
    for (uint32_t *to = bss_start; to < bss_end;) {
        *to++ = 0;
    }
    *(volatile uint32_t *)0xe000ed88 |= 0xfu << 20; /* CPACR: the FPU is on */
    __asm__ volatile("dsb\nisb");
    leave(main() == 0);
}

__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {
    stack_top, (const void *)reset, (const void *)fault, (const void *)fault,
    (const void *)fault, (const void *)fault, (const void *)fault,
};

/* The work. */

static uint8_t arena_memory[8 * 1024], pool_memory[32 * 1024];
static uint32_t refused, failures;

#define CHECK(condition) ((condition) ? (void)0 : (say(#condition "\n"), (void)failures++))

static void expect(ap_status expected, ap_status found) {
    if (found != expected) {
        failures++;
        say(ap_status_message(found));
        say("\n");
    } else if (found != AP_OK) {
        refused++;
    }
}

static void tick(ap_arena *arena, ap_pool *pool, uint32_t number) {
    float *samples = (float *)ap_arena_alloc(arena, 64 * sizeof(float));
    char *name = ap_arena_strdup(arena, "tick");
    CHECK(samples != NULL && name != NULL && name[3] == 'k');
    ap_array history, other;
    expect(AP_OK, ap_pool_alloc_array(pool, 1 + number % 200, &history));
    expect(AP_OK, ap_pool_alloc_array(pool, 8, &other));
    *(float *)history.ptr = (float)number;
    CHECK(ap_pool_len(pool, history.ptr) == 1 + number % 200);
    expect(AP_OK, ap_pool_release_array(pool, history));
    expect(AP_ALREADY_RELEASED, ap_pool_release_array(pool, history));
    expect(AP_INTERIOR, ap_pool_release(pool, (uint8_t *)other.ptr + 1));
    expect(AP_FOREIGN, ap_pool_release(pool, samples));
    expect(AP_FOREIGN, ap_pool_release(pool, (void *)0xfffffff0u));
    expect(AP_OK, ap_pool_release(pool, other.ptr));
    CHECK(ap_arena_reset(arena));
}

static void run(uint32_t strategy) {
    ap_pool_options options = {0};
    options.strategy = strategy;
    ap_arena *arena = ap_arena_create_in(arena_memory, sizeof arena_memory);
    ap_pool *pool = ap_pool_create_in(pool_memory, sizeof pool_memory, 4, 4, &options);
    CHECK(arena != NULL && pool != NULL);
    for (uint32_t number = 0; number < 1000; number++) {
        tick(arena, pool, number);
    }
    ap_pool_statistics statistics;
    expect(AP_OK, ap_pool_verify(pool));
    expect(AP_OK, ap_pool_stats(pool, &statistics));
    CHECK(statistics.live == 0 && statistics.corrupted == 0);
    ap_pool_destroy(pool);
    ap_arena_destroy(arena);
}

int main(void) {
    run(AP_DEFAULT_STRATEGY);
    run(AP_TAGGED);
    ap_pool_options options = {0};
    ap_status status = AP_OK;
    options.strategy = AP_METADATA;
    options.status = &status;
    CHECK(ap_pool_create_in(pool_memory, sizeof pool_memory, 4, 4, &options) == NULL);
    CHECK(status == AP_UNSUPPORTED);
    say_number("refused", refused);
    say_number("failures", failures);
    return failures == 0 ? 0 : 1;
}
