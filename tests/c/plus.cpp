// The header in C++17: its functions under names of a program's own, owned by
// smart pointers, and a shared pool in several threads.
#include "check.h"

#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <thread>
#include <utility>
#include <vector>

#define memory_pool_create() ap_mempool_create()
#define memory_pool_destroy ap_mempool_destroy
#define arena_create ap_arena_create
#define arena_alloc ap_arena_alloc
#define arena_alloc_aligned(arena, size, alignment) ap_arena_alloc_aligned(arena, size, alignment)
#define arena_sprintf ap_arena_sprintf
#define arena_destroy ap_arena_destroy
#define arena_t ap_arena

namespace {

using Mempool = std::unique_ptr<ap_mempool, decltype(&ap_mempool_destroy)>;
using Arena = std::unique_ptr<arena_t, decltype(&arena_destroy)>;
using Pool = std::unique_ptr<ap_shared_pool, decltype(&ap_shared_pool_destroy)>;

struct Node {
    int value;
    Node *next;
};

void arena_of_nodes() {
    Mempool mempool(memory_pool_create(), &memory_pool_destroy);
    Arena arena(arena_create(mempool.get(), 256, 4096), &arena_destroy);
    Node *list = nullptr;
    for (int i = 0; i < 1000; i++) {
        list = new (arena_alloc(arena.get(), sizeof(Node))) Node{i, list};
    }
    int expected = 999;
    for (Node *node = list; node != nullptr; node = node->next) {
        CHECK(node->value == expected--);
    }
    CHECK(expected == -1);
    using Pair = std::pair<int, int>;
    CHECK(ap_arena_alloc(arena.get(), sizeof(Pair) * std::tuple_size<std::pair<int, int>>::value));
    CHECK(ap_arena_total_used(arena.get()) == 16016);
    CHECK(reinterpret_cast<std::uintptr_t>(arena_alloc_aligned(arena.get(), 1, 256)) % 256 == 0);
    CHECK(std::strcmp(arena_sprintf(arena.get(), "%s %d", "C++", 17), "C++ 17") == 0);
    void *(*out_of_line)(ap_arena *, std::size_t) = ap_arena_alloc;
    CHECK(out_of_line(arena.get(), 32) != nullptr && out_of_line(nullptr, 32) == nullptr);
}

void pool_of_threads() {
    Pool pool(ap_shared_pool_create(sizeof(std::uint64_t), alignof(std::uint64_t), nullptr),
              &ap_shared_pool_destroy);
    constexpr int threads = 4, arrays = 2000;
    std::vector<ap_array> tokens(static_cast<std::size_t>(threads) * arrays);
    std::vector<std::thread> workers;
    for (int worker = 0; worker < threads; worker++) {
        workers.emplace_back([&, worker] {
            for (int i = 0; i < arrays; i++) {
                ap_array &token = tokens[static_cast<std::size_t>(worker * arrays + i)];
                std::size_t length = static_cast<std::size_t>(i % 300) + 1;
                if (ap_shared_pool_alloc_array(pool.get(), length, &token) == AP_OK) {
                    static_cast<std::uint64_t *>(token.ptr)[length - 1] = length;
                }
            }
        });
    }
    for (std::thread &worker : workers) {
        worker.join();
    }
    // Every thread releases every array; each is taken back once.
    std::atomic<int> taken{0}, refused{0};
    workers.clear();
    for (int worker = 0; worker < threads; worker++) {
        workers.emplace_back([&] {
            for (const ap_array &token : tokens) {
                ap_status status = ap_shared_pool_release_array(pool.get(), token);
                (status == AP_OK ? taken : refused)++;
            }
        });
    }
    for (std::thread &worker : workers) {
        worker.join();
    }
    CHECK(taken == threads * arrays && refused == (threads - 1) * threads * arrays);
    ap_pool_statistics stats{};
    STATUS(AP_OK, ap_shared_pool_stats(pool.get(), &stats));
    CHECK(stats.live == 0 && stats.corrupted == 0);
    STATUS(AP_OK, ap_shared_pool_verify(pool.get()));
}

void mempool_of_threads() {
    Mempool mempool(memory_pool_create(), &memory_pool_destroy);
    std::vector<std::thread> workers;
    for (int worker = 0; worker < 4; worker++) {
        workers.emplace_back([&] {
            for (int i = 0; i < 200; i++) {
                Arena arena(arena_create(mempool.get(), 128, 1024), &arena_destroy);
                for (int j = 0; j < 50; j++) {
                    if (void *block = arena_alloc(arena.get(), 100)) {
                        std::memset(block, j, 100);
                    }
                }
            }
        });
    }
    for (std::thread &worker : workers) {
        worker.join();
    }
    CHECK(ap_mempool_used(mempool.get()) > 0);
}

}  // namespace

int main() {
    arena_of_nodes();
    pool_of_threads();
    mempool_of_threads();
    return end("plus");
}
