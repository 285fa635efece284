#include "auth/spf/client_names.hpp"

#include <algorithm>
#include <variant>

namespace gatepost::auth::spf {

boost::asio::awaitable<void> ClientNames::ask() {
    if (asked_) co_return;
    asked_ = true;
    const dns::AnswerPtr answer = co_await resolver_.query(client_.reverse_name(), dns::RrType::ptr);
    ptr_failed_ = answer->failed() && !answer->is_message_spent();
    absent_ = !answer->failed() && !answer->found();
    for (const dns::RecordData& data : answer->records) {
        if (candidates_.size() >= max_names_) break;
        const auto* name = std::get_if<dns::DomainName>(&data);
        if (!name || name->is_root()) continue;
        Candidate candidate;
        candidate.name = *name;
        candidates_.push_back(std::move(candidate));
    }
}

boost::asio::awaitable<ClientNames::State> ClientNames::validate(std::size_t index) {
    if (candidates_[index].state != State::unchecked) co_return candidates_[index].state;
    const dns::DomainName name = candidates_[index].name;
    const dns::RrType type = client_.is_v4() ? dns::RrType::a : dns::RrType::aaaa;
    const dns::AnswerPtr answer = co_await resolver_.query(name, type);
    State state = State::refuted;
    if (answer->is_message_spent())
        state = State::refuted;
    else if (answer->failed())
        state = State::failed;
    else if (!answer->found())
        state = State::without_address;
    else if (std::find(answer->records.begin(), answer->records.end(), dns::RecordData(client_)) !=
             answer->records.end())
        state = State::validated;
    candidates_[index].state = state;
    co_return state;
}

boost::asio::awaitable<ClientNames::Within> ClientNames::any_within(dns::DomainName domain) {
    co_await ask();
    Within within;
    within.found = ptr_failed_ ? Found::unknown : Found::no;
    Addresses addresses;
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
        if (!candidates_[i].name.is_at_or_below(domain)) continue;
        const State state = co_await validate(i);
        addresses.count(state);
        if (state == State::failed) within.found = Found::unknown;
        if (state != State::validated) continue;
        within.found = Found::yes;
        break;
    }
    within.is_void = absent_ || addresses.none();
    co_return within;
}

boost::asio::awaitable<ClientNames::Name> ClientNames::best_for(dns::DomainName domain) {
    co_await ask();
    Name best;
    best.certain = !ptr_failed_;
    Addresses addresses;
    const auto rank = [&](const dns::DomainName& name) {
        if (name == domain) return 0;
        return name.is_at_or_below(domain) ? 1 : 2;
    };
    for (int wanted = 0; wanted <= 2; ++wanted) {
        for (std::size_t i = 0; i < candidates_.size(); ++i) {
            if (rank(candidates_[i].name) != wanted) continue;
            const State state = co_await validate(i);
            addresses.count(state);
            if (state == State::failed) best.certain = false;
            if (state != State::validated) continue;
            best.text = candidates_[i].name.text();
            co_return best;
        }
    }
    best.is_void = absent_ || addresses.none();
    co_return best;
}

}  // namespace gatepost::auth::spf
