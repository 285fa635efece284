#include "auth/dkim/coverage.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace gatepost::auth::dkim {
namespace {

struct ShownField {
    std::string_view lower_name;
    FixedText name;
};

// RFC 5322 §3.6: those that may stand once, and those of RFC 2045 that say how the body is read.
constexpr std::array<ShownField, 14> shown_fields = {{
    {"date", "Date"},
    {"from", "From"},
    {"sender", "Sender"},
    {"reply-to", "Reply-To"},
    {"to", "To"},
    {"cc", "Cc"},
    {"bcc", "Bcc"},
    {"message-id", "Message-ID"},
    {"in-reply-to", "In-Reply-To"},
    {"references", "References"},
    {"subject", "Subject"},
    {"content-type", "Content-Type"},
    {"content-transfer-encoding", "Content-Transfer-Encoding"},
    {"mime-version", "MIME-Version"},
}};

// A name in h= signs one field each time it is there (RFC 6376 §5.4.2).
std::size_t count_signed(const SignatureField& parsed, std::string_view lower_name) {
    const auto& names = parsed.signed_names;
    return static_cast<std::size_t>(std::count(names.begin(), names.end(), lower_name));
}

}  // namespace

Reason uncovered_from(const SignatureField& parsed, const FieldIndex& index) {
    const std::size_t count = index.named("from").size();
    if (count == 0) return Reason("the message has no From field");
    return count > count_signed(parsed, "from") ? Reason("a From field that is not signed") : Reason();
}

Reason uncovered_repetition(const SignatureField& parsed, const FieldIndex& index) {
    for (const ShownField& field : shown_fields) {
        const std::size_t count = index.named(field.lower_name).size();
        if (count > 1 && count > count_signed(parsed, field.lower_name))
            return Reason("several ").then(field.name).then(" fields, of which not all are signed");
    }
    return {};
}

Reason uncovered_body(const BodyHashes::Hash& body) {
    return body.hashed_octets < body.canonical_octets ? Reason("the body goes on beyond what l= covers")
                                                      : Reason();
}

Reason uncovered(const SignatureField& parsed, const FieldIndex& index, const BodyHashes::Hash& body) {
    Reason open = uncovered_from(parsed, index);
    if (open.empty()) open = uncovered_repetition(parsed, index);
    return open.empty() ? uncovered_body(body) : open;
}

}  // namespace gatepost::auth::dkim
