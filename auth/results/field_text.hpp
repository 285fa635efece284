// Text from outside made fit for a header field that we write (RFC 5322 §2.2.3, §3.2.2, §3.2.4), and folding
// that gives back the same value when it is undone.
#pragma once

#include <string>
#include <string_view>

namespace gatepost::auth::results {

// Text for people: printable ASCII, cut to 200 characters.
std::string printable(std::string_view text);

// Text of an unstructured field that programs look into, uncut: printable ASCII without anything that a
// careless reader takes for the end of a value, or for a result.
std::string unstructured_text(std::string_view text);

// For a comment: as printable() has it, without anything that could end it or that a careless reader splits
// at.
std::string comment_text(std::string_view text);

// A dot-atom (RFC 5322 §3.2.3) of letters, digits, UTF-8 and "-_.+~" alone, or nothing: of the others that
// may stand in one, "=" alone can make it look like a result.
bool is_plain_local_part(std::string_view text);

// Whether a value may be written at all: printable ASCII or UTF-8, not empty, at most 320 octets. A cut value
// would be another one, so what may not be written is left out.
bool is_writable(std::string_view value);

// The whole field, folded at 78 columns where it can be (RFC 5322 §2.1.1), CRLF at the end. `value` has no
// CR or LF; folds stand only at its single spaces outside quoted-strings, and never right after the name.
std::string folded_field(std::string_view name, std::string_view value);

}  // namespace gatepost::auth::results
