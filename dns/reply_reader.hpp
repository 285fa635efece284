// From a reply to an answer. A reply is believed as far as it answers the question: the RRset at the name
// asked for, or at the end of the chain of CNAMEs and DNAMEs that starts there (RFC 1034 §3.6.2, RFC 6604,
// RFC 6672); whatever else the message carries is passed over. How long an absence holds is told by its SOA
// (RFC 2308 §5).
#pragma once

#include "dns/answer.hpp"
#include "dns/wire_codec.hpp"

#include <optional>
#include <string>

namespace gatepost::dns {

struct Reply {
    enum class Kind {
        answer,        // `answer` holds success, no_data or nx_domain
        truncated,     // TC: nothing of it was read; ask again over TCP
        format_error,  // FORMERR, NOTIMP or BADVERS: the server may not know EDNS
        bad_cookie,    // BADCOOKIE: ask again with the cookie that came (RFC 7873 §5.3)
        failure,       // SERVFAIL, REFUSED and the like, `detail` names it
        malformed,     // `detail` says what is wrong
    };
    Kind kind = Kind::malformed;
    Answer answer;
    // The chain ends at this name and the server did not say what is there (it does not resolve for others,
    // or gave up): ask for it.
    std::optional<DomainName> continue_at;
    ReplyOptions options;                    // of its OPT record, as far as the message could be read
    std::string detail;                      // of all kinds but an answer
    std::string servers;                     // of a failure of several servers: `detail` with whose it is
    Trouble trouble = Trouble::unspecified;  // of a failure, a format error, a malformed reply
};

// Reads a reply to `query` that reply_matcher accepted. Its AD bit is kept where the query asked for it.
// Bounded in time and memory by the message's length.
Reply read_reply(Octets message, const Query& query);

}  // namespace gatepost::dns
