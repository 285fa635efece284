#include "dns/zone_resolver.hpp"

#include <algorithm>

namespace gatepost::dns {
namespace {

constexpr int max_chain = 8;  // local: CNAME steps followed; no zone in honest use is longer

AnswerPtr make_answer(Outcome outcome, std::string detail = {}) {
    auto answer = std::make_shared<Answer>();
    answer->outcome = outcome;
    answer->ttl = std::chrono::seconds(300);
    answer->detail = std::move(detail);
    return answer;
}

}  // namespace

void ZoneResolver::add(DomainName name, RrType type, RecordData data, std::chrono::seconds ttl) {
    add_name(name);
    Node& node = nodes_[name];
    node.records[type].push_back(std::move(data));
    node.ttl = std::min(node.ttl, ttl);
}

void ZoneResolver::add_name(DomainName name) {
    nodes_.try_emplace(name);
    for (; !name.is_root(); name = name.parent())
        existing_.insert(name);
}

void ZoneResolver::add_failure(DomainName name, std::optional<RrType> type, std::string detail) {
    add_name(name);
    Node& node = nodes_[name];
    if (type)
        node.failures[*type] = std::move(detail);
    else
        node.failure = std::move(detail);
}

const ZoneResolver::Node* ZoneResolver::node(const DomainName& name) const {
    const auto found = nodes_.find(name);
    return found == nodes_.end() ? nullptr : &found->second;
}

bool ZoneResolver::has_name(const DomainName& name) const {
    return nodes_.contains(name);
}

AnswerPtr ZoneResolver::find(const DomainName& name, RrType type) const {
    DomainName owner = name;
    for (int step = 0; step <= max_chain; ++step) {
        const Node* found = node(owner);
        if (!found) return make_answer(existing_.contains(owner) ? Outcome::no_data : Outcome::nx_domain);
        if (const auto records = found->records.find(type); records != found->records.end()) {
            auto answer = std::make_shared<Answer>();
            answer->outcome = Outcome::success;
            answer->records = records->second;
            answer->ttl = found->ttl;
            return answer;
        }
        if (const auto failure = found->failures.find(type); failure != found->failures.end())
            return make_answer(Outcome::temp_error, failure->second);
        const auto alias = found->records.find(RrType::cname);
        if (alias == found->records.end()) {
            if (found->failure) return make_answer(Outcome::temp_error, *found->failure);
            return make_answer(Outcome::no_data);
        }
        owner = std::get<DomainName>(alias->second.front());
    }
    return make_answer(Outcome::temp_error, "CNAME chain too long");
}

boost::asio::awaitable<AnswerPtr> ZoneResolver::query(DomainName name, RrType type) {
    const Question question{name, type};
    questions_.push_back(question);
    co_return find(name, type);
}

}  // namespace gatepost::dns
