// The reverse-path and forward-path of the envelope (RFC 5321 §4.1.2), with UTF-8 in local part and domain
// where SMTPUTF8 was given (RFC 6531 §3.3). A path keeps the exact text that came and has its domain as a
// value beside it. Since the text goes on, a domain in it has nothing to be mapped: U-labels and A-labels
// alone. Source routes are read and dropped (RFC 5321 §4.1.1.3, appendix C). Beyond the grammar: dots in a
// local part wherever they stand, as in `a..b@` and `a.@`.
#pragma once

#include "dns/domain_name.hpp"
#include "dns/ip_address.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace gatepost::server::smtp {

class Path {
  public:
    Path() = default;  // the null reverse-path, <>

    // The text between the brackets as it came, without a source route: `local-part@domain`; empty for <>,
    // `postmaster` alone for <postmaster>. No CR, LF, NUL or other control, safe between < and >.
    const std::string& mailbox() const { return mailbox_; }
    // As it came, quotes included.
    std::string_view local_part() const { return std::string_view(mailbox_).substr(0, local_part_octets_); }
    // The local part's value: quotes and backslashes of a quoted string taken off (RFC 5321 §4.1.2).
    std::string unquoted_local_part() const;
    // As A-labels in lower case; none for <>, <postmaster> and address literals.
    const std::optional<dns::DomainName>& domain() const { return domain_; }
    // Of user@[192.0.2.1] (RFC 5321 §4.1.3); other kinds of literal are refused.
    const std::optional<dns::IpAddress>& address_literal() const { return literal_; }

    bool is_null() const { return mailbox_.empty(); }
    // A local part without a domain: to be given one by at().
    bool is_unqualified() const { return !is_null() && local_part_octets_ == mailbox_.size(); }
    // RFC 5321 §4.1.1.3: <postmaster>, in any case of letters.
    bool is_postmaster_alone() const;
    // Has octets above 127: needs SMTPUTF8 all the way.
    bool is_internationalized() const;
    // The same local part at `domain`, for a path that is unqualified.
    Path at(const dns::DomainName& domain) const;

    friend bool operator==(const Path&, const Path&) = default;

  private:
    friend class PathParser;
    std::string mailbox_;
    std::size_t local_part_octets_ = 0;
    std::optional<dns::DomainName> domain_;
    std::optional<dns::IpAddress> literal_;
};

enum class PathFault {
    syntax,      // not in the grammar of RFC 5321 §4.1.2
    too_long,    // RFC 5321 §4.5.3.1.10
    not_utf8,    // octets above 127 that are no UTF-8 (RFC 6531 §3.3)
    bad_domain,  // no host name, or no address in the literal
    no_u_label,  // a domain that is not ASCII and not in U-labels, or a Fake A-label (RFC 6531 §3.3)
};

struct PathResult {
    std::optional<Path> path;  // nullopt: see fault
    PathFault fault = PathFault::syntax;
    std::string_view rest;   // what follows the closing bracket, a view into the text given
    bool bare = false;       // without brackets: parse_path_of_old() alone
    bool completed = false;  // by a domain that it came without
};

// Each takes text that begins with '<'. UTF-8 is read; whether it is allowed depends on a parameter that
// comes later in the line: ask Path::is_internationalized().
PathResult parse_reverse_path(std::string_view text);  // "<>" too
PathResult parse_forward_path(std::string_view text);  // "<postmaster>" in any case too, never "<>"

// As hosts of old write a path: the brackets, the domain or both may be missing. Never "<>", never with a
// source route. A bare path ends at a space or with the text.
PathResult parse_path_of_old(std::string_view text);

}  // namespace gatepost::server::smtp
