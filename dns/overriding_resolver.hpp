// Local records before the network (`dns.overrides`): a name that has local records is answered from them
// for every type, no_data where it has none of that type; any other name goes to the upstream. A local CNAME
// may lead out to a name of the network.
#pragma once

#include "dns/resolver.hpp"
#include "dns/zone_resolver.hpp"

#include <memory>
#include <utility>

namespace gatepost::dns {

class OverridingResolver final : public Resolver {
  public:
    // `local` is only read, so that workers may share it; null: no local records. `upstream` outlives every
    // query.
    OverridingResolver(std::shared_ptr<const ZoneResolver> local, Resolver& upstream);

    AnswerPtr known(const DomainName& name, RrType type) override;
    boost::asio::awaitable<AnswerPtr> query(DomainName name, RrType type) override;
    boost::asio::awaitable<AnswerPtr> query_for(std::shared_ptr<Payer> payer, DomainName name,
                                                RrType type) override;

    // Other local records from now on, for questions not yet asked. On the executor of those who ask.
    void replace(std::shared_ptr<const ZoneResolver> local) { local_ = std::move(local); }

  private:
    AnswerPtr find(DomainName& name, RrType type) const;

    std::shared_ptr<const ZoneResolver> local_;
    Resolver& upstream_;
};

}  // namespace gatepost::dns
