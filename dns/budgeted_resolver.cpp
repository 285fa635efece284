#include "dns/budgeted_resolver.hpp"

#include "dns/task_group.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>
#include <string>
#include <utility>

namespace gatepost::dns {
namespace asio = boost::asio;

namespace {

// It says nothing of the question.
AnswerPtr refusal(std::string detail) {
    return failed_answer(Trouble::cancelled, std::move(detail));
}

// Where the upstream's answer is awaited. The task holds it too, as it may end after the asker has left.
struct Slot {
    Slot(const asio::any_io_executor& executor, std::chrono::steady_clock::time_point deadline)
        : timer(executor, deadline) {}
    asio::steady_timer timer;
    AnswerPtr answer;
    bool ended = false;
};

// The asker is woken even where the upstream throws.
class WakeOnExit {
  public:
    explicit WakeOnExit(Slot& slot) : slot_(slot) {}
    WakeOnExit(const WakeOnExit&) = delete;
    WakeOnExit& operator=(const WakeOnExit&) = delete;
    ~WakeOnExit() {
        slot_.ended = true;
        slot_.timer.cancel();
    }

  private:
    Slot& slot_;
};

asio::awaitable<void> ask(Resolver& upstream, DomainName name, RrType type, std::shared_ptr<Slot> slot) {
    const WakeOnExit wake(*slot);
    slot->answer = co_await upstream.query(std::move(name), type);
}

}  // namespace

BudgetedResolver::BudgetedResolver(asio::any_io_executor executor, Resolver& upstream, QueryBudget budget,
                                   Turns* turns)
    : executor_(std::move(executor)), upstream_(upstream), budget_(budget), turns_(turns) {}

AnswerPtr BudgetedResolver::known(const DomainName& name, RrType type) {
    if (asked_ >= budget_.queries) return nullptr;  // query() says so
    if (turns_ && turns_->is_over()) return nullptr;
    AnswerPtr answer = upstream_.known(name, type);
    if (!answer) return nullptr;
    ++asked_;
    saw_stale_ = saw_stale_ || answer->stale;
    return answer;
}

AnswerPtr BudgetedResolver::out_of_time() {
    exhausted_ = true;
    saw_put_off_ = saw_put_off_ || !budget_.is_time_final;
    return failed_answer(budget_.is_time_final ? Trouble::message_spent : Trouble::time_spent,
                         "the message's time for DNS is spent");
}

asio::awaitable<AnswerPtr> BudgetedResolver::query(DomainName name, RrType type) {
    AnswerPtr at_hand = known(name, type);
    if (at_hand) co_return at_hand;
    if (turns_ && turns_->is_over()) {
        co_await turns_->next();
        at_hand = known(name, type);
        if (at_hand) co_return at_hand;
    }
    if (asked_ >= budget_.queries) {
        exhausted_ = true;
        co_return failed_answer(
            Trouble::message_spent,
            "the message's budget of " + std::to_string(budget_.queries) + " DNS queries is spent");
    }
    if (std::chrono::steady_clock::now() >= budget_.deadline) co_return out_of_time();
    ++asked_;
    const auto slot = std::make_shared<Slot>(executor_, budget_.deadline);
    TaskGroup group(executor_);  // dies with this frame, and cancels what still runs
    group.start(ask(upstream_, std::move(name), type, slot));
    boost::system::error_code woken;
    // An upstream that does not suspend has ended already.
    if (!slot->ended) {
        co_await slot->timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
        if (turns_) turns_->begin();
    }
    if (slot->answer) {
        saw_stale_ = saw_stale_ || slot->answer->stale;
        saw_put_off_ = saw_put_off_ || slot->answer->is_put_off();
        co_return slot->answer;
    }
    if (slot->ended) co_return refusal("the query ended without an answer");
    if (woken) co_return refusal("cancelled");
    co_return out_of_time();
}

}  // namespace gatepost::dns
