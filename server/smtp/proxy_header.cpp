#include "server/smtp/proxy_header.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace gatepost::server::smtp {
namespace {

using namespace std::string_view_literals;

constexpr auto line_start = "PROXY "sv;                              // §2.1
constexpr std::size_t shortest_line = "PROXY UNKNOWN\r\n"sv.size();  // §2.1
constexpr std::size_t longest_line = 107;                            // §2.1, CRLF included
constexpr auto signature = "\r\n\r\n\0\r\nQUIT\n"sv;                 // §2.2
constexpr std::size_t block_start = 16;                              // §2.2: up to the length
constexpr unsigned version_2 = 2;                                    // §2.2
constexpr unsigned command_local = 0, command_proxy = 1;             // §2.2
constexpr unsigned tcp_over_ipv4 = 0x11, tcp_over_ipv6 = 0x21;       // §2.2
constexpr std::size_t ipv4_addresses = 12, ipv6_addresses = 36;      // §2.2: with their ports
constexpr unsigned last_family = 3, last_transport = 2;              // §2.2: UNIX, DGRAM
constexpr std::size_t max_port_digits = 5;

std::uint8_t octet_at(std::string_view octets, std::size_t place) {
    return static_cast<std::uint8_t>(octets[place]);
}

// §2.1: decimal, without heading zeroes.
bool is_port(std::string_view text) {
    const bool heading_zero = text.size() > 1 && text.front() == '0';
    return !heading_zero && ascii::parse_decimal<std::uint16_t>(text, max_port_digits).has_value();
}

std::optional<dns::IpAddress> parse_address(std::string_view text, bool v6) {
    const bool has_colon = text.find(':') != std::string_view::npos;
    return has_colon == v6 ? dns::IpAddress::parse(text) : std::nullopt;
}

template <std::size_t N>
std::array<std::uint8_t, N> octets_at(std::string_view octets, std::size_t place) {
    std::array<std::uint8_t, N> result{};
    for (std::size_t i = 0; i < N; ++i)
        result[i] = octet_at(octets, place + i);
    return result;
}

// The next word of a line whose words are separated by exactly one space.
std::string_view take_word(std::string_view& line) {
    const std::size_t end = std::min(line.find(' '), line.size());
    const std::string_view word = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    return word;
}

}  // namespace

std::size_t ProxyHeaderReader::wanted() const {
    if (kept_.empty()) return shortest_line;  // of either version
    if (kept_.front() != signature.front())
        return kept_.size() < shortest_line ? shortest_line - kept_.size() : 1;
    if (kept_.size() < block_start) return block_start - kept_.size();
    return needed_ - kept_.size() + to_skip_;
}

ProxyHeaderReader::Status ProxyHeaderReader::read(std::string_view& input) {
    Status status = Status::need_more;
    while (status == Status::need_more && !input.empty()) {
        const char octet = input.front();
        input.remove_prefix(1);
        status = take(octet);
    }
    return status;
}

ProxyHeaderReader::Status ProxyHeaderReader::fail(std::string_view fault) {
    fault_ = fault;
    return Status::invalid;
}

ProxyHeaderReader::Status ProxyHeaderReader::take(char octet) {
    if (kept_.size() == needed_ && to_skip_ > 0) return --to_skip_ == 0 ? end_block() : Status::need_more;
    kept_ += octet;
    return kept_.front() == signature.front() ? take_block_octet() : take_line_octet();
}

ProxyHeaderReader::Status ProxyHeaderReader::take_line_octet() {
    if (line_start.substr(0, kept_.size()) != std::string_view(kept_).substr(0, line_start.size()))
        return fail("no PROXY header");
    if (kept_.back() == '\n') return read_line();
    return kept_.size() < longest_line ? Status::need_more : fail("the PROXY line does not end");
}

// "TCP4 192.0.2.1 192.0.2.25 56324 25"
ProxyHeaderReader::Status ProxyHeaderReader::read_line() {
    std::string_view line = std::string_view(kept_).substr(line_start.size());
    if (!line.ends_with("\r\n")) return fail("the PROXY line ends in a bare LF");
    line.remove_suffix(2);
    const std::string_view protocol = take_word(line);
    if (protocol == "UNKNOWN") return Status::done;  // whatever else the line says
    if (protocol != "TCP4" && protocol != "TCP6") return fail("unknown protocol in the PROXY line");
    const bool v6 = protocol == "TCP6";
    const auto source = parse_address(take_word(line), v6);
    const auto destination = parse_address(take_word(line), v6);
    const std::string_view source_port = take_word(line);
    if (!source || !destination) return fail("bad address in the PROXY line");
    if (!is_port(source_port) || !is_port(line)) return fail("bad port in the PROXY line");
    client_ = source;
    return Status::done;
}

ProxyHeaderReader::Status ProxyHeaderReader::take_block_octet() {
    if (signature.substr(0, kept_.size()) != std::string_view(kept_).substr(0, signature.size()))
        return fail("no PROXY header");
    if (kept_.size() < block_start) return Status::need_more;
    if (kept_.size() == block_start) return read_block_start();
    return kept_.size() == needed_ && to_skip_ == 0 ? end_block() : Status::need_more;
}

ProxyHeaderReader::Status ProxyHeaderReader::read_block_start() {
    const unsigned version = octet_at(kept_, 12) >> 4U;
    const unsigned command = octet_at(kept_, 12) & 0x0fU;
    const unsigned protocol = octet_at(kept_, 13);
    const std::size_t length = octet_at(kept_, 14) * 256U + octet_at(kept_, 15);
    if (version != version_2) return fail("unknown version of the PROXY header");
    if (command != command_local && command != command_proxy)
        return fail("unknown command in the PROXY header");
    std::size_t addresses = 0;
    if (command == command_proxy) {
        if (protocol >> 4U > last_family || (protocol & 0x0fU) > last_transport)
            return fail("unknown protocol in the PROXY header");
        if (protocol == tcp_over_ipv4) addresses = ipv4_addresses;
        if (protocol == tcp_over_ipv6) addresses = ipv6_addresses;
    }
    if (length < addresses) return fail("the PROXY header is too short for its addresses");
    needed_ = block_start + addresses;
    to_skip_ = length - addresses;  // additions (TLVs), or addresses of no use
    return length == 0 ? end_block() : Status::need_more;
}

ProxyHeaderReader::Status ProxyHeaderReader::end_block() {
    if (needed_ == block_start + ipv4_addresses)
        client_ = dns::IpAddress::v4(octets_at<4>(kept_, block_start));
    if (needed_ == block_start + ipv6_addresses)
        client_ = dns::IpAddress::v6(octets_at<16>(kept_, block_start));
    return Status::done;
}

}  // namespace gatepost::server::smtp
