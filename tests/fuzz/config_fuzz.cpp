// The configuration loader on arbitrary text: no crash, and either a configuration or a problem.
#include "config/load.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const std::chrono::sys_days today{std::chrono::year(2026) / 11 / 24};
    const auto result = gatepost::config::load_text(text, "fuzz.yaml", today);
    if (result.config.has_value() != result.problems.empty()) std::abort();
    return 0;
}
