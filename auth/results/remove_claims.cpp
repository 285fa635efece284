#include "auth/results/remove_claims.hpp"

#include "auth/results/parse_results.hpp"

#include "dns/ascii.hpp"
#include "dns/idna.hpp"

#include <algorithm>

namespace gatepost::auth::results {
namespace {

// local: longer identifiers are not ours, and converting them would cost more than it tells.
constexpr std::size_t max_id_octets = 1012;

// One spelling for what some reader could take for the same identifier: case, a trailing dot, blanks inside a
// quoted-string, U-labels against A-labels (RFC 8601 §5), compatibility characters.
std::string canonical(std::string_view id) {
    id = ascii::trim(id);
    if (id.size() <= max_id_octets)
        if (const auto name = dns::to_ascii(id)) return name->text();
    return ascii::to_lower(id);
}

}  // namespace

bool claims_our_authority(const HeaderField& field, const std::vector<std::string>& ours) {
    if (!field.reads_as("Authentication-Results")) return false;
    const auto parsed = parse_results(unfold(field.value));
    // Nobody can say in whose name it speaks, or what a later version lets it say (RFC 8601 §5).
    if (!parsed || parsed->version != current_version) return true;
    const std::string id = canonical(parsed->authserv_id);
    return std::any_of(ours.begin(), ours.end(),
                       [&](const std::string& our) { return canonical(our) == id; });
}

}  // namespace gatepost::auth::results
