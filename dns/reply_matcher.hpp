// Is this datagram the reply to that query? RFC 5452 §9.1: peer address and port, identifier, question name,
// class and type. Pure. The case of the question is not used as a further secret: forwarders that fold it
// exist, and the identifier and a fresh random port are there already.
#pragma once

#include "dns/resolver_options.hpp"
#include "dns/wire_codec.hpp"

namespace gatepost::dns {

enum class ReplyMatch {
    ours,
    not_ours,   // keep waiting: it may be forged, late, or of another question
    malformed,  // ours by peer and identifier, but it holds no readable question: a failed try
};

// `from` is who sent the octets, `asked` the server that the query went to.
ReplyMatch match_reply(Octets message, const Query& query, const ServerAddress& from,
                       const ServerAddress& asked);

}  // namespace gatepost::dns
