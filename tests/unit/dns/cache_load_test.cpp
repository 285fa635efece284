// The cache under many questions: how much memory it takes, and how few questions go on.
#include "dns/caching_resolver.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <gtest/gtest.h>
#include <malloc.h>

namespace gatepost::dns {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

// Answers after a moment, each name with a record of its own.
class ZoneOfAll final : public Resolver {
  public:
    asio::awaitable<AnswerPtr> query(DomainName name, RrType) override {
        ++asked;
        asio::steady_timer timer(co_await asio::this_coro::executor, 1ms);
        co_await timer.async_wait(asio::use_awaitable);
        auto answer = std::make_shared<Answer>();
        answer->outcome = Outcome::success;
        answer->ttl = 1h;
        answer->records.emplace_back("v=spf1 include:_spf." + name.text() + " ip4:192.0.2.0/24 -all");
        co_return answer;
    }
    int asked = 0;
};

struct World {
    explicit World(std::size_t entries) : cache(std::make_shared<Cache>(entries)) {}
    asio::io_context context{1};
    ZoneOfAll upstream;
    std::shared_ptr<Cache> cache;
    CachingResolver resolver{context.get_executor(), upstream, cache, [] {
                                 return TimePoint::clock::now();
                             }};
    std::size_t found = 0;
};

asio::awaitable<void> ask(World& world, int from, int count) {
    for (int i = from; i < from + count; ++i) {
        const std::string text = "mail" + std::to_string(i) + ".sender.example";
        const AnswerPtr answer = co_await world.resolver.query(*DomainName::parse(text), RrType::txt);
        if (answer->found()) ++world.found;
    }
}

// Octets that malloc has given out; 0 where a sanitizer stands in for malloc.
std::size_t octets_in_use() {
    const struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

TEST(CacheLoad, a_hundred_thousand_names_stay_within_the_bound) {
    constexpr std::size_t entries = 4000;
    constexpr std::size_t bound = entries * Cache::octets_per_entry;
    World world(entries);
    const std::size_t before = octets_in_use();
    for (int i = 0; i < 1000; ++i)
        asio::co_spawn(world.context, ask(world, i * 100, 100), asio::detached);
    std::size_t largest = 0;
    while (world.context.run_for(20ms) > 0) {
        const CacheStatistics counted = world.cache->statistics();
        largest = std::max(largest, counted.octets);
        ASSERT_LE(counted.octets, counted.capacity);
        ASSERT_LE(counted.in_flight, 1000U);
    }
    EXPECT_EQ(world.found, 100'000U);
    EXPECT_EQ(world.upstream.asked, 100'000);
    const CacheStatistics counted = world.cache->statistics();
    EXPECT_EQ(counted.capacity, bound);
    EXPECT_GT(largest, bound * 9 / 10);
    EXPECT_GT(counted.entries, entries / 2);
    // What is charged is what malloc gave, or more: keys that could be derived from texts are paid for.
    if (before != 0) {
        EXPECT_LE(octets_in_use() - before, bound);
    }
}

TEST(CacheLoad, a_thousand_same_questions_are_one) {
    World world(4000);
    for (int i = 0; i < 1000; ++i)
        asio::co_spawn(world.context, ask(world, 7, 1), asio::detached);
    world.context.run();
    EXPECT_EQ(world.found, 1000U);
    EXPECT_EQ(world.upstream.asked, 1);
    EXPECT_EQ(world.cache->statistics().joins, 999U);
}

}  // namespace
}  // namespace gatepost::dns
