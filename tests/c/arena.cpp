// What the header says of arenas, case by case, under names of another program's own.
#include "check.h"

#include <cstdarg>
#include <cstdint>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#define pool_t ap_mempool
#define pool_create ap_mempool_create
#define pool_destroy ap_mempool_destroy
#define pool_alloc ap_mempool_alloc
#define pool_calloc ap_mempool_calloc
#define pool_free ap_mempool_free
#define pool_used ap_mempool_used
#define arena_t ap_arena
#define arena_create ap_arena_create
#define arena_create_default ap_arena_create_default
#define arena_create_in ap_arena_create_in
#define arena_destroy ap_arena_destroy
#define arena_alloc ap_arena_alloc
#define arena_aligned ap_arena_alloc_aligned
#define arena_calloc ap_arena_calloc
#define arena_strdup ap_arena_strdup
#define arena_strndup ap_arena_strndup
#define arena_printf ap_arena_sprintf
#define arena_vprintf ap_arena_vsprintf
#define arena_realloc ap_arena_realloc
#define arena_free ap_arena_free
#define arena_reset ap_arena_reset
#define arena_clear ap_arena_clear
#define arena_mark_t ap_mark
#define arena_mark ap_arena_mark
#define arena_rewind ap_arena_rewind
#define arena_limit ap_arena_set_limit
#define arena_on_event ap_arena_on_event
#define arena_total ap_arena_total_allocated
#define arena_used ap_arena_total_used
#define arena_waste ap_arena_waste
#define arena_chunks ap_arena_chunk_count
#define arena_owns ap_arena_owns

namespace {

constexpr std::size_t KiB = 1024, GiB = std::size_t{1} << 30;

// Each case has a backing pool and an arena of the default sizes.
struct Case;
std::vector<Case *> cases;

struct Case {
    pool_t *pool = nullptr;
    arena_t *arena = nullptr;
    Case() { cases.push_back(this); }
    virtual ~Case() = default;
    virtual void body() = 0;

    void run() {
        pool = pool_create();
        arena = arena_create_default(pool);
        CHECK(pool != nullptr && arena != nullptr);
        body();
        arena_destroy(arena);
        pool_destroy(pool);
    }

    // The arena of the case is one of these sizes from here on.
    void sized(std::size_t initial, std::size_t most) {
        arena_destroy(arena);
        arena = arena_create(pool, initial, most);
        CHECK(arena != nullptr);
    }

    char *bytes(std::size_t size) {
        char *block = static_cast<char *>(arena_alloc(arena, size));
        CHECK(block != nullptr);
        std::memset(block, 0x5a, size);
        return block;
    }
};

#define CASE(name)              \
    struct name final : Case {  \
        void body() override;   \
    } name##_case;              \
    void name::body()

std::uintptr_t address(const void *block) { return reinterpret_cast<std::uintptr_t>(block); }

bool is_all(const char *block, char byte, std::size_t size) {
    for (std::size_t i = 0; i < size; i++) {
        if (block[i] != byte) return false;
    }
    return true;
}

// Creation.
CASE(default_sizes) { CHECK(arena_total(arena) == 4096 && arena_chunks(arena) == 1); }
CASE(nothing_used_at_first) { CHECK(arena_used(arena) == 0 && arena_waste(arena) == 0); }
CASE(zero_is_default) {
    sized(0, 0);
    CHECK(arena_total(arena) == 4096);
    for (int i = 0; i < 40; i++) bytes(4096);
    bytes(64 * KiB);
    CHECK(arena_total(arena) == (4 + 8 + 16 + 32 + 64 + 64 + 64) * KiB);
}
CASE(initial_of_its_own) { sized(1000, 0); CHECK(arena_total(arena) == 1008); }
CASE(smallest) { sized(64, 64); CHECK(arena_total(arena) == 64); bytes(64); CHECK(arena_chunks(arena) == 1); }
CASE(initial_above_max) { sized(32 * KiB, 8 * KiB); CHECK(arena_total(arena) == 8 * KiB); }
CASE(initial_is_max) { sized(512, 512); bytes(512); bytes(512); CHECK(arena_total(arena) == 1024); }
CASE(whole_capacity_serves) { sized(128, 128); bytes(128); CHECK(arena_chunks(arena) == 1 && arena_waste(arena) == 0); }
CASE(whole_capacity_in_parts) { sized(128, 128); for (int i = 0; i < 8; i++) bytes(16); CHECK(arena_chunks(arena) == 1); }
CASE(smaller_than_smallest) { sized(1, 1); CHECK(arena_total(arena) == 64); bytes(64); CHECK(arena_chunks(arena) == 1); bytes(64); CHECK(arena_total(arena) == 128); }
CASE(initial_above_the_default_max) { sized(128 * KiB, 0); CHECK(arena_total(arena) == 64 * KiB); }
CASE(max_below_the_default_initial) { sized(0, KiB); CHECK(arena_total(arena) == KiB); bytes(KiB); bytes(16); CHECK(arena_total(arena) == 2 * KiB); }
CASE(initial_64_grows) {
    sized(64, 256);
    for (std::size_t expected : {64, 64 + 128, 64 + 128 + 256, 64 + 128 + 256 + 256}) {
        while (arena_used(arena) < expected) bytes(16);
        CHECK(arena_total(arena) == expected && arena_waste(arena) == 0);
    }
}
CASE(no_pool) { CHECK(arena_create(nullptr, 0, 0) == nullptr && arena_create_default(nullptr) == nullptr); }
CASE(many_arenas) {
    std::vector<arena_t *> all;
    for (int i = 0; i < 100; i++) all.push_back(arena_create(pool, 64, 4096));
    for (arena_t *one : all) CHECK(one != nullptr && arena_alloc(one, 200) != nullptr);
    for (std::size_t i = 0; i < all.size(); i += 2) arena_destroy(all[i]);
    for (std::size_t i = 1; i < all.size(); i += 2) CHECK(arena_used(all[i]) == 208);
}
CASE(in_a_buffer) {
    alignas(16) static unsigned char buffer[8 * KiB];
    arena_t *one = arena_create_in(buffer, sizeof buffer);
    std::size_t room = arena_total(one);
    CHECK(one != nullptr && room > 6 * KiB && room < sizeof buffer && arena_chunks(one) == 1);
    CHECK(arena_alloc(one, room) != nullptr && arena_alloc(one, 1) == nullptr);
    CHECK(arena_reset(one) && arena_alloc(one, room) != nullptr);
    CHECK(arena_total(one) == room && !arena_limit(one, 1));
    arena_destroy(one);
    arena_destroy(one);
}
CASE(in_a_buffer_at_an_odd_place) {
    static unsigned char buffer[4 * KiB];
    arena_t *one = arena_create_in(buffer + 1, sizeof buffer - 1);
    void *block = arena_alloc(one, 100);
    CHECK(block != nullptr && address(block) % 16 == 0);
    CHECK(address(block) >= address(buffer) && address(block) + 100 <= address(buffer + sizeof buffer));
    arena_destroy(one);
}
CASE(no_buffer) { char tiny[32]; CHECK(!arena_create_in(nullptr, 4096) && !arena_create_in(tiny, 32)); }

// Requests.
CASE(size_zero) { CHECK(arena_alloc(arena, 0) == nullptr && arena_used(arena) == 0); }
CASE(one_byte) { bytes(1); CHECK(arena_used(arena) == 16); }
CASE(hundred_bytes) { bytes(100); CHECK(arena_used(arena) == 112); }
CASE(sum_of_rounded) { for (std::size_t size = 1; size <= 64; size++) bytes(size); CHECK(arena_used(arena) == 16 * 16 * (1 + 2 + 3 + 4)); }
CASE(aligned_to_16) { for (std::size_t size = 1; size < 200; size += 7) CHECK(address(bytes(size)) % 16 == 0); }
CASE(blocks_are_apart) {
    std::vector<char *> all;
    for (std::size_t i = 0; i < 500; i++) {
        all.push_back(bytes(1 + i % 90));
        std::memset(all[i], static_cast<char>(i), 1 + i % 90);
    }
    for (std::size_t i = 0; i < 500; i++) CHECK(is_all(all[i], static_cast<char>(i), 1 + i % 90));
}
CASE(above_a_gibibyte) {
    for (std::size_t size : {GiB + 1, GiB * 2, SIZE_MAX / 2, SIZE_MAX - 15, SIZE_MAX}) {
        CHECK(arena_alloc(arena, size) == nullptr && (arena_alloc)(arena, size) == nullptr);
        CHECK(arena_aligned(arena, size, 64) == nullptr && arena_calloc(arena, size, 1) == nullptr);
        CHECK(arena_realloc(arena, nullptr, 0, size) == nullptr);
    }
    CHECK(arena_used(arena) == 0 && arena_total(arena) == 4096);
    bytes(16);
}
CASE(exactly_a_gibibyte) {
    arena_limit(arena, GiB / 2); // asked for, and refused by the limit only
    CHECK(arena_alloc(arena, GiB) == nullptr && arena_total(arena) == 4096);
}
CASE(alignments) {
    for (std::size_t alignment = 1; alignment <= 64 * KiB; alignment *= 2) {
        void *block = arena_aligned(arena, 10, alignment);
        CHECK(block != nullptr && address(block) % alignment == 0 && address(block) % 16 == 0);
        std::memset(block, 1, 10);
    }
}
CASE(alignment_256_and_4096_again_and_again) {
    for (int i = 0; i < 50; i++) {
        CHECK(address(arena_aligned(arena, 24, 256)) % 256 == 0);
        CHECK(address(arena_aligned(arena, 24, 4096)) % 4096 == 0);
        bytes(8);
    }
}
CASE(alignment_zero) { CHECK(arena_aligned(arena, 16, 0) == nullptr); }
CASE(alignment_three) { CHECK(arena_aligned(arena, 16, 3) == nullptr); }
CASE(alignment_no_power) { for (std::size_t none : {5u, 6u, 12u, 24u, 100u, 255u, 4095u}) CHECK(arena_aligned(arena, 16, none) == nullptr); CHECK(arena_used(arena) == 0); }
CASE(aligned_zero_bytes) { CHECK(arena_aligned(arena, 0, 16) == nullptr && arena_aligned(arena, 0, 4096) == nullptr); }
CASE(aligned_counts_its_size) { CHECK(arena_aligned(arena, 100, 256) != nullptr && arena_used(arena) == 112); }
CASE(aligned_gap_is_waste) {
    bytes(16);
    arena_aligned(arena, 16, 1024);
    CHECK(arena_used(arena) == 32 && arena_waste(arena) > 0 && arena_waste(arena) < 1024);
    CHECK(arena_reset(arena) && arena_waste(arena) == 0);
}
CASE(calloc_is_zero) { std::memset(bytes(4096), 0xff, 4096); arena_reset(arena); CHECK(is_all(static_cast<char *>(arena_calloc(arena, 64, 64)), 0, 4096)); }
CASE(calloc_counts) { CHECK(arena_calloc(arena, 10, 10) != nullptr && arena_used(arena) == 112); }
CASE(calloc_of_nothing) { CHECK(!arena_calloc(arena, 0, 8) && !arena_calloc(arena, 8, 0) && !arena_calloc(arena, 0, 0)); }
CASE(calloc_overflow) {
    CHECK(!arena_calloc(arena, SIZE_MAX, 2) && !arena_calloc(arena, 2, SIZE_MAX));
    CHECK(!arena_calloc(arena, SIZE_MAX / 2 + 1, 2) && !arena_calloc(arena, SIZE_MAX / 16 + 2, 16));
    CHECK(arena_used(arena) == 0);
}
CASE(calloc_above_a_gibibyte) { CHECK(!arena_calloc(arena, GiB, 2) && !arena_calloc(arena, 32 * KiB + 1, 32 * KiB)); }

// Growth.
CASE(fits_exactly) { bytes(4096); CHECK(arena_chunks(arena) == 1); bytes(1); CHECK(arena_chunks(arena) == 2); }
CASE(four_eight_sixteen_thirty_two) {
    for (int i = 0; i < 60; i++) bytes(KiB);
    CHECK(arena_total(arena) == 60 * KiB && arena_chunks(arena) == 4 && arena_used(arena) == 60 * KiB);
    bytes(1);
    CHECK(arena_total(arena) == 124 * KiB && arena_chunks(arena) == 5);
}
CASE(growth_stops_at_max) {
    sized(KiB, 4 * KiB);
    for (int i = 0; i < 19; i++) bytes(KiB);
    CHECK(arena_total(arena) == (1 + 2 + 4 + 4 + 4 + 4) * KiB && arena_chunks(arena) == 6);
}
CASE(large_has_its_own) { bytes(100000); CHECK(arena_total(arena) == 4096 + 100000 && arena_chunks(arena) == 2); }
CASE(large_is_rounded) { bytes(100001); CHECK(arena_total(arena) == 4096 + 100016 && arena_used(arena) == 100016); }
CASE(target_doubles_past_large) {
    bytes(100000); // instead of 8 KiB
    bytes(4096);
    CHECK(arena_total(arena) == 4096 + 100000);
    bytes(1);
    CHECK(arena_total(arena) == 4096 + 100000 + 16 * KiB);
}
CASE(next_size_is_enough) { bytes(5000); CHECK(arena_total(arena) == 12 * KiB); }
CASE(rest_of_the_old_chunk) { bytes(16); bytes(100000); char *small = bytes(16); CHECK(arena_chunks(arena) == 2 && arena_owns(arena, small)); }
CASE(left_room_is_waste) { bytes(4000); bytes(4096); CHECK(arena_waste(arena) == 96 && arena_total(arena) == 12 * KiB); }
CASE(balance) {
    for (std::size_t i = 1; i < 300; i++) bytes(i);
    CHECK(arena_used(arena) + arena_waste(arena) <= arena_total(arena));
}
CASE(megabytes) { for (int i = 0; i < 64; i++) bytes(256 * KiB); CHECK(arena_used(arena) == 16 * KiB * KiB); }

// Texts.
CASE(more_than_the_next_but_less_than_the_max) { bytes(4096); bytes(10000); CHECK(arena_total(arena) == 4096 + 10000); bytes(10000); CHECK(arena_total(arena) == 4096 + 10000 + 16 * KiB); }
CASE(more_than_the_max) { sized(KiB, 2 * KiB); bytes(5 * KiB); CHECK(arena_total(arena) == 6 * KiB && arena_chunks(arena) == 2); bytes(KiB); bytes(KiB); CHECK(arena_total(arena) == 8 * KiB); }
CASE(more_than_the_next_in_a_loop) { for (int i = 0; i < 20; i++) bytes(100 * KiB); CHECK(arena_chunks(arena) == 21 && arena_used(arena) == 2000 * KiB); }
CASE(large_survives_a_reset) { bytes(100000); CHECK(arena_reset(arena) && arena_chunks(arena) == 2 && arena_total(arena) == 104096); bytes(100000); CHECK(arena_total(arena) == 104096); }
CASE(a_gibibyte_is_too_much_with_a_limit_only) { CHECK(arena_limit(arena, 64 * KiB) && !arena_alloc(arena, GiB) && !arena_alloc(arena, GiB + 1) && !arena_aligned(arena, GiB + 1, 4096) && !arena_alloc(arena, SIZE_MAX) && arena_used(arena) == 0); }
CASE(alignment_far_beyond_the_chunk) { char *block = static_cast<char *>(arena_aligned(arena, 1, 4096)); CHECK(block && address(block) % 4096 == 0); char *next = static_cast<char *>(arena_aligned(arena, 5000, 64 * KiB)); CHECK(next && address(next) % (64 * KiB) == 0); std::memset(next, 1, 5000); }
CASE(strdup_copies) { char text[] = "text"; char *copy = arena_strdup(arena, text); text[0] = 'n'; CHECK(!std::strcmp(copy, "text")); }
CASE(strdup_empty) { char *copy = arena_strdup(arena, ""); CHECK(copy && !*copy && arena_used(arena) == 16); }
CASE(strdup_long) { std::string text(100000, 'x'); CHECK(text == arena_strdup(arena, text.c_str())); }
CASE(strdup_null) { CHECK(!arena_strdup(arena, nullptr) && arena_used(arena) == 0); }
CASE(strndup_cuts) { CHECK(!std::strcmp(arena_strndup(arena, "abcdef", 3), "abc")); }
CASE(strndup_of_less) { CHECK(!std::strcmp(arena_strndup(arena, "ab", 100), "ab") && arena_used(arena) == 16); }
CASE(strndup_zero) { char *copy = arena_strndup(arena, "ab", 0); CHECK(copy && !*copy); }
CASE(strndup_without_end) { const char text[3] = {'a', 'b', 'c'}; CHECK(!std::strcmp(arena_strndup(arena, text, 3), "abc")); }
CASE(strndup_of_most) { CHECK(!std::strcmp(arena_strndup(arena, "ab", SIZE_MAX), "ab") && !arena_strndup(arena, nullptr, 1)); }
CASE(printf_formats) { CHECK(!std::strcmp(arena_printf(arena, "%s=%d %5.2f %c%%", "x", -7, 1.5, '!'), "x=-7  1.50 !%")); }
CASE(printf_empty) { char *text = arena_printf(arena, "%s", ""); CHECK(text && !*text); }
CASE(printf_long) { char *text = arena_printf(arena, "%070000d", 7); CHECK(std::strlen(text) == 70000 && text[69999] == '7'); }
CASE(printf_null) { const char *none = nullptr; CHECK(!arena_printf(arena, none) && !arena_printf(nullptr, "x")); }
char *forwarded(arena_t *arena, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *text = arena_vprintf(arena, format, arguments);
    va_end(arguments);
    return text;
}
CASE(vprintf_formats) { CHECK(!std::strcmp(forwarded(arena, "%d-%s", 1, "two"), "1-two") && !forwarded(nullptr, "x")); }

// Blocks of another size, and given back.
CASE(realloc_null_allocates) { CHECK(arena_realloc(arena, nullptr, 0, 100) && arena_realloc(arena, nullptr, 99, 100) && arena_used(arena) == 224); }
CASE(realloc_last_grows_in_place) { char *block = bytes(100); CHECK(arena_realloc(arena, block, 100, 1000) == block && is_all(block, 0x5a, 100) && arena_used(arena) == 1008); }
CASE(realloc_within_the_rounding) { char *block = bytes(100); bytes(16); void *same = arena_realloc(arena, block, 100, 112); CHECK(same && is_all(static_cast<char *>(same), 0x5a, 100)); }
CASE(realloc_moves) {
    char *block = bytes(100), *next = bytes(16);
    char *moved = static_cast<char *>(arena_realloc(arena, block, 100, 300));
    CHECK(moved && moved != block && moved != next && is_all(moved, 0x5a, 100) && address(moved) % 16 == 0);
    CHECK(arena_used(arena) == 16 + 304 && is_all(next, 0x5a, 16));
}
CASE(realloc_to_another_chunk) { char *block = bytes(4000); char *moved = static_cast<char *>(arena_realloc(arena, block, 4000, 6000)); CHECK(moved && is_all(moved, 0x5a, 4000) && arena_chunks(arena) == 2); }
CASE(realloc_shrinks_in_place) { char *block = bytes(1000); CHECK(arena_realloc(arena, block, 1000, 100) == block && arena_used(arena) == 112); CHECK(bytes(16) == block + 112); }
CASE(realloc_shrinks_in_the_middle) { char *block = bytes(1000); bytes(16); CHECK(arena_realloc(arena, block, 1000, 100) == block && arena_used(arena) == 128 && is_all(block, 0x5a, 100)); }
CASE(realloc_same_size) { char *block = bytes(64); bytes(16); CHECK(arena_realloc(arena, block, 64, 64) == block && arena_used(arena) == 80); }
CASE(realloc_to_nothing_frees) { char *block = bytes(64); CHECK(!arena_realloc(arena, block, 64, 0) && arena_used(arena) == 0 && bytes(64) == block); }
CASE(realloc_too_large) { char *block = bytes(64); CHECK(!arena_realloc(arena, block, 64, GiB + 1) && is_all(block, 0x5a, 64) && arena_used(arena) == 64); }
CASE(realloc_nothing_to_nothing) { CHECK(!arena_realloc(arena, nullptr, 0, 0) && !arena_realloc(arena, nullptr, 64, 0) && arena_used(arena) == 0); }
CASE(realloc_with_an_old_size_too_small) {
    char *block = bytes(200);
    char *larger = static_cast<char *>(arena_realloc(arena, block, 100, 300));
    CHECK(larger && is_all(larger, 0x5a, 100));
}
CASE(realloc_with_an_old_size_too_large) {
    char *block = bytes(64);
    CHECK(!arena_realloc(arena, block, 8192, 16384) && is_all(block, 0x5a, 64) && arena_used(arena) == 64);
    CHECK(!arena_realloc(arena, block, 0, 100) && !arena_realloc(arena, block, SIZE_MAX, 100) && arena_used(arena) == 64);
}
CASE(realloc_to_the_end_of_the_chunk_and_beyond) {
    char *block = bytes(2000);
    CHECK(arena_realloc(arena, block, 2000, 4096) == block && arena_chunks(arena) == 1 && arena_waste(arena) == 0);
    char *moved = static_cast<char *>(arena_realloc(arena, block, 4096, 4097));
    CHECK(moved && moved != block && arena_chunks(arena) == 2 && is_all(moved, 0x5a, 2000) && arena_used(arena) == 4112);
}
CASE(realloc_again_and_again) {
    char *block = bytes(16);
    for (std::size_t size = 16; size < 64 * KiB; size += 1000) {
        block = static_cast<char *>(arena_realloc(arena, block, size, size + 1000));
        CHECK(block != nullptr && is_all(block, 0x5a, 16));
    }
}
CASE(realloc_gives_the_rest_to_others) { char *block = bytes(2048); bytes(2048); CHECK(arena_realloc(arena, block, 2048, 1024) == block); CHECK(bytes(1024) == block + 1024 && arena_chunks(arena) == 1); }
CASE(realloc_of_others) { char outside[64]; CHECK(!arena_realloc(arena, outside, 64, 128) && !arena_realloc(nullptr, outside, 64, 128)); }
CASE(free_last) { bytes(16); char *block = bytes(100); CHECK(arena_free(arena, block, 100) && arena_used(arena) == 16 && bytes(32) == block); }
CASE(free_in_the_middle_is_used_before_growth) {
    char *block = bytes(1024);
    bytes(3072);
    CHECK(arena_free(arena, block, 1024) && arena_used(arena) == 3072);
    CHECK(bytes(1000) == block && arena_chunks(arena) == 1);
}
CASE(free_neighbours_merge) {
    char *first = bytes(1024), *second = bytes(1024);
    bytes(2048);
    CHECK(arena_free(arena, first, 1024) && arena_free(arena, second, 1024));
    CHECK(bytes(2048) == first && arena_chunks(arena) == 1);
}
CASE(free_wrong) { char outside[16]; char *block = bytes(16); CHECK(!arena_free(arena, nullptr, 16) && !arena_free(arena, outside, 16) && !arena_free(arena, block + 8, 8) && !arena_free(arena, block, 0) && !arena_free(arena, block, 4096)); }

// Forgetting.
CASE(reset_keeps_chunks) {
    char *first = bytes(16);
    for (int i = 0; i < 59; i++) bytes(KiB);
    CHECK(arena_reset(arena) && arena_total(arena) == 60 * KiB && arena_chunks(arena) == 4);
    CHECK(arena_used(arena) == 0 && arena_waste(arena) == 0 && bytes(16) == first);
    for (int i = 0; i < 50; i++) bytes(KiB);
    CHECK(arena_total(arena) == 60 * KiB);
}
CASE(reset_keeps_the_grown_size) { for (int i = 0; i < 5; i++) bytes(KiB); arena_reset(arena); bytes(12 * KiB); CHECK(arena_total(arena) == 28 * KiB); }
CASE(clear_keeps_the_first) {
    for (int i = 0; i < 60; i++) bytes(KiB);
    CHECK(arena_clear(arena) && arena_total(arena) == 4096 && arena_chunks(arena) == 1 && arena_used(arena) == 0);
}
CASE(clear_starts_over) { for (int i = 0; i < 60; i++) bytes(KiB); arena_clear(arena); for (int i = 0; i < 60; i++) bytes(KiB); CHECK(arena_total(arena) == 60 * KiB && arena_chunks(arena) == 4); }
CASE(reset_and_clear_when_new) { CHECK(arena_reset(arena) && arena_clear(arena) && arena_total(arena) == 4096); bytes(4096); }
CASE(reset_for_ever) { for (int i = 0; i < 1000; i++) { bytes(3000); bytes(3000); arena_reset(arena); } CHECK(arena_total(arena) == 12 * KiB); }

// Marks.
CASE(rewind_forgets_what_was_since) {
    char *kept = bytes(100);
    arena_mark_t mark = arena_mark(arena);
    for (int i = 0; i < 30; i++) bytes(KiB);
    CHECK(arena_rewind(arena, mark) && arena_used(arena) == 112 && is_all(kept, 0x5a, 100));
}
CASE(rewind_to_the_same_place) { arena_mark_t mark = arena_mark(arena); char *first = bytes(64); arena_rewind(arena, mark); CHECK(bytes(64) == first); }
CASE(rewind_again_and_again) { arena_mark_t mark = arena_mark(arena); for (int i = 0; i < 100; i++) { bytes(5000); CHECK(arena_rewind(arena, mark)); } CHECK(arena_used(arena) == 0 && arena_chunks(arena) == 2); }
CASE(nested_marks) {
    arena_mark_t outer = arena_mark(arena);
    bytes(100);
    arena_mark_t inner = arena_mark(arena);
    bytes(100);
    CHECK(arena_rewind(arena, inner) && arena_used(arena) == 112 && arena_rewind(arena, outer) && arena_used(arena) == 0);
}
CASE(stale_after_an_earlier_one) { arena_mark_t outer = arena_mark(arena); arena_mark_t inner = arena_mark(arena); arena_rewind(arena, outer); bytes(4000); CHECK(!arena_rewind(arena, inner) && arena_used(arena) == 4000); }
CASE(stale_after_reset) { arena_mark_t mark = arena_mark(arena); arena_reset(arena); bytes(100); CHECK(!arena_rewind(arena, mark) && arena_used(arena) == 112); }
CASE(stale_after_clear) { arena_mark_t mark = arena_mark(arena); arena_clear(arena); CHECK(!arena_rewind(arena, mark)); }
CASE(mark_where_the_chunk_is_full) { bytes(4096); arena_mark_t mark = arena_mark(arena); bytes(100); CHECK(arena_used(arena) == 4096 + 112 && arena_rewind(arena, mark) && arena_used(arena) == 4096); }
CASE(mark_counts_nothing) { for (int i = 0; i < 10; i++) arena_mark(arena); CHECK(arena_used(arena) == 0 && arena_chunks(arena) == 1 && arena_total(arena) == 4096); }
CASE(rewind_over_large) { bytes(16); arena_mark_t mark = arena_mark(arena); bytes(100000); bytes(5000); CHECK(arena_rewind(arena, mark) && arena_used(arena) == 16); bytes(100000); CHECK(arena_chunks(arena) <= 3 && arena_used(arena) == 100016); }
CASE(mark_of_a_destroyed_one) { arena_mark_t mark = arena_mark(arena); arena_destroy(arena); CHECK(!arena_rewind(arena, mark)); arena = arena_create_default(pool); CHECK(!arena_rewind(arena, mark)); }
CASE(used_after_free_and_reset) { char *block = bytes(100); bytes(100); CHECK(arena_free(arena, block, 100) && arena_used(arena) == 112); CHECK(arena_reset(arena) && arena_used(arena) == 0); }
CASE(mark_of_another) { arena_t *other = arena_create_default(pool); arena_mark_t mark = arena_mark(other); arena_mark(arena); CHECK(!arena_rewind(arena, mark)); }
CASE(mark_of_nobody) { arena_mark_t zero; std::memset(&zero, 0, sizeof zero); CHECK(!arena_rewind(arena, zero) && !arena_rewind(nullptr, arena_mark(nullptr)) && !arena_rewind(arena, arena_mark(nullptr))); }
CASE(rewind_keeps_what_was_given_back) {
    char *hole = bytes(1024);
    bytes(2048);
    arena_free(arena, hole, 1024);
    arena_mark_t mark = arena_mark(arena);
    bytes(8 * KiB);
    CHECK(arena_rewind(arena, mark) && arena_used(arena) == 2048);
    bytes(4096 - 3072 - 32);
    CHECK(bytes(1024) == hole);
}

// The rest.
CASE(limit) { CHECK(arena_limit(arena, 12 * KiB)); bytes(4096); bytes(8 * KiB); CHECK(!arena_alloc(arena, 1) && arena_total(arena) == 12 * KiB); CHECK(arena_limit(arena, 0) && arena_alloc(arena, 1)); }
CASE(limit_of_what_is_there) { CHECK(arena_limit(arena, 100)); bytes(4096); CHECK(!arena_alloc(arena, 1) && arena_reset(arena) && arena_alloc(arena, 4096)); }
std::size_t used_before;
extern "C" void note_used(void *, const ap_arena_event *event) { used_before = event->used; }
CASE(event_of_a_reset_counts_as_used_does) { CHECK(arena_on_event(arena, note_used, nullptr)); bytes(100); arena_mark(arena); std::size_t used = arena_used(arena); CHECK(arena_reset(arena) && used_before == used); bytes(50); CHECK(arena_clear(arena) && used_before == 64); }
int told[4];
extern "C" void tell(void *user, const ap_arena_event *event) { told[event->kind]++; CHECK(user == told && event->allocated <= 12 * KiB); }
CASE(events) { CHECK(arena_on_event(arena, tell, told)); bytes(4096); bytes(1); arena_reset(arena); arena_limit(arena, 1); CHECK(!arena_alloc(arena, 64 * KiB)); CHECK(told[AP_ARENA_GROWN] == 1 && told[AP_ARENA_RESET] == 1 && told[AP_ARENA_REFUSED] == 1); CHECK(arena_on_event(arena, nullptr, nullptr) && arena_reset(arena) && told[AP_ARENA_RESET] == 1); }
CASE(owns_its_own) { char *block = bytes(100); char outside; CHECK(arena_owns(arena, block) && arena_owns(arena, block + 99) && !arena_owns(arena, &outside) && !arena_owns(arena, nullptr) && !arena_owns(nullptr, block)); }
CASE(owns_nothing_of_others) { arena_t *other = arena_create_default(pool); void *theirs = arena_alloc(other, 16); CHECK(!arena_owns(arena, theirs) && arena_owns(other, theirs)); }
CASE(owns_no_more_after_reset) { char *block = bytes(100); arena_reset(arena); CHECK(!arena_owns(arena, block)); }
CASE(destroyed_twice) { arena_destroy(arena); arena_destroy(arena); CHECK(!arena_alloc(arena, 16) && arena_total(arena) == 0 && arena_used(arena) == 0 && !arena_reset(arena)); }
CASE(destroyed_twice_with_another_in_between) {
    arena_destroy(arena);
    arena_t *next = arena_create_default(pool);
    arena_destroy(arena);
    CHECK(next != arena && arena_alloc(next, 16) != nullptr && arena_used(next) == 16);
}
CASE(destroyed_with_its_pool) { pool_destroy(pool); arena = nullptr; pool = nullptr; }
CASE(destroyed_before_and_after_others) {
    arena_t *first = arena_create_default(pool), *second = arena_create_default(pool);
    CHECK(arena_alloc(first, 100000) && arena_alloc(second, 100000));
    arena_destroy(first);
    CHECK(arena_used(second) == 100000 && arena_alloc(second, 16));
    // The second one ends with the pool.
}
CASE(chunks_go_back_to_the_pool) {
    std::size_t before = pool_used(pool);
    for (int i = 0; i < 60; i++) bytes(KiB);
    CHECK(pool_used(pool) >= before + 56 * KiB && arena_clear(arena) && pool_used(pool) == before);
}
CASE(pool_blocks) {
    for (std::size_t size : {std::size_t{1}, std::size_t{100}, 100 * KiB}) {
        char *block = static_cast<char *>(pool_alloc(pool, size)), *zero = static_cast<char *>(pool_calloc(pool, 2, size));
        CHECK(block && zero && address(block) % 16 == 0 && address(zero) % 16 == 0 && is_all(zero, 0, 2 * size));
        std::memset(block, 1, size);
        CHECK(pool_free(pool, block) == AP_OK && pool_free(pool, zero) == AP_OK);
        CHECK(pool_free(pool, block) == AP_FOREIGN);
    }
    CHECK(!pool_alloc(pool, 0) && !pool_calloc(pool, 0, 1) && !pool_calloc(pool, 1, 0) && !pool_calloc(pool, SIZE_MAX, 2));
    CHECK(pool_free(pool, nullptr) == AP_OK && pool_free(pool, bytes(16)) == AP_FOREIGN);
    CHECK(!pool_alloc(nullptr, 1) && !pool_calloc(nullptr, 1, 1) && pool_free(nullptr, nullptr) != AP_OK && !pool_used(nullptr));
}
CASE(arenas_of_threads_in_one_pool) {
    std::vector<int> done(4);
    std::vector<std::thread> threads;
    for (std::size_t number = 0; number < done.size(); number++) {
        threads.emplace_back([this, &done, number] {
            int right = 0;
            for (int round = 0; round < 50; round++) {
                arena_t *own = arena_create(pool, 64, 4096);
                char *block = static_cast<char *>(arena_alloc(own, 3000));
                void *direct = pool_alloc(pool, 100);
                if (block == nullptr || direct == nullptr) continue;
                std::memset(block, static_cast<int>(number), 3000);
                for (int i = 0; i < 100; i++) right += arena_alloc(own, 48) != nullptr;
                right += is_all(block, static_cast<char>(number), 3000) && pool_free(pool, direct) == AP_OK;
                if (round % 2 == 0) arena_destroy(own); // The others end with the pool.
            }
            done[number] = right;
        });
    }
    for (std::thread &thread : threads) thread.join();
    for (int right : done) CHECK(right == 50 * 101);
}
CASE(null_everywhere) {
    CHECK(!arena_alloc(nullptr, 16) && !(arena_alloc)(nullptr, 16) && !arena_aligned(nullptr, 16, 16) && !arena_calloc(nullptr, 1, 1));
    CHECK(!arena_strdup(nullptr, "x") && !arena_strndup(nullptr, "x", 1) && !arena_realloc(nullptr, nullptr, 0, 1));
    CHECK(!arena_free(nullptr, nullptr, 0) && !arena_reset(nullptr) && !arena_clear(nullptr) && !arena_limit(nullptr, 1));
    CHECK(!arena_on_event(nullptr, nullptr, nullptr) && !arena_total(nullptr) && !arena_used(nullptr) && !arena_waste(nullptr) && !arena_chunks(nullptr));
    arena_destroy(nullptr);
    pool_destroy(nullptr);
}

}  // namespace

int main() {
    for (Case *one : cases) {
        one->run();
    }
    CHECK(cases.size() >= 80);
    return end("arena");
}
