// What is at hand is told without a suspension, what is not is known to be missing, and a budget is spent
// once.
#include "dns/known_answers.hpp"

#include "tests/support/run.hpp"

#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <string>

namespace gatepost::dns {
namespace {

DomainName name(std::string_view text) {
    return DomainName::parse(text).value();
}

// Has every answer at hand but those of "far.example".
class NearAndFar final : public Resolver {
  public:
    AnswerPtr known(const DomainName& owner, RrType type) override {
        return owner.text() == "far.example" ? nullptr : answer(type);
    }
    boost::asio::awaitable<AnswerPtr> query(DomainName, RrType type) override {
        ++asked;
        co_return answer(type);
    }

    int asked = 0;

  private:
    static AnswerPtr answer(RrType) {
        auto found = std::make_shared<Answer>();
        found->outcome = Outcome::no_data;
        return found;
    }
};

class KnownAnswersTest : public testing::Test {
  protected:
    QueryBudget budget() { return {3, std::chrono::steady_clock::now() + std::chrono::seconds(20)}; }

    boost::asio::io_context context_;
    NearAndFar upstream_;
};

TEST_F(KnownAnswersTest, gives_what_is_at_hand) {
    BudgetedResolver stage(context_.get_executor(), upstream_, budget());
    KnownAnswers at_hand(stage);
    EXPECT_EQ(tests::run(context_, at_hand.query(name("near.example"), RrType::a))->outcome,
              Outcome::no_data);
    EXPECT_TRUE(at_hand.known(name("other.example"), RrType::a));
    EXPECT_FALSE(at_hand.missed());
    EXPECT_EQ(stage.queries(), 2U);
}

TEST_F(KnownAnswersTest, asks_nothing_that_has_to_be_waited_for) {
    BudgetedResolver stage(context_.get_executor(), upstream_, budget());
    KnownAnswers at_hand(stage);
    EXPECT_FALSE(at_hand.known(name("far.example"), RrType::a));
    EXPECT_FALSE(at_hand.missed()) << "who asks known() goes on to query()";
    EXPECT_TRUE(tests::run(context_, at_hand.query(name("far.example"), RrType::a))->failed());
    EXPECT_TRUE(at_hand.missed());
    EXPECT_FALSE(at_hand.known(name("near.example"), RrType::a)) << "it would be asked for nothing";
    EXPECT_EQ(stage.queries(), 0U);
    EXPECT_EQ(upstream_.asked, 0);
}

TEST_F(KnownAnswersTest, gives_back_what_was_spent_for_nothing) {
    BudgetedResolver stage(context_.get_executor(), upstream_, budget());
    stage.known(name("before.example"), RrType::a);
    KnownAnswers at_hand(stage);
    at_hand.known(name("near.example"), RrType::a);
    tests::run(context_, at_hand.query(name("far.example"), RrType::a));
    at_hand.give_back();
    EXPECT_EQ(stage.queries(), 1U);
}

TEST_F(KnownAnswersTest, misses_beyond_the_budget) {
    BudgetedResolver stage(context_.get_executor(), upstream_, budget());
    KnownAnswers at_hand(stage);
    for (int i = 0; i < 4; ++i) {
        EXPECT_FALSE(at_hand.missed()) << i;
        tests::run(context_, at_hand.query(name("near" + std::to_string(i) + ".example"), RrType::a));
    }
    EXPECT_TRUE(at_hand.missed());
}

}  // namespace
}  // namespace gatepost::dns
