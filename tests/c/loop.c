/* A control loop of 1 kHz: a batch is evaluated a thousand times a second. */
#define _POSIX_C_SOURCE 200809L
#include "check.h"
#include <time.h>

enum { TICKS = 500, EXPRESSIONS = 7 };

static double clamp(void *user, const double *arguments, size_t count) {
    (void)user;
    CHECK(count == 3);
    double value = arguments[0];
    return value < arguments[1] ? arguments[1] : value > arguments[2] ? arguments[2] : value;
}

int main(void) {
    static const char *const texts[EXPRESSIONS] = {
        "a + b", "clamp(a * 3, 0, 100)", "sq(a) - sq(b)", "a > b ? a : b",
        "sin(a)^2 + cos(a)^2", "(a + b) * (a - b)", "abs(b - a) / 2",
    };
    ap_expr_arena *arena = ap_expr_arena_new(256 * 1024);
    ap_batch_builder *batch = ap_batch_builder_new_with_arena(arena);
    size_t a = 0, b = 0;
    STATUS(AP_OK, ap_batch_builder_add_parameter(batch, "a", 0.0, &a));
    STATUS(AP_OK, ap_batch_builder_add_parameter(batch, "b", 0.0, &b));
    STATUS(AP_OK, ap_batch_builder_register_function(batch, "clamp", 3, clamp, NULL));
    STATUS(AP_OK, ap_batch_builder_add_expression_function(batch, "sq", "x", "x * x"));
    for (size_t i = 0; i < EXPRESSIONS; i++) {
        STATUS(AP_OK, ap_batch_builder_add_expression(batch, texts[i], NULL));
    }
    struct timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    for (int tick = 0; tick < TICKS; tick++) {
        double x = tick * 0.25, y = 20.0, found[EXPRESSIONS];
        STATUS(AP_OK, ap_batch_builder_set_parameter(batch, a, x));
        STATUS(AP_OK, ap_batch_builder_set_parameter(batch, b, y));
        STATUS(AP_OK, ap_batch_builder_eval(batch));
        for (size_t i = 0; i < EXPRESSIONS; i++) {
            STATUS(AP_OK, ap_batch_builder_get_result(batch, i, &found[i]));
        }
        CHECK(found[0] == x + y);
        CHECK(found[1] == (x * 3 > 100 ? 100 : x * 3));
        CHECK(found[2] == x * x - y * y && found[5] == (x + y) * (x - y));
        CHECK(found[3] == (x > y ? x : y));
        CHECK(found[4] > 1 - 1e-9 && found[4] < 1 + 1e-9);
        CHECK(found[6] == (x > y ? x - y : y - x) / 2);
        next.tv_nsec += 1000000;
        if (next.tv_nsec >= 1000000000) {
            next.tv_nsec -= 1000000000;
            next.tv_sec++;
        }
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
    }
    STATUS(AP_OK, ap_batch_builder_free(batch));
    STATUS(AP_OK, ap_expr_arena_free(arena));
    return end("loop");
}
