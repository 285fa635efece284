// What one message may cost: so many questions, and one deadline for all of them. Past either, temp_error.
// How many it asks is written in its own records, so that its retry asks as many: `message_spent`, and what
// was left unread counts as absent. How long the answers take is not, and they are cached for the retry:
// `time_spent`, unless its time was spent before as well.
#pragma once

#include "dns/resolver.hpp"
#include "dns/turns.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>

namespace gatepost::dns {

struct QueryBudget {
    std::size_t queries = 0;
    std::chrono::steady_clock::time_point deadline;
    bool is_time_final = false;  // past the deadline: message_spent
};

class BudgetedResolver final : public Resolver {
  public:
    // All on the one single-threaded `executor`. `upstream` outlives every query, a cancelled one as well.
    // `turns` outlives this, or is null: whoever asks works between two questions, and the worker's other
    // sessions get their turn before the next answer where that took long.
    BudgetedResolver(boost::asio::any_io_executor executor, Resolver& upstream, QueryBudget budget,
                     Turns* turns = nullptr);

    // What is at hand takes no time, so that only the number of questions bounds it. Nothing is at hand while
    // a turn is due: query() gives it.
    AnswerPtr known(const DomainName& name, RrType type) override;
    // Ends by the deadline; the upstream's query is then cancelled.
    boost::asio::awaitable<AnswerPtr> query(DomainName name, RrType type) override;

    std::size_t queries() const { return asked_; }
    // For so many questions whose answers were not used.
    void give_back(std::size_t questions) { asked_ -= questions; }
    // A question was refused or cut short.
    bool exhausted() const { return exhausted_; }
    // An answer was past its time (RFC 8767).
    bool saw_stale() const { return saw_stale_; }
    // A question failed by what the sender may have brought about (Answer::is_put_off).
    bool saw_put_off() const { return saw_put_off_; }

  private:
    AnswerPtr out_of_time();

    boost::asio::any_io_executor executor_;
    Resolver& upstream_;
    QueryBudget budget_;
    Turns* turns_;
    std::size_t asked_ = 0;
    bool exhausted_ = false;
    bool saw_stale_ = false;
    bool saw_put_off_ = false;
};

}  // namespace gatepost::dns
