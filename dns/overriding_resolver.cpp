#include "dns/overriding_resolver.hpp"

#include <utility>

namespace gatepost::dns {
namespace {

constexpr int max_chain = 8;  // local: CNAME steps through local records

AnswerPtr loop_failure() {
    auto answer = std::make_shared<Answer>();
    answer->detail = "local CNAME records form a loop, or a chain too long";
    return answer;
}

}  // namespace

OverridingResolver::OverridingResolver(std::shared_ptr<const ZoneResolver> local, Resolver& upstream)
    : local_(std::move(local)), upstream_(upstream) {}

boost::asio::awaitable<AnswerPtr> OverridingResolver::query(DomainName name, RrType type) {
    for (int step = 0; step <= max_chain; ++step) {
        if (!local_ || !local_->has_name(name)) co_return co_await upstream_.query(std::move(name), type);
        const AnswerPtr alias = local_->find(name, RrType::cname);
        if (type == RrType::cname || !alias->found()) co_return local_->find(name, type);
        name = std::get<DomainName>(alias->records.front());
    }
    co_return loop_failure();
}

}  // namespace gatepost::dns
