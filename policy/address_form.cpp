#include "policy/address_form.hpp"

namespace gatepost::policy {

std::optional<std::string> address_form_forgiven_by(Forgiven what, const Facts& facts,
                                                    const Settings& settings) {
    if (is_own_client(facts, settings.own_networks)) return std::string();
    const Exemption* exemption = find_envelope_exemption(settings.exemptions, what, facts);
    if (exemption == nullptr) return std::nullopt;
    return exemption->id;
}

}  // namespace gatepost::policy
