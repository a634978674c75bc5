// C++ threads: thread, async, promise, condition_variable, thread_local, call_once, exceptions across futures.
#include <atomic>
#include <condition_variable>
#include <future>
#include <iostream>
#include <mutex>
#include <numeric>
#include <queue>
#include <stdexcept>
#include <thread>
#include <vector>

static std::mutex mutex;
static std::condition_variable ready;
static std::queue<int> work;
static bool done = false;
static std::atomic<long> total{0};
static thread_local int taken = 0;
static std::once_flag once;

static void worker() {
    std::call_once(once, [] { std::cout << "first\n"; });
    for (;;) {
        std::unique_lock<std::mutex> lock(mutex);
        ready.wait(lock, [] { return done || !work.empty(); });
        if (work.empty()) return;
        int item = work.front();
        work.pop();
        lock.unlock();
        taken++;
        total += item;
    }
}

int main() {
    std::vector<std::thread> pool;
    for (int i = 0; i < 4; i++) pool.emplace_back(worker);
    for (int i = 1; i <= 1000; i++) {
        std::lock_guard<std::mutex> lock(mutex);
        work.push(i);
        ready.notify_one();
    }
    {
        std::lock_guard<std::mutex> lock(mutex);
        done = true;
    }
    ready.notify_all();
    for (auto &thread : pool) thread.join();
    std::cout << total << " " << taken << "\n";
    auto square = std::async(std::launch::async, [] { return 12 * 12; });
    auto failing = std::async(std::launch::async, []() -> int { throw std::runtime_error("from a thread"); });
    std::cout << square.get() << "\n";
    try {
        failing.get();
    } catch (const std::exception &error) {
        std::cout << error.what() << "\n";
    }
    return 0;
}
