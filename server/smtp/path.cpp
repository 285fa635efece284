#include "server/smtp/path.hpp"

#include "server/smtp/limits.hpp"
#include "server/smtp/utf8.hpp"

#include "dns/ascii.hpp"
#include "dns/idna.hpp"

#include <algorithm>

namespace gatepost::server::smtp {
namespace {

// RFC 5322 §3.2.3, with UTF8-non-ascii (RFC 6531 §3.3).
bool is_atext(char c) {
    constexpr std::string_view specials = "!#$%&'*+-/=?^_`{|}~";
    return ascii::is_alnum(c) || ascii::is_8bit(c) || specials.find(c) != std::string_view::npos;
}

// RFC 5321 §4.1.2: qtextSMTP.
bool is_qtext(char c) {
    return (ascii::is_printable(c) && c != '"' && c != '\\') || ascii::is_8bit(c);
}

// What may stand in a Domain before it is looked at whole; '_' is no Let-dig, but careless hosts have it.
bool is_domain_octet(char c) {
    return ascii::is_alnum(c) || ascii::is_8bit(c) || c == '-' || c == '.' || c == '_';
}

// RFC 5321 §4.1.3: dcontent.
bool is_dcontent(char c) {
    return ascii::is_visible(c) && c != '[' && c != '\\' && c != ']';
}

}  // namespace

// Reads one path from left to right. Each read_ function takes its part off text_ or sets the fault.
class PathParser {
  public:
    explicit PathParser(std::string_view text) : text_(text) {}

    PathResult parse(bool null_allowed, bool postmaster_allowed) {
        return result(read_path(null_allowed, postmaster_allowed));
    }

    PathResult parse_of_old() {
        bool bare = false;
        PathResult found = result(read_path_of_old(bare));
        found.bare = bare;
        return found;
    }

  private:
    PathResult result(bool good) {
        PathResult result;
        if (good) result.path = std::move(path_);
        result.fault = fault_;
        result.rest = text_;
        return result;
    }

    bool take(char c) {
        if (!text_.starts_with(c)) return false;
        text_.remove_prefix(1);
        return true;
    }

    std::string_view take_while(bool (*belongs)(char)) {
        const auto* end = std::find_if_not(text_.begin(), text_.end(), belongs);
        const auto taken = text_.substr(0, static_cast<std::size_t>(end - text_.begin()));
        text_.remove_prefix(taken.size());
        return taken;
    }

    bool fail(PathFault fault) {
        fault_ = fault;
        return false;
    }

    bool read_path(bool null_allowed, bool postmaster_allowed) {
        if (!take('<')) return false;
        if (null_allowed && take('>')) return true;
        if (!read_source_route() || !read_mailbox()) return false;
        if (path_.is_unqualified() && !(postmaster_allowed && path_.is_postmaster_alone())) return false;
        return take('>') && is_in_utf8();
    }

    bool read_path_of_old(bool& bare) {
        bare = !take('<');
        if (!read_mailbox()) return false;
        const bool ends = bare ? text_.empty() || text_.starts_with(' ') : take('>');
        return ends && is_in_utf8();
    }

    // The domain may be missing.
    bool read_mailbox() {
        const auto mailbox = text_;
        if (!read_local_part()) return false;
        path_.local_part_octets_ = mailbox.size() - text_.size();
        if (path_.local_part_octets_ > max_local_part_octets) return fail(PathFault::too_long);
        if (take('@') && !read_domain()) return false;
        path_.mailbox_ = mailbox.substr(0, mailbox.size() - text_.size());
        return true;
    }

    bool is_in_utf8() { return is_utf8(path_.mailbox_) || fail(PathFault::not_utf8); }

    // A-d-l: read by the grammar, then forgotten (RFC 5321 appendix C: servers SHOULD ignore it).
    bool read_source_route() {
        if (!text_.starts_with('@')) return true;
        do {
            if (!take('@') || take_while(is_domain_octet).empty()) return false;
        } while (take(','));
        return take(':');
    }

    bool read_local_part() { return text_.starts_with('"') ? read_quoted_string() : read_dot_string(); }

    // RFC 5321 §4.1.2: Dot-string, and dots where it has none (`a..b@`, `a.@`): mobile carriers gave millions
    // of such addresses away.
    bool read_dot_string() {
        const auto text = take_while([](char c) { return c == '.' || is_atext(c); });
        return std::any_of(text.begin(), text.end(), is_atext);
    }

    bool read_quoted_string() {
        take('"');
        while (!take('"')) {
            // QcontentSMTP = qtextSMTP / quoted-pairSMTP; quoted-pairSMTP = %d92 %d32-126
            const bool is_pair = take('\\');
            if (text_.empty()) return false;
            if (is_pair ? !ascii::is_printable(text_.front()) : !is_qtext(text_.front())) return false;
            text_.remove_prefix(1);
        }
        return true;
    }

    bool read_domain() {
        if (take('[')) return read_literal();
        const auto name = take_while(is_domain_octet);
        if (name.empty()) return false;
        if (name.size() > max_domain_octets) return fail(PathFault::too_long);
        if (!is_utf8(name)) return fail(PathFault::not_utf8);
        const auto a_labels = dns::u_labels_to_a_labels(name);
        if (!a_labels) return fail(PathFault::no_u_label);
        // A trailing dot is not in the grammar; DomainName would take it.
        if (!name.ends_with('.')) path_.domain_ = dns::DomainName::parse(*a_labels);
        return (path_.domain_ && path_.domain_->is_host_name(true)) || fail(PathFault::bad_domain);
    }

    bool read_literal() {
        constexpr std::string_view ipv6 = "IPv6:";
        auto literal = take_while(is_dcontent);
        if (!take(']')) return false;
        const bool tagged = ascii::starts_with_ignoring_case(literal, ipv6);
        if (tagged) literal.remove_prefix(ipv6.size());
        const bool is_v6 = literal.find(':') != std::string_view::npos;
        if (is_v6 == tagged) path_.literal_ = dns::IpAddress::parse(literal);
        return path_.literal_.has_value() || fail(PathFault::bad_domain);
    }

    std::string_view text_;
    Path path_;
    PathFault fault_ = PathFault::syntax;
};

std::string Path::unquoted_local_part() const {
    auto text = local_part();
    if (!text.starts_with('"')) return std::string(text);
    text = text.substr(1, text.size() - 2);
    std::string value;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\') ++i;
        value += text[i];
    }
    return value;
}

bool Path::is_postmaster_alone() const {
    return is_unqualified() && ascii::equals_ignoring_case(mailbox_, "postmaster");
}

bool Path::is_internationalized() const {
    return std::any_of(mailbox_.begin(), mailbox_.end(), ascii::is_8bit);
}

Path Path::at(const dns::DomainName& domain) const {
    Path path = *this;
    path.mailbox_.resize(local_part_octets_);
    path.mailbox_ += '@' + domain.text();
    path.domain_ = domain;
    path.literal_.reset();
    return path;
}

PathResult parse_reverse_path(std::string_view text) {
    return PathParser(text).parse(true, false);
}

PathResult parse_forward_path(std::string_view text) {
    return PathParser(text).parse(false, true);
}

PathResult parse_path_of_old(std::string_view text) {
    return PathParser(text).parse_of_old();
}

}  // namespace gatepost::server::smtp
