// The hash over the selected header fields and the signature field itself (RFC 6376 §3.7 step 2).
#pragma once

#include "auth/dkim/canonicalization.hpp"
#include "auth/message/header_block.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::auth::dkim {

// Where the fields of each name stand, found once for all signatures of a message.
class FieldIndex {
  public:
    explicit FieldIndex(const HeaderBlock& header);
    FieldIndex(const FieldIndex&) = delete;
    FieldIndex& operator=(const FieldIndex&) = delete;
    using Fields = std::span<const HeaderField* const>;
    // From the top; `lower_name` in lower case.
    Fields named(std::string_view lower_name) const;
    // Of all fields, those of one name side by side: what named() gives is a part of it.
    Fields all() const { return fields_; }

  private:
    std::vector<char> lower_;              // all names, one behind the other
    std::vector<std::string_view> names_;  // of fields_, the shortest first; parts of lower_
    std::vector<const HeaderField*> fields_;
};

// The fields that h= selects, in its order: of fields with one name, the lowest first (RFC 6376 §5.4.2). A
// name that finds no field any more selects nothing. `own` is never selected: the field being verified must
// not sign itself (§3.5 h=). `lower_names` in lower case.
std::vector<const HeaderField*> select_fields(const FieldIndex& index,
                                              const std::vector<std::string>& lower_names,
                                              const HeaderField* own);

// The canonical form of `signature_field` as it is hashed: the value of b=, which is `spelled_signature`,
// taken as empty, and the last CRLF left out (RFC 6376 §3.7). `spelled_signature` is a part of
// `signature_field`.
std::string canonical_signature_field(Canonicalization canonicalization, std::string_view signature_field,
                                      std::string_view spelled_signature);

// SHA-256 of the canonical fields and of `signature_field`, the whole signature field, as
// canonical_signature_field() gives it.
std::string header_hash(const std::vector<const HeaderField*>& fields, Canonicalization canonicalization,
                        std::string_view signature_field, std::string_view spelled_signature);

}  // namespace gatepost::auth::dkim
