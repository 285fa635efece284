// DATA framing: the first octet gives the size of chunks, and whether the rest is taken as it is or mapped
// into the alphabet of framing. The end is the first CRLF.CRLF and nothing else, chunks change nothing, and
// what was decoded can be sent on and decoded again.
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

constexpr std::uint64_t size_limit = 64;  // small, so that inputs cross it

void require(bool condition) {
    if (!condition) std::abort();
}

struct Decoded {
    smtp::DataDecoder decoder;
    std::string content;
    std::string_view rest;
};

Decoded decode(std::string_view wire, std::size_t chunk, std::uint64_t limit) {
    Decoded result{smtp::DataDecoder(limit), {}, wire};
    while (!result.rest.empty() && !result.decoder.is_done()) {
        auto part = result.rest.substr(0, chunk);
        const auto offered = part.size();
        result.decoder.decode(part, result.content);
        result.rest.remove_prefix(offered - part.size());
    }
    return result;
}

// The encoder and the decoder are of one mind about what a line is: what the one lets out, the other takes.
void check_encoder(std::string_view content, std::size_t chunk) {
    smtp::DataEncoder at_once, in_parts;
    std::string wire, parts;
    bool good = at_once.encode(content, wire);
    good = at_once.finish(wire) && good;
    bool also_good = true;
    for (std::size_t at = 0; at < content.size(); at += chunk)
        also_good = in_parts.encode(content.substr(at, chunk), parts) && also_good;
    also_good = in_parts.finish(parts) && also_good;
    require(good == also_good && (!good || wire == parts));
    const auto whole = decode(wire, wire.size(), ~std::uint64_t{0});
    require(whole.decoder.is_done() == good);
    if (!good) return;
    const bool open = !content.empty() && !content.ends_with("\r\n");
    require(!whole.decoder.framing().fault() && whole.rest.empty() &&
            whole.content == std::string(content) + (open ? "\r\n" : ""));
}

void check(std::string_view wire, std::size_t chunk) {
    const auto whole = decode(wire, wire.size(), ~std::uint64_t{0});
    const auto end = ("\r\n" + std::string(wire)).find("\r\n.\r\n");
    require(whole.decoder.is_done() == (end != std::string::npos));
    if (whole.decoder.is_done()) require(whole.rest == wire.substr(end + 3));
    const auto cut = decode(wire, chunk, ~std::uint64_t{0});
    const auto &framing = whole.decoder.framing(), &of_cut = cut.decoder.framing();
    require(cut.content == whole.content && cut.rest == whole.rest && of_cut.fault() == framing.fault() &&
            of_cut.size() == framing.size());
    const auto limited = decode(wire, chunk, size_limit);
    require(limited.content == whole.content.substr(0, size_limit) &&
            limited.decoder.framing().size() == framing.size());
    if (!whole.decoder.is_done() || framing.fault()) return;

    smtp::DataEncoder encoder;
    std::string again;
    require(encoder.encode(whole.content, again) && encoder.finish(again));
    const auto second = decode(again, chunk, ~std::uint64_t{0});
    require(second.decoder.is_done() && second.rest.empty() && second.content == whole.content);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    constexpr std::string_view alphabet("\r\n.\0x", 5);
    std::string wire(reinterpret_cast<const char*>(data) + 1, size - 1);
    if ((data[0] & 16U) != 0)
        for (char& c : wire)
            c = alphabet[static_cast<unsigned char>(c) % alphabet.size()];
    check(wire, data[0] % 16U + 1U);
    check_encoder(wire, data[0] % 16U + 1U);
    return 0;
}
