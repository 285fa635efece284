#include "auth/dnsbl/lookup.hpp"

#include <optional>
#include <utility>

namespace gatepost::auth::dnsbl {
namespace asio = boost::asio;

struct Lookup::State {
    State(const asio::any_io_executor& executor, dns::Resolver& upstream, std::vector<List> asked,
          dns::QueryBudget budget)
        : resolver(executor, upstream, budget), lists(std::move(asked)), findings(lists.size()) {}

    dns::BudgetedResolver resolver;
    std::vector<List> lists;
    std::vector<Finding> findings;

    // The task keeps the state alive: it may outlive its owner by the turn in which it is cancelled.
    static asio::awaitable<void> ask(std::shared_ptr<State> state, std::size_t index, dns::IpAddress client) {
        const List& list = state->lists[index];
        const auto name = query_name(client, list.zone);
        const auto test = test_name(client, list.zone);
        if (!name || !test) co_return;
        const dns::AnswerPtr answer = co_await state->resolver.query(*name, dns::RrType::a);
        Finding finding = read_answer(list, *answer);
        if (finding.result == Result::listed) {
            // RFC 5782 §5: a list that was given up often lists the whole world.
            const dns::AnswerPtr nobody = co_await state->resolver.query(*test, dns::RrType::a);
            if (nobody->failed())
                finding = {Result::trouble, nobody->detail};
            else if (nobody->found())
                finding = {Result::unusable, "it lists 127.0.0.1, and so everybody"};
        }
        state->findings[index] = std::move(finding);
    }
};

Lookup::Lookup(asio::any_io_executor executor, dns::Resolver& resolver, dns::IpAddress client,
               std::vector<List> lists, dns::QueryBudget budget)
    : state_(std::make_shared<State>(executor, resolver, std::move(lists), budget)), tasks_(executor) {
    for (std::size_t i = 0; i < state_->lists.size(); ++i)
        tasks_.start(State::ask(state_, i, client));
}

Lookup::~Lookup() = default;

asio::awaitable<void> Lookup::finish() {
    co_await tasks_.join();
}

const std::vector<List>& Lookup::lists() const {
    return state_->lists;
}

const std::vector<Finding>& Lookup::findings() const {
    return state_->findings;
}

}  // namespace gatepost::auth::dnsbl
