// Verification of all DKIM signatures of one message as it streams by (RFC 6376 §6). The header comes first:
// it tells which body hashes are needed and which keys to ask for; the body is hashed once for each distinct
// canonicalization, length and algorithm, in chunks of any size; the signatures are checked when all is
// there.
#pragma once

#include "auth/crypto/verification_budget.hpp"
#include "auth/dkim/result.hpp"
#include "auth/message/header_block.hpp"

#include "dns/domain_name.hpp"
#include "dns/idna.hpp"
#include "dns/resolver.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace gatepost::auth::dkim {

struct VerifierOptions {
    std::size_t max_signatures = 10;   // local: more are not verified, result policy
    unsigned minimum_rsa_bits = 1024;  // RFC 8301 §3.2
};

class Verifier {
  public:
    // `author_domain`: signing domains at or above it or below it are taken first, so that decoys cannot push
    // the real signature out of the budget. `now` judges x= and t=.
    Verifier(HeaderBlockPtr header, std::optional<dns::DomainName> author_domain, VerifierOptions options,
             std::chrono::system_clock::time_point now);
    ~Verifier();
    Verifier(const Verifier&) = delete;
    Verifier& operator=(const Verifier&) = delete;

    // Reads the next signature field, its names as far as `names` has room for them. False: it was the last
    // one. For callers that give turns in between; all others of the below read first what is left.
    bool read_next(dns::IdnaBudget& names);

    // Takes the keys that the resolver has at hand. True: those are all, and fetch_keys() has nothing to do.
    bool find_known_keys(dns::Resolver& resolver);
    // Asks for the other keys of all signatures that deserve it, side by side where the resolver suspends.
    // Call once; it may run while the body is fed. The Verifier must outlive it.
    boost::asio::awaitable<void> fetch_keys(dns::Resolver& resolver);

    // The body as received on the wire, dot-stuffing undone, CRLF line ends. Any chunking gives the same
    // result.
    void body(std::string_view chunk);

    // After the last body chunk and after fetch_keys() ended: judges the next signature, those of the author
    // domain's kin first. What `budget` has no room for is policy. False: it was the last one. For callers
    // that give turns in between; finish() judges what is left.
    bool judge_next(crypto::VerificationBudget& budget);
    // Once. One result a field, in header order.
    std::vector<Signature> finish(crypto::VerificationBudget& budget);
    // The same with a budget of its own.
    std::vector<Signature> finish();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace gatepost::auth::dkim
