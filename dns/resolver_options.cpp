#include "dns/resolver_options.hpp"

namespace gatepost::dns {

std::string to_string(const ServerAddress& server) {
    std::string text = server.tls ? "tls://" : "";
    const std::string address = server.address.text();
    if (server.address.is_v6()) {
        text += '[';
        text += address;
        text += ']';
    } else {
        text += address;
    }
    text += ':';
    text += std::to_string(server.port);
    if (server.tls_name) {
        text += '#';
        text += server.tls_name->text();
    }
    return text;
}

bool believes_authentic_data(const ServerAddress& server) {
    return server.trust_ad || server.tls || server.address.is_loopback();
}

}  // namespace gatepost::dns
