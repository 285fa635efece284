// The PROXY header: whole, octet by octet and as wanted give the same, and nothing behind it is taken.
#include "server/smtp/proxy_header.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace smtp = gatepost::server::smtp;
using Status = smtp::ProxyHeaderReader::Status;

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view wire(reinterpret_cast<const char*>(data), size);
    smtp::ProxyHeaderReader whole;
    std::string_view rest = wire;
    const Status status = whole.read(rest);
    require(status != Status::need_more || rest.empty());

    smtp::ProxyHeaderReader wanting;
    std::string_view unread = wire;
    Status found = Status::need_more;
    while (found == Status::need_more && !unread.empty()) {
        require(wanting.wanted() > 0);
        std::string_view part = unread.substr(0, wanting.wanted());
        const std::size_t offered = part.size();
        found = wanting.read(part);
        require(found == Status::invalid || part.empty());
        unread.remove_prefix(offered - part.size());
    }
    require(found == status && unread == rest && wanting.client() == whole.client());
    return 0;
}
