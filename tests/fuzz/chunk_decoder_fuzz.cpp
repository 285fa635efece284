// BDAT: the first octet says how large the chunks are, the second how they are read; the rest is a message.
// However it is cut, its octets are judged alike, nothing ambiguous is kept, and what is kept can be sent on
// by DATA and comes back the same. The argument of BDAT is read from the same octets.
#include "server/smtp/chunk_decoder.hpp"
#include "server/smtp/data_decoder.hpp"
#include "server/smtp/data_encoder.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace smtp = gatepost::server::smtp;

namespace {

constexpr std::uint64_t no_limit = ~std::uint64_t{0};
constexpr std::uint64_t size_limit = 64;  // small, so that inputs cross it

void require(bool condition) {
    if (!condition) std::abort();
}

struct Decoded {
    smtp::ChunkDecoder decoder;
    std::string content;
};

Decoded decode(std::string_view text, std::size_t chunk, std::size_t cut, std::uint64_t limit,
               smtp::BareNewlines mode) {
    Decoded result{smtp::ChunkDecoder(limit, mode), {}};
    do {
        const auto octets = std::min(chunk, text.size());
        result.decoder.begin_chunk(octets, octets == text.size());
        std::size_t taken = 0;
        for (bool done = false; !done;) {
            const auto offered = std::min(cut, text.size() - taken);
            auto part = text.substr(taken, offered);
            done = result.decoder.decode(part, result.content);
            taken += offered - part.size();
        }
        require(taken == octets);
        text.remove_prefix(octets);
    } while (!text.empty());
    return result;
}

void check_relayed(const std::string& content) {
    smtp::DataEncoder encoder;
    std::string wire;
    require(encoder.encode(content, wire) && encoder.finish(wire));
    smtp::DataDecoder decoder(no_limit);
    std::string again;
    std::string_view rest = wire;
    require(decoder.decode(rest, again) && rest.empty() && !decoder.framing().fault() && again == content);
}

void check(std::string_view text, std::size_t chunk, std::size_t cut, smtp::BareNewlines mode) {
    const auto whole = decode(text, text.size(), text.size(), no_limit, mode);
    const auto parts = decode(text, chunk, cut, no_limit, mode);
    const auto &one = whole.decoder.framing(), &other = parts.decoder.framing();
    require(whole.content == parts.content && one.size() == other.size() && one.fault() == other.fault() &&
            one.normalised() == other.normalised());
    if (!one.fault()) check_relayed(whole.content);
    const auto limited = decode(text, chunk, cut, size_limit, mode);
    require(limited.content.size() <= size_limit + 2);
    require(limited.decoder.framing().is_over_limit() == (one.size() > size_limit));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
    if (const auto header = smtp::parse_chunk_header(text.substr(0, text.find('\r'))))
        require(!header->last || header->well_formed);
    constexpr std::string_view alphabet("\r\n.\0x", 5);
    std::string mapped;
    for (const char c : text)
        mapped += alphabet[static_cast<unsigned char>(c) % alphabet.size()];
    const std::size_t chunk = data[0] % 16U + 1U;
    const std::size_t cut = data[1] % 8U + 1U;
    for (const auto mode : {smtp::BareNewlines::refused, smtp::BareNewlines::normalised}) {
        check(text, chunk, cut, mode);
        check(mapped, chunk, cut, mode);
    }
    return 0;
}
