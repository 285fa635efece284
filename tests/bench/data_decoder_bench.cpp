// DATA framing: 1 MiB of content in reads of 16 KiB. The rate that is shown is in octets on the wire.
#include "server/smtp/data_decoder.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <string>

namespace gatepost::server::smtp {
namespace {

constexpr std::size_t wire_octets = 1024 * 1024;
constexpr std::size_t read_octets = 16 * 1024;

std::string wire_of(const std::string& line) {
    std::string wire;
    while (wire.size() < wire_octets)
        wire += line;
    return wire + ".\r\n";
}

void decode(benchmark::State& state, const std::string& line) {
    const std::string wire = wire_of(line);
    std::string content;
    content.reserve(wire.size());
    for (auto _ : state) {
        DataDecoder decoder(wire.size());
        content.clear();
        for (std::size_t at = 0; at < wire.size(); at += read_octets) {
            std::string_view input = std::string_view(wire).substr(at, read_octets);
            decoder.decode(input, content);
        }
        if (!decoder.is_done() || decoder.framing().fault()) state.SkipWithError("no end, or a fault");
        benchmark::DoNotOptimize(content.data());
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * wire.size()));
}

// What attachments are: base64 in lines of 76.
void base64_lines(benchmark::State& state) {
    decode(state, std::string(76, 'A') + "\r\n");
}
BENCHMARK(base64_lines);

void short_lines(benchmark::State& state) {
    decode(state, "short\r\n");
}
BENCHMARK(short_lines);

// The worst that a sender can do: nothing but empty lines, and stuffed dots.
void empty_lines(benchmark::State& state) {
    decode(state, "\r\n");
}
BENCHMARK(empty_lines);

void stuffed_dots(benchmark::State& state) {
    decode(state, "..\r\n");
}
BENCHMARK(stuffed_dots);

}  // namespace
}  // namespace gatepost::server::smtp
