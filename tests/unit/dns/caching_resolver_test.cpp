#include "dns/caching_resolver.hpp"

#include "tests/support/run.hpp"

#include "dns/budgeted_resolver.hpp"
#include "dns/overriding_resolver.hpp"
#include "dns/recording_resolver.hpp"
#include "dns/zone_resolver.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <gtest/gtest.h>

#include <stdexcept>

namespace gatepost::dns {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

DomainName name(std::string_view text) {
    return DomainName::parse(text).value();
}

// Answers after a while; counts.
class SlowResolver final : public Resolver {
  public:
    explicit SlowResolver(std::chrono::milliseconds time) : time_(time) {}
    asio::awaitable<AnswerPtr> query(DomainName, RrType) override {
        ++asked;
        asio::steady_timer timer(co_await asio::this_coro::executor, time_);
        co_await timer.async_wait(asio::use_awaitable);
        if (broken) throw std::runtime_error("broken");
        auto answer = std::make_shared<Answer>();
        answer->outcome = Outcome::success;
        answer->records.emplace_back(std::string("slow"));
        answer->ttl = 60s;
        ++answered;
        co_return answer;
    }
    int asked = 0;
    int answered = 0;
    bool broken = false;

  private:
    std::chrono::milliseconds time_;
};

asio::awaitable<void> ask_into(Resolver& resolver, AnswerPtr& answer) {
    answer = co_await resolver.query(name("a.example"), RrType::txt);
}

struct Cached {
    explicit Cached(std::chrono::milliseconds time) : upstream(time) {}
    asio::io_context context;
    SlowResolver upstream;
    TimePoint now{};
    std::shared_ptr<Cache> cache = std::make_shared<Cache>(100);
    CachingResolver resolver{context.get_executor(), upstream, cache, [this] {
                                 return now;
                             }};
};

TEST(CachingResolver, joins_and_then_remembers) {
    Cached cached(5ms);
    std::vector<AnswerPtr> answers(10);
    for (AnswerPtr& answer : answers)
        asio::co_spawn(cached.context, ask_into(cached.resolver, answer), asio::detached);
    cached.context.run();
    for (const AnswerPtr& answer : answers)
        ASSERT_EQ(answer, answers[0]);
    ASSERT_NE(answers[0], nullptr);
    EXPECT_EQ(cached.upstream.asked, 1);

    AnswerPtr again;
    const auto ask_again = [&] {
        asio::co_spawn(cached.context, ask_into(cached.resolver, again), asio::detached);
        cached.context.restart();
        cached.context.run();
    };
    ask_again();
    EXPECT_EQ(again, answers[0]);
    EXPECT_EQ(cached.upstream.asked, 1);
    cached.now += 61s;
    ask_again();
    EXPECT_NE(again, answers[0]);
    EXPECT_EQ(cached.upstream.asked, 2);

    const CacheStatistics counted = cached.cache->statistics();
    EXPECT_EQ(counted.queries, 12U);
    EXPECT_EQ(counted.cache_hits, 1U);
    EXPECT_EQ(counted.joins, 9U);
    EXPECT_EQ(counted.in_flight, 0U);
}

// The leader's asker is cancelled; the question runs on for the other.
TEST(CachingResolver, a_cancelled_asker_leaves_the_question_running) {
    Cached cached(40ms);
    asio::cancellation_signal signal;
    AnswerPtr first;
    AnswerPtr second;
    asio::co_spawn(cached.context, ask_into(cached.resolver, first),
                   asio::bind_cancellation_slot(signal.slot(), asio::detached));
    asio::co_spawn(cached.context, ask_into(cached.resolver, second), asio::detached);
    asio::steady_timer timer(cached.context, 5ms);
    timer.async_wait([&](boost::system::error_code) { signal.emit(asio::cancellation_type::terminal); });
    cached.context.run();
    ASSERT_NE(first, nullptr);
    EXPECT_EQ(first->detail, "cancelled");
    ASSERT_NE(second, nullptr);
    EXPECT_TRUE(second->found());
    EXPECT_EQ(cached.upstream.answered, 1);
}

TEST(CachingResolver, an_exception_of_the_upstream_is_a_failure) {
    Cached cached(1ms);
    cached.upstream.broken = true;
    AnswerPtr answer;
    asio::co_spawn(cached.context, ask_into(cached.resolver, answer), asio::detached);
    cached.context.run();
    ASSERT_NE(answer, nullptr);
    EXPECT_EQ(answer->detail, "internal error: broken");
}

// The worker that leads goes down with its io_context; the other worker's asker gets a failure at once.
TEST(CachingResolver, a_leader_that_dies_fails_its_joiners) {
    const auto cache = std::make_shared<Cache>(100);
    const auto now = [] {
        return TimePoint{};
    };
    SlowResolver upstream(1h);
    AnswerPtr lost;
    AnswerPtr joined;
    asio::io_context survivor;
    CachingResolver other(survivor.get_executor(), upstream, cache, now);
    {
        asio::io_context doomed;
        CachingResolver resolver(doomed.get_executor(), upstream, cache, now);
        asio::co_spawn(doomed, ask_into(resolver, lost), asio::detached);
        doomed.run_for(5ms);
        asio::co_spawn(survivor, ask_into(other, joined), asio::detached);
        survivor.run_for(5ms);
        EXPECT_EQ(cache->statistics().joins, 1U);
    }
    survivor.restart();
    survivor.run();
    EXPECT_EQ(lost, nullptr);
    ASSERT_NE(joined, nullptr);
    EXPECT_EQ(joined->detail, "the worker that asked has stopped");
    EXPECT_EQ(cache->statistics().in_flight, 0U);
}

// The worker that leads stops without dying: its joiners wait for a bounded time.
TEST(CachingResolver, a_leader_that_stops_is_not_waited_for_without_end) {
    const auto cache = std::make_shared<Cache>(100, 50ms);
    const auto now = [] {
        return TimePoint{};
    };
    SlowResolver upstream(1h);
    asio::io_context stopped;
    asio::io_context running;
    CachingResolver leader(stopped.get_executor(), upstream, cache, now);
    CachingResolver other(running.get_executor(), upstream, cache, now);
    AnswerPtr lost;
    AnswerPtr joined;
    asio::co_spawn(stopped, ask_into(leader, lost), asio::detached);
    stopped.run_for(5ms);
    asio::co_spawn(running, ask_into(other, joined), asio::detached);
    running.run();
    ASSERT_NE(joined, nullptr);
    EXPECT_EQ(joined->detail, "no answer from the worker that asked");
}

// Nobody pays for what is asked anew before it expires: a stranger's servers that answered once and never
// again took all sockets so.
TEST(CachingResolver, asks_few_anew_at_a_time) {
    Cached cached(20ms);
    constexpr int hot = 80;
    const auto use_all = [&] {
        for (int i = 0; i < hot; ++i)
            EXPECT_TRUE(cached.resolver.known(name("h" + std::to_string(i) + ".example"), RrType::txt));
    };
    for (int i = 0; i < hot; ++i) {
        auto answer = std::make_shared<Answer>();
        answer->outcome = Outcome::success;
        answer->records.emplace_back(std::string("hot"));
        answer->ttl = 100s;
        cached.cache->complete(name("h" + std::to_string(i) + ".example"), RrType::txt, answer, cached.now);
    }
    const auto use_often = [&] {
        for (int use = 0; use < 50; ++use)
            use_all();
    };
    use_often();
    cached.now += 98s;
    use_often();
    cached.context.run_for(5ms);
    EXPECT_EQ(cached.upstream.asked, 50);
    cached.context.run();
    use_often();
    cached.context.restart();
    cached.context.run();
    EXPECT_EQ(cached.upstream.asked, hot) << "the others as soon as there is room";
}

TEST(OverridingResolver, answers_local_names_for_every_type) {
    const auto local = std::make_shared<ZoneResolver>();
    local->add(name("local.example"), RrType::txt, std::string("local"));
    local->add(name("out.example"), RrType::cname, name("net.example"));
    local->add(name("in.example"), RrType::cname, name("local.example"));
    local->add(name("loop.example"), RrType::cname, name("loop.example"));
    local->add(name("a.deep.example"), RrType::txt, std::string("deep"));
    ZoneResolver net;
    for (const auto* owner : {"local.example", "net.example", "deep.example"})
        net.add(name(owner), RrType::txt, std::string("net"));
    net.add(name("local.example"), RrType::mx, MxData{1, name("mx.example")});
    OverridingResolver resolver(local, net);

    struct Case {
        std::string_view name;
        RrType type;
        Outcome outcome;
        std::string text;
    };
    const Case cases[] = {
        {"local.example", RrType::txt, Outcome::success, "local"},
        {"local.example", RrType::mx, Outcome::no_data, ""},
        {"net.example", RrType::txt, Outcome::success, "net"},
        {"out.example", RrType::txt, Outcome::success, "net"},
        {"in.example", RrType::txt, Outcome::success, "local"},
        {"loop.example", RrType::txt, Outcome::temp_error, ""},
        {"deep.example", RrType::txt, Outcome::success, "net"},
        {"none.example", RrType::txt, Outcome::nx_domain, ""},
    };
    for (const Case& c : cases) {
        const AnswerPtr got = gatepost::tests::run(resolver.query(name(c.name), c.type));
        EXPECT_EQ(got->outcome, c.outcome) << c.name;
        if (c.text.empty()) continue;
        ASSERT_EQ(got->records.size(), 1U) << c.name;
        EXPECT_EQ(std::get<std::string>(got->records[0]), c.text) << c.name;
    }
    OverridingResolver none(nullptr, net);
    EXPECT_TRUE(gatepost::tests::run(none.query(name("net.example"), RrType::txt))->found());
}

TEST(BudgetedResolver, refuses_beyond_its_number) {
    asio::io_context context;
    ZoneResolver net;
    QueryBudget budget;
    budget.queries = 2;
    budget.deadline = std::chrono::steady_clock::now() + 1h;
    BudgetedResolver resolver(context.get_executor(), net, budget);
    for (int i = 0; i < 3; ++i) {
        const AnswerPtr got = gatepost::tests::run(context, resolver.query(name("a.example"), RrType::txt));
        EXPECT_EQ(got->failed(), i == 2);
        EXPECT_EQ(got->detail, i == 2 ? "the message's budget of 2 DNS queries is spent" : "");
        EXPECT_EQ(resolver.exhausted(), i == 2);
        EXPECT_EQ(got->is_message_spent(), i == 2);
    }
    EXPECT_FALSE(resolver.saw_put_off()) << "the retry asks as much";
    EXPECT_EQ(net.questions().size(), 2U);
}

TEST(BudgetedResolver, ends_at_its_deadline) {
    asio::io_context context;
    SlowResolver net(1h);
    QueryBudget budget;
    budget.queries = 10;
    budget.deadline = std::chrono::steady_clock::now() + 20ms;
    BudgetedResolver resolver(context.get_executor(), net, budget);
    for (int i = 0; i < 2; ++i) {
        const AnswerPtr got = gatepost::tests::run(context, resolver.query(name("a.example"), RrType::txt));
        EXPECT_EQ(got->detail, "the message's time for DNS is spent");
        EXPECT_EQ(got->trouble, Trouble::time_spent);
    }
    EXPECT_EQ(net.asked, 1);
    EXPECT_TRUE(resolver.exhausted());
    EXPECT_TRUE(resolver.saw_put_off());
    budget.is_time_final = true;
    BudgetedResolver again(context.get_executor(), net, budget);
    EXPECT_TRUE(
        gatepost::tests::run(context, again.query(name("a.example"), RrType::txt))->is_message_spent());
    EXPECT_FALSE(again.saw_put_off());
}

TEST(BudgetedResolver, a_broken_upstream_ends_it) {
    asio::io_context context;
    SlowResolver net(1ms);
    net.broken = true;
    QueryBudget budget;
    budget.queries = 10;
    budget.deadline = std::chrono::steady_clock::now() + 1h;
    BudgetedResolver resolver(context.get_executor(), net, budget);
    EXPECT_TRUE(gatepost::tests::run(context, resolver.query(name("a.example"), RrType::txt))->failed());
}

TEST(RecordingResolver, remembers_each_answer_once) {
    Cached cached(1ms);
    RecordingResolver recorder(cached.resolver);
    for (int i = 0; i < 2; ++i)
        gatepost::tests::run(cached.context, recorder.query(name("a.example"), RrType::txt));
    gatepost::tests::run(cached.context, recorder.query(name("a.example"), RrType::mx));
    ASSERT_EQ(recorder.answers().size(), 2U);
    EXPECT_EQ(recorder.answers()[0].name, name("a.example"));
    EXPECT_EQ(recorder.answers()[1].type, RrType::mx);
    EXPECT_TRUE(recorder.answers()[1].answer->found());
}

// What the cache knows comes through all decorators without a coroutine, and counts as a question there.
TEST(Decorators, give_what_is_known_at_once) {
    Cached cached(1ms);
    cached.cache->complete(name("a.example"), RrType::txt,
                           gatepost::tests::run(cached.context, cached.upstream.query({}, RrType::txt)),
                           cached.now);
    const auto local = std::make_shared<ZoneResolver>();
    local->add(name("local.example"), RrType::txt, std::string("local"));
    local->add(name("out.example"), RrType::cname, name("a.example"));
    local->add(name("far.example"), RrType::cname, name("b.example"));
    OverridingResolver overriding(local, cached.resolver);
    QueryBudget budget;
    budget.queries = 4;
    budget.deadline = std::chrono::steady_clock::now() + 1h;
    BudgetedResolver budgeted(cached.context.get_executor(), overriding, budget);
    RecordingResolver recorder(budgeted);

    EXPECT_EQ(recorder.known(name("b.example"), RrType::txt), nullptr);
    EXPECT_EQ(recorder.known(name("far.example"), RrType::txt), nullptr);
    EXPECT_EQ(budgeted.queries(), 0U);
    for (const auto* asked : {"a.example", "a.example", "local.example", "out.example"}) {
        const AnswerPtr answer = recorder.known(name(asked), RrType::txt);
        ASSERT_NE(answer, nullptr) << asked;
        EXPECT_TRUE(answer->found()) << asked;
    }
    EXPECT_EQ(recorder.answers().size(), 3U);
    EXPECT_EQ(budgeted.queries(), 4U);
    EXPECT_EQ(recorder.known(name("a.example"), RrType::txt), nullptr);
    const AnswerPtr refused =
        gatepost::tests::run(cached.context, recorder.query(name("a.example"), RrType::txt));
    EXPECT_EQ(refused->detail, "the message's budget of 4 DNS queries is spent");
    EXPECT_EQ(cached.upstream.asked, 1);
    EXPECT_EQ(cached.cache->statistics().queries, 3U);
}

}  // namespace
}  // namespace gatepost::dns
