// What the operator forgives to one client, whatever its mail is: the session asks when it needs to know, as
// the answer changes with HELO, STARTTLS, XCLIENT and the configuration. By default nothing is forgiven.
#pragma once

#include "policy/exemption.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace gatepost::server::smtp {

struct ClientLeave {
    // `what` is bare_path or unqualified, `mail_from` the reverse-path without brackets, completed. The id of
    // the exemption that forgives; empty: policy.own_networks does; nullopt: it is not forgiven.
    std::function<std::optional<std::string>(policy::Forgiven what, std::string_view mail_from)> forgiven_by;
    // What stands for the name of a client that gave none with HELO: its address literal, where it is one of
    // our own machines; empty for others.
    std::function<std::string()> name_of_nameless;
};

}  // namespace gatepost::server::smtp
