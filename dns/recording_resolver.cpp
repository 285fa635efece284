#include "dns/recording_resolver.hpp"

#include <algorithm>
#include <utility>

namespace gatepost::dns {

RecordingResolver::RecordingResolver(Resolver& upstream) : upstream_(upstream) {}

boost::asio::awaitable<AnswerPtr> RecordingResolver::query(DomainName name, RrType type) {
    AnswerPtr answer = co_await upstream_.query(name, type);
    const bool known = std::any_of(answers_.begin(), answers_.end(), [&](const RecordedAnswer& recorded) {
        return recorded.type == type && recorded.answer == answer && recorded.name == name;
    });
    if (!known) answers_.push_back(RecordedAnswer{std::move(name), type, answer});
    co_return answer;
}

}  // namespace gatepost::dns
