// What a stage of a message can be told at once: the answers that are at hand, within its budget and its
// slice of time, and nothing that has to be waited for. Most of what senders publish is cached, and what is
// judged on that alone needs no task, no timer, and no turn of the executor.
#pragma once

#include "dns/budgeted_resolver.hpp"
#include "dns/resolver.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>

namespace gatepost::dns {

class KnownAnswers final : public Resolver {
  public:
    // `stage` outlives this and every query.
    explicit KnownAnswers(BudgetedResolver& stage) : stage_(stage) {}

    AnswerPtr known(const DomainName& name, RrType type) override;
    // Never suspends. What is not at hand is temp_error here, and known by missed() from then on.
    boost::asio::awaitable<AnswerPtr> query(DomainName name, RrType type) override;

    // Something was asked that is not at hand. Nothing is told from then on, and what was made of the answers
    // is to be thrown away, and asked again of the stage itself.
    bool missed() const { return missed_; }
    // Gives the stage's budget back what was spent here.
    void give_back() { stage_.give_back(given_); }

  private:
    BudgetedResolver& stage_;
    std::size_t given_ = 0;
    bool missed_ = false;
};

}  // namespace gatepost::dns
