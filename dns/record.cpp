#include "dns/record.hpp"

namespace gatepost::dns {

std::string_view to_string(RrType type) {
    switch (type) {
        case RrType::a:
            return "A";
        case RrType::ns:
            return "NS";
        case RrType::cname:
            return "CNAME";
        case RrType::soa:
            return "SOA";
        case RrType::ptr:
            return "PTR";
        case RrType::mx:
            return "MX";
        case RrType::txt:
            return "TXT";
        case RrType::aaaa:
            return "AAAA";
    }
    return "TYPE?";
}

}  // namespace gatepost::dns
