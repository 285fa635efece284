// The one way to ask the DNS. Behind it: the network, a cache, a zone in memory, a recorder, a budget.
#pragma once

#include "dns/answer.hpp"
#include "dns/domain_name.hpp"
#include "dns/payer.hpp"
#include "dns/record.hpp"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <utility>

namespace gatepost::dns {

class Resolver {
  public:
    virtual ~Resolver() = default;

    // The answer where it is at hand: at once, without a coroutine or a timer. Null: query() has to be asked.
    // A question that is answered here counts as one that query() answered.
    virtual AnswerPtr known(const DomainName& name, RrType type);

    // The whole RRset of `type` at `name`, CNAME and DNAME chains followed. Never null, never throws for
    // trouble of the DNS: that is Outcome::temp_error. Ends within the resolver's own bound.
    virtual boost::asio::awaitable<AnswerPtr> query(DomainName name, RrType type) = 0;
    // The same for an asker who pays for what goes out to the network. Who sends nothing out asks for no
    // leave.
    virtual boost::asio::awaitable<AnswerPtr> query_for(std::shared_ptr<Payer> payer, DomainName name,
                                                        RrType type);
};

inline AnswerPtr Resolver::known(const DomainName&, RrType) {
    return nullptr;
}

inline boost::asio::awaitable<AnswerPtr> Resolver::query_for(std::shared_ptr<Payer>, DomainName name,
                                                             RrType type) {
    return query(std::move(name), type);
}

}  // namespace gatepost::dns
