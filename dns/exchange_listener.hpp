// Who hears what comes of a query that went to a server, over whatever transport.
#pragma once

#include "dns/answer.hpp"
#include "dns/wire_message.hpp"

#include <cstddef>
#include <string>

namespace gatepost::dns {

class ExchangeListener {
  public:
    enum class Verdict {
        taken,     // it ends the exchange
        mismatch,  // not what was asked for: over UDP the exchange waits on
    };

    // `tag` is what the listener gave to the exchange. Never called from within the call that begins one.
    virtual Verdict on_message(std::size_t tag, Octets message) = 0;
    // The exchange has ended without.
    virtual void on_failure(std::size_t tag, Trouble trouble, const std::string& detail) = 0;

  protected:
    ~ExchangeListener() = default;
};

}  // namespace gatepost::dns
