// DNS messages for tests, put together octet by octet.
#pragma once

#include "dns/wire_codec.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace gatepost::dns::tests {

using Bytes = std::vector<std::uint8_t>;

inline void put_16(Bytes& out, unsigned value) {
    out.push_back(static_cast<std::uint8_t>(value >> 8));
    out.push_back(static_cast<std::uint8_t>(value));
}

inline Bytes wire_name(std::string_view text) {
    Bytes out;
    while (!text.empty()) {
        const std::string_view label = text.substr(0, text.find('.'));
        out.push_back(static_cast<std::uint8_t>(label.size()));
        out.insert(out.end(), label.begin(), label.end());
        text.remove_prefix(std::min(text.size(), label.size() + 1));
    }
    out.push_back(0);
    return out;
}

inline Bytes txt(std::string_view text) {
    Bytes out{static_cast<std::uint8_t>(text.size())};
    out.insert(out.end(), text.begin(), text.end());
    return out;
}

inline Bytes soa(unsigned minimum) {
    Bytes out = wire_name("ns.example");
    const Bytes rname = wire_name("root.example");
    out.insert(out.end(), rname.begin(), rname.end());
    for (const unsigned value : {1U, 2U, 3U, 4U, minimum}) {
        put_16(out, value >> 16);
        put_16(out, value & 0xffffU);
    }
    return out;
}

inline constexpr unsigned response_flags = 0x8180;  // QR, RD, RA
inline constexpr unsigned truncated_flags = 0x8380;

class MessageBuilder {
  public:
    MessageBuilder(std::uint16_t id, unsigned flags, std::string_view name, RrType type) {
        put_16(octets_, id);
        put_16(octets_, flags);
        put_16(octets_, 1);
        octets_.resize(12);
        append(wire_name(name));
        put_16(octets_, static_cast<unsigned>(type));
        put_16(octets_, 1);
    }
    // The question is given back in the spelling in which it came.
    explicit MessageBuilder(const Query& query, unsigned flags = response_flags)
        : MessageBuilder(query.id, flags, query.spelling.empty() ? query.name.text() : query.spelling,
                         query.type) {}

    MessageBuilder& add(Section section, std::string_view owner, unsigned type, std::uint32_t ttl,
                        const Bytes& data, unsigned record_class = 1) {
        ++octets_[7 + 2 * static_cast<std::size_t>(section)];
        append(wire_name(owner));
        put_16(octets_, type);
        put_16(octets_, record_class);
        put_16(octets_, ttl >> 16);
        put_16(octets_, ttl & 0xffffU);
        put_16(octets_, static_cast<unsigned>(data.size()));
        append(data);
        return *this;
    }
    MessageBuilder& answer(std::string_view owner, RrType type, std::uint32_t ttl, const Bytes& data) {
        return add(Section::answer, owner, static_cast<unsigned>(type), ttl, data);
    }
    MessageBuilder& authority(std::string_view owner, RrType type, std::uint32_t ttl, const Bytes& data) {
        return add(Section::authority, owner, static_cast<unsigned>(type), ttl, data);
    }
    // An OPT record (RFC 6891 §6.1.2) with the RCODE's upper bits, and a COOKIE option where there is one.
    MessageBuilder& opt(const Bytes& cookie = {}, unsigned extended_rcode = 0) {
        Bytes options;
        if (!cookie.empty()) {
            put_16(options, 10);
            put_16(options, static_cast<unsigned>(cookie.size()));
            options.insert(options.end(), cookie.begin(), cookie.end());
        }
        return add(Section::additional, "", 41, extended_rcode << 24, options, 1232);
    }
    const Bytes& octets() const { return octets_; }

  private:
    void append(const Bytes& more) { octets_.insert(octets_.end(), more.begin(), more.end()); }
    Bytes octets_;
};

}  // namespace gatepost::dns::tests
