#include "policy/decision.hpp"

namespace gatepost::policy {

std::string_view to_string(Action action) {
    switch (action) {
        case Action::accept:
            return "accept";
        case Action::quarantine:
            return "quarantine";
        case Action::reject:
            return "reject";
        case Action::defer:
            return "defer";
        case Action::discard:
            return "discard";
    }
    return "unknown";
}

std::string_view to_string(Disposition disposition) {
    switch (disposition) {
        case Disposition::none:
            return "none";
        case Disposition::pass:
            return "pass";
        case Disposition::quarantine:
            return "quarantine";
        case Disposition::reject:
            return "reject";
    }
    return "unknown";
}

}  // namespace gatepost::policy
