#include "auth/results/remove_claims.hpp"

#include "auth/results/parse_results.hpp"

#include "dns/ascii.hpp"

#include <algorithm>

namespace gatepost::auth::results {
namespace {

// local: longer identifiers are not ours, and converting them would cost more than it tells.
constexpr std::size_t max_id_octets = 1012;

// One spelling for what some reader could take for the same identifier: case, a trailing dot, blanks inside a
// quoted-string, U-labels against A-labels (RFC 8601 §5), compatibility characters. `id` has no blanks around
// it.
std::string canonical(std::string_view id) {
    if (id.size() <= max_id_octets)
        if (const auto name = dns::to_ascii(id)) return name->text();
    return ascii::to_lower(id);
}

}  // namespace

ClaimFinder::ClaimFinder(const std::vector<std::string>& ours) {
    for (const std::string& our : ours)
        ours_.push_back(canonical(ascii::trim(our)));
}

bool ClaimFinder::is_claim(const HeaderField& field) {
    if (!field.reads_as("Authentication-Results")) return false;
    if (field.value.size() > max_value_octets) return true;
    const auto parsed = parse_claim(unfold(field.value));
    // Nobody can say in whose name it speaks, or what a later version lets it say (RFC 8601 §5).
    if (!parsed || parsed->version != current_version) return true;
    const std::string_view id = ascii::trim(parsed->authserv_id);
    if (id.size() <= max_id_octets && !names_.take(id)) return true;
    return std::find(ours_.begin(), ours_.end(), canonical(id)) != ours_.end();
}

}  // namespace gatepost::auth::results
