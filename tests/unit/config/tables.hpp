// What the tests of the loader share: a configuration of the least there may be, and tables of what is wrong
// with more.
#pragma once

#include "config/load.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace gatepost::config {

inline constexpr std::chrono::sys_days today{std::chrono::year(2026) / 11 / 24};

inline std::vector<std::string> texts(const std::vector<Problem>& problems) {
    std::vector<std::string> texts;
    for (const auto& problem : problems)
        texts.push_back(problem.text());
    return texts;
}

// The three keys without a default, on lines 1 to 3; what is tested follows from line 4 on.
inline const std::string base =
    "hostname: mx.example.com\n"
    "domains: [example.com]\n"
    "relay: {to: [mail.example.com]}\n";

struct Bad {
    std::string yaml;
    std::string problem;
};

inline void expect_each_alone(const std::vector<Bad>& table) {
    for (const auto& row : table) {
        const auto result = load_text(base + row.yaml, "g.yaml", today);
        EXPECT_EQ(texts(result.problems), std::vector{"g.yaml:" + row.problem}) << row.yaml;
        EXPECT_FALSE(result.config) << row.yaml;
    }
}

}  // namespace gatepost::config
