// Questions joined across workers: several io_contexts on threads of their own over one cache. Meant for the
// thread sanitizer; the counts hold without it too.
#include "dns/caching_resolver.hpp"
#include "dns/client_budget.hpp"
#include "dns/socket_places.hpp"
#include "dns/zone_budget.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace gatepost::dns {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

constexpr int worker_count = 3;
constexpr int asker_count = 20;
constexpr int question_count = 40;
constexpr int name_count = 8;

// Answers at once or after a moment, so that flights begin and end on all workers all the time. Nothing is
// to be kept (TTL 0): every question joins or leads.
class MomentResolver final : public Resolver {
  public:
    explicit MomentResolver(std::atomic<int>& asked) : asked_(asked) {}
    asio::awaitable<AnswerPtr> query(DomainName, RrType) override {
        const int number = ++asked_;
        asio::steady_timer timer(co_await asio::this_coro::executor, number % 3 * 100us);
        co_await timer.async_wait(asio::use_awaitable);
        auto answer = std::make_shared<Answer>();
        answer->outcome = Outcome::success;
        answer->records.emplace_back(std::to_string(number));
        co_return answer;
    }

  private:
    std::atomic<int>& asked_;
};

asio::awaitable<void> ask_often(Resolver& resolver, int seed, std::atomic<int>& found) {
    for (int i = 0; i < question_count; ++i) {
        const std::string text = std::to_string((seed + i) % name_count) + ".example";
        const AnswerPtr answer = co_await resolver.query(*DomainName::parse(text), RrType::txt);
        if (answer->found()) ++found;
    }
}

struct Worker {
    Worker(std::shared_ptr<Cache> cache, std::atomic<int>& asked)
        : upstream(asked),
          resolver(context.get_executor(), upstream, std::move(cache), [] { return TimePoint{}; }) {}
    asio::io_context context{1};
    MomentResolver upstream;
    CachingResolver resolver;
};

TEST(DnsCache, joins_across_workers) {
    std::atomic<int> asked{0};
    std::atomic<int> found{0};
    const auto cache = std::make_shared<Cache>(10'000);
    std::vector<std::unique_ptr<Worker>> workers;
    for (int i = 0; i < worker_count; ++i)
        workers.push_back(std::make_unique<Worker>(cache, asked));
    std::vector<std::thread> threads;
    std::atomic<int> at_work{worker_count};
    for (const auto& worker : workers) {
        for (int i = 0; i < asker_count; ++i)
            asio::co_spawn(worker->context, ask_often(worker->resolver, i, found), asio::detached);
        // A worker runs on while others may still wait for what it leads, or lead for it.
        auto guard = std::make_shared<asio::executor_work_guard<asio::io_context::executor_type>>(
            worker->context.get_executor());
        threads.emplace_back([&, guard, own = worker.get()]() mutable {
            while (found < worker_count * asker_count * question_count)
                own->context.run_one_for(5ms);
            --at_work;
            guard.reset();
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    const CacheStatistics counted = cache->statistics();
    EXPECT_EQ(counted.queries, static_cast<std::uint64_t>(worker_count * asker_count * question_count));
    EXPECT_EQ(counted.queries, counted.joins + counted.cache_hits + static_cast<std::uint64_t>(asked.load()));
    EXPECT_GT(counted.joins, 0U);
    EXPECT_EQ(at_work, 0);
}

// 1,000 same questions at once, from three workers: one goes on.
class OneLongAnswer final : public Resolver {
  public:
    explicit OneLongAnswer(std::atomic<int>& asked) : asked_(asked) {}
    asio::awaitable<AnswerPtr> query(DomainName, RrType) override {
        ++asked_;
        asio::steady_timer timer(co_await asio::this_coro::executor, 50ms);
        co_await timer.async_wait(asio::use_awaitable);
        auto answer = std::make_shared<Answer>();
        answer->outcome = Outcome::success;
        answer->records.emplace_back(std::string("long"));
        answer->ttl = 60s;
        co_return answer;
    }

  private:
    std::atomic<int>& asked_;
};

asio::awaitable<void> ask_once(Resolver& resolver, std::atomic<int>& found) {
    const AnswerPtr answer = co_await resolver.query(*DomainName::parse("same.example"), RrType::txt);
    if (answer->found()) ++found;
}

TEST(DnsCache, the_same_question_of_all_workers_goes_on_once) {
    std::atomic<int> asked{0};
    std::atomic<int> found{0};
    const auto cache = std::make_shared<Cache>(10'000);
    std::vector<std::thread> threads;
    for (int i = 0; i < worker_count; ++i) {
        threads.emplace_back([&] {
            asio::io_context context{1};
            OneLongAnswer upstream(asked);
            CachingResolver resolver(context.get_executor(), upstream, cache, [] { return TimePoint{}; });
            for (int asker = 0; asker < 1000 / worker_count + 1; ++asker)
                asio::co_spawn(context, ask_once(resolver, found), asio::detached);
            context.run();
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(asked, 1);
    EXPECT_EQ(found, worker_count * (1000 / worker_count + 1));
}

// What is hot is asked anew by whichever worker finds it about to expire, while the others go on with it; in
// a brownout that begins and ends under them, stale answers come in between.
TEST(DnsCache, refreshes_and_brownouts_cross_workers) {
    std::atomic<int> asked{0};
    std::atomic<int> found{0};
    std::atomic<bool> over{false};
    CacheOptions options;
    options.entries = 10'000;
    options.brownout = std::make_shared<Brownout>();
    const auto cache = std::make_shared<Cache>(options);
    std::atomic<std::int64_t> clock{1'000'000};  // seconds; runs on its own
    const auto now = [&] {
        return TimePoint(std::chrono::seconds(clock));
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < worker_count; ++i) {
        threads.emplace_back([&] {
            asio::io_context context{1};
            OneLongAnswer upstream(asked);
            CachingResolver resolver(context.get_executor(), upstream, cache, now);
            while (!over) {
                for (int asker = 0; asker < asker_count; ++asker)
                    asio::co_spawn(context, ask_once(resolver, found), asio::detached);
                context.restart();
                context.run();
            }
        });
    }
    for (int i = 0; i < 400; ++i) {
        ++clock;
        options.brownout->note_own(i % 20 < 10, now());
        std::this_thread::sleep_for(1ms);
    }
    over = true;
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_GT(cache->statistics().prefetches, 0U);
    EXPECT_GT(options.brownout->state().begun, 0U);
    EXPECT_GT(found, 0);
    EXPECT_EQ(cache->statistics().in_flight, 0U);
}

// One client's questions begin and end on all workers; nothing is lost of its account.
TEST(ClientBudgets, are_shared_by_workers) {
    const auto brownout = std::make_shared<Brownout>();
    ClientBudgets budgets(brownout);
    const TimePoint now(1h);
    const auto client = [](int number) {
        return *IpAddress::parse("192.0.2." + std::to_string(number));
    };
    std::vector<std::thread> threads;
    for (int i = 0; i < worker_count; ++i) {
        threads.emplace_back([&] {
            for (int round = 0; round < 5000; ++round)
                if (budgets.begin(client(round % 7), now) == Payer::Leave::granted)
                    budgets.settle(client(round % 7), 10ms, now);
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(budgets.counts().refusals, 0U);
    EXPECT_EQ(budgets.counts().open, 0U);
    int open = 0;
    while (budgets.begin(client(0), now) == Payer::Leave::granted)
        ++open;
    EXPECT_EQ(open, 200);
}

// Zones' accounts are taken from and given back on all workers.
TEST(ZoneBudgets, are_shared_by_workers) {
    ZoneBudgets budgets{ZoneBudgets::Limits()};
    const IpAddress client = *IpAddress::parse("192.0.2.1");
    const DomainName zone = *DomainName::parse("a.example");
    const TimePoint now(1h);
    std::vector<std::thread> threads;
    for (int i = 0; i < worker_count; ++i) {
        threads.emplace_back([&] {
            for (int round = 0; round < 5000; ++round)
                if (budgets.take(client, zone, now)) budgets.give_back(client, zone, 1);
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(budgets.refusals(), 0U);
    int left = 0;
    while (budgets.take(client, zone, now))
        ++left;
    EXPECT_EQ(left, 500);
}

// Few places, many who take them, wait for them and give up: none is lost and none is had twice.
TEST(SocketPlaces, are_shared_by_workers) {
    constexpr int most = 2;
    SocketPlaces places(most);
    std::atomic<int> held{0};
    std::atomic<int> too_many{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < worker_count; ++i) {
        threads.emplace_back([&, i] {
            for (int round = 0; round < 5000; ++round) {
                std::atomic<bool> woken{false};
                const SocketPlaces::Ticket ticket = places.take_or_wait([&woken] { woken = true; });
                for (int spin = 0; ticket != 0 && !woken && spin < 100 * (i + 1); ++spin)
                    std::this_thread::yield();
                if (ticket != 0 && !places.leave(ticket)) continue;
                if (++held > most) ++too_many;
                --held;
                places.give_back(1);
            }
        });
    }
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(too_many, 0);
    EXPECT_EQ(places.counts().taken, 0U);
}

// Workers go down, io_context and all, while others lead for them and join them: nothing hangs, nothing is
// touched after its end.
TEST(DnsCache, workers_may_go_down_at_any_time) {
    std::atomic<int> asked{0};
    std::atomic<int> found{0};
    std::atomic<bool> over{false};
    const auto cache = std::make_shared<Cache>(10'000, 200ms);
    std::vector<std::thread> threads;
    for (int i = 0; i < worker_count; ++i) {
        threads.emplace_back([&] {
            while (!over) {
                Worker worker(cache, asked);
                for (int asker = 0; asker < asker_count; ++asker)
                    asio::co_spawn(worker.context, ask_often(worker.resolver, asker, found), asio::detached);
                worker.context.run_for(3ms);
            }
        });
    }
    std::this_thread::sleep_for(500ms);
    over = true;
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_GT(found, 0);
    EXPECT_EQ(cache->statistics().in_flight, 0U);
}

}  // namespace
}  // namespace gatepost::dns
