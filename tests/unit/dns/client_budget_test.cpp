#include "dns/client_budget.hpp"

#include "tests/support/run.hpp"

#include "dns/caching_resolver.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace gatepost::dns {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

DomainName name(std::string_view text) {
    return DomainName::parse(text).value();
}

IpAddress address(std::string_view text) {
    return IpAddress::parse(text).value();
}

struct Clock {
    TimePoint now{1h};
};

// How many of `count` questions of a client are let through, each of which takes `took`, one after another.
int pass(ClientBudgets& budgets, Clock& clock, const IpAddress& client, int count,
         std::chrono::milliseconds took) {
    int passed = 0;
    for (int i = 0; i < count; ++i) {
        if (budgets.begin(client, clock.now) != Payer::Leave::granted) continue;
        ++passed;
        clock.now += took;
        budgets.settle(client, took, clock.now);
    }
    return passed;
}

// So many at once, which end together.
int pass_together(ClientBudgets& budgets, Clock& clock, const IpAddress& client, int count,
                  std::chrono::milliseconds took) {
    int passed = 0;
    for (int i = 0; i < count; ++i)
        passed += budgets.begin(client, clock.now) == Payer::Leave::granted ? 1 : 0;
    clock.now += took;
    for (int i = 0; i < passed; ++i)
        budgets.settle(client, took, clock.now);
    return passed;
}

TEST(ClientBudgets, bound_what_is_slow_and_nothing_else) {
    const IpAddress client = address("192.0.2.1");
    Clock clock;
    ClientBudgets budgets(nullptr);
    EXPECT_EQ(pass(budgets, clock, client, 100'000, 30ms), 100'000) << "quick answers are free";
    EXPECT_EQ(pass_together(budgets, clock, client, 300, 30ms), 200) << "so many may be open at once";
    EXPECT_EQ(pass_together(budgets, clock, client, 300, 30ms), 200) << "again, as they were quick";
    EXPECT_EQ(pass_together(budgets, clock, client, 300, 5s), 200);
    EXPECT_EQ(pass_together(budgets, clock, client, 300, 5s), 0) << "these were slow";
    EXPECT_EQ(pass_together(budgets, clock, address("192.0.2.2"), 300, 5s), 200) << "of another client";
    // What is left to who goes on like this: five a second.
    int passed = 0;
    for (int second = 0; second < 60; ++second)
        passed += pass_together(budgets, clock, client, 300, 5s);
    EXPECT_LE(passed, 60 * 25 + 25);
    clock.now += 40s;
    EXPECT_EQ(pass_together(budgets, clock, client, 300, 30ms), 200) << "rested";
}

TEST(ClientBudgets, a_client_is_an_address_or_a_64) {
    Clock clock;
    ClientBudgets budgets(nullptr);
    EXPECT_EQ(pass_together(budgets, clock, address("2001:db8::1"), 200, 5s), 200);
    EXPECT_LE(pass_together(budgets, clock, address("2001:db8::ffff"), 200, 1ms), 25);
    EXPECT_EQ(pass_together(budgets, clock, address("2001:db8:0:1::1"), 200, 1ms), 200);
}

TEST(ClientBudgets, take_bounded_memory) {
    Clock clock;
    ClientBudgets::Limits limits;
    limits.most_clients = 100;
    limits.capacity = 10s;
    ClientBudgets budgets(nullptr, limits);
    for (int i = 0; i < 100; ++i)
        pass_together(budgets, clock, address("192.0.2." + std::to_string(i)), 10, 0ms);
    EXPECT_EQ(budgets.clients(), 100U);
    clock.now += 10s;
    pass_together(budgets, clock, address("198.51.100.1"), 10, 0ms);
    EXPECT_EQ(budgets.clients(), 1U) << "the others have full accounts";
    std::vector<IpAddress> busy;
    for (int i = 0; i < 120; ++i) {
        busy.push_back(address("203.0.113." + std::to_string(i)));
        budgets.begin(busy.back(), clock.now);
    }
    EXPECT_EQ(budgets.clients(), 100U);
    EXPECT_EQ(budgets.counts().refusals, 11U) << "who finds no room shares ten seconds with the others";
}

TEST(ClientBudgets, charge_nothing_in_a_brownout) {
    const auto brownout = std::make_shared<Brownout>();
    Clock clock;
    ClientBudgets budgets(brownout);
    brownout->note_own(true, clock.now);
    for (int i = 0; i < 5; ++i)
        brownout->note_own(false, clock.now += 1s);
    ASSERT_TRUE(brownout->active());
    for (int i = 0; i < 10; ++i)
        EXPECT_EQ(pass_together(budgets, clock, address("192.0.2.1"), 300, 5s), 300);
    brownout->note_own(true, clock.now);
    brownout->note_own(true, clock.now += 4s);
    ASSERT_FALSE(brownout->active());
    EXPECT_EQ(pass_together(budgets, clock, address("192.0.2.1"), 300, 30ms), 200);
}

// Names below slow.example never get an answer; all others do at once.
class OneSlowZone final : public Resolver {
  public:
    asio::awaitable<AnswerPtr> query(DomainName asked, RrType) override {
        auto answer = std::make_shared<Answer>();
        if (asked.is_at_or_below(name("slow.example"))) {
            ++open;
            most_open = std::max(most_open, open);
            asio::steady_timer timer(co_await asio::this_coro::executor, 1500ms);
            co_await timer.async_wait(asio::use_awaitable);
            --open;
            answer->trouble = Trouble::timeout;
            co_return answer;
        }
        answer->outcome = Outcome::success;
        answer->records.emplace_back(std::string("v=spf1 -all"));
        answer->ttl = 60s;
        co_return answer;
    }
    int open = 0;
    int most_open = 0;
};

asio::awaitable<void> ask_in_a_row(Resolver& resolver, std::string zone, int count, int& failed) {
    for (int i = 0; i < count; ++i) {
        const std::string text = std::to_string(i) + "." + zone;
        const AnswerPtr answer = co_await resolver.query(name(text), RrType::txt);
        if (answer->failed()) ++failed;
    }
}

// A sender with an endless zone, a thousand lookups side by side, costs another sender nothing.
TEST(ClientBudgetResolver, an_endless_zone_costs_its_own_mail_alone) {
    asio::io_context context;
    OneSlowZone upstream;
    const auto now = [] {
        return TimePoint::clock::now();
    };
    CachingResolver caching(context.get_executor(), upstream, std::make_shared<Cache>(1000), now);
    ClientBudgets::Limits limits;
    limits.capacity = 20s;
    const auto budgets = std::make_shared<ClientBudgets>(nullptr, limits);
    ClientBudgetResolver attacker(caching, budgets, address("192.0.2.66"), now);
    ClientBudgetResolver honest(caching, budgets, address("192.0.2.1"), now);
    int attacker_failed = 0;
    int honest_failed = 0;
    for (int i = 0; i < 1000; ++i)
        asio::co_spawn(context,
                       ask_in_a_row(attacker, std::to_string(i) + ".slow.example", 3, attacker_failed),
                       asio::detached);
    context.run_for(20ms);
    const TimePoint start = now();
    const auto ask_and_measure = [&]() -> asio::awaitable<int> {
        co_await ask_in_a_row(honest, "good.example", 100, honest_failed);
        EXPECT_LT(now() - start, 1000ms) << "it did not wait for the other's questions";
        co_return 0;
    };
    gatepost::tests::run(context, ask_and_measure());
    EXPECT_EQ(honest_failed, 0);
    EXPECT_EQ(attacker_failed, 3000);
    EXPECT_LE(upstream.most_open, 20);
    EXPECT_GT(budgets->counts().refusals, 2000U);
    const AnswerPtr known = attacker.known(name("1.good.example"), RrType::txt);
    ASSERT_NE(known, nullptr) << "what is at hand is free";
    EXPECT_TRUE(known->found());
}

// Open questions of all clients together: the last places are for those that have few.
TEST(ClientBudgets, leave_places_to_others) {
    ClientBudgets::Limits limits;
    limits.most_open = 400;
    Clock clock;
    ClientBudgets budgets(nullptr, limits);
    const auto open = [&](std::string_view client, int count) {
        int granted = 0;
        for (int i = 0; i < count; ++i)
            granted += budgets.begin(address(client), clock.now) == Payer::Leave::granted ? 1 : 0;
        return granted;
    };
    EXPECT_EQ(open("192.0.2.1", 300), 200) << "alone it has what it can pay for";
    EXPECT_EQ(open("192.0.2.2", 300), 0) << "of a network that has more than a quarter";
    EXPECT_EQ(open("198.51.100.1", 300), 100) << "up to the last quarter";
    EXPECT_EQ(open("203.0.113.1", 300), 8) << "of which each gets a little";
    EXPECT_EQ(open("2001:db8::1", 300), 8);
    int others = 0;
    for (int i = 0; i < 100; ++i)
        others += open("2001:db8:" + std::to_string(i + 1) + "::1", 8);
    EXPECT_EQ(others, 84) << "until none is left";
    EXPECT_EQ(budgets.counts().open, 400U);
    EXPECT_EQ(budgets.begin(address("2001:db8:ffff::1"), clock.now), Payer::Leave::later);
    EXPECT_EQ(budgets.begin(address("192.0.2.1"), clock.now), Payer::Leave::never)
        << "its waiting is used up";
}

// Its questions last until they are let go.
class SilentZone final : public Resolver {
  public:
    asio::awaitable<AnswerPtr> query(DomainName, RrType) override {
        asio::steady_timer timer(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
        const auto place = open_.insert(&timer).first;
        boost::system::error_code over;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, over));
        open_.erase(place);
        auto answer = std::make_shared<Answer>();
        answer->trouble = Trouble::timeout;
        co_return answer;
    }
    std::size_t open() const { return open_.size(); }
    void let_go() {
        for (asio::steady_timer* timer : open_)
            timer->cancel();
    }

  private:
    std::set<asio::steady_timer*> open_;
};

struct SilentWorld {
    explicit SilentWorld(ClientBudgets::Limits limits = ClientBudgets::Limits())
        : budgets(std::make_shared<ClientBudgets>(nullptr, limits)) {}
    asio::io_context context;
    SilentZone upstream;
    TimePoint time{1h};
    NowFunction now = [this] {
        return time;
    };
    CachingResolver caching{context.get_executor(), upstream, std::make_shared<Cache>(1000, 600'000ms), now};
    std::shared_ptr<ClientBudgets> budgets;
};

asio::awaitable<void> ask_once(Resolver& resolver, std::string text, Trouble& trouble) {
    const AnswerPtr answer = co_await resolver.query(name(text), RrType::txt);
    trouble = answer->trouble;
}

// MAIL and RSET on names that nobody answers: the message is gone, its questions are not.
TEST(ClientBudgetResolver, charges_until_the_question_has_landed) {
    SilentWorld world;
    ClientBudgetResolver client(world.caching, world.budgets, address("192.0.2.66"), world.now);
    Trouble trouble{};
    for (int i = 0; i < 1000; ++i) {
        asio::cancellation_signal rset;
        asio::co_spawn(world.context, ask_once(client, "slow" + std::to_string(i) + ".example", trouble),
                       asio::bind_cancellation_slot(rset.slot(), asio::detached));
        world.context.poll();
        rset.emit(asio::cancellation_type::terminal);
        world.context.poll();
    }
    EXPECT_EQ(world.upstream.open(), 200U);
    EXPECT_EQ(world.budgets->counts().open, 200U);
    ClientBudgetResolver other(world.caching, world.budgets, address("192.0.2.1"), world.now);
    asio::co_spawn(world.context, ask_once(other, "good.example", trouble), asio::detached);
    world.context.poll();
    EXPECT_EQ(world.upstream.open(), 201U) << "another client's question goes out";
    world.time += 10s;
    world.upstream.let_go();
    world.context.poll();
    EXPECT_EQ(world.budgets->counts().open, 0U);
    EXPECT_EQ(trouble, Trouble::timeout);
    asio::co_spawn(world.context, ask_once(client, "late.example", trouble), asio::detached);
    world.context.restart();
    world.context.poll();
    EXPECT_EQ(trouble, Trouble::client_spent) << "ten seconds each are to be paid for";
}

// A busy host with a dead name of its own asks about it all the time; only one question is on its way.
TEST(ClientBudgetResolver, who_joins_a_question_pays_nothing) {
    ClientBudgets::Limits limits;
    limits.capacity = 2s;
    SilentWorld world(limits);
    ClientBudgetResolver client(world.caching, world.budgets, address("192.0.2.66"), world.now);
    std::vector<Trouble> troubles(500);
    for (Trouble& trouble : troubles)
        asio::co_spawn(world.context, ask_once(client, "slow.example", trouble), asio::detached);
    world.context.poll();
    EXPECT_EQ(world.budgets->counts().open, 1U);
    world.upstream.let_go();
    world.context.poll();
    for (const Trouble trouble : troubles)
        EXPECT_EQ(trouble, Trouble::timeout);
}

// Eight clients, four places: the others wait for theirs, and then it is trouble, and no verdict.
TEST(ClientBudgetResolver, a_question_without_a_place_waits_for_one) {
    ClientBudgets::Limits limits;
    limits.most_open = 4;
    for (const bool places_come : {true, false}) {
        SilentWorld world(limits);
        std::vector<std::unique_ptr<ClientBudgetResolver>> clients;
        std::vector<Trouble> troubles(8, Trouble::unspecified);
        for (std::size_t i = 0; i < troubles.size(); ++i) {
            clients.push_back(std::make_unique<ClientBudgetResolver>(
                world.caching, world.budgets, address("192.0." + std::to_string(i) + ".1"), world.now));
            asio::co_spawn(world.context,
                           ask_once(*clients.back(), std::to_string(i) + ".example", troubles[i]),
                           asio::detached);
        }
        world.context.poll();
        EXPECT_EQ(world.upstream.open(), 4U);
        if (places_come) world.upstream.let_go();
        world.context.run_for(2500ms);
        world.upstream.let_go();
        world.context.poll();
        EXPECT_EQ(std::count(troubles.begin(), troubles.end(), Trouble::timeout), places_come ? 8 : 4);
        EXPECT_EQ(std::count(troubles.begin(), troubles.end(), Trouble::client_spent), places_come ? 0 : 4);
    }
}

}  // namespace
}  // namespace gatepost::dns
