// A domain name as a value: labels of 1 to 63 octets, at most 253 octets of text, ASCII letters in lower
// case, no trailing dot. The root is the empty name. RFC 1035 §2.3.4, RFC 4343 (case), RFC 5890 (A-labels).
//
// Any octet but '.' may stand in a label: names made of SPF macros or read from the wire are not always
// host names. Where the grammar wants a host name, ask is_host_name().
#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace gatepost::dns {

class DomainName {
  public:
    DomainName() = default;  // the root

    // Takes dotted text, with or without a trailing dot; octets above 127 are kept as they are (idna.hpp
    // turns U-labels into A-labels first). nullopt: an empty label, a label over 63 octets, a name over 253.
    static std::optional<DomainName> parse(std::string_view text);

    const std::string& text() const { return text_; }
    bool is_root() const { return text_.empty(); }
    std::size_t label_count() const;

    // The name without its left-most label; the root's parent is the root.
    DomainName parent() const;
    // The right-most `count` labels, or the whole name if it has no more.
    DomainName suffix(std::size_t count) const;
    // `labels` (dotted) put before this name; nullopt where the result is no valid name.
    std::optional<DomainName> prepend(std::string_view labels) const;
    bool is_at_or_below(const DomainName& ancestor) const;
    // RFC 1123 §2.1: letters, digits and inner hyphens in each label; an underscore is taken too where
    // `underscore_allowed`, as attribute leaves (RFC 8552) and careless hosts have them.
    bool is_host_name(bool underscore_allowed = false) const;

    friend bool operator==(const DomainName&, const DomainName&) = default;
    friend std::strong_ordering operator<=>(const DomainName&, const DomainName&) = default;

  private:
    explicit DomainName(std::string text) : text_(std::move(text)) {}
    std::string text_;
};

}  // namespace gatepost::dns
