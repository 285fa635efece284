// What hosts of old say, where the operator forgives it to the client: addresses without brackets or without
// a domain (PRODUCT.md, `allow`: bare_path and unqualified), HELO without a name. The envelope alone is
// completed, never the message.
#include "server/smtp/session.hpp"

#include <algorithm>
#include <utility>

namespace gatepost::server::smtp {

// HELO of a machine that knows no name of its own: cron hosts of old have none.
Action Session::on_nameless_hello() {
    const std::string name = leave_.name_of_nameless ? leave_.name_of_nameless() : std::string();
    if (name.empty()) return fail(Reply(501, "5.5.4", "An argument is missing"));
    return on_hello(name, false);
}

// `strict` is what the grammar made of `argument`: it stays the answer to everybody else.
PathResult Session::read_path_of_old(std::string_view argument, PathResult strict, bool is_sender,
                                     std::vector<std::string>& forgiven_by) const {
    if (strict.fault != PathFault::syntax || !leave_.forgiven_by) return strict;
    PathResult old = parse_path_of_old(argument);
    if (!old.path) return strict;
    std::vector<policy::Forgiven> needed;
    if (old.bare) needed.push_back(policy::Forgiven::bare_path);
    // RFC 5321 §4.1.1.3: <postmaster> is at the first of our domains, whoever asks.
    const bool needs_domain = old.path->is_unqualified() && (is_sender || !old.path->is_postmaster_alone());
    if (needs_domain) {
        if (!options_->unqualified_domain) return strict;
        old.path = old.path->at(*options_->unqualified_domain);
        old.completed = true;
        needed.push_back(policy::Forgiven::unqualified);
    }
    const std::string& mail_from = is_sender ? old.path->mailbox() : envelope_->reverse_path.mailbox();
    for (const policy::Forgiven what : needed) {
        const std::optional<std::string> by = leave_.forgiven_by(what, mail_from);
        if (!by) return strict;
        const bool known = std::find(forgiven_by.begin(), forgiven_by.end(), *by) != forgiven_by.end();
        if (!by->empty() && !known) forgiven_by.push_back(*by);
    }
    return old;
}

}  // namespace gatepost::server::smtp
