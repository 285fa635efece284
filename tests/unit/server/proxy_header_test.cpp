// The PROXY protocol's header, both versions: what is taken, what is refused, and that nothing behind it is
// touched, however it is cut.
#include "server/smtp/proxy_header.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatepost::server::smtp {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
using Status = ProxyHeaderReader::Status;

struct Read {
    Status status = Status::need_more;
    std::string client;  // "-": none named
    std::string rest;
    friend bool operator==(const Read&, const Read&) = default;
};

std::string text_of(const ProxyHeaderReader& reader) {
    return reader.client() ? reader.client()->text() : "-";
}

Read read_in_chunks(std::string_view wire, std::size_t chunk) {
    ProxyHeaderReader reader;
    Read result;
    while (!wire.empty() && result.status == Status::need_more) {
        std::string_view part = wire.substr(0, chunk);
        const std::size_t offered = part.size();
        result.status = reader.read(part);
        wire.remove_prefix(offered - part.size());
    }
    result.client = text_of(reader);
    result.rest = wire;
    EXPECT_EQ(result.status == Status::invalid, !reader.fault().empty());
    return result;
}

// As a driver reads from a socket: never more than wanted.
Read read_as_wanted(std::string_view wire) {
    ProxyHeaderReader reader;
    Read result;
    while (!wire.empty() && result.status == Status::need_more) {
        EXPECT_GT(reader.wanted(), 0U);
        std::string_view part = wire.substr(0, reader.wanted());
        wire.remove_prefix(part.size());
        result.status = reader.read(part);
        EXPECT_TRUE(part.empty() || result.status == Status::invalid) << "wanted more than the header has";
    }
    result.client = text_of(reader);
    result.rest = wire;
    return result;
}

constexpr auto signature = "\r\n\r\n\0\r\nQUIT\n"sv;

std::string block(unsigned version_and_command, unsigned protocol, std::string_view body,
                  std::optional<std::size_t> length = std::nullopt) {
    const std::size_t octets = length.value_or(body.size());
    std::string wire(signature);
    wire += static_cast<char>(version_and_command);
    wire += static_cast<char>(protocol);
    wire += static_cast<char>(octets >> 8U);
    wire += static_cast<char>(octets & 0xffU);
    return wire + std::string(body);
}

const auto ipv4_body = "\xc0\x00\x02\x07\xc0\x00\x02\x19\xdc\x04\x00\x19"s;
const std::string ipv6_body = "\x20\x01\x0d\xb8"s + std::string(11, '\0') + "\x07" + std::string(20, '\1');
const std::string mapped_body = std::string(10, '\0') + "\xff\xff\xc0\x00\x02\x07"s + std::string(20, '\1');

struct Case {
    std::string name;
    std::string wire;
    Status status;
    std::string client;  // where done
};

const std::vector<Case>& cases() {
    static const std::vector<Case> all = {
        // §2.1
        {"TCP4", "PROXY TCP4 192.0.2.7 192.0.2.25 56324 25\r\n", Status::done, "192.0.2.7"},
        {"TCP6", "PROXY TCP6 2001:DB8::7 2001:db8::25 56324 25\r\n", Status::done, "2001:db8::7"},
        {"mapped address", "PROXY TCP6 ::ffff:192.0.2.7 ::1 1 25\r\n", Status::done, "192.0.2.7"},
        {"port 0 and 65535", "PROXY TCP4 192.0.2.7 192.0.2.25 0 65535\r\n", Status::done, "192.0.2.7"},
        {"UNKNOWN", "PROXY UNKNOWN\r\n", Status::done, "-"},
        {"UNKNOWN with addresses", "PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", Status::done, "-"},
        {"longest line", "PROXY UNKNOWN " + std::string(91, 'x') + "\r\n", Status::done, "-"},
        {"line too long", "PROXY UNKNOWN " + std::string(93, 'x') + "\r\n", Status::invalid, ""},
        {"bare LF", "PROXY TCP4 192.0.2.7 192.0.2.25 56324 25\n", Status::invalid, ""},
        {"CR inside", "PROXY TCP4 192.0.2.7\r192.0.2.25 56324 25\r\n", Status::invalid, ""},
        {"two spaces", "PROXY TCP4  192.0.2.7 192.0.2.25 56324 25\r\n", Status::invalid, ""},
        {"space at the end", "PROXY TCP4 192.0.2.7 192.0.2.25 56324 25 \r\n", Status::invalid, ""},
        {"a word too many", "PROXY TCP4 192.0.2.7 192.0.2.25 56324 25 1\r\n", Status::invalid, ""},
        {"a word too few", "PROXY TCP4 192.0.2.7 192.0.2.25 56324\r\n", Status::invalid, ""},
        {"no words", "PROXY TCP4\r\n", Status::invalid, ""},
        {"IPv6 as TCP4", "PROXY TCP4 2001:db8::7 2001:db8::25 1 25\r\n", Status::invalid, ""},
        {"IPv4 as TCP6", "PROXY TCP6 192.0.2.7 192.0.2.25 1 25\r\n", Status::invalid, ""},
        {"octal number", "PROXY TCP4 192.0.02.7 192.0.2.25 1 25\r\n", Status::invalid, ""},
        {"three numbers", "PROXY TCP4 192.0.7 192.0.2.25 1 25\r\n", Status::invalid, ""},
        {"bad destination", "PROXY TCP4 192.0.2.7 here 1 25\r\n", Status::invalid, ""},
        {"zero before a port", "PROXY TCP4 192.0.2.7 192.0.2.25 01 25\r\n", Status::invalid, ""},
        {"port too high", "PROXY TCP4 192.0.2.7 192.0.2.25 1 65536\r\n", Status::invalid, ""},
        {"port negative", "PROXY TCP4 192.0.2.7 192.0.2.25 -1 25\r\n", Status::invalid, ""},
        {"TCP5", "PROXY TCP5 192.0.2.7 192.0.2.25 1 25\r\n", Status::invalid, ""},
        {"lower case", "proxy TCP4 192.0.2.7 192.0.2.25 1 25\r\n", Status::invalid, ""},
        {"no header", "EHLO client.example\r\n", Status::invalid, ""},
        {"TLS", "\x16\x03\x01", Status::invalid, ""},
        // §2.2
        {"TCP over IPv4", block(0x21, 0x11, ipv4_body), Status::done, "192.0.2.7"},
        {"TCP over IPv6", block(0x21, 0x21, ipv6_body), Status::done, "2001:db8::7"},
        {"mapped in version 2", block(0x21, 0x21, mapped_body), Status::done, "192.0.2.7"},
        {"with additions", block(0x21, 0x11, ipv4_body + "\x04\x00\x03"s + "abc"), Status::done, "192.0.2.7"},
        {"most additions", block(0x21, 0x11, ipv4_body + std::string(65523, 't')), Status::done, "192.0.2.7"},
        {"LOCAL", block(0x20, 0x00, ""), Status::done, "-"},
        {"LOCAL with addresses", block(0x20, 0x11, ipv4_body), Status::done, "-"},
        {"LOCAL of any family", block(0x20, 0xff, "ab"), Status::done, "-"},
        {"UNSPEC", block(0x21, 0x00, ""), Status::done, "-"},
        {"UDP", block(0x21, 0x12, ipv4_body), Status::done, "-"},
        {"UNIX", block(0x21, 0x31, std::string(216, 'u')), Status::done, "-"},
        {"too short for IPv4", block(0x21, 0x11, ipv4_body.substr(1)), Status::invalid, ""},
        {"too short for IPv6", block(0x21, 0x21, ipv4_body), Status::invalid, ""},
        {"version 1 in binary", block(0x11, 0x11, ipv4_body), Status::invalid, ""},
        {"version 3", block(0x31, 0x11, ipv4_body), Status::invalid, ""},
        {"unknown command", block(0x22, 0x11, ipv4_body), Status::invalid, ""},
        {"unknown family", block(0x21, 0x41, ipv4_body), Status::invalid, ""},
        {"unknown transport", block(0x21, 0x13, ipv4_body), Status::invalid, ""},
        {"other signature", "\r\n\r\n\0\r\nQUIT\r\x21\x11"s, Status::invalid, ""},
        {"empty lines", "\r\n\r\nEHLO a\r\n", Status::invalid, ""},
    };
    return all;
}

TEST(ProxyHeader, ReadsWhatTheSpecificationSays) {
    const std::string behind = "EHLO client.example\r\n";
    for (const Case& c : cases()) {
        const Read whole = read_in_chunks(c.wire + behind, std::string::npos);
        EXPECT_EQ(whole.status, c.status) << c.name;
        if (c.status != Status::done) continue;
        EXPECT_EQ(whole.client, c.client) << c.name;
        EXPECT_EQ(whole.rest, behind) << c.name;
    }
}

TEST(ProxyHeader, ChunksDoNotMatter) {
    const std::string behind = "\x16\x03\x01 a handshake";
    for (const Case& c : cases()) {
        const Read whole = read_in_chunks(c.wire + behind, std::string::npos);
        for (const std::size_t chunk : {1U, 2U, 3U, 7U, 16U, 100U})
            EXPECT_EQ(read_in_chunks(c.wire + behind, chunk), whole) << c.name << " by " << chunk;
        if (c.status != Status::done) continue;
        EXPECT_EQ(read_as_wanted(c.wire + behind), whole) << c.name;
    }
}

TEST(ProxyHeader, NoPartOfAHeaderIsOne) {
    for (const Case& c : cases()) {
        if (c.status != Status::done) continue;
        for (std::size_t size = 0; size < std::min<std::size_t>(c.wire.size(), 300); ++size)
            EXPECT_EQ(read_in_chunks(c.wire.substr(0, size), 50).status, Status::need_more) << c.name << size;
    }
}

}  // namespace
}  // namespace gatepost::server::smtp
