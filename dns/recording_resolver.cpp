#include "dns/recording_resolver.hpp"

#include <algorithm>
#include <utility>

namespace gatepost::dns {

RecordingResolver::RecordingResolver(Resolver& upstream) : upstream_(upstream) {}

void RecordingResolver::record(const DomainName& name, RrType type, const AnswerPtr& answer) {
    const bool recorded = std::any_of(answers_.begin(), answers_.end(), [&](const RecordedAnswer& known) {
        return known.answer == answer && known.type == type && known.name == name;
    });
    if (!recorded) answers_.push_back(RecordedAnswer{name, type, answer});
}

AnswerPtr RecordingResolver::known(const DomainName& name, RrType type) {
    AnswerPtr answer = upstream_.known(name, type);
    if (answer) record(name, type, answer);
    return answer;
}

boost::asio::awaitable<AnswerPtr> RecordingResolver::query(DomainName name, RrType type) {
    const AnswerPtr answer = co_await upstream_.query(name, type);
    record(name, type, answer);
    co_return answer;
}

}  // namespace gatepost::dns
