// Settings of authentication: which mechanisms run and within which limits.
#pragma once

#include "auth/arc/seal.hpp"
#include "auth/dkim/verify_signature.hpp"
#include "auth/dmarc/result.hpp"
#include "auth/spf/limits.hpp"

namespace gatepost::auth {

struct AuthenticationOptions {
    bool spf_enabled = true;
    spf::Limits spf_limits;
    dkim::VerifierOptions dkim;
    dmarc::Discovery discovery = dmarc::Discovery::treewalk;
    arc::SealerIdentityPtr arc_seal;  // null: messages that go on are not sealed
    bool received_spf = false;        // a Received-SPF field beside Authentication-Results

    // Where SPF is not checked there is nothing to tell.
    bool writes_received_spf() const { return received_spf && spf_enabled; }
};

}  // namespace gatepost::auth
