// DATA towards the server behind: a message of 4 KiB, and what the worst sender can make of 1 MiB.
#include "server/smtp/data_encoder.hpp"

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>

namespace gatepost::server::smtp {
namespace {

void encode(benchmark::State& state, const std::string& line, std::size_t octets) {
    std::string content;
    while (content.size() < octets)
        content += line;
    std::string wire;
    wire.reserve(2 * content.size());
    for (auto _ : state) {
        DataEncoder encoder;
        wire.clear();
        if (!encoder.encode(content, wire) || !encoder.finish(wire)) state.SkipWithError("a fault");
        benchmark::DoNotOptimize(wire.data());
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * content.size()));
}

void usual_message(benchmark::State& state) {
    encode(state, std::string(76, 'A') + "\r\n", 4096);
}
BENCHMARK(usual_message);

void base64_lines(benchmark::State& state) {
    encode(state, std::string(76, 'A') + "\r\n", 1024 * 1024);
}
BENCHMARK(base64_lines);

void empty_lines(benchmark::State& state) {
    encode(state, "\r\n", 1024 * 1024);
}
BENCHMARK(empty_lines);

void lines_of_dots(benchmark::State& state) {
    encode(state, ".\r\n", 1024 * 1024);
}
BENCHMARK(lines_of_dots);

}  // namespace
}  // namespace gatepost::server::smtp
