#include "auth/spf/result.hpp"

namespace gatepost::auth::spf {

std::string_view to_string(Result result) {
    switch (result) {
        case Result::none:
            return "none";
        case Result::neutral:
            return "neutral";
        case Result::pass:
            return "pass";
        case Result::fail:
            return "fail";
        case Result::softfail:
            return "softfail";
        case Result::temperror:
            return "temperror";
        case Result::permerror:
            return "permerror";
    }
    return "none";
}

std::string_view to_string(Scope scope) {
    return scope == Scope::helo ? "helo" : "mailfrom";
}

}  // namespace gatepost::auth::spf
