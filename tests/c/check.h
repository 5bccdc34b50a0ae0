/* What all programs here share: a check that counts, and says where it failed. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arraypool.h"

static int failures = 0;
static int checks = 0;

#define CHECK(condition)                                                    \
    do {                                                                    \
        checks++;                                                           \
        if (!(condition)) {                                                 \
            failures++;                                                     \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
        }                                                                   \
    } while (0)

#define STATUS(expected, call)                                                              \
    do {                                                                                    \
        ap_status found_status = (call);                                                    \
        checks++;                                                                           \
        if (found_status != (expected)) {                                                   \
            failures++;                                                                     \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #call,                   \
                    ap_status_message(found_status));                                       \
        }                                                                                   \
    } while (0)

#if !defined(AP_NO_HEAP)
/* What takes a list of arguments, with those of a call. */
static inline char *with_list(char *(*print)(ap_arena *, const char *, va_list), ap_arena *arena,
                              const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *text = print(arena, format, arguments);
    va_end(arguments);
    return text;
}
#endif

static inline int end(const char *name) {
    printf("%s: %d checks, %d failed\n", name, checks, failures);
    return failures == 0 ? 0 : 1;
}

#endif
