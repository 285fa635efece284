#include "server/smtp/chunk_decoder.hpp"

#include "dns/ascii.hpp"

#include <algorithm>
#include <limits>

namespace gatepost::server::smtp {

std::optional<ChunkHeader> parse_chunk_header(std::string_view argument) {
    const auto size = argument.substr(0, argument.find(' '));
    const auto marker = ascii::trim(argument.substr(size.size()));
    if (size.empty() || !std::all_of(size.begin(), size.end(), ascii::is_digit)) return std::nullopt;
    ChunkHeader header;
    for (const char c : size) {
        // RFC 3030 §2: 1*DIGIT, without a bound.
        const auto digit = static_cast<std::uint64_t>(c - '0');
        constexpr auto most = std::numeric_limits<std::uint64_t>::max();
        header.octets = header.octets > (most - digit) / 10 ? most : header.octets * 10 + digit;
    }
    header.last = ascii::equals_ignoring_case(marker, "LAST");
    header.well_formed = header.last || marker.empty();
    return header;
}

std::string_view ChunkReader::take(std::string_view& input) {
    const auto octets =
        input.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size())));
    left_ -= octets.size();
    input.remove_prefix(octets.size());
    return octets;
}

void ChunkDecoder::begin_chunk(std::uint64_t octets, bool last) {
    chunk_ = ChunkReader(octets);
    last_ = last;
}

bool ChunkDecoder::decode(std::string_view& input, std::string& content) {
    framing_.take(chunk_.take(input), content);
    if (!chunk_.is_done()) return false;
    if (last_) framing_.end(content);
    return true;
}

}  // namespace gatepost::server::smtp
