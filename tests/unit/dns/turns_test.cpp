// Who works for long lets others run; who does not, never waits for them.
#include "dns/turns.hpp"

#include "tests/support/run.hpp"

#include "dns/budgeted_resolver.hpp"
#include "dns/known_answers.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>

namespace gatepost::dns {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

// Has every answer at hand.
class Near final : public Resolver {
  public:
    AnswerPtr known(const DomainName&, RrType) override {
        auto found = std::make_shared<Answer>();
        found->outcome = Outcome::no_data;
        return found;
    }
    asio::awaitable<AnswerPtr> query(DomainName name, RrType type) override { co_return known(name, type); }
};

class TurnsTest : public testing::Test {
  protected:
    Turns turns() {
        return Turns(context_.get_executor(), [this] { return now_; });
    }
    // How many of the others' handlers, three more each time, had run when `task` ended.
    template <typename T>
    int others_before_end_of(asio::awaitable<T> task) {
        return tests::run(context_, count_at_end(std::move(task)));
    }

    // Two slices of work.
    void work_for(asio::io_context& context, std::string& order, std::string name, std::string client,
                  bool is_named = false) {
        const auto executor = context.get_executor();
        auto turns = std::make_shared<Turns>(
            executor, [this] { return now_; }, Claim{IpAddress::parse(client).value(), is_named});
        asio::co_spawn(context, work(turns, order, std::move(name)), asio::detached);
    }
    void work_for(std::string& order, std::string name, std::string client, bool is_named = false) {
        work_for(context_, order, std::move(name), std::move(client), is_named);
    }
    static asio::awaitable<void> work(std::shared_ptr<Turns> turns, std::string& order, std::string name) {
        order += name;
        co_await turns->next();
        order += name;
    }

    asio::io_context context_{1};
    Turns::TimePoint now_{1h};
    int others_ = 0;

  private:
    template <typename T>
    asio::awaitable<int> count_at_end(asio::awaitable<T> task) {
        for (int i = 0; i < 3; ++i)
            asio::post(context_, [this] { ++others_; });
        co_await std::move(task);
        co_return others_;
    }
};

TEST_F(TurnsTest, a_slice_ends_with_its_time) {
    Turns turns = this->turns();
    EXPECT_FALSE(turns.is_over());
    now_ += Turns::slice - 1us;
    EXPECT_FALSE(turns.is_over());
    now_ += 1us;
    EXPECT_TRUE(turns.is_over());
    turns.begin();
    EXPECT_FALSE(turns.is_over());
}

TEST_F(TurnsTest, the_next_slice_begins_behind_the_others) {
    Turns turns = this->turns();
    now_ += 1s;
    EXPECT_EQ(others_before_end_of(turns.next()), 3);
    EXPECT_FALSE(turns.is_over());
}

// 3,000 sessions that came at once had half a millisecond each before anybody else had a turn.
TEST_F(TurnsTest, who_comes_while_others_wait_has_a_short_slice) {
    std::string order;
    const auto is_short = [&] {
        const Turns turns = this->turns();
        now_ += Turns::slice_of_a_crowd;
        return turns.is_over();
    };
    EXPECT_FALSE(is_short());
    work_for(order, "L", "192.0.2.1");
    work_for(order, "L", "192.0.2.1");
    context_.run_one();
    context_.run_one();
    EXPECT_TRUE(is_short());
    context_.run();
    EXPECT_FALSE(is_short());
}

// A hundred sessions with half a millisecond each made a short reply wait for fifty.
TEST_F(TurnsTest, short_work_waits_for_one_slice_at_most) {
    std::string order;
    for (int i = 0; i < 3; ++i)
        work_for(order, "L", "192.0.2.1");
    std::function<void()> again = [&] {
        order += 's';
        if (order.size() < 16) asio::post(context_, again);
    };
    asio::post(context_, again);
    context_.run();
    EXPECT_EQ(std::count(order.begin(), order.end(), 'L'), 6);
    EXPECT_EQ(order.find("LL", 3), std::string::npos) << order;  // the first slices are begun at once
}

TEST_F(TurnsTest, clients_take_turns_and_our_own_come_first) {
    std::string order;
    for (int i = 0; i < 3; ++i)
        work_for(order, "a", "192.0.2.1");
    work_for(order, "b", "192.0.2.2");
    work_for(order, "o", "10.0.0.1", true);
    context_.run();
    EXPECT_EQ(order,
              "aaaboo"
              "abaa");
}

// A worker that is stopped: the frames go with the io_context.
TEST_F(TurnsTest, frames_that_wait_are_destroyed_with_their_context) {
    std::string order;
    auto context = std::make_unique<asio::io_context>(1);
    for (const char* client : {"192.0.2.1", "192.0.2.2", "192.0.2.2"})
        work_for(*context, order, "x", client);
    context->run_one();
    context->run_one();
    context->run_one();
    context.reset();
    EXPECT_EQ(order, "xxx");
}

TEST_F(TurnsTest, nobody_waits_for_nobody) {
    Turns turns;
    turns.begin();
    EXPECT_FALSE(turns.is_over());
    EXPECT_EQ(others_before_end_of(turns.next()), 0);
}

TEST_F(TurnsTest, a_question_gives_the_turn_that_is_due) {
    Turns turns = this->turns();
    Near upstream;
    const QueryBudget budget{3, std::chrono::steady_clock::now() + 20s};
    BudgetedResolver stage(context_.get_executor(), upstream, budget, &turns);
    const DomainName name = DomainName::parse("a.example").value();
    EXPECT_TRUE(stage.known(name, RrType::a));
    now_ += Turns::slice;
    EXPECT_FALSE(stage.known(name, RrType::a)) << "nothing is at hand while a turn is due";
    KnownAnswers at_hand(stage);
    EXPECT_TRUE(tests::run(context_, at_hand.query(name, RrType::a))->failed());
    EXPECT_TRUE(at_hand.missed()) << "a check at once is left to a task";
    EXPECT_EQ(stage.queries(), 1U);
    EXPECT_EQ(others_before_end_of(stage.query(name, RrType::a)), 3);
    EXPECT_EQ(others_before_end_of(stage.query(name, RrType::a)), 3) << "no turn was due";
    EXPECT_EQ(stage.queries(), 3U);
}

}  // namespace
}  // namespace gatepost::dns
