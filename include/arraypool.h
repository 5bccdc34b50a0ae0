/*
 * arraypool: arenas, pools that check every release, expressions, JSON.
 *
 * Ownership. A handle (a pointer to something of the library's) is made by one
 * function and freed by one, both of which its type names: what `_new` or `_parse`
 * makes by `_free`, what `_create` makes by `_destroy`. (A `_free` with a second
 * argument gives a block back.) Nothing else is freed by a program. NULL, a handle of
 * another kind, and one that was destroyed, as long as its memory can be read, are
 * refused: by a status, or with NULL, 0 or false.
 *
 * Threads. One thread at a time may use an object, unless its type says more.
 * Different objects have nothing to do with each other, but where one is made in
 * another one. (Arenas of one backing pool have nothing to do with each other either: it
 * takes a lock for what they share.)
 *
 * Errors. No call ends the program, but for three rare cases where there is no memory at
 * all: a thread waits for the lock of an `ap_mempool` or `ap_shared_pool` for the first time;
 * a thread allocates from any `ap_shared_pool` for the first time; the program makes its
 * first pool of arrays while the environment variable ARRAYPOOL_CHECK is set (docs/C.md,
 * *Panics and exceptions*). A function that can fail in more than one way returns an
 * `ap_status`; a panic of the library, which is a defect of it, is one of them. (In a build
 * without a standard library it ends in the program's `ap_panic`.)
 *
 * Define AP_NO_HEAP for such a build: what needs a heap is not declared then. Define
 * AP_NO_INLINE to call `ap_arena_alloc` out of line. Define AP_CALLERS to let pools know
 * where the program is that allocates and releases, for `AP_CHECK_CALLERS`.
 *
 * This file is made from src/capi by cbindgen: change it there.
 */
#ifndef ARRAYPOOL_H
#define ARRAYPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#if !defined(AP_NO_HEAP)
#define AP_HEAP 1
#include <stdarg.h>
#include <stdio.h>
#endif

/* The version of this header. `ap_version` says that of the library. */
#define AP_VERSION_MAJOR 0
#define AP_VERSION_MINOR 1
#define AP_VERSION_PATCH 0
#define AP_VERSION (AP_VERSION_MAJOR * 1000000 + AP_VERSION_MINOR * 1000 + AP_VERSION_PATCH)

/* The largest request of an arena. */
#define AP_ARENA_MOST ((size_t)1 << 30)


/**
 * How a call ended. `AP_OK` is 0; everything else changed nothing, unless it says so.
 *
 * `ap_status_message` has a sentence for each. Values are never given another
 * meaning; new ones may be added.
 */
typedef enum ap_status {
    /**
     * It was done.
     */
    AP_OK = 0,
    /**
     * A handle or an argument that is needed is NULL.
     */
    AP_NULL = 1,
    /**
     * The handle is of another kind, or was destroyed.
     */
    AP_WRONG_HANDLE = 2,
    /**
     * An argument has a value that it cannot have.
     */
    AP_INVALID_ARGUMENT = 3,
    /**
     * A text is not UTF-8.
     */
    AP_INVALID_UTF8 = 4,
    /**
     * What was asked for is not in this build, or not in this kind of pool.
     */
    AP_UNSUPPORTED = 5,
    /**
     * The object is in use: by a builder, by documents, or by the call that is running.
     */
    AP_BUSY = 6,
    /**
     * The library panicked, which is a defect of it. The object may only be freed now.
     */
    AP_PANIC = 7,
    /**
     * There is no memory.
     */
    AP_OUT_OF_MEMORY = 16,
    /**
     * The limit in bytes would be passed.
     */
    AP_OVER_LIMIT = 17,
    /**
     * More than can ever be served.
     */
    AP_TOO_LARGE = 18,
    /**
     * The pool is frozen, and would have to grow.
     */
    AP_FROZEN = 19,
    /**
     * The pool has as many runs as it was made for.
     */
    AP_TOO_MANY_RUNS = 20,
    /**
     * A free list was overwritten. It is abandoned; the next call takes fresh memory.
     */
    AP_FREE_LIST_CORRUPTED = 21,
    /**
     * Class lengths are 1 to 64 ascending numbers from 1 to 2^30.
     */
    AP_INVALID_CLASSES = 22,
    /**
     * Released already, and its place is free now.
     */
    AP_ALREADY_RELEASED = 32,
    /**
     * The array is in the hands of somebody else.
     */
    AP_OWNED = 33,
    /**
     * The address is not in memory that this pool has handed out.
     */
    AP_FOREIGN = 34,
    /**
     * The address is inside an array, but not its first.
     */
    AP_INTERIOR = 35,
    /**
     * The bookkeeping of the array was overwritten. A release of `ap_pool` abandons its
     * place. `ap_pool_verify` only says so. In an `ap_shared_pool` it is counted, but the
     * place stays live.
     */
    AP_CORRUPTED = 36,
    /**
     * The array is gone: its place was used again, or the pool was reset.
     */
    AP_STALE = 37,
    /**
     * The strategy takes no single arrays back.
     */
    AP_NOT_RELEASABLE = 38,
    /**
     * The numbers of a class do not add up. (`ap_pool_verify` only.)
     */
    AP_UNBALANCED = 39,
    /**
     * Somebody wrote behind the array's end. A release of `ap_pool` abandons its place;
     * `ap_pool_verify` only says so. With `AP_CHECK_CANARY`, which an `ap_shared_pool` does
     * not have.
     */
    AP_OVERFLOW = 40,
    /**
     * Somebody wrote to a free array. (`ap_pool_verify`, with `AP_CHECK_INTEGRITY`.)
     */
    AP_WRITTEN_AFTER_RELEASE = 41,
    /**
     * The text is not what it should be: the error says what, and where.
     */
    AP_SYNTAX = 48,
    /**
     * There is nothing of this index, name, key or path.
     */
    AP_NOT_FOUND = 49,
    /**
     * The value is of another type.
     */
    AP_WRONG_TYPE = 50,
    /**
     * The expression was not evaluated yet.
     */
    AP_NOT_EVALUATED = 51,
    /**
     * The expression has no value in this tick; its result is NaN.
     */
    AP_EVALUATION_FAILED = 52,
} ap_status;

/**
 * What happened to an arena.
 */
typedef enum ap_arena_event_kind {
    /**
     * A chunk was added.
     */
    AP_ARENA_GROWN = 1,
    /**
     * The arena was reset or cleared.
     */
    AP_ARENA_RESET = 2,
    /**
     * A request was refused.
     */
    AP_ARENA_REFUSED = 3,
} ap_arena_event_kind;

/**
 * The state of a place for an array.
 */
typedef enum ap_slot_state {
    /**
     * No array is there.
     */
    AP_SLOT_FREE = 0,
    /**
     * An array is there.
     */
    AP_SLOT_LIVE = 1,
    /**
     * Abandoned, since its bookkeeping was overwritten.
     */
    AP_SLOT_LOST = 2,
    /**
     * Its bookkeeping is overwritten, and it is not abandoned. (In a shared pool, also for
     * a moment while another thread writes the bookkeeping.)
     */
    AP_SLOT_CORRUPTED = 3,
} ap_slot_state;

#if defined(AP_HEAP)
/**
 * What a value is.
 */
typedef enum ap_json_kind {
    /**
     * Not there.
     */
    AP_JSON_NONE = 0,
    /**
     * `null`.
     */
    AP_JSON_NULL = 1,
    /**
     * `true` or `false`.
     */
    AP_JSON_BOOL = 2,
    /**
     * A number.
     */
    AP_JSON_NUMBER = 3,
    /**
     * A string.
     */
    AP_JSON_STRING = 4,
    /**
     * An array.
     */
    AP_JSON_ARRAY = 5,
    /**
     * An object.
     */
    AP_JSON_OBJECT = 6,
} ap_json_kind;
#endif

/**
 * How arrays go back.
 */
typedef enum ap_strategy {
    /**
     * `AP_METADATA`, or where there is no heap, `AP_TAGGED`.
     */
    AP_DEFAULT_STRATEGY = 0,
    /**
     * They do not: nothing is taken back before the pool is reset.
     */
    AP_DIRECT = 1,
    /**
     * By bookkeeping beside the memory, out of reach of stray writes.
     */
    AP_METADATA = 2,
    /**
     * By bookkeeping in front of the memory. It needs no heap.
     */
    AP_TAGGED = 3,
} ap_strategy;

/**
 * What a pool watches besides, at some cost: flags for `ap_pool_options`. What it finds
 * goes to the standard error, if there is one; statuses say it too.
 */
typedef enum ap_check {
    /**
     * Fills an array when it is handed out, and when it comes back.
     */
    AP_CHECK_POISON = 1,
    /**
     * Looks whether a free array was written to, when its place is used again.
     */
    AP_CHECK_INTEGRITY = 2,
    /**
     * Looks whether somebody wrote behind an array's end, when it comes back.
     */
    AP_CHECK_CANARY = 4,
    /**
     * Overwrites an array with zeros when it comes back.
     */
    AP_CHECK_CLEAR_ON_RELEASE = 8,
    /**
     * Says which arrays were not released, when the pool is destroyed.
     */
    AP_CHECK_LEAKS = 16,
    /**
     * Notes where an array was allocated and where it was released first, and says so
     * whenever something is wrong; every wrong release is reported, too. For the places,
     * define AP_CALLERS before the header.
     */
    AP_CHECK_CALLERS = 32,
} ap_check;

#if defined(AP_HEAP)
/**
 * Expressions over common parameters, evaluated together.
 *
 * Made by `ap_batch_builder_new` or `ap_batch_builder_new_with_arena`, freed by
 * `ap_batch_builder_free`. One thread at a time may use it. A function of the
 * program's that it calls may not use it: that is `AP_BUSY`.
 *
 * ```c
 * ap_batch_builder *batch = ap_batch_builder_new();
 * size_t speed = 0, force = 0;
 * double found = 0.0;
 * assert(ap_batch_builder_add_parameter(batch, "speed", 0.0, &speed) == AP_OK);
 * assert(ap_batch_builder_add_expression(batch, "max(0, 10 - speed) * 2.5", &force) == AP_OK);
 * assert(ap_batch_builder_set_parameter(batch, speed, 6.0) == AP_OK);
 * assert(ap_batch_builder_eval(batch) == AP_OK);            // every millisecond, say
 * assert(ap_batch_builder_get_result(batch, force, &found) == AP_OK && found == 10.0);
 * assert(ap_batch_builder_add_expression(batch, "speed +", NULL) == AP_SYNTAX);
 * puts(ap_batch_builder_error(batch, NULL));                // with a caret under the place
 * assert(ap_batch_builder_free(batch) == AP_OK);
 * ```
 */
typedef struct ap_batch_builder ap_batch_builder;

/**
 * The memory of batches: what is compiled lies in it, and what is replaced goes back
 * to it.
 *
 * Made by `ap_expr_arena_new`, freed by `ap_expr_arena_free`, which is refused while a
 * builder lives in it. One thread at a time may use it and its builders.
 */
typedef struct ap_expr_arena ap_expr_arena;

/**
 * A document that was read.
 *
 * Made by `ap_json_parse`, freed by `ap_json_free`. It borrows strings from its text,
 * which stays as it is until then. Any thread may look at it, several at once, but
 * only one may free it or use its pool.
 *
 * ```c
 * const char *text = "{\"name\": \"Ada\", \"born\": [1815, 12, 10]}";
 * ap_json_pool *pool = ap_json_pool_new(0);
 * ap_json *document = NULL;
 * assert(ap_json_parse(pool, text, strlen(text), &document, NULL) == AP_OK);
 * const ap_json_value *month = ap_json_pointer(ap_json_root(document), "/born/1");
 * int64_t number = 0;
 * assert(ap_json_i64(month, &number) == AP_OK && number == 12);
 * assert(ap_json_free(document) == AP_OK);
 * assert(ap_json_pool_free(pool) == AP_OK);
 * ```
 */
typedef struct ap_json ap_json;

/**
 * The memory of documents, and of reading them.
 *
 * Made by `ap_json_pool_new`, freed by `ap_json_pool_free`, which is refused while a
 * document lives in it. One thread at a time may use it, and make or free its documents.
 */
typedef struct ap_json_pool ap_json_pool;

/**
 * A value of a document: it lives as long as that, and nobody frees it. It has no
 * validity marker; NULL is a value that is not there, of which everything is NULL, 0 or
 * `AP_NULL`, so that a look-up can begin where another one has failed.
 */
typedef struct ap_json_value ap_json_value;

/**
 * A backing pool: what arenas take their chunks from. It gives blocks of any size
 * and takes them back, and keeps a list of them, so that a wrong address is
 * refused and destroying it gives everything back.
 *
 * Made by `ap_mempool_create`, freed by `ap_mempool_destroy`. Any thread may use
 * it, several at once, also by different arenas of it: only what an arena takes from it
 * and gives back waits for its lock. When it is destroyed, no thread uses it or any of
 * its arenas.
 *
 * ```c
 * ap_mempool *mempool = ap_mempool_create();
 * double *block = ap_mempool_calloc(mempool, 100, sizeof *block);
 * assert(block != NULL && block[99] == 0.0);
 * assert(ap_mempool_free(mempool, block) == AP_OK);
 * assert(ap_mempool_free(mempool, block) == AP_FOREIGN);
 * ap_mempool_destroy(mempool);
 * ```
 */
typedef struct ap_mempool ap_mempool;
#endif

/**
 * A pool of arrays that are given back one by one. Wrong releases are refused, but for a
 * bare address whose place was handed out again: it releases the new array. A token
 * (`ap_array`) tells the two apart.
 *
 * Made by `ap_pool_create` or `ap_pool_create_in`, freed by `ap_pool_destroy`. One
 * thread at a time may use it; `ap_shared_pool` is for several. What it hands out is
 * valid until it is released, or the pool is reset or destroyed.
 *
 * ```c
 * ap_pool_options options = {.strategy = AP_TAGGED, .limit = 1 << 20};
 * ap_pool *pool = ap_pool_create(sizeof(float), _Alignof(float), &options);
 * float *samples = ap_pool_alloc(pool, 100);
 * samples[99] = 0.5f;
 * assert(ap_pool_release(pool, samples + 1) == AP_INTERIOR);
 * assert(ap_pool_release(pool, samples) == AP_OK);
 * assert(ap_pool_release(pool, samples) == AP_ALREADY_RELEASED);
 * ap_pool_destroy(pool);
 * ```
 */
typedef struct ap_pool ap_pool;

#if defined(AP_HEAP)
/**
 * A pool of arrays for any number of threads.
 *
 * Made by `ap_shared_pool_create`, freed by `ap_shared_pool_destroy`, when no thread is
 * using it. Any thread may use it, several at once, and release what another one has
 * allocated. What it hands out is valid until it is released, or the pool is destroyed.
 *
 * ```c
 * ap_shared_pool *pool = ap_shared_pool_create(sizeof(int), _Alignof(int), NULL);
 * int *numbers = ap_shared_pool_alloc(pool, 12);
 * assert(ap_shared_pool_len(pool, numbers) == 12);
 * assert(ap_shared_pool_release(pool, numbers) == AP_OK);   // by this thread or another
 * ap_shared_pool_destroy(pool);
 * ```
 */
typedef struct ap_shared_pool ap_shared_pool;
#endif

/**
 * An arena: memory handed out front to back, given back all at once.
 *
 * Made by `ap_arena_create` and its kin, freed by `ap_arena_destroy`, or with its
 * backing pool. One thread at a time may use it. What it hands out is valid until it
 * is reset, cleared, rewound below it, or destroyed.
 *
 * The two words are for the fast path of `ap_arena_alloc`; a program leaves them
 * alone. There is more behind them: an `ap_arena` cannot be copied, or be anywhere
 * but where it was made.
 *
 * ```c
 * ap_mempool *mempool = ap_mempool_create();
 * ap_arena *arena = ap_arena_create_default(mempool);
 * for (int file = 0; file < 3; file++) {
 *     char *name = ap_arena_sprintf(arena, "file %d", file);
 *     int *lines = ap_arena_calloc(arena, 1000, sizeof *lines);
 *     assert(name != NULL && lines != NULL && lines[999] == 0);
 *     ap_arena_reset(arena);
 * }
 * assert(ap_arena_total_used(arena) == 0);
 * ap_arena_destroy(arena);
 * ap_mempool_destroy(mempool);
 * ```
 */
typedef struct ap_arena {
    /**
     * The first free byte of the current chunk, a multiple of 16.
     */
    uint8_t *cursor;
    /**
     * The address one past the last byte that can be handed out without a call; its
     * lowest four bits are the library's, and change no comparison with multiples of 16.
     */
    size_t end;
} ap_arena;

/**
 * A place that an arena can go back to. It is a value: copy it, store it, forget
 * it; nobody frees it. It is refused once the arena has gone back to an earlier one,
 * or was reset, cleared or destroyed. A program passes it back as it got it.
 *
 * ```c
 * ap_mempool *mempool = ap_mempool_create();
 * ap_arena *arena = ap_arena_create_default(mempool);
 * char *kept = ap_arena_strdup(arena, "kept");
 * ap_mark mark = ap_arena_mark(arena);
 * assert(ap_arena_alloc(arena, 1000) != NULL);
 * assert(ap_arena_rewind(arena, mark) && ap_arena_owns(arena, kept));
 * ap_arena_reset(arena);
 * assert(!ap_arena_rewind(arena, mark));
 * ap_mempool_destroy(mempool);
 * ```
 */
typedef struct ap_mark {
    /**
     * Whose mark it is.
     */
    size_t check;
    /**
     * What the arena keeps in it.
     */
    uint64_t place[8];
} ap_mark;

/**
 * What an arena tells. It is valid during the call.
 */
typedef struct ap_arena_event {
    /**
     * What happened.
     */
    enum ap_arena_event_kind kind;
    /**
     * Why a request was refused; `AP_OK` otherwise.
     */
    enum ap_status status;
    /**
     * The capacity of the chunk that was added, in bytes.
     */
    size_t capacity;
    /**
     * Bytes that were handed out before a reset, as `ap_arena_total_used`.
     */
    size_t used;
    /**
     * Bytes of all chunks now; 0 if a request was refused.
     */
    size_t allocated;
} ap_arena_event;

/**
 * What an arena calls when it grows, is reset, or refuses. It returns normally: no
 * exception, no `longjmp`. `user` is what was given to `ap_arena_on_event`.
 *
 * It may allocate from the arena and ask it things; what it does there is not told to it.
 * While it runs, `ap_arena_reset`, `ap_arena_clear` and `ap_arena_rewind` are refused, and
 * `ap_arena_destroy` does nothing. It may not destroy the arena's backing pool, nor free
 * or resize the block of the call that is running.
 */
typedef void (*ap_arena_event_fn)(void *user, const struct ap_arena_event *event);

/**
 * How a pool is made. All zero, or NULL instead of it, suits most programs.
 */
typedef struct ap_pool_options {
    /**
     * One of `ap_strategy`.
     */
    uint32_t strategy;
    /**
     * The most free arrays that a class keeps; 0 is no limit.
     */
    uint32_t max_free;
    /**
     * Flags of `ap_check`; 0, with `quarantine` and `fail_every` 0 too, is what the library
     * was built for: nothing, in a release build. What the environment variable
     * `ARRAYPOOL_CHECK` names is added.
     */
    uint32_t checks;
    /**
     * Released arrays whose place is used again only after so many others were
     * released, so that a late second release by address is caught; 0 is none.
     */
    uint32_t quarantine;
    /**
     * Every so many allocations, one fails, for tests; 0 is never.
     */
    uint32_t fail_every;
    /**
     * The most runs, which are blocks of arrays, under `AP_METADATA`; 0 is any number, but
     * 512 where the arena lies in a buffer.
     */
    size_t max_runs;
    /**
     * The most bytes that arrays and bookkeeping take from the heap; 0 is no limit. Of a
     * pool in a buffer, the most bytes of bookkeeping on the heap.
     */
    size_t limit;
    /**
     * The capacities of classes, in elements: 1 to 64 ascending numbers from 1 to
     * 2^30. NULL, with a count of 0, is 16 and 256. They are read while the pool is made.
     * `AP_DIRECT` has no classes and does not look at them.
     */
    const uint32_t *class_lengths;
    /**
     * How many there are.
     */
    size_t class_count;
    /**
     * Where to write why no pool was made; NULL: nowhere.
     */
    enum ap_status *status;
} ap_pool_options;

/**
 * What a pool has and has handed out. From `ap_pool_stats` and `ap_shared_pool_stats`.
 */
typedef struct ap_pool_statistics {
    /**
     * Arrays that are handed out. Under `AP_DIRECT` since the last reset.
     */
    size_t live;
    /**
     * Free arrays, which are used again.
     */
    size_t free;
    /**
     * Arrays abandoned because their bookkeeping was overwritten.
     */
    size_t lost;
    /**
     * Free arrays above a maximum, not used again before a reset.
     */
    size_t left;
    /**
     * Places for arrays, those never used included.
     */
    size_t slots;
    /**
     * Blocks of places. (Of a shared pool: lanes, one for each thread.)
     */
    size_t runs;
    /**
     * Bytes of these blocks, or under `AP_DIRECT`, of all arrays. (Of a shared pool:
     * all bytes that it has.)
     */
    size_t bytes;
    /**
     * Bytes of the bookkeeping. (Of a shared pool: 0, they are in `bytes`.)
     */
    size_t book_bytes;
    /**
     * Times that bookkeeping was found overwritten.
     */
    size_t corrupted;
} ap_pool_statistics;

/**
 * An array as a token: where it is, and which of the arrays that its place has had. It
 * is a value, and nobody frees it. A second release of it is refused even after its place
 * was used again (after 2^32 uses of one place it may not be).
 *
 * ```c
 * ap_pool *pool = ap_pool_create(1, 1, NULL);
 * ap_array first, second;
 * assert(ap_pool_alloc_array(pool, 10, &first) == AP_OK);
 * assert(ap_pool_release_array(pool, first) == AP_OK);
 * assert(ap_pool_alloc_array(pool, 10, &second) == AP_OK && second.ptr == first.ptr);
 * assert(ap_pool_release_array(pool, first) == AP_STALE);
 * assert(ap_pool_release_array(pool, second) == AP_OK);
 * ap_pool_destroy(pool);
 * ```
 */
typedef struct ap_array {
    /**
     * The first element; NULL if it has none.
     */
    void *ptr;
    /**
     * Arrays that its place has had, this one included.
     */
    uint32_t generation;
} ap_array;

/**
 * The array that an address lies in. From `ap_pool_locate`.
 */
typedef struct ap_located {
    /**
     * Its first element.
     */
    const void *start;
    /**
     * Its length in elements; 0 if no array is there now.
     */
    size_t length;
    /**
     * The capacity of its class, in elements.
     */
    uint32_t class_length;
    /**
     * The state of its place.
     */
    enum ap_slot_state state;
} ap_located;

#if defined(AP_HEAP)
/**
 * A function of the program's, as expressions call it: with its `count` arguments,
 * which are valid during the call. It returns normally: no exception, no `longjmp`.
 */
typedef double (*ap_native_fn)(void *user, const double *arguments, size_t count);

/**
 * A place in a text of the call that failed. All 0: none is to blame.
 */
typedef struct ap_error_position {
    /**
     * Bytes in front of it.
     */
    size_t offset;
    /**
     * Its line, from 1 on.
     */
    size_t line;
    /**
     * Its column in characters, from 1 on.
     */
    size_t column;
} ap_error_position;

/**
 * Why a text was not read. The program's own, and as it was if there was no error.
 */
typedef struct ap_json_error {
    /**
     * Where.
     */
    struct ap_error_position position;
    /**
     * What, with the line and a caret under the place; it ends with a zero byte.
     */
    char message[256];
} ap_json_error;
#endif

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The version of the library, as a number like the header's `AP_VERSION`: what a program
 * was compiled with and what it runs with fit together if both are the same.
 */
uint32_t ap_version(void);

/**
 * A sentence about a status, in English. Any number may be asked about.
 *
 * The text is a constant: nobody frees it, and any thread may use it.
 */
const char *ap_status_message(int32_t status);

#if defined(AP_HEAP)
/**
 * Makes a backing pool. NULL: there is no memory.
 */
struct ap_mempool *ap_mempool_create(void);

/**
 * Destroys a backing pool and gives everything back that it has given out: blocks,
 * and the arenas in it with all that they hold. NULL: nothing happens.
 */
void ap_mempool_destroy(struct ap_mempool *mempool);

/**
 * A block of `size` bytes, aligned to 16 and uninitialised. NULL: the size is 0,
 * or there is no memory.
 */
void *ap_mempool_alloc(struct ap_mempool *mempool, size_t size);

/**
 * A block of `count` elements of `size` bytes, aligned to 16 and all zero. NULL: as
 * `ap_mempool_alloc`, or the product is too large.
 */
void *ap_mempool_calloc(struct ap_mempool *mempool, size_t count, size_t size);

/**
 * Takes a block back. NULL: nothing happens. `AP_FOREIGN`: the program has no block of
 * this pool there, or no longer; the memory there is not read. What an arena took from
 * the pool is the arena's.
 */
enum ap_status ap_mempool_free(struct ap_mempool *mempool, void *block);

/**
 * Bytes that are given out, those of arenas included. 0: no pool.
 */
size_t ap_mempool_used(const struct ap_mempool *mempool);

/**
 * An arena whose chunks come from a backing pool. Its first chunk, of
 * `initial_chunk` bytes, is taken now; the next ones are twice as large each, up to
 * `max_chunk`. A request that does not fit the next chunk gets one of its own size.
 *
 * 0 stands for the default: 4 KiB, and 64 KiB. Any size from 64 bytes to 1 GiB will
 * do, a multiple of 16, to which others are rounded up; all of it serves requests.
 * An `initial_chunk` above `max_chunk` is `max_chunk`. NULL: there is no backing pool, or
 * no memory.
 */
struct ap_arena *ap_arena_create(struct ap_mempool *mempool,
                                 size_t initial_chunk,
                                 size_t max_chunk);

/**
 * An arena with chunks of 4 KiB to 64 KiB. NULL: as `ap_arena_create`.
 */
struct ap_arena *ap_arena_create_default(struct ap_mempool *mempool);
#endif

/**
 * An arena in a buffer, which never grows beyond it and needs no heap at all. The
 * arena itself lies at its beginning and takes some 500 bytes (on a 64-bit
 * machine; `ap_arena_total_allocated` says what is left). NULL: there is no buffer,
 * or it is too small.
 *
 * The buffer is the arena's until it is destroyed. One of more than 1 GiB is used
 * up to there.
 */
struct ap_arena *ap_arena_create_in(void *buffer, size_t size);

/**
 * Destroys an arena, and gives its chunks back. NULL is nothing, and so is an arena
 * whose listener is running, and one that was destroyed already, as long as its backing
 * pool lives, or its buffer is not used for something else. (A backing pool keeps 32
 * bytes of every destroyed arena to tell by. So that it does not grow for ever, it uses
 * them again after 131,072 more arenas of it have been destroyed; so long this holds.)
 */
void ap_arena_destroy(struct ap_arena *arena);

/**
 * `size` bytes, aligned to 16 and uninitialised. NULL: the size is 0 or above
 * 1 GiB, or there is no memory.
 *
 * In C and C++ a call is a macro for a fast path in the header; this is what it
 * calls when the chunk is full, and what other languages call.
 */
void *ap_arena_alloc(struct ap_arena *arena, size_t size);

/**
 * `size` bytes at a multiple of `alignment`, a power of two, and of 16. NULL: as
 * `ap_arena_alloc`, or the alignment is 0 or no power of two.
 */
void *ap_arena_alloc_aligned(struct ap_arena *arena, size_t size, size_t alignment);

/**
 * `count` elements of `size` bytes, all zero. NULL: as `ap_arena_alloc`, or the
 * product is too large.
 */
void *ap_arena_calloc(struct ap_arena *arena, size_t count, size_t size);

/**
 * A copy of a text, with its zero byte. NULL: there is no text, or as
 * `ap_arena_alloc`.
 */
char *ap_arena_strdup(struct ap_arena *arena, const char *text);

/**
 * A copy of the first `most` bytes of a text, or of all of it if it is shorter,
 * with a zero byte behind them. No more than `most` bytes are read. NULL: as
 * `ap_arena_strdup`.
 */
char *ap_arena_strndup(struct ap_arena *arena, const char *text, size_t most);

/**
 * Gives a block another size. It stays where it is if it gets smaller, or is the
 * last allocation and its chunk has room; otherwise its bytes are copied to a new
 * block, aligned to 16, and the old one is given back. What a smaller one leaves over
 * is given back.
 *
 * NULL for `block` allocates; a `new_size` of 0 frees. One step for each chunk, and the
 * copy. NULL: there is no memory, and the block is as it was; or it was freed; or these
 * `old_size` bytes are not all handed out. What `ap_arena_free` does not notice is not
 * noticed here.
 */
void *ap_arena_realloc(struct ap_arena *arena, void *block, size_t old_size, size_t new_size);

/**
 * Gives a block back. If it was the last allocation, the next one lies there; otherwise
 * it is used again before the arena grows. One step for each chunk. False: NULL, or
 * these bytes are not all handed out.
 *
 * `size` is the one that was allocated: another one, an address inside a block, or a
 * block that was given back already is not noticed, and destroys what lies in the arena.
 * Use a pool where such mistakes must be found.
 */
bool ap_arena_free(struct ap_arena *arena, void *block, size_t size);

/**
 * Forgets everything that was handed out and keeps all chunks, and the size that the
 * next one would have. One step for each chunk. False: no arena, or its listener is
 * running.
 */
bool ap_arena_reset(struct ap_arena *arena);

/**
 * Forgets everything that was handed out, keeps the first chunk only, and gives the
 * others back; chunk sizes start over. One step for each chunk. False: no arena, or its
 * listener is running.
 */
bool ap_arena_clear(struct ap_arena *arena);

/**
 * Notes where the arena is, for `ap_arena_rewind`. It takes 32 bytes of the arena,
 * which do not count as used. A loop takes its mark once, before it: each further mark
 * keeps its 32 bytes until the arena goes back to an earlier one, or is reset. Without an
 * arena, or without memory, it returns a mark that is refused.
 */
struct ap_mark ap_arena_mark(struct ap_arena *arena);

/**
 * Goes back to a mark, and forgets what was handed out since. Blocks from before that
 * were given back are still used again, but for those that were handed out again since,
 * which count as used until the next reset. A block that was made larger since counts as
 * handed out since, even where it stayed. The mark can be used again. One step for
 * each chunk, each later mark, and each block that was given back for each chunk that
 * was taken into use since. False: no arena, its listener is running, or a mark that is
 * another arena's or stale; nothing has changed then.
 */
bool ap_arena_rewind(struct ap_arena *arena, struct ap_mark mark);

/**
 * Limits the capacity of all chunks together to `bytes`; 0 is no limit. One that is
 * passed already refuses growth, and takes nothing away. False: no arena, or one in a
 * buffer, which is limited by that.
 */
bool ap_arena_set_limit(struct ap_arena *arena, size_t bytes);

/**
 * Sets the function that is called when the arena grows, is reset, or has no memory
 * for a request; NULL for none. `user` is passed on to it. False: no arena.
 */
bool ap_arena_on_event(struct ap_arena *arena, ap_arena_event_fn listener, void *user);

/**
 * The capacity of all chunks in bytes, headers apart: 4096 for a new arena of the
 * default sizes; 4 + 8 + 16 + 32 KiB make 61440. 0: no arena.
 */
size_t ap_arena_total_allocated(const struct ap_arena *arena);

/**
 * Bytes that are handed out, each size rounded up to 16. One step for each chunk, and
 * for each mark that the arena can go back to. 0: no arena.
 */
size_t ap_arena_total_used(const struct ap_arena *arena);

/**
 * Bytes that cannot be handed out before the next reset: the ends of chunks that
 * were left, and gaps for alignments above 16. One step for each chunk. 0: no arena.
 */
size_t ap_arena_waste(const struct ap_arena *arena);

/**
 * Chunks, those that a reset has kept included: 1 for a new arena. One step for each.
 * 0: no arena.
 */
size_t ap_arena_chunk_count(const struct ap_arena *arena);

/**
 * Whether `address` is in memory that the arena has handed out since its last reset.
 * Any address may be asked about; the memory there is not read. One step for each chunk.
 * False: no arena.
 */
bool ap_arena_owns(const struct ap_arena *arena, const void *address);

#if defined(AP_HEAP)
/**
 * A pool of arrays of elements of so many bytes, not 0, whose arrays begin at
 * multiples of `alignment`, a power of two. `options` may be NULL.
 *
 * NULL: an argument is invalid, or there is no memory; `options->status` says which.
 */
struct ap_pool *ap_pool_create(size_t element_size,
                               size_t alignment,
                               const struct ap_pool_options *options);
#endif

/**
 * A pool in a buffer, which never grows beyond it. Under `AP_TAGGED` and `AP_DIRECT`
 * it needs no heap at all; `AP_METADATA`, the default where there is a heap, keeps its
 * bookkeeping on the heap. NULL: as `ap_pool_create`, or the buffer is too small.
 *
 * The buffer is the pool's until it is destroyed.
 */
struct ap_pool *ap_pool_create_in(void *buffer,
                                  size_t size,
                                  size_t element_size,
                                  size_t alignment,
                                  const struct ap_pool_options *options);

/**
 * Destroys a pool, and with it all arrays that it has handed out. NULL: nothing happens.
 * A handle of another kind, and a pool that was destroyed and whose memory can still be
 * read, are left alone.
 */
void ap_pool_destroy(struct ap_pool *pool);

/**
 * Takes every array back at once; memory is kept for the next ones. One step for each
 * run, or with checks that fill or note, for each place of an array.
 */
enum ap_status ap_pool_reset(struct ap_pool *pool);

/**
 * As `ap_pool_reset`, from a place as in `ap_pool_alloc_at`.
 */
enum ap_status ap_pool_reset_at(struct ap_pool *pool, const char *place);

/**
 * Sets free arrays aside until each class has at most `max_free`. One step for each.
 */
enum ap_status ap_pool_trim(struct ap_pool *pool, uint32_t max_free);

/**
 * From here on the pool takes no more memory: growth is `AP_FROZEN`. Under `AP_DIRECT` it
 * changes nothing: that pool takes every array from its arena, which `limit` of
 * `ap_pool_options` bounds, or a buffer.
 */
enum ap_status ap_pool_freeze(struct ap_pool *pool);

/**
 * Makes sure that `count` arrays of `length` elements can be had without growth. Under
 * `AP_DIRECT`, and of length 0: `AP_OK`, and nothing is reserved. Otherwise the errors of
 * an allocation, and `AP_TOO_LARGE` for more than 2^32 - 1.
 */
enum ap_status ap_pool_reserve(struct ap_pool *pool, size_t length, size_t count);

/**
 * Writes what the pool has and has handed out. One step for each class.
 */
enum ap_status ap_pool_stats(const struct ap_pool *pool, struct ap_pool_statistics *statistics);

/**
 * Walks everything and checks that the numbers add up: `AP_OK`, `AP_CORRUPTED` or
 * `AP_UNBALANCED`; and of a pool that watches, `AP_OVERFLOW` or
 * `AP_WRITTEN_AFTER_RELEASE`. One step for each place of an array that was ever used.
 */
enum ap_status ap_pool_verify(const struct ap_pool *pool);

/**
 * An array of `length` elements, uninitialised. NULL: the length is 0, or there is no
 * memory; `ap_pool_alloc_array` says why.
 */
void *ap_pool_alloc(struct ap_pool *pool, size_t length);

/**
 * As `ap_pool_alloc`, from a place in the program that `AP_CHECK_CALLERS` names later: a
 * text such as "parser.c:42", which stays as long as the pool. NULL is no place. With
 * AP_CALLERS defined, the header lets every `ap_pool_alloc` be this.
 */
void *ap_pool_alloc_at(struct ap_pool *pool, size_t length, const char *place);

/**
 * Takes the array back that begins at `address`. NULL, the array without elements, is
 * `AP_OK`.
 *
 * A wrong address is refused, whatever it is, and no memory is read that is not the
 * pool's: `AP_ALREADY_RELEASED`, `AP_FOREIGN`, `AP_INTERIOR`, `AP_CORRUPTED`,
 * `AP_NOT_RELEASABLE`, and `AP_OVERFLOW` with `AP_CHECK_CANARY`. It is checked against the
 * place's current array only: a second release is not noticed if the place was used again
 * in between, and releases the new array. Prefer a token where one can be kept.
 * Costs a hash, and a step per run of the same 64 KiB.
 */
enum ap_status ap_pool_release(struct ap_pool *pool, const void *address);

/**
 * As `ap_pool_release`, from a place as in `ap_pool_alloc_at`.
 */
enum ap_status ap_pool_release_at(struct ap_pool *pool, const void *address, const char *place);

/**
 * Writes a token of an array of `length` elements, uninitialised. One of length 0 has
 * a NULL pointer, and can be released like any other. After an error the token is
 * that one.
 */
enum ap_status ap_pool_alloc_array(struct ap_pool *pool, size_t length, struct ap_array *array);

/**
 * As `ap_pool_alloc_array`, from a place as in `ap_pool_alloc_at`.
 */
enum ap_status ap_pool_alloc_array_at(struct ap_pool *pool,
                                      size_t length,
                                      struct ap_array *array,
                                      const char *place);

/**
 * Takes the array of a token back. Every wrong token is refused, whatever is in it, and
 * no memory is read that is not the pool's: as `ap_pool_release`, and `AP_STALE` after
 * the place was used again, or the pool was reset.
 * Costs a hash, and a step per run of the same 64 KiB.
 */
enum ap_status ap_pool_release_array(struct ap_pool *pool, struct ap_array array);

/**
 * As `ap_pool_release_array`, from a place as in `ap_pool_alloc_at`.
 */
enum ap_status ap_pool_release_array_at(struct ap_pool *pool,
                                        struct ap_array array,
                                        const char *place);

/**
 * Finds the array that an address points into, whatever the position. `AP_FOREIGN`: no
 * array of this pool was ever there, or it is gone with a reset, or the strategy is
 * `AP_DIRECT`, which keeps no records. Any address may be asked about; the memory there is
 * read only if it is the pool's own.
 * Costs a hash, and a step per run of the same 64 KiB.
 */
enum ap_status ap_pool_locate(const struct ap_pool *pool,
                              const void *address,
                              struct ap_located *located);

/**
 * The length of the array that an address points into, in elements. A hash, and a step
 * per run of the same 64 KiB. 0: there is none, or none since the last reset, or no
 * pool, or the strategy is `AP_DIRECT`.
 */
size_t ap_pool_len(const struct ap_pool *pool, const void *address);

#if defined(AP_HEAP)
/**
 * A pool for all threads. The arguments are those of `ap_pool_create`; of the
 * options it takes `strategy` (not `AP_DIRECT`), `max_runs` and `limit`; another one
 * that is set is `AP_UNSUPPORTED`. NULL: as there. It takes memory for arrays with the
 * first call, which meets a limit that is too small.
 */
struct ap_shared_pool *ap_shared_pool_create(size_t element_size,
                                             size_t alignment,
                                             const struct ap_pool_options *options);

/**
 * Destroys a pool that no thread is using, and with it all arrays that it has handed
 * out. NULL: nothing happens.
 */
void ap_shared_pool_destroy(struct ap_shared_pool *pool);

/**
 * As `ap_pool_alloc`.
 */
void *ap_shared_pool_alloc(struct ap_shared_pool *pool, size_t length);

/**
 * As `ap_pool_release`. Of several threads that release one array at once, exactly one
 * is told `AP_OK`. A second release is `AP_OWNED` instead of `AP_ALREADY_RELEASED` if the
 * place is just being given to a new array. `AP_CORRUPTED` is counted, but the place is
 * not abandoned: it stays live, and `ap_shared_pool_verify` goes on reporting it.
 */
enum ap_status ap_shared_pool_release(struct ap_shared_pool *pool, const void *address);

/**
 * As `ap_pool_alloc_array`.
 */
enum ap_status ap_shared_pool_alloc_array(struct ap_shared_pool *pool,
                                          size_t length,
                                          struct ap_array *array);

/**
 * As `ap_pool_release_array`. Of several threads that release one array at once,
 * exactly one is told `AP_OK`. `AP_CORRUPTED`: as `ap_shared_pool_release`.
 */
enum ap_status ap_shared_pool_release_array(struct ap_shared_pool *pool, struct ap_array array);

/**
 * As `ap_pool_locate`. What other threads do meanwhile may be seen or not: an array whose
 * bookkeeping is just being written may be said to be `AP_SLOT_CORRUPTED` for a moment.
 */
enum ap_status ap_shared_pool_locate(const struct ap_shared_pool *pool,
                                     const void *address,
                                     struct ap_located *located);

/**
 * As `ap_pool_len`.
 */
size_t ap_shared_pool_len(const struct ap_shared_pool *pool, const void *address);

/**
 * Asks the threads to keep at most `max_bytes` of free arrays together; the rest go
 * where every thread finds them.
 */
enum ap_status ap_shared_pool_trim(struct ap_shared_pool *pool, size_t max_bytes);

/**
 * Writes what the pool has and has handed out. Nobody is stopped: while other threads use
 * it, `live`, `free` and the other sums are made of counters that were read at different
 * moments, and may be off by the arrays that moved meanwhile.
 */
enum ap_status ap_shared_pool_stats(const struct ap_shared_pool *pool,
                                    struct ap_pool_statistics *statistics);

/**
 * As `ap_pool_verify`, for quiet moments: while other threads use the pool, what it
 * reads at different moments may not add up, and is reported though nothing is wrong.
 */
enum ap_status ap_shared_pool_verify(const struct ap_shared_pool *pool);

/**
 * Memory for batches, of at most `limit` bytes for what is compiled; 0 is no limit.
 * NULL: there is no memory, or the limit is too small for the bookkeeping, which takes some
 * 10 KiB on a 64-bit machine. A first short expression takes some 10 KiB more.
 */
struct ap_expr_arena *ap_expr_arena_new(size_t limit);

/**
 * Frees the memory of batches. `AP_BUSY`: a builder lives in it, and nothing happened.
 */
enum ap_status ap_expr_arena_free(struct ap_expr_arena *arena);

/**
 * Takes back everything that batches have left in the memory, for the next ones.
 * `AP_BUSY`: a builder lives in it, and nothing happened.
 */
enum ap_status ap_expr_arena_reset(struct ap_expr_arena *arena);

/**
 * A batch with memory of its own, which is freed with it. NULL: there is no memory.
 */
struct ap_batch_builder *ap_batch_builder_new(void);

/**
 * A batch whose memory may serve others too. NULL: there is no such arena, or no memory.
 */
struct ap_batch_builder *ap_batch_builder_new_with_arena(struct ap_expr_arena *arena);

/**
 * Frees a batch. `AP_BUSY`: one of its functions is running.
 */
enum ap_status ap_batch_builder_free(struct ap_batch_builder *builder);

/**
 * Adds an expression and writes its index, if `index` is not NULL. `AP_SYNTAX`:
 * `ap_batch_builder_error` says what is wrong, and where. `AP_TOO_LARGE`: no place
 * is left for its intermediate values, as parameters, constants and intermediate values
 * of all expressions share 256; or a call has more than 255 arguments. The batch is as
 * before then.
 */
enum ap_status ap_batch_builder_add_expression(struct ap_batch_builder *builder,
                                               const char *expression,
                                               size_t *index);

/**
 * Adds a parameter with a value and writes its index, if `index` is not NULL.
 * `AP_INVALID_ARGUMENT`: it is there already, or not a name. `AP_TOO_LARGE`: no place is
 * left of the 256 that parameters share with the constants and intermediate values of
 * all expressions; those that are added before any expression find theirs.
 */
enum ap_status ap_batch_builder_add_parameter(struct ap_batch_builder *builder,
                                              const char *name,
                                              double value,
                                              size_t *index);

/**
 * Sets a parameter. `AP_NOT_FOUND`: there is none of this index.
 */
enum ap_status ap_batch_builder_set_parameter(struct ap_batch_builder *builder,
                                              size_t index,
                                              double value);

/**
 * Lets expressions call a function of the program's, with `arity` arguments; negative
 * is any number of them. `user` is passed on to it. One that is there already is
 * replaced; each call keeps some bytes until the builder is freed.
 *
 * `AP_NULL`: no name or no function. `AP_INVALID_ARGUMENT`: not a name that a function
 * can have, or an arity above 255. `AP_TOO_LARGE`: there are 65,535 names already.
 */
enum ap_status ap_batch_builder_register_function(struct ap_batch_builder *builder,
                                                  const char *name,
                                                  int32_t arity,
                                                  ap_native_fn function,
                                                  void *user);

/**
 * Defines a function by an expression. `parameters` are names separated by commas; NULL
 * or an empty text is none. It can use the other functions, and itself.
 *
 * `AP_SYNTAX`: the expression is wrong. `AP_INVALID_ARGUMENT`: a name is not valid.
 * `AP_TOO_LARGE`: more than 255 parameters, or there are 65,535 names already.
 */
enum ap_status ap_batch_builder_add_expression_function(struct ap_batch_builder *builder,
                                                        const char *name,
                                                        const char *parameters,
                                                        const char *expression);

/**
 * Evaluates all expressions, in order: a tick. It takes no memory, unless a function was
 * defined, or a parameter added after an expression, since the last one: then expressions
 * are compiled anew. `AP_EVALUATION_FAILED`: at least one has no value,
 * as `ap_batch_builder_get_result` says of each; the others have theirs.
 * `ap_batch_builder_error` then says no more than that; it says why after the
 * `ap_batch_builder_get_result` that fails.
 */
enum ap_status ap_batch_builder_eval(struct ap_batch_builder *builder);

/**
 * Writes the result of an expression in the last tick; NaN if it has none.
 * `AP_NOT_FOUND`, `AP_NOT_EVALUATED`, `AP_EVALUATION_FAILED`: `ap_batch_builder_error`
 * says why.
 */
enum ap_status ap_batch_builder_get_result(const struct ap_batch_builder *builder,
                                           size_t index,
                                           double *result);

/**
 * What was wrong with the last call of this builder that failed, in English; for a text,
 * with the line and a caret under the place. An empty text if none has failed, NULL if there
 * is no builder. Calls that succeed leave it as it is: look at it after one that fails. Writes
 * the place, if `position` is not NULL; all 0 where no text of that call is to blame: after
 * `ap_batch_builder_eval` and `ap_batch_builder_get_result`, and where the mistake is in a
 * function that an earlier call has defined, whose text the message shows. The message is the
 * builder's, until its next call.
 */
const char *ap_batch_builder_error(const struct ap_batch_builder *builder,
                                   struct ap_error_position *position);

/**
 * Memory for documents, of at most `limit` bytes; 0 is no limit. What reading needs
 * besides is not counted, and kept for the next text. NULL: there is no memory, or the
 * limit is too small for the bookkeeping, which takes some 10 KiB on a 64-bit machine. A
 * first small document takes some 5 KiB more.
 */
struct ap_json_pool *ap_json_pool_new(size_t limit);

/**
 * Frees the memory of documents. `AP_BUSY`: a document lives in it, and nothing
 * happened.
 */
enum ap_status ap_json_pool_free(struct ap_json_pool *pool);

/**
 * Reads a text of `length` bytes, and writes its document. If that fails, the document is
 * NULL and `error`, if it is not NULL, says what is wrong, and for a text, where. The status
 * is `AP_SYNTAX`, `AP_INVALID_UTF8`, one that an allocation may have, `AP_TOO_LARGE` also
 * for a length above `PTRDIFF_MAX`, `AP_WRONG_HANDLE`, or `AP_NULL`, also if there is no
 * place for the document.
 *
 * The rules are those of RFC 8259. `AP_SYNTAX` is also what is nested deeper than 1024
 * arrays and objects, a text of 4 GiB and more, a number that no `double` is near to
 * (1e999), half of a surrogate pair, and a byte order mark. A key may occur twice:
 * `ap_json_get` and `ap_json_pointer` find the last one, `ap_json_at` each. An integer that
 * fits neither `int64_t` nor `uint64_t` is kept as the nearest `double`, and written as
 * that.
 */
enum ap_status ap_json_parse(struct ap_json_pool *pool,
                             const char *text,
                             size_t length,
                             struct ap_json **document,
                             struct ap_json_error *error);

/**
 * Frees a document: all its arrays go back to its pool. At most linear in the document.
 * NULL is `AP_NULL`, and nothing happens.
 */
enum ap_status ap_json_free(struct ap_json *document);

/**
 * The value at the root. NULL: no document.
 */
const struct ap_json_value *ap_json_root(const struct ap_json *document);

/**
 * What a value is.
 */
enum ap_json_kind ap_json_kind_of(const struct ap_json_value *value);

/**
 * The elements of an array, the members of an object, the bytes of a string; 0 of
 * anything else.
 */
size_t ap_json_len(const struct ap_json_value *value);

/**
 * The element of an array, or the value of the member of an object, at an index from 0
 * on. Constant. NULL: there is none.
 */
const struct ap_json_value *ap_json_at(const struct ap_json_value *value, size_t index);

/**
 * The key of the member of an object at an index, of `*length` bytes; no zero byte
 * ends it. It lives as long as the document. Constant. NULL: there is none, and `*length`
 * is as it was. `length` may be NULL.
 */
const char *ap_json_key_at(const struct ap_json_value *value, size_t index, size_t *length);

/**
 * The value of the last member of an object with that key, a text that ends with a
 * zero byte. Linear in the members. NULL: there is none, or the key is not UTF-8.
 */
const struct ap_json_value *ap_json_get(const struct ap_json_value *value, const char *key);

/**
 * The value that a JSON pointer (RFC 6901) leads to, such as "/items/0/name". Linear in
 * the members of the objects on the way. NULL: there is none.
 */
const struct ap_json_value *ap_json_pointer(const struct ap_json_value *value, const char *path);

/**
 * The text of a string, UTF-8 of `*length` bytes; no zero byte ends it. It lives as long
 * as the document. NULL: the value is no string, and `*length` is as it was. `length` may
 * be NULL.
 */
const char *ap_json_string(const struct ap_json_value *value, size_t *length);

/**
 * Writes `true` or `false`. `AP_WRONG_TYPE`: it is neither.
 */
enum ap_status ap_json_bool(const struct ap_json_value *value, bool *found);

/**
 * Writes a number as the nearest `double`. `AP_WRONG_TYPE`: it is none.
 */
enum ap_status ap_json_f64(const struct ap_json_value *value, double *found);

/**
 * Writes an integer. `AP_WRONG_TYPE`: it is none (1.0 and 1e2 are not, nor is -0), or does
 * not fit; and nothing is written, as by the others of these functions.
 */
enum ap_status ap_json_i64(const struct ap_json_value *value, int64_t *found);

/**
 * Writes an integer without sign. `AP_WRONG_TYPE`: it is none, or does not fit.
 */
enum ap_status ap_json_u64(const struct ap_json_value *value, uint64_t *found);

/**
 * Writes a value as JSON text into a buffer of `size` bytes, with a zero byte behind it,
 * as far as it fits. Returns how many bytes all of it has, as `snprintf`; the buffer may
 * be NULL if `size` is 0, and is long enough if `size` is `SIZE_MAX`. Linear in the value.
 * 0, and an empty text: no value, or no memory.
 */
size_t ap_json_write(const struct ap_json_value *value, char *buffer, size_t size);
#endif

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__) || defined(__clang__)
#define AP_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define AP_PRINTF(text, first)
#endif

#if defined(AP_NO_HEAP)
/*
 * The program's own: called when the library panics, which is a defect of it. It must
 * not return.
 */
void ap_panic(void);
#endif

#if defined(__GNUC__) || defined(__clang__)
#define AP_LIKELY(condition) __builtin_expect(!!(condition), 1)
#else
#define AP_LIKELY(condition) (condition)
#endif

#if !defined(AP_NO_INLINE)
/*
 * `ap_arena_alloc` without a call, as long as the chunk has room.
 */
static inline void *ap_arena_alloc_inline(ap_arena *arena, size_t size) {
    if (AP_LIKELY(arena != NULL && size - 1 < AP_ARENA_MOST)) {
        uint8_t *start = arena->cursor;
        size_t bytes = (size + 15) & ~(size_t)15;
        if (AP_LIKELY(bytes <= arena->end - (uintptr_t)start)) {
            arena->cursor = start + bytes;
            return start;
        }
    }
    return (ap_arena_alloc)(arena, size);
}
/* Variadic, so that a template's comma in an argument is none of the macro's. */
#define ap_arena_alloc(...) ap_arena_alloc_inline(__VA_ARGS__)
#endif

/*
 * The place in the program where this stands, as a text: for functions whose names end
 * in `_at`.
 */
#define AP_HERE __FILE__ ":" AP_TEXT_OF(__LINE__)
#define AP_TEXT_OF(what) AP_TEXT(what)
#define AP_TEXT(what) #what

#if defined(AP_CALLERS)
#define ap_pool_alloc(...) ap_pool_alloc_at(__VA_ARGS__, AP_HERE)
#define ap_pool_release(...) ap_pool_release_at(__VA_ARGS__, AP_HERE)
#define ap_pool_alloc_array(...) ap_pool_alloc_array_at(__VA_ARGS__, AP_HERE)
#define ap_pool_release_array(...) ap_pool_release_array_at(__VA_ARGS__, AP_HERE)
#define ap_pool_reset(...) ap_pool_reset_at(__VA_ARGS__, AP_HERE)
#endif

#if !defined(AP_NO_HEAP)
/*
 * A text as `vprintf` prints it, in the arena. NULL: there is no arena or no format, the
 * arguments do not fit it, or as `ap_arena_alloc`.
 */
AP_PRINTF(2, 0)
static inline char *ap_arena_vsprintf(ap_arena *arena, const char *format, va_list arguments) {
    va_list again;
    char *text = NULL;
    int length = -1;
    va_copy(again, arguments);
    if (arena != NULL && format != NULL) {
        length = vsnprintf(NULL, 0, format, arguments);
    }
    if (length >= 0) {
        text = (char *)ap_arena_alloc(arena, (size_t)length + 1);
    }
    if (text != NULL) {
        vsnprintf(text, (size_t)length + 1, format, again);
    }
    va_end(again);
    return text;
}

/*
 * A text as `printf` prints it, in the arena. NULL: as `ap_arena_vsprintf`.
 */
AP_PRINTF(2, 3)
static inline char *ap_arena_sprintf(ap_arena *arena, const char *format, ...) {
    va_list arguments;
    char *text;
    va_start(arguments, format);
    text = ap_arena_vsprintf(arena, format, arguments);
    va_end(arguments);
    return text;
}
#endif

#ifdef __cplusplus
}
#endif

#endif /* ARRAYPOOL_H */
