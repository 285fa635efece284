// Is this message the reply to that query? RFC 5452 §9.1: peer address and port, identifier, question name,
// class and type, and the case of the name as it was sent (name_case.hpp). Pure.
#pragma once

#include "dns/resolver_options.hpp"
#include "dns/wire_codec.hpp"

namespace gatepost::dns {

enum class ReplyMatch {
    ours,
    folded,     // all of it but the case of the name: a server that folds it, or a forger
    not_ours,   // it may be forged, late, or of another question
    malformed,  // ours by peer and identifier, but it holds no readable question
};

// `from` is who sent the octets, `asked` the server that the query went to: address and port count.
ReplyMatch match_reply(Octets message, const Query& query, const ServerAddress& from,
                       const ServerAddress& asked);
// The same where the peer is known: of a connection, or a socket that checked it.
ReplyMatch match_reply(Octets message, const Query& query);

}  // namespace gatepost::dns
