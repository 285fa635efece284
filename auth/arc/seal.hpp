// Sealing: one ARC Set of our own on a message that goes on (RFC 8617 §5.1). It comes last of all, so that it
// covers what leaves us, and says what we found when the message came.
#pragma once

#include "auth/arc/arc_set.hpp"
#include "auth/arc/result.hpp"
#include "auth/crypto/signing_key.hpp"
#include "auth/message/header_block.hpp"
#include "auth/reason.hpp"

#include "dns/domain_name.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::auth::arc {

// As whom we seal. Never changed once made: workers share it.
struct SealerIdentity {
    dns::DomainName domain;  // d= of message signature and seal
    std::string selector;    // s=, in A-labels
    crypto::SigningKey key;  // rsa-sha256 or ed25519-sha256 (RFC 8463)
};
using SealerIdentityPtr = std::shared_ptr<const SealerIdentity>;

// White space and the order of tags are signed, too.
enum class FieldLayout {
    instance_first,  // RFC 8617 §4.1.2, §4.1.3: i= before the other tags; folded
    alphabetical,    // and b= in one piece: the signatures of the public suite of sealing are over this
};

struct SealingOptions {
    std::chrono::system_clock::time_point timestamp;  // t= of message signature and seal
    std::vector<std::string> names;                   // h=, in lower case; empty: names_to_seal()
    FieldLayout layout = FieldLayout::instance_first;
};

struct Sealed {
    std::string fields;  // seal, message signature, results, each with its CRLF; empty: no set is added
    unsigned instance = 0;
    ChainStatus status = ChainStatus::none;  // cv=
    Reason reason;                           // why no set is added
};

class MessageSealer {
  public:
    explicit MessageSealer(SealerIdentityPtr identity);
    ~MessageSealer();
    MessageSealer(const MessageSealer&) = delete;
    MessageSealer& operator=(const MessageSealer&) = delete;

    // The body as it goes on, CRLF line ends, in chunks of any size.
    void body(std::string_view chunk);

    // Once, after the last chunk. `header`: as it goes on, our own fields in it and what we take out not.
    // `chain`: what validation of the message as received found. `results`: the value of our
    // Authentication-Results field, authserv-id included, unfolded.
    Sealed seal(const HeaderBlock& header, const Chain& chain, std::string_view results,
                const SealingOptions& options);
    // The same in two steps of one signature each, for callers that give a turn in between: RSA takes a
    // quarter of a millisecond and more. `header` outlives the second.
    void sign_message(const HeaderBlock& header, const Chain& chain, std::string_view results,
                      const SealingOptions& options);
    Sealed seal_set();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// The names that our message signature covers: those of dkim::usual_names(), and the DKIM-Signature fields
// that are there (RFC 8617 §4.1.2), as many as there is room for. No Authentication-Results and no ARC field
// is among them, nor a trace field.
std::vector<std::string> names_to_seal(const HeaderBlock& header);

}  // namespace gatepost::auth::arc
