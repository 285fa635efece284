#include "auth/dmarc/result.hpp"

namespace gatepost::auth::dmarc {

std::string_view to_string(Result result) {
    switch (result) {
        case Result::none:
            return "none";
        case Result::pass:
            return "pass";
        case Result::fail:
            return "fail";
        case Result::temperror:
            return "temperror";
        case Result::permerror:
            return "permerror";
    }
    return "none";
}

std::string_view to_string(Policy policy) {
    switch (policy) {
        case Policy::none:
            return "none";
        case Policy::quarantine:
            return "quarantine";
        case Policy::reject:
            return "reject";
    }
    return "none";
}

std::string_view to_string(Discovery discovery) {
    return discovery == Discovery::psl ? "psl" : "treewalk";
}

std::string_view to_string(AlignmentMode mode) {
    return mode == AlignmentMode::strict ? "s" : "r";
}

}  // namespace gatepost::auth::dmarc
