#include "dns/overriding_resolver.hpp"

#include <utility>

namespace gatepost::dns {
namespace {

constexpr int max_chain = 8;  // local: CNAME steps through local records

}  // namespace

OverridingResolver::OverridingResolver(std::shared_ptr<const ZoneResolver> local, Resolver& upstream)
    : local_(std::move(local)), upstream_(upstream) {}

// The answer of local records; null where there are none of `name`, and then `name` is what to ask the
// upstream for: a local CNAME may have led there.
AnswerPtr OverridingResolver::find(DomainName& name, RrType type) const {
    for (int step = 0; step <= max_chain; ++step) {
        if (!local_ || !local_->has_name(name)) return nullptr;
        const AnswerPtr alias = local_->find(name, RrType::cname);
        if (type == RrType::cname || !alias->found()) return local_->find(name, type);
        name = std::get<DomainName>(alias->records.front());
    }
    return failed_answer(Trouble::malformed, "local CNAME records form a loop, or a chain too long");
}

AnswerPtr OverridingResolver::known(const DomainName& name, RrType type) {
    if (!local_ || !local_->has_name(name)) return upstream_.known(name, type);
    DomainName owner = name;
    AnswerPtr answer = find(owner, type);
    return answer ? answer : upstream_.known(owner, type);
}

boost::asio::awaitable<AnswerPtr> OverridingResolver::query(DomainName name, RrType type) {
    const AnswerPtr answer = find(name, type);
    if (answer) co_return answer;
    co_return co_await upstream_.query(std::move(name), type);
}

boost::asio::awaitable<AnswerPtr> OverridingResolver::query_for(std::shared_ptr<Payer> payer, DomainName name,
                                                                RrType type) {
    const AnswerPtr answer = find(name, type);
    if (answer) co_return answer;
    co_return co_await upstream_.query_for(std::move(payer), std::move(name), type);
}

}  // namespace gatepost::dns
