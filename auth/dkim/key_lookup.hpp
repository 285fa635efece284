// The keys that the signatures of one message ask for: one question a name, side by side (RFC 6376 §6.1.2).
// Records are read and their keys loaded once for each answer of the DNS, and kept beside it as long as it is
// cached: workers share them.
#pragma once

#include "auth/dkim/key_record.hpp"

#include "dns/domain_name.hpp"
#include "dns/resolver.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace gatepost::auth::dkim {

// Local: several records at a selector are undefined (RFC 6376 §3.6.2.2); more than these are not tried, as
// each may cost a verification.
constexpr std::size_t maximum_key_records = 4;

// Local: a name with more TXT records than these is no key's: each is parsed, whatever it holds.
constexpr std::size_t maximum_records_at_name = 32;

struct FoundKeys {
    enum class Outcome {
        not_asked,
        found,       // at least one record, whatever it holds
        absent,      // NXDOMAIN, or no TXT record
        temp_error,  // the DNS could not tell
        beyond,      // the message's own questions were used up before
    };
    Outcome outcome = Outcome::not_asked;
    std::string detail;                                     // of temp_error and beyond, for people
    std::shared_ptr<const std::vector<LoadedKey>> records;  // set where found

    // Key records first, in the order of the answer; behind them, what was no key record.
    std::span<const LoadedKey> keys() const {
        return records ? std::span<const LoadedKey>(*records) : std::span<const LoadedKey>();
    }
};

class KeyLookup {
  public:
    KeyLookup();
    ~KeyLookup();
    KeyLookup(const KeyLookup&) = delete;
    KeyLookup& operator=(const KeyLookup&) = delete;

    // Gives the number of the name for found(); the same name twice gives the same number.
    std::size_t need(const dns::DomainName& name);
    // Once, after all need(): takes the answers that are at hand. True: those were all, and fetch() has
    // nothing to do.
    bool find_known(dns::Resolver& resolver);
    // Once, for the names without an answer. This object must outlive it.
    boost::asio::awaitable<void> fetch(dns::Resolver& resolver);
    const FoundKeys& found(std::size_t number) const;

  private:
    struct Slot;
    static boost::asio::awaitable<void> fetch_one(std::shared_ptr<Slot> slot, dns::Resolver& resolver);
    std::vector<std::shared_ptr<Slot>> slots_;
};

}  // namespace gatepost::auth::dkim
