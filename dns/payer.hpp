// Who pays for the questions that go out to the network: nothing is paid for what is at hand, or what another
// has asked already.
#pragma once

#include "dns/domain_name.hpp"
#include "dns/ip_address.hpp"

#include <memory>

namespace gatepost::dns {

class Payer {
  public:
    // One question on its way. Held until it has landed, whoever still waits for it.
    class Charge {
      public:
        virtual ~Charge() = default;
    };
    enum class Leave {
        granted,
        later,  // many are open just now: worth another try within the question's time
        never,  // this client's share is used up
    };

    virtual ~Payer() = default;
    // May a question about `name` go out? Granted: `charge` is set. Called under a lock of the cache, which
    // it must not ask.
    virtual Leave ask_leave(const DomainName& name, std::unique_ptr<Charge>& charge) = 0;
    virtual const IpAddress& client() const = 0;
};

}  // namespace gatepost::dns
