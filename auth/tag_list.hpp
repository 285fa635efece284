// Tag=value lists (RFC 6376 §3.2): DKIM-Signature fields and key records, ARC's fields (RFC 8617 §4.1), and
// the records of DMARC. The parser knows the grammar only; what a tag means is its reader's business.
#pragma once

#include "auth/parse_error.hpp"

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace gatepost::auth {

struct Tag {
    std::string_view name;
    std::string_view value;    // without the white space around it; white space and folds inside are kept
    std::string_view spelled;  // from after the "=" to before the ";": the value with all around it
};

class TagList {
  public:
    static constexpr std::size_t max_tags = 64;  // local: DKIM defines 13, DMARC 12

    // The views are parts of `text`, which must outlive the list. Invalid: an empty list, an empty tag-spec
    // (but for one ";" at the end), a name outside the grammar, control characters, a CRLF that does not
    // fold, a tag name that occurs twice, more than max_tags tags. Octets above 127 are taken (RFC 6376 §3.2,
    // RFC 8616).
    static Parsed<TagList> parse(std::string_view text);

    const std::vector<Tag>& tags() const { return tags_; }
    // Names compare with case (RFC 6376 §3.2). Null: no such tag, which is not the same as an empty value.
    const Tag* find(std::string_view name) const;
    std::optional<std::string_view> value(std::string_view name) const;

  private:
    std::vector<Tag> tags_;
};

}  // namespace gatepost::auth
