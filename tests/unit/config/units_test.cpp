#include "config/units.hpp"

#include <gtest/gtest.h>

namespace gatepost::config {
namespace {

using namespace std::chrono_literals;

TEST(Units, sizes) {
    const std::pair<const char*, std::size_t> good[] = {
        {"0", 0},           {"1024", 1024},        {"1B", 1},
        {"512KiB", 524288}, {"50MiB", 52'428'800}, {"10GiB", 10'737'418'240},
    };
    for (const auto& [text, octets] : good)
        EXPECT_EQ(parse_size(text), octets) << text;
    for (const auto* bad : {"", "MiB", "50MB", "50M", "50 MiB", "5.5MiB", "-1", "+1", "50mib", "50MiBs",
                            "0x10", "999999999999999GiB", "99999999999999999999"})
        EXPECT_FALSE(parse_size(bad)) << bad;
}

TEST(Units, durations) {
    const std::pair<const char*, std::chrono::milliseconds> good[] = {
        {"0s", 0ms}, {"500ms", 500ms}, {"30s", 30s}, {"5m", 5min}, {"1h", 1h}, {"400d", 24h * 400},
    };
    for (const auto& [text, time] : good)
        EXPECT_EQ(parse_duration(text), time) << text;
    for (const auto* bad :
         {"", "30", "s", "30 s", "1h30m", "-5s", "1.5h", "5M", "5w", "999999999999999d", "1s "})
        EXPECT_FALSE(parse_duration(bad)) << bad;
}

TEST(Units, days) {
    EXPECT_EQ(parse_date("2027-06-30"), std::chrono::year(2027) / 6 / 30);
    EXPECT_EQ(parse_date("2028-02-29"), std::chrono::year(2028) / 2 / 29);
    for (const auto* bad : {"", "2027-02-29", "2027-13-01", "2027-6-30", "27-06-30", "2027/06/30",
                            "2027-06-30 ", "tomorrow", "2027-00-10"})
        EXPECT_FALSE(parse_date(bad)) << bad;
}

}  // namespace
}  // namespace gatepost::config
