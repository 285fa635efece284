// Mailboxes whose display name lacks the quotes that RFC 5322 §3.2.3 asks for, as much honest mail has them:
// `Shop, Inc. <a@shop.example>`, `Shop [Sales] <a@shop.example>`, `a@shop.example <a@shop.example>`.
#pragma once

#include "auth/mail_address.hpp"

#include <optional>
#include <string_view>

namespace gatepost::auth {

// Takes a field's value with its folds undone (unfold()) that is outside of the grammar. nullopt, unless it
// is one name before one angle-addr, and whatever part of it a reader takes for an address is of the
// angle-addr's domain. A name with `@` is therefore plain words (no quotes, comments, brackets, encoded
// words), and what follows each `@` up to the next special is that very domain, or has no dot (`Team @
// Shop`). A name without
// `@` may hold backslashes, lone `)`, and encoded words in Q (RFC 2047 §4.2) that decode to no special: a
// reader that decodes before it parses may find an address in others.
std::optional<Mailbox> read_unquoted_name(std::string_view value);

}  // namespace gatepost::auth
