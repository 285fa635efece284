// All that authentication found out about one message. Facts with their reasons, no judgement: policy/
// judges, and header, reply, log, trace and report are projections of the two.
#pragma once

#include "auth/arc/result.hpp"
#include "auth/dkim/result.hpp"
#include "auth/dmarc/result.hpp"
#include "auth/iprev/iprev.hpp"
#include "auth/message/author_domain.hpp"
#include "auth/spf/result.hpp"

#include "dns/domain_name.hpp"

#include <optional>
#include <vector>

namespace gatepost::auth {

// Header fields that an indirect flow leaves behind (a list, a forwarder). Anyone can write them: they can
// turn a rejection into a quarantine, never more.
struct IndirectFlow {
    bool arc = false;                            // an ARC set
    bool list = false;                           // a List-* field
    bool resent = false;                         // a Resent-* field
    std::optional<dns::DomainName> list_domain;  // of the List-Id (RFC 2919 §2)

    bool any() const { return arc || list || resent; }
};

struct Evidence {
    Author author;
    iprev::Check iprev;
    spf::Check spf;  // MAIL FROM
    spf::Check spf_helo;
    std::vector<dkim::Signature> dkim;
    arc::Chain arc;
    dmarc::Evaluation dmarc;
    IndirectFlow indirect_flow;
    bool rests_on_stale = false;  // an answer past its time was used, in a brownout (RFC 8767)
    // A question was not asked, or not waited for, as its client's share or the message's time was used up.
    bool is_put_off = false;
    bool is_spf_out_of_time = false;  // for that the SPF check came to no end
};

}  // namespace gatepost::auth
