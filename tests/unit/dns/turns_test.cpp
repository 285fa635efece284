// Who works for long lets others run; who does not, never waits for them.
#include "dns/turns.hpp"

#include "tests/support/run.hpp"

#include "dns/budgeted_resolver.hpp"
#include "dns/known_answers.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <gtest/gtest.h>

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
