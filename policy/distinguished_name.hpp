// A distinguished name as a value (RFC 4514 §3), so that two ways to write one compare equal and no two names
// do: "CN=cron,O=Example Ltd" is a whole subject, never a part of one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::policy {

struct NameAttribute {
    std::string type;   // an OID, dotted
    std::string value;  // UTF-8; compared octet by octet
    friend auto operator<=>(const NameAttribute&, const NameAttribute&) = default;
};

class DistinguishedName {
  public:
    // RFC 4514 text, most specific part first; blanks around separators are no part of it. nullopt: no such
    // text, an attribute type that has neither a known short name nor is an OID, or a value as #hexstring.
    static std::optional<DistinguishedName> parse(std::string_view text);

    // One more relative name behind the others; several attributes are a set.
    void append(std::vector<NameAttribute> relative_name);
    bool empty() const { return relative_names_.empty(); }
    std::string text() const;  // RFC 4514 §2
    friend bool operator==(const DistinguishedName&, const DistinguishedName&) = default;

  private:
    std::vector<std::vector<NameAttribute>> relative_names_;  // each sorted
};

}  // namespace gatepost::policy
