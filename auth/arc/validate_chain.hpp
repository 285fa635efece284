// Validation of the Authenticated Received Chain of one message as it streams by (RFC 8617 §5.2). The header
// comes first: where its structure already decides, no key is asked for and nothing is hashed.
#pragma once

#include "auth/arc/result.hpp"
#include "auth/crypto/verification_budget.hpp"
#include "auth/message/header_block.hpp"

#include "dns/idna.hpp"
#include "dns/resolver.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <memory>
#include <string_view>

namespace gatepost::auth::arc {

struct ValidatorOptions {
    unsigned minimum_rsa_bits = 1024;  // RFC 8301 §3.2
};

class Validator {
  public:
    // `now` judges t= and x=.
    Validator(HeaderBlockPtr header, ValidatorOptions options, std::chrono::system_clock::time_point now);
    ~Validator();
    Validator(const Validator&) = delete;
    Validator& operator=(const Validator&) = delete;

    // Reads the next field of ARC, or the signature of one, its names as far as `names` has room for them; a
    // chain for which it has none fails. False: it was the last one. For callers that give turns in between;
    // all others of the below read first what is left.
    bool read_next(dns::IdnaBudget& names);

    // Takes the keys that the resolver has at hand. True: those are all, and fetch_keys() has nothing to do.
    bool find_known_keys(dns::Resolver& resolver);
    // Asks for the other keys of all seals and of the newest message signature, each name once, side by side
    // where the resolver suspends. Call once; it may run while the body is fed. The Validator must outlive
    // it.
    boost::asio::awaitable<void> fetch_keys(dns::Resolver& resolver);

    // The body as received on the wire, dot-stuffing undone, CRLF line ends. Any chunking gives the same
    // result.
    void body(std::string_view chunk);

    // After the last body chunk and after fetch_keys() ended: judges the next signature of the chain. A chain
    // for which `budget` has no room fails before the first. False: it was the last one. For callers that
    // give turns in between; finish() judges what is left.
    bool judge_next(crypto::VerificationBudget& budget);
    // Once.
    Chain finish(crypto::VerificationBudget& budget);
    // The same with a budget that no DKIM signature has drawn on.
    Chain finish();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace gatepost::auth::arc
