#include "auth/dkim/coverage.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace gatepost::auth::dkim {
namespace {

struct ShownField {
    std::string_view lower_name;
    std::string_view name;
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

std::string uncovered_from(const SignatureField& parsed, const FieldIndex& index) {
    const std::size_t count = index.named("from").size();
    if (count == 0) return "the message has no From field";
    return count > count_signed(parsed, "from") ? "a From field that is not signed" : "";
}

std::string uncovered_repetition(const SignatureField& parsed, const FieldIndex& index) {
    for (const ShownField& field : shown_fields) {
        const std::size_t count = index.named(field.lower_name).size();
        if (count > 1 && count > count_signed(parsed, field.lower_name))
            return "several " + std::string(field.name) + " fields, of which not all are signed";
    }
    return {};
}

std::string uncovered_body(const BodyHashes::Hash& body) {
    return body.hashed_octets < body.canonical_octets ? "the body goes on beyond what l= covers" : "";
}

std::string uncovered(const SignatureField& parsed, const FieldIndex& index, const BodyHashes::Hash& body) {
    for (std::string open :
         {uncovered_from(parsed, index), uncovered_repetition(parsed, index), uncovered_body(body)})
        if (!open.empty()) return open;
    return {};
}

}  // namespace gatepost::auth::dkim
