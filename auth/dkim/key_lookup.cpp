#include "auth/dkim/key_lookup.hpp"

#include "dns/task_group.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <variant>

namespace gatepost::auth::dkim {
namespace asio = boost::asio;

struct KeyLookup::Slot {
    dns::DomainName name;
    FoundKeys found;
};

namespace {

std::vector<LoadedKey> load_keys(const dns::Answer& answer) {
    std::vector<LoadedKey> keys;
    std::vector<LoadedKey> others;
    if (answer.records.size() > maximum_records_at_name) {
        keys.emplace_back().fault =
            Reason("more than ").then(maximum_records_at_name).then(" records at the key's name");
        return keys;
    }
    for (const dns::RecordData& data : answer.records) {
        const auto* text = std::get_if<std::string>(&data);
        if (!text) continue;
        if (keys.size() == maximum_key_records) break;
        // A wildcard TXT record and the like are no keys (RFC 6376 §6.1.2); they only tell why there is none.
        LoadedKey loaded = load_key(*text);
        if (loaded.key)
            keys.push_back(std::move(loaded));
        else if (others.size() < maximum_key_records)
            others.push_back(std::move(loaded));
    }
    std::move(others.begin(), others.end(), std::back_inserter(keys));
    return keys;
}

FoundKeys read_answer(const dns::Answer& answer) {
    FoundKeys found;
    if (answer.failed()) {
        found.outcome =
            answer.is_message_spent() ? FoundKeys::Outcome::beyond : FoundKeys::Outcome::temp_error;
        found.detail = answer.detail;
        return found;
    }
    found.outcome = FoundKeys::Outcome::absent;
    if (answer.records.empty()) return found;
    found.records = answer.derived.get<std::vector<LoadedKey>>();
    if (!found.records) {
        found.records = std::make_shared<const std::vector<LoadedKey>>(load_keys(answer));
        // The text of a key pays for what is kept of it; why other texts are none is soon told again.
        const bool holds_key = std::any_of(found.records->begin(), found.records->end(),
                                           [](const LoadedKey& loaded) { return loaded.bits != 0; });
        if (holds_key) found.records = answer.derived.keep(found.records);
    }
    if (!found.keys().empty()) found.outcome = FoundKeys::Outcome::found;
    return found;
}

}  // namespace

KeyLookup::KeyLookup() = default;
KeyLookup::~KeyLookup() = default;

std::size_t KeyLookup::need(const dns::DomainName& name) {
    for (std::size_t i = 0; i < slots_.size(); ++i)
        if (slots_[i]->name == name) return i;
    slots_.push_back(std::make_shared<Slot>());
    slots_.back()->name = name;
    return slots_.size() - 1;
}

bool KeyLookup::find_known(dns::Resolver& resolver) {
    bool all = true;
    for (const auto& slot : slots_) {
        const dns::AnswerPtr answer = resolver.known(slot->name, dns::RrType::txt);
        if (answer) slot->found = read_answer(*answer);
        all = all && answer;
    }
    return all;
}

asio::awaitable<void> KeyLookup::fetch_one(std::shared_ptr<Slot> slot, dns::Resolver& resolver) {
    const dns::AnswerPtr answer = co_await resolver.query(slot->name, dns::RrType::txt);
    slot->found = read_answer(*answer);
}

asio::awaitable<void> KeyLookup::fetch(dns::Resolver& resolver) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    dns::TaskGroup tasks(executor);
    for (const auto& slot : slots_)
        if (slot->found.outcome == FoundKeys::Outcome::not_asked) tasks.start(fetch_one(slot, resolver));
    co_await tasks.join();
}

const FoundKeys& KeyLookup::found(std::size_t number) const {
    return slots_.at(number)->found;
}

}  // namespace gatepost::auth::dkim
